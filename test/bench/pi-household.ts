import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type App, createApp } from "../../src/app/app.ts";
import { readConfig } from "../../src/config/config.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { keys } from "../../src/store/keys.ts";

/** Linked and settled accounts in a store on disk, each with one reading in Garmin, and the vendors beside them in real time. */
export async function startHouseholds(accounts: number) {
  const sandbox = await startSandbox();
  const dataDir = mkdtempSync(path.join(tmpdir(), "weighbridge-pi-"));
  const ids = Array.from({ length: accounts }, (_, index) => index + 1);
  const env = { ...sandbox.env(), DATA_DIR: dataDir, TELEGRAM_ALLOWED_IDS: ids.join(","), SYNC_INTERVAL_MINUTES: "30" };
  const config = readConfig(env, ["store", "sealing", "withings", "withingsLogin", "garmin"]);
  const app = await createApp(config, { clock: systemClock, log: createLog({ level: "error" }), paced: false });
  // Making the accounts takes more than Withings allows. Whether the program keeps to it is measured.
  sandbox.withings.limits.quotaPerMinute = Number.POSITIVE_INFINITY;
  const people = [];
  for (const id of ids) people.push(await addPerson(id, sandbox, app));

  return {
    ...{ sandbox, dataDir, env, people },
    /** All of them at this time, as if a run before had asked for it. */
    async areDue(dueAt: Date) {
      for (const id of ids) await app.store.schedule.set(id, { dueAt, failures: 0, settledAt: new Date() });
    },
    async close() {
      await app.close();
      await sandbox.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function addPerson(id: number, sandbox: Awaited<ReturnType<typeof startSandbox>>, app: App) {
  const [userid, email, name] = [31_000_000 + id, `person${id}@example.org`, `person${id}`];
  const timezone = "Europe/Berlin";
  const heights = [{ at: new Date("2015-01-01T00:00:00Z"), metres: 1.75 }];
  const person = sandbox.withings.addPerson({ userid, name, timezone, heights });
  sandbox.garmin.addAccount({ email, password: "unused", displayName: name, fullName: name, timezone });
  sandbox.telegram.user({ id, firstName: name, started: true });
  const account = await app.store.accounts.save(id, {});
  await app.withingsLinking.withPasted(id, sandbox.withings.allow(userid, app.withingsLinking.begin(id)));
  await app.garminSignIn.withPasted(id, sandbox.garmin.mintTicket(email));
  person.stepOnScale({ weightKg: 80, at: new Date(Date.now() - 3600_000) });
  const { status } = await app.sync.run(account, {});
  if (status !== "success") throw new Error(`the first sync of account ${id} ended with ${status}`);
  await forgetRate(app);
  return person;
}

/** So that nobody waits while the accounts are made. */
async function forgetRate({ store: { table } }: App) {
  const item = await table.get(keys.rateLimit("withings"));
  if (item) await table.delete(item.key, { version: item.version });
}
