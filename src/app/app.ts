import type { Config } from "../config/config.ts";
import type { Clock } from "../lib/clock.ts";
import type { Transport } from "../lib/http-client.ts";
import type { Log } from "../lib/log.ts";
import type { Table } from "../store/table.ts";
import { createEngine, type EngineDeps } from "../sync/engine.ts";
import { createWakingSchedule } from "../sync/jobs/sweep.ts";
import { createTokens } from "../sync/links/tokens.ts";
import { createOverviews } from "../sync/status/overview.ts";
import { createLinking } from "./linking.ts";
import { openStore, unseal } from "./open-stores.ts";
import { createVendors, type VendorConfig } from "./vendors.ts";

export type App = Awaited<ReturnType<typeof createApp>>;
export type AppConfig = VendorConfig & Pick<Config, "store" | "sealing"> & Partial<Pick<Config, "web">>;

export interface AppDeps {
  clock: Clock;
  log: Log;
  wrapTable?: (table: Table) => Table;
  wrapSend?: (send: Transport) => Transport;
  wrapSync?: (sync: EngineDeps) => EngineDeps;
  /** False with a manual clock: requests are then not spaced. */
  paced?: boolean;
  /** In a process that sweeps by itself: called when an account becomes due soon. */
  wakeAt?: (at: Date) => void;
  /** Until when this process may work; undefined: as long as it takes. */
  deadlineAt?: () => Date | undefined;
}

/**
 * What the program is made of in every process: the store, the vendors, and what it can do for an account. Close it at the
 * end.
 */
export async function createApp(config: AppConfig, deps: AppDeps) {
  const { clock, log, wrapSend, wrapSync = (it) => it, paced = true } = deps;
  const opened = await openStore(config.store, deps);
  const schedule = deps.wakeAt ? createWakingSchedule(opened.schedule, clock, deps.wakeAt) : opened.schedule;
  const store = { ...opened, schedule, ...unseal(opened, config, deps) };
  const { ledgers, typed, offers, leases, links, snapshots, withingsRateLimiter, vendorAnswers } = store;
  // After each answer links are read again: their owners may have replaced them while we waited.
  const noting =
    (send: Transport): Transport =>
    (request) =>
      send(request).finally(() => snapshots.forget("links"));
  const vendors = createVendors(config, {
    ...{ withingsRateLimiter, vendorAnswers, clock, log, paced },
    wrapSend: (send) => noting(wrapSend?.(send) ?? send),
  });
  const { withings, garmin } = vendors;

  const tokens = createTokens({
    ...{ links, leases, clock, log },
    refresh: { withings: withings.oauth.refresh, garmin: garmin.auth.refresh },
    elsewhere: { withings: withings.elsewhere, garmin: garmin.elsewhere },
  });
  const run = wrapSync({
    ...{ schedule, ledgers, typed, offers, leases, links, tokens, clock, log },
    source: withings.source,
    openSinks: garmin.openSinks,
    vendorTime: vendors.time,
    ...(deps.deadlineAt && { deadlineAt: deps.deadlineAt }),
  });

  // With the schedule that wakes no sweep: the chat starts a sync after a link, and shows it, before the next sweep would.
  const linking = createLinking(config, { store, schedule: opened.schedule, vendors, tokens, clock, log });

  return {
    store,
    clock,
    log,
    vendors,
    tokens,
    sync: createEngine(run),
    overviews: createOverviews({ schedule, links, ledgers, clock }),
    ...linking,
    async close() {
      await vendors.close();
      await store.close();
    },
  };
}
