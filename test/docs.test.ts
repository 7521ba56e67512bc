import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import project from "../package.json" with { type: "json" };
import { ALARM_KEYS } from "../src/bot/words/alarm-keys.ts";
import { parseArguments } from "../src/cli/arguments.ts";

const PAGES = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"],
  ...readdirSync("docs").map((name) => `docs/${name}`),
];
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

/** A heading's anchor, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- ]/gu, "")
    .replaceAll(" ", "-");
}

test("every link between the pages leads to a file that exists, and to a heading in it", () => {
  const dead = PAGES.flatMap((page) =>
    [...textOf(page).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)].flatMap(([link, to = "", anchor = ""]) => {
      const target = to === "" ? page : path.join(path.dirname(page), to);
      if (!existsSync(target)) return [`${page}: ${link}`];
      const headings = [...textOf(target).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading));
      return anchor === "" || headings.includes(anchor) ? [] : [`${page}: ${link}`];
    }),
  );
  expect(dead).toEqual([]);
});

test("every file and folder that the pages about the code name is there", () => {
  const areas = readdirSync("src", { withFileTypes: true }).flatMap((it) => (it.isDirectory() ? [it.name] : []));
  const inside = (name: string) => ["", "src/", "src/bot/"].some((root) => isThere(root + name));
  const named = ["CONTRIBUTING.md", "SECURITY.md", "docs/decisions.md", "docs/develop.md"].flatMap((page) =>
    [...textOf(page).matchAll(/`([\w.-]+(?:\/[\w.*-]+)+)`/g)].map(([, name = ""]) => name),
  );
  const ours = named.filter(
    (name) =>
      /^(src|test|docs|infra|build|bin|conversations)$/.test(name.split("/")[0] ?? "") ||
      areas.includes(name.split("/")[0] ?? ""),
  );
  expect(ours.length).toBeGreaterThan(20);
  expect(ours.filter((name) => !inside(name))).toEqual([]);
});

/** With or without its ending, or as a pattern like `bot/words/de*.ts`. */
function isThere(name: string): boolean {
  if (existsSync(name) || existsSync(`${name}.ts`)) return true;
  const pattern = new RegExp(`^${path.basename(name).replaceAll(".", "\\.").replaceAll("*", ".*")}(\\.ts)?$`);
  return (
    name.includes("*") &&
    existsSync(path.dirname(name)) &&
    readdirSync(path.dirname(name)).some((it) => pattern.test(it))
  );
}

test("every threat in SECURITY.md has a test of that name", () => {
  const [, table = ""] = /^## Threats.*?\n(\|.*?)\n\n/ms.exec(textOf("SECURITY.md")) ?? [];
  const rows = table.split("\n").slice(2);
  expect(rows.length).toBeGreaterThan(15);
  const untested = rows.filter((row) => {
    const [, file = "", name = ""] = /\| `(test\/[^`]+)`: (.+) \|$/.exec(row) ?? [];
    return !(existsSync(file) && textOf(file).includes(`test("${name}"`));
  });
  expect(untested).toEqual([]);
});

test("no command is broken over two lines, so that it can be copied", () => {
  const broken = PAGES.flatMap((page) =>
    textOf(page)
      .replace(/^```.*?^```/gms, "")
      .split("\n")
      .filter((line) => (line.match(/`/g) ?? []).length % 2 === 1)
      .map((line) => `${page}: ${line}`),
  );
  expect(broken).toEqual([]);
});
