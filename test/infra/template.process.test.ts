import { beforeAll, expect, test } from "vitest";
import { SIZES } from "../lambda/sizes.ts";
import { ASKED, FUNCTIONS, type Packaged, packaged, type Resource, SECRET, STAGE } from "./packaged.ts";
import { ofType, resolved } from "./resolved.ts";

const TABLE = `weighbridge-${STAGE}`;
const FUNCTION_ARN = `arn:aws:lambda:eu-central-1:123456789012:function:weighbridge-${STAGE}`;
const QUEUE_ARN = `arn:aws:sqs:eu-central-1:123456789012:weighbridge-${STAGE}`;

let plain: Packaged;
let resources: Record<string, Resource>;
let functions: Record<string, Record<string, unknown>>;
/** With an existing table and every option. */
let asked: Packaged;
let askedFor: Record<string, Resource>;

beforeAll(async () => {
  plain = await packaged();
  resources = resolved(plain.template);
  functions = functionsOf(resources);
  asked = await packaged(ASKED);
  askedFor = resolved(asked.template);
}, 120_000);

function functionsOf(all: Record<string, Resource>): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    ofType(all, "AWS::Lambda::Function").map((it) => [
      String(it.FunctionName).replace(`weighbridge-${STAGE}-`, ""),
      it,
    ]),
  );
}

test("there are four functions, each from its own bundle, on Node 24 and arm64", () => {
  expect(Object.keys(functions).sort()).toEqual([...FUNCTIONS].sort());
  for (const name of FUNCTIONS) {
    expect(functions[name]).toMatchObject({
      Handler: `.build/${name}/index.handler`,
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Role: `${name[0]?.toUpperCase()}${name.slice(1)}Role.Arn`,
    });
    expect(functions[name]?.Code).toMatchObject({ S3Key: expect.stringMatching(`/${name}\\.zip$`) });
  }
});

test("a function's package has its entry, what that loads on demand, and nothing else; only worker draws pictures", () => {
  const files = (name: string) =>
    name === "worker" ? ["chunk-ABC.mjs", "font.ttf", "index.mjs", "renderer.wasm"] : ["chunk-ABC.mjs", "index.mjs"];
  expect(plain.archives).toEqual(
    Object.fromEntries(FUNCTIONS.map((name) => [name, files(name).map((file) => `.build/${name}/${file}`)])),
  );
});

test("each function has the time and memory that the tests and measurements use", () => {
  const given = Object.entries(functions).map(([name, it]) => [
    name,
    { timeoutSeconds: it.Timeout, memoryMegabytes: it.MemorySize },
  ]);
  expect(Object.fromEntries(given)).toEqual(SIZES);
});

test("a function's environment has the table, the stage and the path of its parameters, and nothing else", () => {
  const common = {
    STAGE,
    STORE: "dynamodb",
    TOKEN_TABLE_NAME: TABLE,
    PARAMETER_PATH: `/weighbridge/${STAGE}/`,
  };
  const withQueue = { ...common, QUEUE_URL: `weighbridge-${STAGE}-jobs.fifo` };
  const environments = Object.entries(functions).map(([name, { Environment }]) => [name, Environment]);
  expect(Object.fromEntries(environments)).toEqual({
    http: { Variables: withQueue },
    worker: { Variables: withQueue },
    sweep: { Variables: withQueue },
    alarm: { Variables: common },
  });
});

test("the stack's parameters hold the table's name and the public address", () => {
  expect(ofType(resources, "AWS::SSM::Parameter")).toEqual([
    { Name: `/weighbridge/${STAGE}/PUBLIC_URL`, Type: "String", Value: "HttpLambdaFunctionUrl.FunctionUrl" },
    { Name: `/weighbridge/${STAGE}/TOKEN_TABLE_NAME`, Type: "String", Value: TABLE },
  ]);
  expect(plain.template.Outputs.Table?.Value).toBe(TABLE);
});

test("the table expires items, keeps backups, is protected, uses no key that is paid by request, and outlives the stack", () => {
  expect(Object.values(resources).filter(({ Type }) => Type === "AWS::DynamoDB::Table")).toEqual([
    {
      Type: "AWS::DynamoDB::Table",
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        TableName: TABLE,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: "pk", AttributeType: "S" },
          { AttributeName: "sk", AttributeType: "S" },
        ],
        TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: true,
      },
    },
  ]);
});

test("an existing table is not created, and all functions use it", () => {
  expect(ofType(askedFor, "AWS::DynamoDB::Table")).toEqual([]);
  const without = ({ Table: _, ...rest }: Record<string, Resource>) => rest;
  expect(ofType(without(askedFor), "AWS::IAM::Role")).toEqual(ofType(without(resources), "AWS::IAM::Role"));
  expect(ofType(askedFor, "AWS::SSM::Parameter")).toEqual(ofType(resources, "AWS::SSM::Parameter"));
  for (const [name, { Environment }] of Object.entries(functionsOf(askedFor))) {
    expect(Environment).toEqual(functions[name]?.Environment);
  }
});

test("concurrency is reserved only on request, because new AWS accounts can't spare any", () => {
  const reserved = (of: Record<string, Record<string, unknown>>) =>
    Object.entries(of).flatMap(([name, it]) =>
      it.ReservedConcurrentExecutions === undefined ? [] : [[name, it.ReservedConcurrentExecutions]],
    );
  expect(reserved(functions)).toEqual([]);
  expect(Object.fromEntries(reserved(functionsOf(askedFor)))).toEqual({ http: 20, worker: 5, sweep: 1, alarm: 1 });
});

test("an account's jobs come one by one, and one that failed seven times is kept for two weeks", () => {
  expect(ofType(resources, "AWS::SQS::Queue")).toEqual([
    {
      QueueName: `weighbridge-${STAGE}-jobs.fifo`,
      FifoQueue: true,
      ContentBasedDeduplication: false,
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
      VisibilityTimeout: 6 * Number(functions.worker?.Timeout),
      SqsManagedSseEnabled: true,
      RedrivePolicy: { deadLetterTargetArn: `${QUEUE_ARN}-dead.fifo`, maxReceiveCount: 7 },
    },
    {
      QueueName: `weighbridge-${STAGE}-dead.fifo`,
      FifoQueue: true,
      MessageRetentionPeriod: 14 * 24 * 3600,
      SqsManagedSseEnabled: true,
    },
  ]);
});

test("the worker gets one job at a time and reports which failed", () => {
  expect(ofType(resources, "AWS::Lambda::EventSourceMapping")).toEqual([
    {
      EventSourceArn: `${QUEUE_ARN}-jobs.fifo`,
      FunctionName: `${FUNCTION_ARN}-worker`,
      Enabled: true,
      BatchSize: 1,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 5 },
    },
  ]);
});

test.each([
  ["the sweep", "sweep", {}],
  ["http, which stays warm", "http", { Input: '{"warm":true}' }],
])("the schedule calls %s every five minutes, and may", (_what, name, input) => {
  const rules = Object.entries(resources).filter(([, { Type }]) => Type === "AWS::Events::Rule");
  expect(rules).toHaveLength(2);
  const Arn = `${FUNCTION_ARN}-${name}`;
  const [id, rule] = rules.find(([, { Properties }]) => JSON.stringify(Properties).includes(Arn)) ?? [];
  expect(rule?.Properties).toEqual({
    ScheduleExpression: "rate(5 minutes)",
    State: "ENABLED",
    Targets: [{ Arn, Id: expect.any(String), ...input }],
  });
  expect(ofType(resources, "AWS::Lambda::Permission")).toContainEqual({
    FunctionName: Arn,
    Action: "lambda:InvokeFunction",
    Principal: "events.amazonaws.com",
    SourceArn: `${id}.Arn`,
  });
});

test("only http has a public address, with both permissions that it needs", () => {
  expect(ofType(resources, "AWS::Lambda::Url")).toEqual([
    { AuthType: "NONE", TargetFunctionArn: `${FUNCTION_ARN}-http` },
  ]);
  const forEverybody = ofType(resources, "AWS::Lambda::Permission").filter(({ Principal }) => Principal === "*");
  expect(forEverybody).toEqual([
    {
      FunctionName: `${FUNCTION_ARN}-http`,
      Action: "lambda:InvokeFunctionUrl",
      Principal: "*",
      FunctionUrlAuthType: "NONE",
    },
    {
      FunctionName: `${FUNCTION_ARN}-http`,
      Action: "lambda:InvokeFunction",
      Principal: "*",
      InvokedViaFunctionUrl: true,
    },
  ]);
});

test("every function logs JSON, kept for a month, with Lambda’s own lines only about trouble", () => {
  const groups = ofType(resources, "AWS::Logs::LogGroup").map(({ LogGroupName, RetentionInDays }) => [
    LogGroupName,
    RetentionInDays,
  ]);
  expect(Object.fromEntries(groups)).toEqual(
    Object.fromEntries(FUNCTIONS.map((name) => [`/aws/lambda/weighbridge-${STAGE}-${name}`, 30])),
  );
  for (const name of FUNCTIONS) {
    expect(functions[name]?.LoggingConfig).toEqual({
      LogFormat: "JSON",
      SystemLogLevel: "WARN",
      ApplicationLogLevel: "INFO",
    });
  }
});

test("packaging puts no local secret into the template and leaves nothing in the home directory", () => {
  for (const { text, leftAtHome } of [plain, asked]) {
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain("{{resolve:");
    expect(leftAtHome).toEqual([]);
  }
});
