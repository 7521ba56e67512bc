import { readFileSync } from "node:fs";
import { CORE_MEGABYTES, SIZES } from "../lambda/sizes.ts";
import { DAYS, type Kind, liveAMonth, type Month } from "./month-life.ts";
import { type Time, takeTimes } from "./month-times.ts";
import { dollarsOf, PRICES, type Usage } from "./prices.ts";

const HOUSEHOLDS = [1, 1000, 100_000];
/** From this many households on, a function is hardly ever idle long enough for a cold start. With one, every start is cold. */
const WARM_FROM = 100;
const VENDOR_MS = 100;
const STORE_MS = 5;
/** Five pollers that ask every twenty seconds, for nothing. */
const IDLE_RECEIVES = 5 * 3 * 60 * 24 * DAYS;
/** For each due account: a place in a batch of jobs, and a mark beside its scheduled run. */
const SWEEP_DUE_MS = 1;
/** Every sixth sweep searches this many accounts. */
const SEARCHED = 150;
const SWEEPS_A_SEARCH = 6;
const LISTED_BYTES = 250;
const GB = 1e9;

/** What one household costs on AWS in a month, as counted and measured; and a thousand, and a hundred thousand. */
export async function monthScene(): Promise<void> {
  const month = await liveAMonth();
  const times = await takeTimes();
  const idle = times.get("run that finds nothing");
  if (idle) times.set("other job", { ...idle, vendorCalls: idle.vendorCalls + 2 });

  console.log(`\nmonth: one household, ${DAYS} days, ${month.readings} readings; of each kind of call\n`);
  const rows = [...month.took].map(([kind, took]) => {
    const time = timeOf(times, kind);
    const each = (count: number) => (count / took.times).toFixed(1);
    return [
      ...[kind, time.name, took.times, each(took.reads), each(took.writes), each(took.calls)],
      ...[each(took.withings + took.garmin + took.telegram), each(took.logBytes)],
      ...[time.coldMs.toFixed(0), time.warmMs.toFixed(0)],
      ...[billedMs(time, took, "cold").toFixed(0), billedMs(time, took, "warm").toFixed(0)],
    ];
  });
  const head = ["call", "function", "times", "reads", "writes", "store calls", "vendor calls", "log bytes"];
  printTable([...head, "CPU ms cold", "warm", "billed ms cold", "warm"], rows);

  console.log(
    `\nDollars a month, us-east-1 list prices, and what is left of it where the free amounts are not used up\n`,
  );
  const usages = HOUSEHOLDS.map((households) => usageOf(month, times, households));
  const costs = usages.map((usage) => dollarsOf(usage, { withFree: false }));
  const withFree = usages.map((usage) => dollarsOf(usage, { withFree: true }));
  const lines = (Object.keys(PRICES) as Array<keyof Usage>).map((name) => [
    WORDS[name],
    ...usages.flatMap((usage, index) => [amount(usage[name]), dollars(costs[index]?.[name])]),
  ]);
  printTable(
    ["", ...HOUSEHOLDS.flatMap((it) => [it.toLocaleString("en"), "$"])],
    [
      ...lines,
      ["all", ...costs.flatMap(({ all }) => ["", dollars(all)])],
      ["with the free amounts", ...withFree.flatMap(({ all }) => ["", dollars(all)])],
      ["a household", ...costs.flatMap(({ all }, index) => ["", dollars(all / (HOUSEHOLDS[index] ?? 1))])],
    ],
  );
}

const WORDS: Record<keyof Usage, string> = {
  lambdaGbSeconds: "Lambda, GB-seconds",
  lambdaRequests: "Lambda, calls",
  tableReads: "DynamoDB, read units",
  tableWrites: "DynamoDB, write units",
  tableGb: "DynamoDB, GB kept",
  tableBackupGb: "DynamoDB, GB of point-in-time recovery",
  queueRequests: "SQS, requests",
  logGb: "CloudWatch, GB of logs",
  alarmMetrics: "CloudWatch, metrics with an alarm",
  ownMetrics: "CloudWatch, metrics of our own",
};

function usageOf(month: Month, times: Map<Kind, Time>, households: number): Usage {
  const start = households < WARM_FROM ? "cold" : "warm";
  const usage: Usage = {
    ...{ lambdaGbSeconds: 0, lambdaRequests: 0, tableReads: 0, tableWrites: 0, logGb: 0 },
    tableGb: (households * month.storedBytes) / GB,
    tableBackupGb: (households * month.storedBytes) / GB,
    queueRequests: IDLE_RECEIVES + households * (month.sent + 3 * month.jobs),
    alarmMetrics: alarmMetrics(),
    // They exist only in months in which something went wrong.
    ownMetrics: 0,
  };
  for (const [kind, took] of month.took) {
    const time = timeOf(times, kind);
    const isSweep = kind === "sweep";
    const many = isSweep ? 1 : households;
    const gigabytes = SIZES[time.name].memoryMegabytes / 1024;
    const milliseconds = billedMs(time, took, isSweep ? "warm" : start);
    usage.lambdaRequests += many * took.times;
    usage.lambdaGbSeconds += (many * took.times * milliseconds * gigabytes) / 1000;
    usage.logGb += (many * took.logBytes) / GB;
    usage.tableReads += many * took.reads;
    usage.tableWrites += many * took.writes;
    if (!isSweep) continue;
    // A sweep's fixed part stays the same; the rest follows the due accounts, and every mark is a write.
    const more = (households - 1) * took.writes;
    usage.tableWrites += more;
    usage.tableReads +=
      (more * LISTED_BYTES) / 4096 + (took.times / SWEEPS_A_SEARCH) * (Math.min(households, SEARCHED) - 1);
    usage.lambdaGbSeconds += (more * SWEEP_DUE_MS * slowness(time) * gigabytes) / 1000;
  }
  return usage;
}

const slowness = ({ name }: Time) => Math.max(1, CORE_MEGABYTES / SIZES[name].memoryMegabytes);

/** Work takes longer on less of a core; waiting doesn't. */
function billedMs(time: Time, took: { calls: number; times: number }, start: "cold" | "warm"): number {
  const waitedMs = time.vendorCalls * VENDOR_MS + (took.calls / took.times) * STORE_MS;
  return (start === "cold" ? time.coldMs : time.warmMs) * slowness(time) + waitedMs;
}

function timeOf(times: Map<Kind, Time>, kind: Kind): Time {
  const time = times.get(kind);
  if (!time) throw new Error(`nobody has measured "${kind}"`);
  return time;
}

/** AWS charges for the metrics that an alarm looks at. */
function alarmMetrics(): number {
  const text = readFileSync(new URL("../../infra/alarms.yml", import.meta.url), "utf8");
  const alarms = text.split("Type: AWS::CloudWatch::Alarm").slice(1);
  return alarms.reduce((sum, alarm) => sum + Math.max(1, alarm.split("MetricStat:").length - 1), 0);
}

const amount = (it: number) =>
  it < 0.001 && it > 0
    ? it.toExponential(1)
    : Number(it.toPrecision(4)).toLocaleString("en", { maximumFractionDigits: 3 });
const dollars = (it = 0) => (it >= 100 ? it.toFixed(0) : it >= 1 ? it.toFixed(2) : it.toFixed(4));

function printTable(head: string[], rows: Array<Array<string | number>>) {
  const line = (cells: Array<string | number>) => `| ${cells.join(" | ")} |`;
  console.log(line(head));
  console.log(line(head.map((_, column) => (column === 0 ? "---" : "---:"))));
  for (const row of rows) console.log(line(row));
}
