import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type AppDeps, createApp } from "../../src/app/app.ts";
import { createService, SERVICE_SECTIONS, type Service, type ServiceDeps } from "../../src/app/service.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Environment } from "../../src/config/environment.ts";
import { WITHINGS_PATHS } from "../../src/config/paths.ts";
import { listen } from "../../src/http/node-server.ts";
import { createLog } from "../../src/lib/log.ts";
import { createManualClock, type ManualClock } from "../../src/sandbox/manual-clock.ts";
import { type SandboxOptions, startSandbox } from "../../src/sandbox/sandbox.ts";
import type { RunOptions } from "../../src/sync/engine/run.ts";
import { startWorker } from "../../src/sync/jobs/worker.ts";
import { makeLinks } from "./make-links.ts";

/** A Telegram user id. */
export const ACCOUNT = 4711;
export const OWNER = { email: "owner@example.org", password: "a-password-for-tests" };
export const USERID = 31_400_001;
/** A winter noon in UTC; clocks don't change near it. */
export const NOON = new Date("2026-11-21T12:00:00Z");

export interface TestAppOptions extends Pick<AppDeps, "wrapTable" | "wrapSync"> {
  at?: Date;
  /** By default, one that shows `at` until a test moves it. */
  clock?: ManualClock;
  timezone?: string;
  linked?: boolean;
  /** At Withings; none by default. */
  heightM?: number;
  /** In Garmin's profile, 172 by default; `null`: none. */
  profileHeightCm?: number | null;
  /** The program listens on this machine, and Withings and Telegram can call it. */
  hasAddress?: boolean;
  sandbox?: SandboxOptions;
  env?: Environment;
}

/**
 * The real program over real HTTP, with a manual clock: one account, linked at both vendors of a new sandbox, and a new store
 * on disk.
 */
export async function startTestApp(options: TestAppOptions = {}) {
  const { at = NOON, timezone = "Europe/Berlin", linked = true, heightM, wrapTable, wrapSync } = options;
  const { clock = createManualClock(at) } = options;
  const silent = createLog({ level: "silent" });
  // The program needs to know its address before it is made.
  const listener =
    options.hasAddress &&
    (await listen((request) => service().http(request), { host: "127.0.0.1", port: 0, log: silent }));
  const url = listener ? `http://127.0.0.1:${listener.port}` : "";
  const sandbox = await startSandbox({
    clock,
    ...(url && { withingsRedirectUrl: `${url}${WITHINGS_PATHS.callback}` }),
    ...options.sandbox,
  });
  const heights = heightM === undefined ? [] : [{ at: new Date("2020-01-01T00:00:00Z"), metres: heightM }];
  const person = sandbox.withings.addPerson({ userid: USERID, name: "owner", timezone, heights });
  const profile = { displayName: "owner", fullName: "Owner", timezone };
  const { profileHeightCm: heightCm } = options;
  sandbox.garmin.addAccount({ ...OWNER, ...profile, ...(heightCm !== undefined && { heightCm }) });

  const dataDir = mkdtempSync(path.join(tmpdir(), "weighbridge-"));
  const env: Environment = {
    ...sandbox.env(),
    DATA_DIR: dataDir,
    TELEGRAM_ALLOWED_IDS: String(ACCOUNT),
    ...(url && { PUBLIC_URL: url, WITHINGS_REDIRECT_URL: "" }),
    ...options.env,
  };
  const logged: string[] = [];
  const apps: Array<Awaited<ReturnType<typeof createApp>>> = [];

  /** Like another process on the same store. */
  async function newApp(deps: Partial<AppDeps> = {}) {
    const config = readConfig(env, ["store", "sealing", "withings", "withingsLogin", "garmin", "web"]);
    const log = createLog({ level: "info", write: (line) => logged.push(line), now: (deps.clock ?? clock).now });
    const app = await createApp(config, { clock, log, paced: false, ...deps });
    apps.push(app);
    return app;
  }

  const services: Service[] = [];
  function newService(on = app, deps: Partial<ServiceDeps> = {}): Service {
    sandbox.telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });
    const made = createService(readConfig(env, SERVICE_SECTIONS), on, { queue: on.store.jobs, paced: false, ...deps });
    services.push(made);
    return made;
  }
  function service(): Service {
    return services[0] ?? newService();
  }

  const app = await newApp({ ...(wrapTable && { wrapTable }), ...(wrapSync && { wrapSync }) });
  await app.store.accounts.save(ACCOUNT, {});
  if (linked) await link();

  function link(): Promise<void> {
    return makeLinks({ app, sandbox }, { account: ACCOUNT, userid: USERID, email: OWNER.email });
  }

  async function linkWithings(to: typeof app) {
    await to.withingsLinking.withPasted(ACCOUNT, sandbox.withings.allow(USERID, to.withingsLinking.begin(ACCOUNT)));
  }

  /** Also confirms that another profile is replaced. */
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
    newService,
    service,
    url,
    ask: (path: string, init: RequestInit = {}) => fetch(url + path, init),
    /** Where the browser ends up after somebody pressed Allow. */
    consent: (account = ACCOUNT, userid = USERID) => sandbox.withings.allow(userid, app.withingsLinking.begin(account)),
    /** As "account reason". */
    jobs: async () => (await app.store.jobs.list()).map(({ value }) => `${value.account} ${value.reason}`),
    startWorker: () => startWorker({ jobs: app.store.jobs, work: service().work, clock, log: app.log }),
    /** The program as it runs: it polls, and does what is asked for. Resolves to what stops the work. */
    startServing() {
      const { jobs } = app.store;
      const queue: ServiceDeps["queue"] = { put: (all) => jobs.put(all).finally(() => worker.wake()) };
      const { work, chat } = newService(app, { queue });
      const worker = startWorker({ jobs, work, clock, log: app.log });
      chat.telegram.poll({ onStart: async () => {}, greet: async () => {} }).catch(() => undefined);
      return worker;
    },
    /** Also again, as after a week in which no run has renewed it. */
    link,
    signInAs,
    linkWithings: (on = app) => linkWithings(on),
    sync: async (runOptions: RunOptions = {}, on = app) => {
      const account = await app.store.accounts.find(ACCOUNT);
      if (!account) throw new Error("the account of the tests is missing");
      // What came is in Garmin, where tests look.
      const { delivered: _delivered, ...report } = await on.sync.run(account, { ledgerIsCurrent: true, ...runOptions });
      return report;
    },
    weights: () => sandbox.garmin.weights(OWNER.email),
    pressures: () => sandbox.garmin.bloodPressures(OWNER.email),
    ledger: () =>
      app.store.ledgers.of(ACCOUNT, String(USERID), String(sandbox.garmin.accounts.get(OWNER.email).profileId)),
    /** Since the last call, as "server METHOD path". */
    requests: () => {
      const all = [...sandbox.withings.requests, ...sandbox.garmin.requests];
      sandbox.withings.requests.length = 0;
      sandbox.garmin.requests.length = 0;
      return all.map((it) => `${it.server} ${it.method} ${it.path}`);
    },
    async close() {
      if (listener) await listener.close();
      for (const each of services) {
        await each.chat.telegram.stop();
        await each.settled();
        await each.chat.telegram.close();
      }
      for (const each of apps) await each.close();
      await sandbox.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
export type TestApp = Awaited<ReturnType<typeof startTestApp>>;
