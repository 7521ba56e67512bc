import { readFileSync } from "node:fs";
import type { FunctionName } from "../../build/bundle.ts";
import { SECRETS_PARAMETER } from "../../src/config/secrets.ts";
import { PARAMETERS } from "../../src/lambda/parameters.ts";
import { CORE_MEGABYTES, SIZES } from "../lambda/sizes.ts";
import { A_HOUSEHOLD, ALL, tableOf, WITH_FREE, WORDS, writeTables } from "./costs-page.ts";
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
/** What the clock calls every five minutes, to sweep or to keep http warm, has a process; AWS replaces it every two hours or so. */
const KEPT_WARM: Partial<Record<FunctionName, Kind>> = { http: "update", sweep: "sweep" };
const REPLACED = 12 * DAYS;
const WARM_CALLS = 12 * 24 * DAYS;
const WARM_CALL_MS = 2;

/** What one household costs on AWS in a month, as counted and measured; and a thousand, and a hundred thousand. */
export async function monthScene(): Promise<void> {
  const month = await liveAMonth();
  const times = await takeTimes();
  const idle = times.get("run that finds nothing");
  if (idle) times.set("other job", { ...idle, vendorCalls: idle.vendorCalls + 2 });

  const usages = HOUSEHOLDS.map((households) => usageOf(month, times, households));
  const tables = { "A month of one household": callsTable(month, times), "In dollars": dollarsTable(usages) };
  console.log(`\nmonth: one household, ${DAYS} days, ${month.readings} readings; of each kind of call\n`);
  console.log(tables["A month of one household"]);
  console.log("\nDollars a month, us-east-1 list prices, and what is left where the free amounts are not used up\n");
  console.log(tables["In dollars"]);
  if (process.env.WRITE_DOCS) writeTables(tables);
}

const KIND_WORDS: Partial<Record<Kind, string>> = { update: "update of the chat", "other job": "`/sync`" };

function callsTable(month: Month, times: Map<Kind, Time>): string {
  const rows = [...month.took].map(([kind, took]) => {
    const time = timeOf(times, kind);
    const each = (count: number) => (count / took.times).toFixed(1);
    return [
      ...[KIND_WORDS[kind] ?? kind, time.name, took.times, each(took.reads), each(took.writes), each(took.calls)],
      ...[each(took.withings + took.garmin + took.telegram), (took.logBytes / took.times).toFixed(0)],
      ...[time.coldMs.toFixed(0), time.warmMs.toFixed(0)],
      ...[billedMs(time, took, "cold").toFixed(0), billedMs(time, took, "warm").toFixed(0)],
    ];
  });
  const head = ["call", "function", "times", "read units", "write units", "store calls", "vendor calls", "log bytes"];
  return tableOf([...head, "CPU ms, cold", "warm", "billed ms, cold", "warm"], rows);
}

function dollarsTable(usages: Usage[]): string {
  const costs = usages.map((usage) => dollarsOf(usage, { withFree: false }));
  const withFree = usages.map((usage) => dollarsOf(usage, { withFree: true }));
  const lines = (Object.keys(PRICES) as Array<keyof Usage>).map((name) => [
    WORDS[name],
    ...usages.flatMap((usage, index) => [amount(usage[name]), dollars(costs[index]?.[name])]),
  ]);
  return tableOf(
    ["", ...HOUSEHOLDS.flatMap((it) => [it === 1 ? "1 household" : it.toLocaleString("en"), "$"])],
    [
      ...lines,
      [ALL, ...costs.flatMap(({ all }) => ["", dollars(all)])],
      [WITH_FREE, ...withFree.flatMap(({ all }) => ["", dollars(all)])],
      [A_HOUSEHOLD, ...costs.flatMap(({ all }, index) => ["", dollars(all / (HOUSEHOLDS[index] ?? 1))])],
    ],
  );
}

function usageOf(month: Month, times: Map<Kind, Time>, households: number): Usage {
  const usage: Usage = {
    ...{ lambdaGbSeconds: 0, lambdaRequests: 0, tableReads: 0, tableWrites: 0, logGb: 0, keyRequests: 0 },
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
    const gigabytes = gigabytesOf(time.name);
    const isWarm = KEPT_WARM[time.name] !== undefined || households >= WARM_FROM;
    const milliseconds = billedMs(time, took, isWarm ? "warm" : "cold");
    usage.lambdaRequests += many * took.times;
    usage.lambdaGbSeconds += (many * took.times * milliseconds * gigabytes) / 1000;
    usage.logGb += (many * took.logBytes) / GB;
    usage.tableReads += many * took.reads;
    usage.tableWrites += many * took.writes;
    if (!isWarm) usage.keyRequests += many * took.times * encryptedParameters(time.name);
    if (!isSweep) continue;
    // A sweep's fixed part stays the same; the rest follows the due accounts, and every mark is a write.
    const more = (households - 1) * took.writes;
    usage.tableWrites += more;
    usage.tableReads +=
      (more * LISTED_BYTES) / 4096 + (took.times / SWEEPS_A_SEARCH) * (Math.min(households, SEARCHED) - 1);
    usage.lambdaGbSeconds += (more * SWEEP_DUE_MS * slowness(time) * gigabytes) / 1000;
  }
  return keepWarm(usage, times);
}

function keepWarm(usage: Usage, times: Map<Kind, Time>): Usage {
  usage.lambdaRequests += WARM_CALLS;
  usage.lambdaGbSeconds += (WARM_CALLS * WARM_CALL_MS * gigabytesOf("http")) / 1000;
  for (const [name, kind] of Object.entries(KEPT_WARM) as Array<[FunctionName, Kind]>) {
    const time = timeOf(times, kind);
    usage.lambdaGbSeconds += (REPLACED * time.coldMs * slowness(time) * gigabytesOf(name)) / 1000;
    usage.keyRequests += REPLACED * encryptedParameters(name);
  }
  return usage;
}

const gigabytesOf = (name: FunctionName) => SIZES[name].memoryMegabytes / 1024;
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

/** A function's start reads each, and KMS opens it. */
function encryptedParameters(name: FunctionName): number {
  return PARAMETERS[name].filter((parameter) => parameter === SECRETS_PARAMETER || parameter === "SEALING_KEY").length;
}

/** AWS charges for each metric that an alarm looks at; here each looks at one, as a test of infra/ checks. */
function alarmMetrics(): number {
  const text = readFileSync(new URL("../../infra/alarms.yml", import.meta.url), "utf8");
  return text.split("Type: AWS::CloudWatch::Alarm").length - 1;
}

const amount = (it: number) =>
  it < 0.001 && it > 0
    ? it.toExponential(1)
    : Number(it.toPrecision(4)).toLocaleString("en", { maximumFractionDigits: 3 });
const dollars = (it = 0) =>
  it >= 100 ? Number(it.toFixed(0)).toLocaleString("en") : it >= 1 ? it.toFixed(2) : it.toFixed(4);
