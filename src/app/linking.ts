import type { Config } from "../config/config.ts";
import { SIGN_IN_PATH, WITHINGS_PATHS } from "../config/paths.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { confirmUnlink } from "../sync/links/confirm-unlink.ts";
import { createDisconnect } from "../sync/links/disconnect.ts";
import { GarminSignIn } from "../sync/links/garmin-sign-in.ts";
import { LinkSaver } from "../sync/links/save-link.ts";
import { Subscriptions } from "../sync/links/subscriptions.ts";
import type { Tokens } from "../sync/links/tokens.ts";
import { WithingsLinking } from "../sync/links/withings-consent.ts";
import type { Schedule } from "../sync/model/schedule.ts";
import type { Store, unseal } from "./open-stores.ts";
import type { createVendors } from "./vendors.ts";

type LinkingConfig = Pick<Config, "store"> & Partial<Pick<Config, "web">>;

/** How an account gets its links to Withings and Garmin, keeps them, and gives them up. */
export function createLinking(
  config: LinkingConfig,
  parts: {
    store: Store & ReturnType<typeof unseal>;
    schedule: Schedule;
    vendors: ReturnType<typeof createVendors>;
    tokens: Tokens;
    clock: Clock;
    log: Log;
  },
) {
  const { store, schedule, vendors, tokens, clock, log } = parts;
  const { accounts, leases, links, pendingLinks } = store;
  const { withings, garmin } = vendors;
  const users = { withings: store.withingsUsers, garmin: store.garminUsers };
  const subscriptions = new Subscriptions({
    api: withings.notify,
    memory: store.subscriptionMemory,
    callbackUrl: callbackUrl(config, store),
    ...{ tokens, clock, log },
  });
  const linkSaver = new LinkSaver({
    ...{ accounts, leases, links, pendingLinks, schedule, users, clock, log },
    subscriptions: store.subscriptionMemory,
  });

  return {
    subscriptions,
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
      ownPageUrl: config.web?.publicUrl && config.web.publicUrl + SIGN_IN_PATH,
      ...{ links, pendingLinks, linkSaver, tokens, clock, log },
    }),
    /** Asks Withings whether the person really removed us, and if so removes the link. */
    confirmUnlink: (account: number, onUnlinked: (account: number) => Promise<void>) =>
      confirmUnlink({ ...store, tokens, source: withings.source, onUnlinked, now: clock.now(), log }, account),
    disconnect: createDisconnect({
      ...{ leases, links, pendingLinks, users, clock },
      erasure: store.erasure,
      unsubscribe: (account) => subscriptions.remove(account),
    }),
  };
}

/** Where Withings reports what is new; undefined without a public address. */
function callbackUrl({ web }: LinkingConfig, { notifyKey }: { notifyKey: string }): string | undefined {
  return web?.publicUrl === undefined ? undefined : `${web.publicUrl}${WITHINGS_PATHS.notify}?key=${notifyKey}`;
}
