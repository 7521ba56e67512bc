import { beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { PARAMETERS } from "../../src/lambda/parameters.ts";
import { FUNCTIONS, packaged, STAGE } from "./packaged.ts";
import { ofType, resolved } from "./resolved.ts";

const Statement = z.strictObject({
  Effect: z.literal("Allow"),
  Action: z.array(z.string()),
  Resource: z.union([z.string().transform((text) => [text]), z.array(z.string())]),
  Condition: z.unknown().optional(),
});
const Role = z.strictObject({
  AssumeRolePolicyDocument: z.unknown(),
  Policies: z.tuple([
    z.object({ PolicyName: z.enum(FUNCTIONS), PolicyDocument: z.object({ Statement: z.array(Statement) }) }),
  ]),
});

const IN_ACCOUNT = "eu-central-1:123456789012";
const TABLE_ARN = `arn:aws:dynamodb:${IN_ACCOUNT}:table/weighbridge-${STAGE}`;
const QUEUE_ARN = `arn:aws:sqs:${IN_ACCOUNT}:weighbridge-${STAGE}-jobs.fifo`;
const USE_TABLE = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"];

let roles: Array<z.infer<typeof Role>>;
beforeAll(async () => {
  roles = ofType(resolved((await packaged()).template), "AWS::IAM::Role").map((it) => Role.parse(it));
}, 120_000);

function statements(name: (typeof FUNCTIONS)[number], service: string) {
  const policy = roles.map(({ Policies: [it] }) => it).find(({ PolicyName }) => PolicyName === name);
  return (
    policy?.PolicyDocument.Statement.filter(({ Action }) => Action.some((it) => it.startsWith(`${service}:`))) ?? []
  );
}

const allowed = (name: (typeof FUNCTIONS)[number], service: string) =>
  statements(name, service).flatMap(({ Action, Resource }) =>
    Action.flatMap((action) => Resource.map((resource) => `${action} ${resource}`)),
  );

test("each function has its own role, and only Lambda may assume it", () => {
  expect(roles.map(({ Policies: [{ PolicyName }] }) => PolicyName).sort()).toEqual([...FUNCTIONS].sort());
  for (const { AssumeRolePolicyDocument } of roles) {
    expect(AssumeRolePolicyDocument).toEqual({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
    });
  }
});

describe.each(FUNCTIONS)("the role of %s", (name) => {
  test("a function's role has no wildcard rights and may not scan", () => {
    const policy = roles.map(({ Policies: [it] }) => it).find(({ PolicyName }) => PolicyName === name);
    for (const { Action, Resource } of policy?.PolicyDocument.Statement ?? []) {
      expect(Action.filter((action) => action.includes("*") || /Scan|PartiQL/.test(action))).toEqual([]);
      // Lambda names the log streams.
      expect(Resource.filter((it) => it.replace(/(:log-group:[^*]+):\*$/, "$1").includes("*"))).toEqual([]);
    }
    const services = policy?.PolicyDocument.Statement.flatMap(({ Action }) => Action.map((it) => it.split(":")[0]));
    expect([...new Set(services)].filter((it) => !["logs", "dynamodb", "sqs", "ssm"].includes(it ?? ""))).toEqual([]);
  });

  test("a function's role may read exactly its parameters, ten at most because SSM returns no more per call", () => {
    const path = `arn:aws:ssm:${IN_ACCOUNT}:parameter/weighbridge/${STAGE}`;
    expect(allowed(name, "ssm").sort()).toEqual(
      PARAMETERS[name].map((parameter) => `ssm:GetParameters ${path}/${parameter}`).sort(),
    );
    expect(PARAMETERS[name].length).toBeLessThanOrEqual(10);
  });

  test("a function's role may write only its own log", () => {
    const group = `arn:aws:logs:${IN_ACCOUNT}:log-group:/aws/lambda/weighbridge-${STAGE}-${name}:*`;
    expect(allowed(name, "logs")).toEqual([`logs:CreateLogStream ${group}`, `logs:PutLogEvents ${group}`]);
  });
});

test.each(["http", "worker", "sweep"] as const)("%s may use only the one table, by item and by partition", (name) => {
  expect(allowed(name, "dynamodb").sort()).toEqual(USE_TABLE.map((action) => `${action} ${TABLE_ARN}`));
});

test("alarm may not use the table", () => {
  expect(allowed("alarm", "dynamodb")).toEqual([]);
});

test("only the functions that queue jobs may send them, and only the worker may receive them", () => {
  const send = `sqs:SendMessage ${QUEUE_ARN}`;
  expect(allowed("http", "sqs")).toEqual([send]);
  expect(allowed("sweep", "sqs")).toEqual([send]);
  expect(allowed("alarm", "sqs")).toEqual([]);
  const take = ["ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes"];
  expect(allowed("worker", "sqs")).toEqual([send, ...take.map((action) => `sqs:${action} ${QUEUE_ARN}`)]);
});

test("only functions that open sealed items may read the sealing key", () => {
  const opens = FUNCTIONS.filter((name) => allowed(name, "ssm").some((it) => it.endsWith("/SEALING_KEY")));
  expect(opens).toEqual(["http", "worker"]);
});
