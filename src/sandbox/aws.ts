import * as z from "zod";
import { parseJson } from "../lib/json.ts";
import { Reply } from "./reply.ts";
import { type Call, type RecordedRequest, routed, serve } from "./serve.ts";

export interface AwsOptions {
  region?: string;
  accessKeyId?: string;
  /** Parameters on a page; AWS gives at most ten. */
  pageSize?: number;
}

export interface StoredParameter {
  value: string;
  type: "String" | "SecureString";
  version: number;
}

/** What the deployment's commands ask AWS for: parameters of one region, and how functions are configured. */
export interface LocalAws {
  readonly parameters: Map<string, StoredParameter>;
  /** The unsealed environment of each function. */
  readonly functions: Map<string, Record<string, string>>;
  readonly requests: readonly RecordedRequest[];
  /** Actions that are refused for lack of rights, such as ssm:PutParameter. */
  readonly denied: Set<string>;
  /** After this many more writes, the next one fails. */
  failAfterWrites: number;
  set(name: string, value: string, type?: StoredParameter["type"]): void;
  env(): Record<string, string>;
  close(): Promise<void>;
}

const MOST_NAMES = 10;
const Name = z.string().regex(/^(\/[\w.-]+)+$/);
const Names = z.array(Name).min(1).max(MOST_NAMES);
const Put = z.object({
  Name,
  Value: z.string().min(1).max(4096),
  Type: z.enum(["String", "SecureString"]).optional(),
  Overwrite: z.boolean().default(false),
});
const ByPath = z.object({
  Path: z.string().startsWith("/"),
  Recursive: z.boolean().default(false),
  WithDecryption: z.boolean().default(false),
  MaxResults: z.int().min(1).max(MOST_NAMES).optional(),
  NextToken: z.string().optional(),
});

interface State extends Required<AwsOptions> {
  parameters: Map<string, StoredParameter>;
  functions: Map<string, Record<string, string>>;
  denied: Set<string>;
  failAfterWrites: number;
}

/** SSM and Lambda on this machine, strict wherever a caller could get something wrong. */
export async function startAws(options: AwsOptions = {}): Promise<LocalAws> {
  const { region = "eu-central-1", accessKeyId = "AKIASANDBOX", pageSize = MOST_NAMES } = options;
  const state: State = {
    ...{ region, accessKeyId, pageSize },
    parameters: new Map(),
    functions: new Map(),
    denied: new Set(),
    failAfterWrites: Number.POSITIVE_INFINITY,
  };
  const functionPath = /^\/2015-03-31\/functions\/(?<name>[\w-]{1,64})\/configuration$/;
  const served = await serve(
    routed(
      [
        { method: "POST", path: "/", handle: (call) => ssm(state, call) },
        { method: "GET", path: functionPath, handle: (call) => lambda(state, call) },
      ],
      () => new Reply(null, { status: 404 }),
    ),
    { name: "aws" },
  );
  return Object.assign(state, {
    requests: served.requests,
    set: (name: string, value: string, type: StoredParameter["type"] = "String") =>
      void state.parameters.set(name, { value, type, version: 1 }),
    env: () => ({
      AWS_ENDPOINT_URL_SSM: served.url,
      AWS_ENDPOINT_URL_LAMBDA: served.url,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: "sandbox-secret-access-key",
    }),
    close: () => served.close(),
  });
}

function ssm(state: State, { seen }: Call): Reply {
  const action = /^AmazonSSM\.(\w+)$/.exec(seen.headers["x-amz-target"] ?? "")?.[1] ?? "";
  const perform = ssmActions(state)[action];
  if (!perform) return refusal(400, "UnknownOperationException", action);
  const refused = callerRefusal(state, seen, "ssm", action);
  if (refused) return refused;
  try {
    const answer = perform(parseJson(seen.body));
    return answer instanceof Reply ? answer : amzJson(200, answer);
  } catch (error) {
    if (error instanceof z.ZodError) return refusal(400, "ValidationException", error.message);
    throw error;
  }
}

function ssmActions(state: State): Record<string, (input: unknown) => object | Reply> {
  const { parameters, pageSize } = state;
  return {
    GetParameters(input) {
      const { Names: names, WithDecryption } = z
        .object({ Names, WithDecryption: z.boolean().default(false) })
        .parse(input);
      return {
        Parameters: names.filter((name) => parameters.has(name)).map((name) => shown(state, name, WithDecryption)),
        InvalidParameters: names.filter((name) => !parameters.has(name)),
      };
    },
    GetParametersByPath(input) {
      const { Path, Recursive, WithDecryption, MaxResults = pageSize, NextToken } = ByPath.parse(input);
      const folder = Path.endsWith("/") ? Path : `${Path}/`;
      const all = [...parameters.keys()]
        .filter((name) => name.startsWith(folder) && (Recursive || !name.slice(folder.length).includes("/")))
        .sort();
      const from = Number(NextToken ?? 0);
      const page = all.slice(from, from + MaxResults);
      const isLast = from + MaxResults >= all.length;
      return {
        Parameters: page.map((name) => shown(state, name, WithDecryption)),
        ...(isLast ? {} : { NextToken: String(from + MaxResults) }),
      };
    },
    PutParameter(input) {
      const { Name: name, Value: value, Type: type, Overwrite } = Put.parse(input);
      if (/^\/?(aws|ssm)/i.test(name)) return refusal(400, "ValidationException", "reserved name");
      const present = parameters.get(name);
      if (present && !Overwrite) return refusal(400, "ParameterAlreadyExists", "The parameter already exists.");
      if (!present && !type) return refusal(400, "ValidationException", "A parameter type is required.");
      if (state.failAfterWrites === 0) return refusal(500, "InternalServerError", "An error occurred.");
      state.failAfterWrites -= 1;
      const version = (present?.version ?? 0) + 1;
      parameters.set(name, { value, type: type ?? present?.type ?? "String", version });
      return { Version: version, Tier: "Standard" };
    },
    DeleteParameters(input) {
      const { Names: names } = z.object({ Names }).parse(input);
      const gone = names.filter((name) => parameters.delete(name));
      return { DeletedParameters: gone, InvalidParameters: names.filter((name) => !gone.includes(name)) };
    },
  };
}

function shown({ parameters, region }: State, name: string, isOpened: boolean) {
  const { value, type, version } = parameters.get(name) ?? fail(`no parameter ${name}`);
  const Value = type === "SecureString" && !isOpened ? `AQICAH${Buffer.from(name).toString("base64")}` : value;
  return {
    Name: name,
    Type: type,
    Value,
    Version: version,
    ARN: `arn:aws:ssm:${region}:000000000000:parameter${name}`,
  };
}

function lambda(state: State, { seen, params: { name = "" } }: Call): Reply {
  const refused = callerRefusal(state, seen, "lambda", "GetFunctionConfiguration");
  if (refused) return refused;
  const variables = state.functions.get(name);
  if (!variables) return refusal(404, "ResourceNotFoundException", `Function not found: ${name}`);
  return Reply.json({ FunctionName: name, Runtime: "nodejs24.x", Environment: { Variables: variables } });
}

/** The refusal, if the key, the region or the rights are wrong. Signatures aren’t checked, because this has no secret key. */
function callerRefusal(
  { accessKeyId, region, denied }: State,
  { headers }: RecordedRequest,
  service: string,
  action: string,
): Reply | undefined {
  const [, key, signedRegion, signedService] =
    /Credential=([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(headers.authorization ?? "") ?? [];
  if (key === undefined) return refusal(400, "MissingAuthenticationTokenException", "Missing Authentication Token");
  if (key !== accessKeyId) {
    return refusal(400, "UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  if (signedRegion !== region || signedService !== service) {
    return refusal(400, "InvalidSignatureException", `Credential should be scoped to ${region}/${service}`);
  }
  if (!denied.has(`${service}:${action}`)) return undefined;
  return refusal(
    400,
    "AccessDeniedException",
    `User: arn:aws:iam::000000000000:user/someone is not authorized to perform: ${service}:${action}`,
  );
}

const amzJson = (status: number, body: object, headers: Record<string, string> = {}) =>
  new Reply(JSON.stringify(body), { status, headers: { "content-type": "application/x-amz-json-1.1", ...headers } });

const refusal = (status: number, type: string, message: string) =>
  amzJson(status, { __type: type, message }, { "x-amzn-errortype": type });

function fail(message: string): never {
  throw new Error(message);
}
