import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import project from "../package.json" with { type: "json" };
import { ALARM_KEYS } from "../src/bot/words/alarm-keys.ts";
import { parseArguments } from "../src/cli/arguments.ts";

const PAGES = ["README.md", ...readdirSync("docs").map((name) => `docs/${name}`)];
const textOf = (file: string) => readFileSync(file, "utf8");

function found(pattern: RegExp): string[] {
  return PAGES.flatMap((page) => [...textOf(page).matchAll(pattern)].map(([, what = ""]) => what.trim()));
}

test("every command that the pages name is one", () => {
  const commands = found(/npx weighbridge ([a-z][^`\n]*)/g);
  expect(commands.length).toBeGreaterThan(10);
  for (const command of commands) {
    expect(() => parseArguments(command.split(/[\s`]+/)), command).not.toThrow();
  }
});

test("every script that the pages name is there", () => {
  const scripts = new Set(found(/npm run ([\w:]+)/g));
  expect(Object.keys(project.scripts)).toEqual(expect.arrayContaining([...scripts]));
});

test("the README lists every setting that the program reads and a person may set", () => {
  const settings = [...textOf("src/config/variables.ts").matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].flatMap(
    ([, name]) => name ?? [],
  );
  expect(settings).toContain("TELEGRAM_BOT_TOKEN");
  const readme = textOf("README.md");
  // The deployment alone sets where its queue is.
  expect(settings.filter((name) => name !== "QUEUE_URL" && !readme.includes(`\`${name}\``))).toEqual([]);
});

test("the page about AWS says what to do for every alarm", () => {
  const page = textOf("docs/deploy-aws.md");
  const named = (key: string) => page.includes(`\`${key}\``) || page.includes(`\`…-${key.split("-")[1]}\``);
  expect(ALARM_KEYS.filter((key) => !named(key))).toEqual([]);
});

test("the policy for the deployer reaches what is called weighbridge, and hands roles to Lambda only", () => {
  const [, json = ""] = /```json\n(.*?)```/s.exec(textOf("docs/deploy-aws.md")) ?? [];
  const { Statement } = JSON.parse(json) as { Statement: Array<{ Action: string | string[]; Resource: unknown }> };
  for (const { Action, Resource } of Statement) {
    const actions = [Action].flat();
    const isNamed = [Resource].flat().every((arn) => /weighbridge/.test(String(arn)));
    expect(isNamed || actions.every((action) => !action.includes("*")), actions.join()).toBe(true);
  }
  expect(Statement.filter(({ Action }) => Action === "iam:PassRole")).toMatchObject([
    { Condition: { StringEquals: { "iam:PassedToService": "lambda.amazonaws.com" } } },
  ]);
});
