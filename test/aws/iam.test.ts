import { expect, test } from "vitest";
import { type Call, refused, type Statement, unneeded } from "./iam.ts";

const TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/weighbridge-prod";
const allow = (
  Action: string | string[],
  Resource: string | string[],
  Condition?: Statement["Condition"],
): Statement => ({
  ...{ Effect: "Allow", Action, Resource },
  ...(Condition && { Condition }),
});
const call = (action: string, resource = TABLE, context: Call["context"] = {}): Call => ({
  ...{ caller: "http", action, resources: [resource], context },
});

test("only what a statement names is allowed", () => {
  const statements = [allow(["dynamodb:GetItem", "dynamodb:Put*"], [TABLE, "arn:aws:sqs:*:*:weighbridge-*"])];
  expect(refused(statements, call("dynamodb:GetItem"))).toEqual([]);
  expect(refused(statements, call("dynamodb:putitem"))).toEqual([]);
  expect(refused(statements, call("dynamodb:Scan"))).toEqual([TABLE]);
  expect(refused(statements, call("dynamodb:GetItem", `${TABLE}2`))).toEqual([`${TABLE}2`]);
  expect(refused(statements, call("dynamodb:GetItem", "arn:aws:sqs:eu-central-1:1:weighbridge-prod"))).toEqual([]);
  expect(refused([], call("dynamodb:GetItem"))).toEqual([TABLE]);
});

test("a call on several resources is refused on those that aren't named", () => {
  const both: Call = { ...call("ssm:GetParameters"), resources: ["a/SECRETS", "a/SEALING_KEY"] };
  expect(refused([allow("ssm:GetParameters", "a/SECRETS")], both)).toEqual(["a/SEALING_KEY"]);
});

test("a refusal wins over an allowance", () => {
  const statements: Statement[] = [allow("*", "*"), { Effect: "Deny", Action: "dynamodb:Scan", Resource: "*" }];
  expect(refused(statements, call("dynamodb:Scan"))).toEqual([TABLE]);
  expect(refused(statements, call("dynamodb:Query"))).toEqual([]);
});

test("conditions hold as in IAM, and an unknown one is an error", () => {
  const leading = { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["accounts"] } };
  const read = (...keys: string[]) => call("dynamodb:GetItem", TABLE, { "dynamodb:LeadingKeys": keys });
  expect(refused([allow("dynamodb:GetItem", TABLE, leading)], read("accounts"))).toEqual([]);
  expect(refused([allow("dynamodb:GetItem", TABLE, leading)], read("account#1"))).toEqual([TABLE]);
  const passed = { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } };
  const pass = (service?: string) =>
    call("iam:PassRole", "role", service === undefined ? {} : { "iam:PassedToService": [service] });
  expect(refused([allow("iam:PassRole", "*", passed)], pass("lambda.amazonaws.com"))).toEqual([]);
  expect(refused([allow("iam:PassRole", "*", passed)], pass("ec2.amazonaws.com"))).toEqual(["role"]);
  expect(refused([allow("iam:PassRole", "*", passed)], pass())).toEqual(["role"]);
  expect(() => refused([allow("iam:PassRole", "*", { IpAddress: { "aws:SourceIp": "1" } })], pass())).toThrow();
});

test("a right that no call needs is found", () => {
  const statements = [allow(["dynamodb:GetItem", "dynamodb:Query"], TABLE), allow("dynamodb:Put*", TABLE)];
  const calls = [call("dynamodb:GetItem"), call("dynamodb:PutItem"), call("dynamodb:Scan")];
  expect(unneeded(statements, calls)).toEqual([`dynamodb:Query on ${TABLE}`]);
});
