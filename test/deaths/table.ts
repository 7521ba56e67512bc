import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "vitest";

const ROWS_FILE = "WEIGHBRIDGE_DEATHS";

export interface Row {
  death: string;
  heard: Array<{ who: string; minutes: number; isQuiet: boolean; words: string }>;
  heals: string;
  told: string;
}

let recorded = 0;

export function record(row: Row) {
  const file = process.env[ROWS_FILE];
  const { testPath = "" } = expect.getState();
  if (file) appendFileSync(file, `${JSON.stringify({ ...row, place: [path.basename(testPath), recorded++] })}\n`);
}

export function span(minutes: number): string {
  if (minutes < 1) return "at once";
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 60 / 24)} days`;
}

const LONGEST = 74;
const short = (text: string) => {
  const line = text.split("\n", 1)[0] ?? "";
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
};

/** Prints the rows of all tests as one table at the end. */
export function setup() {
  const file = path.join(tmpdir(), `deaths-${process.pid}`);
  writeFileSync(file, "");
  process.env[ROWS_FILE] = file;
  return () => {
    const rows: Row[] = existsSync(file)
      ? readFileSync(file, "utf8")
          .split("\n")
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Row & { place: [string, number] })
          .sort(({ place: [a, m] }, { place: [b, n] }) => a.localeCompare(b) || m - n)
      : [];
    rmSync(file, { force: true });
    console.log(`\n${tableOf(rows)}`);
  };
}

function after({ who, minutes, isQuiet }: Row["heard"][number]): string {
  if (who === "nobody") return "";
  return isQuiet ? `${span(minutes)}, quietly` : span(minutes);
}

function tableOf(rows: Row[]): string {
  const lines = rows.flatMap(({ death, heard, heals, told }) => {
    const [first, ...more] = heard;
    const line = (it: Row["heard"][number] | undefined) =>
      it ? `${it.who} | ${after(it)} | ${short(it.words)}` : "NOBODY | |";
    return [`| ${death} | ${line(first)} | ${heals} | ${short(told)} |`, ...more.map((it) => `| | ${line(it)} | | |`)];
  });
  return ["| death | notified | after | message | heals | message then |", "|---|---|---|---|---|---|", ...lines].join(
    "\n",
  );
}
