import { readFileSync, writeFileSync } from "node:fs";
import type { Usage } from "./prices.ts";

const PAGE = "docs/costs.md";

/** What the page calls each of them. */
export const WORDS: Record<keyof Usage, string> = {
  lambdaGbSeconds: "Lambda, GB-seconds",
  lambdaRequests: "Lambda, calls",
  tableReads: "DynamoDB, read units",
  tableWrites: "DynamoDB, write units",
  tableGb: "DynamoDB, GB kept",
  tableBackupGb: "DynamoDB, GB of point-in-time recovery",
  queueRequests: "SQS, requests",
  keyRequests: "KMS, requests",
  logGb: "CloudWatch, GB of logs",
  alarmMetrics: "CloudWatch, metrics with an alarm",
  ownMetrics: "CloudWatch, metrics of our own",
};
export const ALL = "**all**";
export const WITH_FREE = "**with the free amounts**";
export const A_HOUSEHOLD = "a household, by list price";

export function tableOf(head: string[], rows: Array<Array<string | number>>): string {
  const line = (cells: Array<string | number>) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

const TABLE = /(?:^\|.*\|\n)+/m;

/** Replaces the table after each heading. */
export function writeTables(tables: Record<string, string>): void {
  let page = readFileSync(PAGE, "utf8");
  for (const [heading, table] of Object.entries(tables)) {
    const [before = "", after] = page.split(`## ${heading}\n`);
    if (after === undefined) throw new Error(`${PAGE} has no heading "${heading}"`);
    page = `${before}## ${heading}\n${after.replace(TABLE, `${table}\n`)}`;
  }
  writeFileSync(PAGE, page);
}

/** The rows after a heading: the cells by the name in the first. */
export function readTable(heading: string): Map<string, string[]> {
  const [, after = ""] = readFileSync(PAGE, "utf8").split(`## ${heading}\n`);
  const [table = ""] = TABLE.exec(after) ?? [];
  const rows = table.split("\n").map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
  return new Map(rows.slice(2, -1).map(([name = "", ...cells]) => [name, cells]));
}
