import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createApp } from "../../src/app/app.ts";
import { readConfig } from "../../src/config/config.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { measured } from "./measured.ts";

/**
 * What a sync costs: requests, uploads, wall time and peak memory of the real command as a process, against the sandbox.
 * Compare wall times only on the same machine.
 */
const ACCOUNT = 1;
const USERID = 31_400_001;
const EMAIL = "owner@example.org";
const DAY_MS = 24 * 3600 * 1000;
const GOALS = { nothingNew: 1, oneWeighIn: 3, uploadsOf3650: 40, peakMegabytes: 110 };

interface Cost {
  requests: number;
  uploads: number;
  seconds: number;
  peakMegabytes: number;
  synced: number;
}

async function household(delaySeconds: number) {
  const sandbox = await startSandbox();
  const heights = [{ at: new Date("2015-01-01T00:00:00Z"), metres: 1.75 }];
  const person = sandbox.withings.addPerson({ userid: USERID, name: "owner", timezone: "Europe/Berlin", heights });
  const about = {
    email: EMAIL,
    password: "unused",
    displayName: "owner",
    fullName: "Owner",
    timezone: "Europe/Berlin",
  };
  sandbox.garmin.addAccount(about);
  const dataDir = mkdtempSync(path.join(tmpdir(), "weighbridge-bench-"));
  const env = { ...sandbox.env(), DATA_DIR: dataDir };
  const config = readConfig(env, ["store", "sealing", "withings", "withingsLogin", "garmin"]);
  const app = await createApp(config, { clock: systemClock, log: createLog({ level: "error" }) });
  await app.store.accounts.save(ACCOUNT, {});
  const address = sandbox.withings.allow(USERID, app.withingsLinking.begin(ACCOUNT));
  await app.withingsLinking.withPasted(ACCOUNT, address);
  await app.garminSignIn.withPasted(ACCOUNT, sandbox.garmin.mintTicket(EMAIL));
  await app.close();
  for (const server of ["withings", "garmin_sso", "garmin_diauth", "garmin_connectapi"] as const) {
    if (delaySeconds === 0) continue;
    const effect = { type: "delay" as const, seconds: delaySeconds };
    sandbox.faults.add({ server, match: {}, times: Number.POSITIVE_INFINITY, effect });
  }

  async function sync(...more: string[]): Promise<Cost> {
    sandbox.withings.requests.length = 0;
    sandbox.garmin.requests.length = 0;
    const { seconds, peakMegabytes, output } = await measured(
      "bin/weighbridge.js",
      ["sync", "--account", String(ACCOUNT), "--json", ...more],
      env,
    );
    const report = JSON.parse(output);
    if (report.status !== "success") throw new Error(`the sync ended with ${report.status}`);
    return {
      requests: sandbox.withings.requests.length + sandbox.garmin.requests.length,
      uploads: sandbox.garmin.requests.filter((it) => it.path === "/upload-service/upload").length,
      seconds,
      peakMegabytes,
      synced: report.synced,
    };
  }
  async function close() {
    await sandbox.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
  return { person, sandbox, sync, close };
}

const median = (costs: Cost[]) => costs.toSorted((a, b) => a.seconds - b.seconds)[Math.floor(costs.length / 2)];

async function scenes(delaySeconds: number): Promise<void> {
  const daily = await household(delaySeconds);
  await daily.sync();
  const nothing: Cost[] = [];
  for (let run = 0; run < 5; run++) nothing.push(await daily.sync());
  print("nothing new", median(nothing));
  const one: Cost[] = [];
  for (let run = 0; run < 5; run++) {
    daily.person.stepOnScale({ weightKg: 80 + run / 10, fatRatioPercent: 18.3, siblings: true });
    one.push(await daily.sync());
  }
  print("one weigh-in", median(one));
  await daily.close();

  for (const days of [365, 3650]) {
    const harness = await household(delaySeconds);
    const now = Date.now();
    for (let day = days; day > 0; day--) {
      const weightKg = Math.round((80 + Math.sin(day / 50)) * 100) / 100;
      harness.person.stepOnScale({ at: new Date(now - day * DAY_MS), weightKg, fatRatioPercent: 18.3 });
    }
    const since = new Date(now - (days + 2) * DAY_MS).toISOString().slice(0, 10);
    print(`${days} weigh-ins`, await harness.sync("--since", since));
    await harness.close();
  }
}

function print(name: string, cost: Cost | undefined) {
  if (!cost) return;
  const cells = [cost.requests, cost.uploads, cost.seconds.toFixed(2), cost.peakMegabytes.toFixed(0), cost.synced];
  console.log(name.padEnd(18) + cells.map((cell) => String(cell).padStart(10)).join(""));
}

/** Against vendors that answer at once, and against distant ones. */
export async function syncScenes(): Promise<void> {
  for (const delaySeconds of [0, 0.1]) {
    console.log(`\nvendors answer after ${delaySeconds * 1000} ms`);
    console.log("                    requests  uploads   seconds   peak MB   synced");
    await scenes(delaySeconds);
  }
  console.log(
    `\ngoals: ${GOALS.nothingNew} request when nothing is new, at most ${GOALS.oneWeighIn} for one weigh-in, at most ${GOALS.uploadsOf3650} uploads and ${GOALS.peakMegabytes} MB for 3650`,
  );
}
