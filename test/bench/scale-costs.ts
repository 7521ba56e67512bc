import { readFileSync } from "node:fs";
import { SIZES } from "../lambda/sizes.ts";
import { dollarsOf, PRICES, type Usage } from "./prices.ts";
import type { Life, LifeOptions } from "./scale-life.ts";

const HOURS_A_MONTH = 720;
const VENDOR_SECONDS = 0.1;
/** Each of the queue's pollers asks every twenty seconds, for nothing. */
const IDLE_RECEIVES_AN_HOUR = 180;
/** A household's messages in the chat, as in the month that docs/costs.md measures. */
const UPDATES_A_DAY = 3;
const STORED_BYTES = 44_000;
const GB = 1e9;

/** What one call of this kind takes, as `npm run bench -- month` measured it. */
interface Measured {
  reads: number;
  writes: number;
  logBytes: number;
  vendorCalls: number;
  billedSeconds: number;
}
type Call = "sweep" | "run that finds nothing" | "run that brings a reading" | "update of the chat" | "notification";

/** The figures are in docs/costs.md, so that both tell the same. */
export function readMeasured(): (call: Call) => Measured {
  const lines = readFileSync(new URL("../../docs/costs.md", import.meta.url), "utf8").split("\n");
  const cellsOf = (line: string) => line.split("|").map((cell) => cell.trim());
  const head = cellsOf(lines.find((line) => line.startsWith("| call |")) ?? "");
  return (call) => {
    const cells = cellsOf(lines.find((line) => line.startsWith(`| ${call} |`)) ?? "");
    const cell = (name: string) => {
      const value = Number(cells[head.indexOf(name)]);
      if (Number.isNaN(value)) throw new Error(`docs/costs.md has no "${name}" of "${call}"`);
      return value;
    };
    return {
      ...{ reads: cell("read units"), writes: cell("write units"), logBytes: cell("log bytes") },
      vendorCalls: cell("vendor calls"),
      // The last column is the warm one.
      billedSeconds: Number(cells[head.lastIndexOf("warm")]) / 1000,
    };
  };
}

/** Seconds of a worker besides its waits for vendors: the program's own work, and the table's answers. */
export function ownSecondsOf(visit: "idle" | "bringing"): number {
  const call = readMeasured()(visit === "idle" ? "run that finds nothing" : "run that brings a reading");
  return call.billedSeconds - call.vendorCalls * VENDOR_SECONDS;
}

/** For an account in a month, by list price, without the alarms, which cost the same for any number of accounts. */
export function costOf(life: Life, { accounts, hours, workers }: LifeOptions) {
  const measured = readMeasured();
  const { program, sweepUnits, queue, notified } = life;
  const usage = Object.fromEntries(Object.keys(PRICES).map((name) => [name, 0])) as Usage;
  const calls: Array<[Call, keyof typeof SIZES, number]> = [
    ["run that finds nothing", "worker", program.idle + program.putOff],
    ["run that brings a reading", "worker", program.bringing],
    ["notification", "http", notified],
    ["update of the chat", "http", (accounts * UPDATES_A_DAY * hours) / 24],
    ["sweep", "sweep", program.sweeps],
  ];
  for (const [call, name, times] of calls) {
    const { reads, writes, logBytes, billedSeconds } = measured(call);
    usage.lambdaRequests += times;
    usage.logGb += (times * logBytes) / GB;
    // Both of these were simulated: what sweeps read and write, and how long workers took.
    if (name !== "sweep") {
      usage.tableReads += times * reads;
      usage.tableWrites += times * writes;
    }
    const seconds = name === "worker" ? 0 : times * billedSeconds;
    usage.lambdaGbSeconds += (seconds * SIZES[name].memoryMegabytes) / 1024;
  }
  usage.lambdaGbSeconds += (program.workerSeconds * SIZES.worker.memoryMegabytes) / 1024;
  usage.tableReads += sweepUnits.reads + program.dropped;
  usage.tableWrites += sweepUnits.writes;
  usage.queueRequests = workers * IDLE_RECEIVES_AN_HOUR * hours + queue.sent + 3 * queue.received;
  const month = HOURS_A_MONTH / hours;
  for (const name of Object.keys(usage) as Array<keyof Usage>) usage[name] *= month;
  usage.tableGb = (accounts * STORED_BYTES) / GB;
  usage.tableBackupGb = usage.tableGb;
  return {
    visits: ((program.idle + program.bringing + program.putOff) * month) / accounts,
    reads: usage.tableReads / accounts,
    writes: usage.tableWrites / accounts,
    workerSeconds: (program.workerSeconds * month) / accounts,
    dollars: dollarsOf(usage, { withFree: false }).all / accounts,
  };
}
