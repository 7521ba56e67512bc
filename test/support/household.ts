import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createApp } from "../../src/app/app.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Environment } from "../../src/config/environment.ts";
import type { Clock } from "../../src/lib/clock.ts";
import type { Transport } from "../../src/lib/http-client.ts";
import { createLog } from "../../src/lib/log.ts";
import { createManualClock, type ManualClock } from "../../src/sandbox/manual-clock.ts";
import { type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";
import type { Table } from "../../src/store/table.ts";
import type { RunOptions } from "../../src/sync/engine/run.ts";

/** The account of the tests: a Telegram user id. */
export const ACCOUNT = 4711;
export const OWNER = { email: "owner@example.org", password: "a-password-for-tests" };
export const USERID = 31_400_001;
/** Noon in UTC on a winter day; no clock changes near it. */
export const NOON = new Date("2026-11-21T12:00:00Z");

/**
 * One account, linked at both vendors of a fresh sandbox, with a store of its own on disk. The program in it is the real
 * one, over real HTTP; only the time is a manual clock.
 */
export async function startHousehold(
  options: {
    at?: Date;
    /** Instead of one that stands still at `at`. */
    clock?: ManualClock;
    timezone?: string;
    linked?: boolean;
    heightM?: number;
    sandbox?: SandboxOptions;
    env?: Environment;
  } = {},
) {
  const { at = NOON, timezone = "Europe/Berlin", linked = true, heightM } = options;
  const { clock = createManualClock(at) } = options;
  const sandbox = await startSandbox({ clock, ...options.sandbox });
  const heights = heightM === undefined ? [] : [{ at: new Date("2020-01-01T00:00:00Z"), metres: heightM }];
  const person = sandbox.withings.addPerson({ userid: USERID, name: "owner", timezone, heights });
  sandbox.garmin.addAccount({ ...OWNER, displayName: "owner", fullName: "Owner", timezone });

  const dataDir = mkdtempSync(path.join(tmpdir(), "weighbridge-"));
  const env: Environment = { ...sandbox.env(), DATA_DIR: dataDir, ...options.env };
  const logged: string[] = [];
  const apps: Array<Awaited<ReturnType<typeof createApp>>> = [];

  /** Another copy of the program on the same store, as another process would have it. */
  async function newApp(
    wrap: {
      wrapTable?: (table: Table) => Table;
      wrapSend?: (send: Transport) => Transport;
      clock?: Clock;
      paced?: boolean;
    } = {},
  ) {
    const config = readConfig(env, ["store", "sealing", "withings", "withingsLogin", "garmin", "web"]);
    const log = createLog({ level: "debug", write: (line) => logged.push(line), now: clock.now });
    const app = await createApp(config, { clock, log, paced: false, ...wrap });
    apps.push(app);
    return app;
  }

  const app = await newApp();
  await app.store.accounts.save(ACCOUNT, {});
  if (linked) await link(app);

  /** Links both vendors the way an owner does. */
  async function link(to: typeof app) {
    await linkWithings(to);
    await to.garminSignIn.withPasted(ACCOUNT, sandbox.garmin.mintTicket(OWNER.email));
  }

  async function linkWithings(to: typeof app) {
    await to.withingsLinking.withPasted(ACCOUNT, sandbox.withings.allow(USERID, to.withingsLinking.begin(ACCOUNT)));
  }

  /** Signs in at Garmin as this person, and says yes where that replaces another profile. */
  async function signInAs(email: string) {
    const result = await app.garminSignIn.withPasted(ACCOUNT, sandbox.garmin.mintTicket(email));
    if (result.type !== "other_profile") return result;
    return app.garminSignIn.switchProfile(ACCOUNT, result.profile.profileId);
  }

  return {
    clock,
    sandbox,
    person,
    app,
    env,
    dataDir,
    logged,
    newApp,
    link: () => link(app),
    signInAs,
    linkWithings: (on = app) => linkWithings(on),
    sync: async (runOptions: RunOptions = {}, on = app) => {
      const account = await app.store.accounts.find(ACCOUNT);
      if (!account) throw new Error("the account of the tests is missing");
      return on.sync.run(account, { ledgerIsCurrent: true, ...runOptions });
    },
    weights: () => sandbox.garmin.weights(OWNER.email),
    pressures: () => sandbox.garmin.bloodPressures(OWNER.email),
    ledger: () =>
      app.store.ledgers.of(ACCOUNT, String(USERID), String(sandbox.garmin.accounts.get(OWNER.email).profileId)),
    /** What the servers were asked since the last time this was called, as "server METHOD path". */
    requests: () => {
      const all = [...sandbox.withings.requests, ...sandbox.garmin.requests];
      sandbox.withings.requests.length = 0;
      sandbox.garmin.requests.length = 0;
      return all.map((it) => `${it.server} ${it.method} ${it.path}`);
    },
    async close() {
      for (const each of apps) await each.close();
      await sandbox.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
export type Household = Awaited<ReturnType<typeof startHousehold>>;
