import type { Config } from "../config/config.ts";
import { WITHINGS_PATHS } from "../config/paths.ts";
import type { Clock } from "../lib/clock.ts";
import type { Transport } from "../lib/http-client.ts";
import type { Log } from "../lib/log.ts";
import type { Table } from "../store/table.ts";
import { createEngine, type EngineDeps } from "../sync/engine/engine.ts";
import { createWakingSchedule } from "../sync/jobs/sweep.ts";
import { confirmUnlink } from "../sync/links/confirm-unlink.ts";
import { createDisconnect } from "../sync/links/disconnect.ts";
import { GarminSignIn } from "../sync/links/garmin-sign-in.ts";
import { LinkSaver } from "../sync/links/save-link.ts";
import { Subscriptions } from "../sync/links/subscriptions.ts";
import { createTokens } from "../sync/links/tokens.ts";
import { WithingsLinking } from "../sync/links/withings-consent.ts";
import { createOverviews } from "../sync/status/overview.ts";
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
  const { accounts, ledgers, leases, links, pendingLinks, snapshots, withingsRateLimiter, vendorAnswers } = store;
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
    ...{ schedule, ledgers, leases, links, tokens, clock, log },
    source: withings.source,
    openSinks: garmin.openSinks,
    vendorTime: vendors.time,
    ...(deps.deadlineAt && { deadlineAt: deps.deadlineAt }),
  });

  const users = { withings: store.withingsUsers, garmin: store.garminUsers };
  const subscriptions = new Subscriptions({
    api: withings.notify,
    memory: store.subscriptionMemory,
    callbackUrl: callbackUrl(config, store),
    ...{ tokens, clock, log },
  });
  const linkSaver = new LinkSaver({
    ...{ accounts, leases, links, pendingLinks, users, clock, log },
    subscriptions: store.subscriptionMemory,
    // Wakes nobody: the sync that the chat starts after linking, and shows, comes before the next sweep's.
    schedule: opened.schedule,
  });

  return {
    store,
    clock,
    log,
    vendors,
    tokens,
    sync: createEngine(run),
    overviews: createOverviews({ schedule, links, ledgers, clock }),
    withingsLinking: new WithingsLinking({
      api: withings.oauth,
      states: store.oauthStates,
      source: withings.source,
      ...{ accounts, links, pendingLinks, linkSaver, tokens, clock },
    }),
    garminSignIn: new GarminSignIn({
      api: garmin.auth,
      memory: store.signInMemory,
      // Garmin is known to refuse passwords from cloud networks.
      isInCloud: config.store.engine === "dynamodb",
      ...{ links, pendingLinks, linkSaver, tokens, clock, log },
    }),
    subscriptions,
    /** Asks Withings whether the person really removed us, and if so removes the link. */
    confirmUnlink: (account: number, onUnlinked: (account: number) => Promise<void>) =>
      confirmUnlink({ ...store, tokens, source: withings.source, onUnlinked, now: clock.now(), log }, account),
    disconnect: createDisconnect({
      ...{ leases, links, pendingLinks, users, clock },
      erasure: store.erasure,
      unsubscribe: (account) => subscriptions.remove(account),
    }),
    async close() {
      await vendors.close();
      await store.close();
    },
  };
}

/** Where Withings reports what is new; undefined without a public address. */
function callbackUrl({ web }: Pick<AppConfig, "web">, { notifyKey }: { notifyKey: string }): string | undefined {
  return web?.publicUrl === undefined ? undefined : `${web.publicUrl}${WITHINGS_PATHS.notify}?key=${notifyKey}`;
}
