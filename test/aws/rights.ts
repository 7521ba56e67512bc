import { readFileSync } from "node:fs";
import { ofType } from "../infra/resolved.ts";
import { packagedResources } from "./cloudformation.ts";
import { type Call, refused, type Statement } from "./iam.ts";

interface Policy {
  Statement: Statement[];
}

/** What docs/deploy-aws.md tells people to give the deployer. */
export function deployersPolicy(): Statement[] {
  const [, json = ""] = /```json\n(.*?)```/s.exec(readFileSync("docs/deploy-aws.md", "utf8")) ?? [];
  return (JSON.parse(json) as Policy).Statement;
}

/** What the roles in the template give to each function. */
export function policiesOfFunctions(): Array<[name: string, Statement[]]> {
  return ofType(packagedResources(), "AWS::IAM::Role").map((role) => {
    const [{ PolicyName, PolicyDocument }] = role.Policies as [{ PolicyName: string; PolicyDocument: Policy }];
    return [PolicyName, PolicyDocument.Statement];
  });
}

/** `caller: action on resources`, once each. */
export function refusals(rights: ReadonlyMap<string, readonly Statement[]>, calls: readonly Call[]): string[] {
  const found = calls.flatMap((call) => {
    const resources = refused(rights.get(call.caller) ?? [], call);
    return resources.length === 0 ? [] : [`${call.caller}: ${call.action} on ${resources.join(", ")}`];
  });
  return [...new Set(found)];
}
