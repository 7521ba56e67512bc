import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { CelEngine, type Engine } from "@aws/cloudformation-validate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { objectionsTo } from "../../build/validate.ts";
import { ASKED, type Packaged, packaged } from "./packaged.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "weighbridge-template-"));
let engine: Engine;
let plain: Packaged;
let asked: Packaged;

beforeAll(async () => {
  engine = new CelEngine();
  plain = await packaged();
  asked = await packaged(ASKED);
}, 120_000);
afterAll(() => {
  engine.free();
  rmSync(folder, { recursive: true });
});

function findings(text: string): string[] {
  const file = path.join(folder, "template.json");
  writeFileSync(file, text);
  return objectionsTo(file, engine);
}

test("AWS's validator accepts the template", () => {
  expect(findings(plain.text)).toEqual([]);
  expect(findings(asked.text)).toEqual([]);
});

test("no condition compares constants, which would be a warning in each deployment", () => {
  for (const { text } of [plain, asked]) expect(text).not.toMatch(/"(Fn::)?(Conditions|Equals|If)"/);
});

test.each([
  ["a runtime that does not exist", '"nodejs24.x"', '"nodejs25.x"'],
  ["a billing mode that does not exist", '"PAY_PER_REQUEST"', '"PAY_PER_ASK"'],
  ["a comparison that does not exist", '"LessThanThreshold"', '"FewerThanThreshold"'],
  ["a time of the wrong kind", '"VisibilityTimeout": 1800', '"VisibilityTimeout": "long"'],
  ["a misspelt property", '"TimeToLiveSpecification"', '"TimeToLive"'],
  ["a reference to nothing", '"Ref": "Alarms"', '"Ref": "Alerts"'],
])("AWS's validator would find %s", (_, right, wrong) => {
  expect(plain.text).toContain(right);
  expect(findings(plain.text.replace(right, wrong))).not.toEqual([]);
});
