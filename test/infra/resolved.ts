import type { Resource, Template } from "./packaged.ts";

const PSEUDO: Record<string, string> = {
  "AWS::Partition": "aws",
  "AWS::Region": "eu-central-1",
  "AWS::AccountId": "123456789012",
};
/** What `Ref` gives for each type that the template refers to, and the part of an ARN before the name. */
const NAMES: Record<string, { property: string; arn: string }> = {
  "AWS::DynamoDB::Table": { property: "TableName", arn: "dynamodb:eu-central-1:123456789012:table/" },
  "AWS::SQS::Queue": { property: "QueueName", arn: "sqs:eu-central-1:123456789012:" },
  "AWS::SNS::Topic": { property: "TopicName", arn: "sns:eu-central-1:123456789012:" },
  "AWS::Logs::LogGroup": { property: "LogGroupName", arn: "logs:eu-central-1:123456789012:log-group:" },
  "AWS::Lambda::Function": { property: "FunctionName", arn: "lambda:eu-central-1:123456789012:function:" },
};

/**
 * The template as CloudFormation resolves it: with names or ARNs in place of references (a name even where AWS gives a queue's
 * address or a topic's ARN). What AWS generates stays `<resource>.<attribute>`.
 */
export function resolved(template: Template): Record<string, Resource> {
  const nameOf = (id: string) => {
    const { Type = "", Properties } = template.Resources[id] ?? {};
    return resolve(Properties?.[NAMES[Type]?.property ?? ""] ?? id);
  };
  const attributeOf = (id: string, attribute: string) => {
    const known = NAMES[template.Resources[id]?.Type ?? ""];
    if (attribute === "QueueName") return nameOf(id);
    return attribute === "Arn" && known ? `arn:aws:${known.arn}${nameOf(id)}` : `${id}.${attribute}`;
  };
  const call = (name: string, argument: unknown): unknown => {
    const values = Array.isArray(argument) ? argument : [];
    if (name === "Ref") return PSEUDO[String(argument)] ?? nameOf(String(argument));
    if (name === "Fn::GetAtt") return attributeOf(String(values[0]), String(values[1]));
    if (name === "Fn::Sub") return String(argument).replace(/\$\{([^}]+)\}/g, (_, id) => PSEUDO[id] ?? `<${id}>`);
    return { [name]: resolve(argument) };
  };
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value);
    const [first] = entries;
    if (entries.length === 1 && first && /^(Ref|Fn::)/.test(first[0])) return call(first[0], first[1]);
    return Object.fromEntries(entries.map(([name, inner]) => [name, resolve(inner)]));
  };
  return Object.fromEntries(
    Object.entries(template.Resources).map(([id, resource]) => [
      id,
      { ...resource, Properties: resolve(resource.Properties) as Record<string, unknown> },
    ]),
  );
}

/** In the order of the template. */
export function ofType(resources: Record<string, Resource>, type: string): Array<Record<string, unknown>> {
  return Object.values(resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties);
}
