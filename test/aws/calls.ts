import type { IncomingHttpHeaders } from "node:http";
import type { Call } from "./iam.ts";

export const ACCOUNT = "123456789012";
export const REGION = "eu-central-1";
export const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

export interface AwsRequest {
  method: string;
  url: URL;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

type Input = Record<string, unknown>;
interface About {
  action: string;
  resources: string[];
  context?: Call["context"];
}

/** Who asks for what, as IAM sees it. Throws at a request that it can't judge. */
export function callOf(request: AwsRequest): Call {
  const { authorization = "" } = request.headers;
  const [, caller, service = ""] = /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\/aws4_request/.exec(authorization) ?? [];
  const about = SERVICES[service]?.(request);
  if (!caller || !about) throw new Error(`${request.method} ${request.url.pathname} of ${service} can't be judged`);
  const action = about.action.replace(/^(SendMessage|DeleteMessage)Batch$/, "$1");
  return { ...about, caller, action: `${service}:${action}` };
}

const SERVICES: Record<string, (request: AwsRequest) => About> = {
  ssm: json(({ Names, Name, Path }) => {
    const names = [Names, Name, Path].flat().filter((name) => typeof name === "string");
    return { resources: names.map((name) => arn("ssm", `parameter${name.replace(/\/$/, "")}`)) };
  }),
  dynamodb: json(({ TableName, Key, Item, ExpressionAttributeValues: values }) => {
    const [leading] = [Key, Item].flatMap((it) => keyIn(it, "pk")).concat(keyIn(values, ":pk"));
    return {
      resources: [arn("dynamodb", `table/${TableName}`)],
      ...(leading !== undefined && { context: { "dynamodb:LeadingKeys": [leading] } }),
    };
  }),
  // A right to send one message is a right to send several at once.
  sqs: json(({ QueueUrl }) => ({ resources: [arn("sqs", String(QueueUrl).split("/").at(-1) ?? "")] })),
  logs: json(({ logGroupName, logStreamName }) => ({
    resources: [arn("logs", `log-group:${logGroupName}:log-stream:${logStreamName}`)],
  })),
  ecr: json(({ repositoryNames }) => ({ resources: [arn("ecr", `repository/${repositoryNames}`)] })),
  cloudformation: (request) => {
    const { action, input } = query(request);
    const name = input.get("StackName");
    const resource = name?.startsWith("arn:") ? name : name ? arn("cloudformation", `stack/${name}/id`) : "*";
    return { action, resources: [resource] };
  },
  // Everybody may ask who they are.
  sts: (request) => ({ action: query(request).action, resources: [] }),
  lambda,
  s3,
};

function json(aboutOf: (input: Input) => Omit<About, "action">): (request: AwsRequest) => About {
  return ({ headers, body }) => ({
    action: String(headers["x-amz-target"]).split(".").at(-1) ?? "",
    ...aboutOf(JSON.parse(body.toString()) as Input),
  });
}

function keyIn(attributes: unknown, name: string): string[] {
  const value = (attributes as Record<string, { S?: string }> | undefined)?.[name]?.S;
  return value === undefined ? [] : [value];
}

function query({ body }: AwsRequest) {
  const input = new URLSearchParams(body.toString());
  return { action: input.get("Action") ?? "", input };
}

const LAMBDA_ACTIONS: Record<string, string> = {
  "GET ": "GetFunction",
  "GET /configuration": "GetFunctionConfiguration",
};

function lambda({ method, url }: AwsRequest): About {
  const [, name, rest = ""] = /^\/2015-03-31\/functions\/([\w-]+)(\/\w+)?$/.exec(url.pathname) ?? [];
  const action = LAMBDA_ACTIONS[`${method} ${rest}`];
  if (!name || !action) throw new Error(`lambda: ${method} ${url.pathname} can't be judged`);
  return { action, resources: [arn("lambda", `function:${name}`)] };
}

const BUCKET_ACTIONS: Record<string, string> = {
  "GET location": "GetBucketLocation",
  "GET list-type": "ListBucket",
  "GET versions": "ListBucketVersions",
  "GET versioning": "GetBucketVersioning",
  "HEAD ": "ListBucket",
};
const OBJECT_ACTIONS: Record<string, string> = { PUT: "PutObject", GET: "GetObject", HEAD: "GetObject" };

function s3({ method, url, body }: AwsRequest): About {
  const [, bucket, key] = /^\/([^/]+)\/?(.*)$/.exec(url.pathname) ?? [];
  const object = (name: string) => `arn:aws:s3:::${bucket}/${name}`;
  if (method === "POST" && url.searchParams.has("delete")) {
    const keys = [...body.toString().matchAll(/<Key>(.*?)<\/Key>/g)].map(([, name = ""]) => object(name));
    return { action: "DeleteObject", resources: keys };
  }
  if (key) {
    const action = OBJECT_ACTIONS[method];
    if (!action) throw new Error(`s3: ${method} of an object can't be judged`);
    return { action, resources: [object(key)] };
  }
  const asked = [...url.searchParams.keys()].find((name) => BUCKET_ACTIONS[`${method} ${name}`]) ?? "";
  const action = BUCKET_ACTIONS[`${method} ${asked}`];
  if (!action) throw new Error(`s3: ${method} ${url.search} can't be judged`);
  return { action, resources: [`arn:aws:s3:::${bucket}`] };
}
