import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../src/sandbox/free-port.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { type CpuQuota, setQuota } from "./cpu-quota.ts";
import { startHouseholds } from "./pi-household.ts";
import { bareStart, type Program, type Readiness, startProgram } from "./pi-program.ts";

/** Like a Raspberry Pi, of whose cores other programs take most. */
const CORES = 0.5;
const MEGABYTES = 256;
const ACCOUNTS = 200;
/** How many accounts have readings, two each, when all are due. */
const WITH_READINGS = 50;
const STARTS = 7;
const INTERVAL_SECONDS = 30 * 60;
const SETTLE_SECONDS = 15;
const REST_SECONDS = 180;
const LONGEST_SECONDS = 600;

/** `weighbridge start` as a process on half a core and 256 MB, with 200 accounts that are looked after every half hour. */
export async function piScene(): Promise<void> {
  const quota = setQuota(`weighbridge-pi-${process.pid}`, { cores: CORES, megabytes: MEGABYTES });
  console.log(`\npi: ${ACCOUNTS} accounts, ${CORES} core, ${MEGABYTES} MB`);
  if (!quota) console.log("  Nobody may set a quota here, so everything runs as fast as this machine.");
  const households = await startHouseholds(ACCOUNTS);
  try {
    await starts(households, quota);
    const resting = atRest(quota);
    await halfAnHour(households, quota);
    await resting;
  } finally {
    await households.close();
    quota?.remove();
  }
}

type Households = Awaited<ReturnType<typeof startHouseholds>>;

async function starts({ sandbox, env, areDue }: Households, quota: CpuQuota | undefined) {
  await areDue(new Date(Date.now() + INTERVAL_SECONDS * 1000));
  const rows: Array<Readiness & { bare: number; ratio: number }> = [];
  for (let start = 0; start <= STARTS; start++) {
    const bare = await bareStart(quota);
    const before = sandbox.telegram.requests.length;
    const program = startProgram(quota, { ...env, PORT: String(await freePort()) });
    const ready = await program.ready(sandbox, before);
    await program.stop();
    // The first one fills the compile cache.
    if (start > 0) rows.push({ ...ready, bare: bare.ms, ratio: ready.cpuMs / bare.cpuMs });
  }
  const of = (name: keyof (typeof rows)[number]) =>
    quantile(
      rows.map((row) => row[name]),
      0.5,
    );
  console.log(`  a bare Node: ${of("bare").toFixed(0)} ms`);
  console.log(
    `  ready: port ${of("port").toFixed(0)} ms, first sweep ${of("sweep").toFixed(0)} ms, polling ${of("poll").toFixed(0)} ms; ` +
      `${of("cpuMs").toFixed(0)} ms of a core, ${of("ratio").toFixed(1)} times a bare Node`,
  );
}

/** After an outage: everybody is due at once. It is also all the work of half an hour. */
async function halfAnHour({ sandbox, env, people, areDue }: Households, quota: CpuQuota | undefined) {
  for (const person of people.slice(0, WITH_READINGS)) {
    for (const hours of [2, 1])
      person.stepOnScale({ weightKg: 80 + hours / 10, at: new Date(Date.now() - hours * 600_000) });
  }
  await areDue(new Date());
  sandbox.withings.requests.length = 0;
  const begunMs = Date.now();
  const before = sandbox.telegram.requests.length;
  const program = startProgram(quota, { ...env, PORT: String(await freePort()) });
  await program.ready(sandbox, before);
  const ended = () => program.lines.filter(({ event }) => event === "run_ended");
  const succeeded = () => new Set(ended().flatMap(({ account, status }) => (status === "success" ? [account] : [])));
  while (succeeded().size < ACCOUNTS && Date.now() - begunMs < LONGEST_SECONDS * 1000) await sleep(500);
  const seconds = (Date.now() - begunMs) / 1000;
  const cpu = program.cpuMs() / 1000;
  const looks = sandbox.withings.requests.map(({ at }) => (at.getTime() - begunMs) / 1000);
  const putOff = ended().filter(({ status }) => status !== "success").length;
  console.log(
    `  ${succeeded().size} accounts due at once, ${WITH_READINGS} with two readings: done after ${seconds.toFixed(0)} s, ${putOff} runs put off`,
  );
  console.log(
    `    looked at Withings after ${quantile(looks, 0.5).toFixed(0)} s (p50), ${quantile(looks, 0.99).toFixed(0)} s (p99); ` +
      `at most ${mostInAMinute(looks)} requests in a minute`,
  );
  const share = (100 * cpu) / (INTERVAL_SECONDS * (quota ? CORES : 1));
  console.log(
    `    ${cpu.toFixed(1)} CPU seconds: every half hour, ${share.toFixed(1)} % of ${quota ? `${CORES} core` : "a core"}; ` +
      `peak memory ${program.megabytes("VmHWM").toFixed(0)} MB`,
  );
  await rest("  at rest with long polling", program, 60);
  await program.stop();
}

/** With an address instead of long polling, so that nothing but the program itself wakes it. */
async function atRest(quota: CpuQuota | undefined) {
  const sandbox = await startSandbox();
  const dataDir = mkdtempSync(path.join(tmpdir(), "weighbridge-rest-"));
  const port = String(await freePort());
  const env = { ...sandbox.env(), DATA_DIR: dataDir, TELEGRAM_ALLOWED_IDS: "1", PORT: port };
  const program = startProgram(quota, {
    ...env,
    ...{ PUBLIC_URL: `http://127.0.0.1:${port}`, WITHINGS_REDIRECT_URL: "" },
  });
  try {
    await rest("  at rest with an address", program, REST_SECONDS);
  } finally {
    await program.stop();
    await sandbox.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function rest(what: string, program: Program, seconds: number) {
  await sleep(SETTLE_SECONDS * 1000);
  const before = { loop: program.wakeUps("loop"), all: program.wakeUps("all"), cpuMs: program.cpuMs() };
  await sleep(seconds * 1000);
  const aMinute = (count: number) => ((count * 60) / seconds).toFixed(1);
  console.log(
    `${what}: the event loop wakes ${aMinute(program.wakeUps("loop") - before.loop)} times a minute, all threads ` +
      `${aMinute(program.wakeUps("all") - before.all)}; ${aMinute(program.cpuMs() - before.cpuMs)} CPU ms a minute, ` +
      `${program.megabytes("VmRSS").toFixed(0)} MB`,
  );
}

function mostInAMinute(seconds: number[]): number {
  const within = seconds.map((first) => seconds.filter((it) => it >= first && it < first + 60).length);
  return Math.max(0, ...within);
}

function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
