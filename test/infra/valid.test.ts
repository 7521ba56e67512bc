import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { CelEngine, type Engine, TemplateFile } from "@aws/cloudformation-validate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Packaged, packaged } from "./packaged.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "weighbridge-template-"));
let engine: Engine;
let plain: Packaged;
let asked: Packaged;

beforeAll(async () => {
  engine = new CelEngine();
  plain = await packaged();
  asked = await packaged({ existingTable: "true", reserveConcurrency: "true", alarmEmail: "owner@example.org" });
}, 120_000);
afterAll(() => {
  engine.free();
  rmSync(folder, { recursive: true });
});

/** What AWS's own validator holds against a template: errors, and values that are none of an enumeration. */
function findings(text: string): string[] {
  const file = path.join(folder, "template.json");
  writeFileSync(file, text);
  // osls states dependencies that follow from references already.
  const { diagnostics } = engine.validateStandard(new TemplateFile(file), { exclude: { ids: ["W3005"] } });
  return diagnostics
    .filter(({ severity, ruleId }) => severity === "FATAL" || severity === "ERROR" || ruleId === "W3030")
    .map(({ ruleId, message }) => `${ruleId} ${message}`);
}

test("AWS's validator has nothing against the template", () => {
  expect(findings(plain.text)).toEqual([]);
  expect(findings(asked.text)).toEqual([]);
});

test.each([
  ["a runtime that does not exist", '"nodejs24.x"', '"nodejs25.x"'],
  ["a billing mode that does not exist", '"PAY_PER_REQUEST"', '"PAY_PER_ASK"'],
  ["a comparison that does not exist", '"LessThanThreshold"', '"FewerThanThreshold"'],
  ["a time of the wrong kind", '"VisibilityTimeout": 1080', '"VisibilityTimeout": "long"'],
  ["a misspelt property", '"TimeToLiveSpecification"', '"TimeToLive"'],
  ["a reference to nothing", '"Ref": "Alarms"', '"Ref": "Alerts"'],
  ["a condition that nobody defined", '"Condition": "CreatesTable"', '"Condition": "MakesTable"'],
])("and would find %s", (_, right, wrong) => {
  expect(plain.text).toContain(right);
  expect(findings(plain.text.replace(right, wrong))).not.toEqual([]);
});
