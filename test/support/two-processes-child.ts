/**
 * The program as a process that tests can race or kill. The environment holds its configuration, and the first argument its
 * task as JSON. It prints "ready", waits for a line, and answers with one line of JSON.
 */
import { writeSync } from "node:fs";
import { createApp } from "../../src/app/app.ts";
import { readConfig } from "../../src/config/config.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { createLog, errorFacts } from "../../src/lib/log.ts";

export interface ChildTask {
  type: "sync" | "use tokens";
  account: number;
  /** How far this process is ahead, so that a test needn't wait for a lease to end. */
  ahead?: number;
}

const { type, account, ahead = 0 } = JSON.parse(process.argv[2] ?? "") as ChildTask;
const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + ahead * 1000) };
const config = readConfig(process.env, ["store", "sealing", "withings", "withingsLogin", "garmin"]);
const app = await createApp(config, { clock, log: createLog({ level: "silent" }), paced: false });

print("ready");
await new Promise((resolve) => process.stdin.once("data", resolve));
print(JSON.stringify(await (type === "sync" ? sync() : useTokens())));
await app.close();
process.exit();

async function sync() {
  const found = await app.store.accounts.find(account);
  if (!found) throw new Error(`account ${account} is missing`);
  return app.sync.run(found);
}

async function useTokens() {
  const attempt = (call: Promise<unknown>) =>
    call.then(
      () => "good",
      (error: unknown) => errorFacts(error).error,
    );
  const withings = await attempt(app.vendors.withings.source.latestHeight(app.tokens.withAccess(account, "withings")));
  return { withings, garmin: await attempt(app.garminSignIn.uploadConsent(account)) };
}

/** Synchronous, so that a line has either been read or was never printed. */
function print(line: string): void {
  writeSync(1, `${line}\n`);
}
