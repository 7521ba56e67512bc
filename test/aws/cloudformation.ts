import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Resource, Template } from "../infra/packaged.ts";
import { resolved } from "../infra/resolved.ts";
import { arn } from "./calls.ts";
import type { Call } from "./iam.ts";

const TEMPLATE = ".serverless/cloudformation-template-update-stack.json";

/** What the handlers list and this template never makes them do. */
const NOT_TRIGGERED = [
  // Networks, file systems, layers, code signing, keys, streams and replicas that nothing here has.
  /^(ec2|elasticfilesystem|s3files|kms|firehose|kinesis|s3tables):/,
  /^lambda:(GetLayerVersion|GetCodeSigningConfig|PassCapacityProvider)$/,
  /^iam:(CreateServiceLinkedRole|UpdateRoleDescription|\w+PermissionsBoundary|AttachRolePolicy|DetachRolePolicy)$/,
  /^logs:(CreateLogDelivery|PutResourcePolicy|DeleteResourcePolicy)$/,
  /^s3:REST\.PUT\.OBJECT$/,
];
/** Actions on another service than the resource's own, and what they are done to. Others aren't triggered. */
const ELSEWHERE: Record<string, Record<string, Pick<Call, "resources" | "context">>> = {
  "AWS::Lambda::Function": {
    "iam:PassRole": {
      resources: ["arn:aws:iam::123456789012:role/weighbridge-prod-HttpRole-X"],
      context: { "iam:PassedToService": ["lambda.amazonaws.com"] },
    },
    "s3:GetObject": { resources: ["arn:aws:s3:::weighbridge-prod-serverlessdeploymentbucket-x/serverless/http.zip"] },
  },
};
/** Actions that IAM judges without a resource. */
const WITHOUT_RESOURCE =
  /^(cloudwatch:DescribeAlarms|logs:Describe(LogGroups|IndexPolicies|ResourcePolicies)|sns:(Unsubscribe|[GS]etSubscriptionAttributes))$/;

/** What was packaged last. */
export const packagedResources = () => resolved(JSON.parse(readFileSync(TEMPLATE, "utf8")) as Template);

/** Every call that CloudFormation makes in the deployer's name for the template's resources. */
export function callsOfCloudFormation(python: string, caller: string): Call[] {
  const resources = Object.entries(packagedResources());
  const types = [...new Set(resources.map(([, { Type }]) => Type))];
  const handlers = JSON.parse(
    execFileSync(python, [path.join(import.meta.dirname, "handlers.py"), ...types], { encoding: "utf8" }),
  ) as Record<string, string[]>;
  return resources.flatMap(([id, resource]) =>
    (handlers[resource.Type] ?? []).flatMap((action): Call[] => {
      if (NOT_TRIGGERED.some((pattern) => pattern.test(action))) return [];
      const own = arnOf(id, resource);
      if (action.split(":")[0] !== own.split(":")[2]) {
        const elsewhere = ELSEWHERE[resource.Type]?.[action];
        return elsewhere ? [{ caller, action, ...elsewhere }] : [];
      }
      return [{ caller, action, resources: [WITHOUT_RESOURCE.test(action) ? "*" : own] }];
    }),
  );
}

function arnOf(id: string, { Type, Properties }: Resource): string {
  const generated = `weighbridge-prod-${id}-X`;
  const named = (property: string) => String(Properties[property] ?? generated);
  switch (Type) {
    case "AWS::Lambda::Function":
      return arn("lambda", `function:${named("FunctionName")}`);
    case "AWS::Lambda::Url":
      return named("TargetFunctionArn");
    case "AWS::Lambda::Permission":
      return named("FunctionName");
    case "AWS::Lambda::EventSourceMapping":
      return arn("lambda", "event-source-mapping:00000000-0000-0000-0000-000000000000");
    case "AWS::SNS::Topic":
    case "AWS::SNS::Subscription":
      return arn("sns", named(Type === "AWS::SNS::Topic" ? "TopicName" : "TopicArn"));
    case "AWS::CloudWatch::Alarm":
      return arn("cloudwatch", `alarm:${named("AlarmName")}`);
    case "AWS::Logs::LogGroup":
    case "AWS::Logs::MetricFilter":
      return arn("logs", `log-group:${named("LogGroupName")}:*`);
    case "AWS::S3::Bucket":
    case "AWS::S3::BucketPolicy":
      return `arn:aws:s3:::${generated.toLowerCase()}`;
    case "AWS::SSM::Parameter":
      return arn("ssm", `parameter${named("Name")}`);
    case "AWS::SQS::Queue":
      return arn("sqs", named("QueueName"));
    case "AWS::DynamoDB::Table":
      return arn("dynamodb", `table/${named("TableName")}`);
    case "AWS::Events::Rule":
      return arn("events", `rule/${named("Name")}`);
    case "AWS::IAM::Role":
      return `arn:aws:iam::123456789012:role/${generated}`;
    default:
      throw new Error(`nobody knows the ARN of ${Type}`);
  }
}
