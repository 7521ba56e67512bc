import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createApp } from "../../src/app/app.ts";
import { readConfig } from "../../src/config/config.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { type Cost, measured, median, megabytesOf } from "./measured.ts";
import { type OtherProgram, withingsSync } from "./other-program.ts";

/**
 * What a command costs as a whole process, in turns with withings-sync on the same vendors. Milliseconds of two machines don't
 * compare, the ratios do.
 */
const BIN = "bin/weighbridge.js";
const ACCOUNT = 4711;
const USERID = 31_400_001;
const EMAIL = "owner@example.org";
const TURNS = 7;
const YEAR_TURNS = 3;
const DAY_MS = 24 * 3600 * 1000;
const START_SECONDS = 8;

export async function cliScene(): Promise<void> {
  await againstNode();
  for (const delaySeconds of [0, 0.1]) await againstWithingsSync(delaySeconds);
  await aYear();
  await memory();
}

/** Two people, one for each program, at vendors that take this long for each answer. */
async function world(delaySeconds = 0) {
  const sandbox = await startSandbox();
  // The other program reads one page and no more.
  sandbox.withings.settings.pageSize = 4000;
  const heights = [{ at: new Date("2015-01-01T00:00:00Z"), metres: 1.75 }];
  const person = sandbox.withings.addPerson({ userid: USERID, name: "owner", timezone: "Europe/Berlin", heights });
  sandbox.garmin.addAccount({
    ...{ email: EMAIL, password: "unused", displayName: "owner", fullName: "Owner", timezone: "Europe/Berlin" },
  });
  const dataDir = mkdtempSync(path.join(tmpdir(), "weighbridge-bench-"));
  const env = { ...sandbox.env(), TELEGRAM_ALLOWED_IDS: String(ACCOUNT), DATA_DIR: dataDir };
  const config = readConfig(env, ["store", "sealing", "withings", "withingsLogin", "garmin"]);
  const app = await createApp(config, { clock: systemClock, log: createLog({ level: "error" }) });
  await app.store.accounts.save(ACCOUNT, {});
  await app.withingsLinking.withPasted(ACCOUNT, sandbox.withings.allow(USERID, app.withingsLinking.begin(ACCOUNT)));
  await app.garminSignIn.withPasted(ACCOUNT, sandbox.garmin.mintTicket(EMAIL));
  await app.close();
  for (const server of ["withings", "garmin_sso", "garmin_diauth", "garmin_connectapi"] as const) {
    const effect = { type: "delay" as const, seconds: delaySeconds };
    if (delaySeconds > 0) sandbox.faults.add({ server, match: {}, times: Number.POSITIVE_INFINITY, effect });
  }
  const other = withingsSync(sandbox);
  return {
    ...{ person, other, env },
    async sync(...more: string[]): Promise<Cost> {
      const cost = await measured(BIN, ["sync", "--account", String(ACCOUNT), "--json", ...more], env);
      if (JSON.parse(cost.output).status !== "success") throw new Error(cost.output);
      return cost;
    },
    stored: () => sandbox.garmin.weights(EMAIL).length,
    async close() {
      other?.close();
      await sandbox.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
type World = Awaited<ReturnType<typeof world>>;
type Person = OtherProgram["person"];

async function againstNode(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "weighbridge-bench-"));
  const nothing = path.join(folder, "nothing.mjs");
  writeFileSync(nothing, "");
  head("as a multiple of a start of Node", "Node");
  const bare = () => measured(process.execPath, [nothing], {});
  for (const word of ["help", "--version"]) await pairs(word, TURNS, () => measured(BIN, [word], {}), bare, 2);
  rmSync(folder, { recursive: true });
}

async function againstWithingsSync(delaySeconds: number): Promise<void> {
  head(`vendors answer after ${delaySeconds * 1000} ms`, "withings-sync");
  const goal = delaySeconds === 0 ? 0.85 : 0.6;
  await scene("nothing new", delaySeconds, goal, () => undefined);
  await scene("one weigh-in", delaySeconds, goal, weigh);
  await scene("and one pressure", delaySeconds, undefined, (person, at) => {
    weigh(person, at);
    person.takeBloodPressure({ at, systolic: 121, diastolic: 79, pulse: 61 });
  });
}

const weigh = (person: Person, at: Date) =>
  person.stepOnScale({ at, weightKg: 80 + (at.getTime() % 100) / 100, fatRatioPercent: 18.3, siblings: true });

/** Before each turn the same happens to both people. */
async function scene(
  name: string,
  delaySeconds: number,
  goal: number | undefined,
  happens: (person: Person, at: Date) => void,
): Promise<void> {
  const it = await world(delaySeconds);
  try {
    let at = new Date();
    const now = (person: Person) => {
      at = new Date();
      happens(person, at);
    };
    await it.sync();
    const ours = () => {
      now(it.person);
      return it.sync();
    };
    const theirs = it.other && otherSync(it.other, now, () => at);
    await pairs(name, TURNS, ours, theirs, goal);
  } finally {
    await it.close();
  }
}

const otherSync = (other: OtherProgram, now: (person: Person) => void, at: () => Date) => () => {
  now(other.person);
  return other.sync(new Date(at().getTime() - 1000));
};

/** Each turn begins with two people who have just linked and have a year behind them. */
async function aYear(): Promise<void> {
  head("365 weigh-ins, vendors answer at once", "withings-sync");
  const ours: Cost[] = [];
  const theirs: Cost[] = [];
  for (let turn = 0; turn < YEAR_TURNS; turn++) {
    const it = await world();
    live(it, 365);
    ours.push(await it.sync("--since", dayBefore(367)));
    if (it.other) theirs.push(await inHalves(it.other));
    const stored = [it.stored(), it.other?.stored() ?? 365];
    if (stored.some((count) => count !== 365)) throw new Error(`Garmin has ${stored.join(" and ")} weigh-ins`);
    await it.close();
  }
  print("a year", ours, theirs, 1.5);
}

/** It sends one file, and Garmin takes no more than 200 weigh-ins in one: its owner has to run it twice. */
async function inHalves(other: OtherProgram): Promise<Cost> {
  const half = 182;
  const first = await other.sync([dayBefore(367), dayBefore(half + 1)]);
  const second = await other.sync([dayBefore(half), dayBefore(0)]);
  return {
    seconds: first.seconds + second.seconds,
    cpuSeconds: first.cpuSeconds + second.cpuSeconds,
    peakMegabytes: Math.max(first.peakMegabytes, second.peakMegabytes),
  };
}

const timeBefore = (days: number) => new Date(Date.now() - days * DAY_MS);
const dayBefore = (days: number) => timeBefore(days).toISOString().slice(0, 10);

function live({ person, other }: Pick<World, "person" | "other">, days: number): void {
  for (let day = days; day > 0; day--) {
    const weightKg = Math.round((80 + Math.sin(day / 50)) * 100) / 100;
    for (const it of [person, other?.person]) it?.stepOnScale({ at: timeBefore(day), weightKg, fatRatioPercent: 18.3 });
  }
}

async function memory(): Promise<void> {
  console.log("\nmemory, at most");
  const it = await world();
  const child = spawn(BIN, ["start"], { env: { PATH: process.env.PATH ?? "", ...it.env }, stdio: "ignore" });
  await sleep(START_SECONDS * 1000);
  console.log(`start at rest     ${megabytesOf(child.pid, "VmRSS").toFixed(0)} MB   (goal: 70)`);
  child.kill("SIGTERM");
  await once(child, "exit");
  live(it, 3650);
  const { peakMegabytes } = await it.sync("--since", dayBefore(3652));
  console.log(`ten years         ${peakMegabytes.toFixed(0)} MB   (goal: 110)`);
  await it.close();
}

async function pairs(
  name: string,
  turns: number,
  ours: () => Promise<Cost>,
  theirs: (() => Promise<Cost>) | undefined,
  goal: number | undefined,
): Promise<void> {
  const costs: { ours: Cost[]; theirs: Cost[] } = { ours: [], theirs: [] };
  // The first turn only brings the files into memory.
  for (let turn = 0; turn <= turns; turn++) {
    const [a, b] = [await ours(), await theirs?.()];
    if (turn === 0) continue;
    costs.ours.push(a);
    if (b) costs.theirs.push(b);
  }
  print(name, costs.ours, costs.theirs, goal);
}

const WIDTH = 11;

function head(title: string, other: string): void {
  const cells = ["s", "CPU s", "MB", "s", "CPU s", "MB", "x", "x CPU"];
  console.log(`\n${title}${`Weighbridge, then ${other}`.padStart(9 * WIDTH - title.length)}`);
  console.log("".padEnd(18) + cells.map((cell) => cell.padStart(WIDTH)).join(""));
}

/** Medians, and of the ratios that of the pairs. */
function print(name: string, ours: Cost[], theirs: Cost[], goal: number | undefined): void {
  const cellsOf = (costs: Cost[]) =>
    costs.length === 0
      ? ["-", "-", "-"]
      : [
          median(costs.map(({ seconds }) => seconds)).toFixed(3),
          median(costs.map(({ cpuSeconds }) => cpuSeconds)).toFixed(2),
          median(costs.map(({ peakMegabytes }) => peakMegabytes)).toFixed(0),
        ];
  const ratio = (of: "seconds" | "cpuSeconds") =>
    theirs.length === 0
      ? "-"
      : median(ours.map((cost, turn) => cost[of] / (theirs[turn]?.[of] ?? Number.NaN))).toFixed(2);
  const cells = [...cellsOf(ours), ...cellsOf(theirs), ratio("seconds"), ratio("cpuSeconds")];
  const wanted = goal === undefined ? "" : `   (goal: ${goal})`;
  console.log(name.padEnd(18) + cells.map((cell) => cell.padStart(WIDTH)).join("") + wanted);
}
