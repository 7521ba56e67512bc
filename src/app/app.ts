import { randomUUID } from "node:crypto";
import project from "../../package.json" with { type: "json" };
import type { Config } from "../config/config.ts";
import { WITHINGS_PATHS } from "../config/paths.ts";
import { type Clock, epochSeconds } from "../lib/clock.ts";
import { ActionNeededError } from "../lib/errors.ts";
import { createTransport, type Transport } from "../lib/http-client.ts";
import type { Log } from "../lib/log.ts";
import { createRateLimiter, type Rate, type RateLimiter } from "../lib/rate-limiter.ts";
import type { Table } from "../store/table.ts";
import { createVendorAnswerLog } from "../sync/diagnostics/answer-log.ts";
import { createVendorTime } from "../sync/diagnostics/vendor-clock.ts";
import type { RunDeps } from "../sync/engine/run.ts";
import { createBloodPressureSink } from "../sync/garmin/blood-pressure.ts";
import { createGarminClient } from "../sync/garmin/client.ts";
import { socialProfile, uploadConsent } from "../sync/garmin/profile.ts";
import { createGarminSso } from "../sync/garmin/sso.ts";
import { isGarminsAddress, signInPageUrl, ticketFromPasted } from "../sync/garmin/ticket.ts";
import { createDiTokens } from "../sync/garmin/tokens.ts";
import { createWeightSink } from "../sync/garmin/weight.ts";
import { createDisconnect } from "../sync/links/disconnect.ts";
import { GarminSignIn } from "../sync/links/garmin-sign-in.ts";
import { LinkSaver } from "../sync/links/save-link.ts";
import { Subscriptions } from "../sync/links/subscriptions.ts";
import { createTokens } from "../sync/links/tokens.ts";
import { WithingsLinking } from "../sync/links/withings-consent.ts";
import type { SharedRateLimiter } from "../sync/model/leases.ts";
import { createWithingsCall, type RateLimited } from "../sync/withings/client.ts";
import { getMeas } from "../sync/withings/measure.ts";
import { listSubscriptions, revoke, subscribe } from "../sync/withings/notify.ts";
import {
  authorizeUrl,
  consentAnswer,
  isConsentAnswer,
  pastedAnswer,
  requestTokenByCode,
  requestTokenByRefresh,
} from "../sync/withings/oauth.ts";
import { createWithingsSource } from "../sync/withings/source.ts";
import { openStore, unseal, WITHINGS_RATE } from "./open-stores.ts";

/** Who would wait longer comes back later. A lease without a heartbeat outlives this wait and the request after it. */
const WITHINGS_PATIENCE_SECONDS = 60;
/**
 * Garmin's limits are unknown; a ten-year import has worked at one file every two seconds. A file holds a hundred
 * weigh-ins, so the files of a first year are sent at once.
 */
const GARMIN_FILES = { burst: 5, everySeconds: 2 };
const GARMIN_PRESSURES = { burst: 20, everySeconds: 0.5 };

/** Whether Withings raises an objection to client id and secret, without anybody's consent. */
export async function objectionToApplication(withings: Config["withings"], now: Date): Promise<boolean> {
  const transport = createTransport();
  const call = createWithingsCall({
    apiUrl: withings.apiUrl,
    send: transport.send,
    rateLimited: (task) => task(),
    version: project.version,
  });
  try {
    // A refresh token that nobody was given: refused for its own sake only where the application is right.
    await requestTokenByRefresh(call, { ...withings, redirectUrl: "" }, randomUUID(), now);
    return false;
  } catch (error) {
    if (error instanceof ActionNeededError) return true;
    throw error;
  } finally {
    await transport.close();
  }
}

export type App = Awaited<ReturnType<typeof createApp>>;
export type AppConfig = Pick<Config, "store" | "sealing" | "withings" | "garmin"> &
  Partial<Pick<Config, "withingsLogin" | "web">>;

/** The only place that names adapters: configuration in, the working program out. Close it at the end. */
export async function createApp(
  config: AppConfig,
  deps: {
    clock: Clock;
    log: Log;
    wrapTable?: (table: Table) => Table;
    wrapSend?: (send: Transport) => Transport;
    /** False with a manual clock: requests are then not spaced. */
    paced?: boolean;
    /** Until when this process may work; undefined: as long as it takes. */
    deadlineAt?: () => Date | undefined;
  },
) {
  const { clock, log, wrapTable, wrapSend = (it) => it, paced = true } = deps;
  const { withings, garmin, withingsLogin, web } = config;
  const store = await openStore(config.store, { clock, log, wrapTable });
  const { accounts, ledgers, leases, withingsUsers, garminUsers, subscriptionMemory } = store;
  const { links, pendingLinks, signInMemory, vendorAnswers, dialogs, oauthStates, notifyKey, webhookSecret } = unseal(
    store,
    config,
    deps,
  );
  const transport = createTransport();
  const vendorTime = createVendorTime(clock);
  const answers = createVendorAnswerLog({ store: vendorAnswers, vendorOf: vendorsOf(config), clock, log });
  const send = answers.observe(vendorTime.listening(wrapSend(transport.send)));
  const onUnknown = answers.note;

  const limiter = (rate: Rate) => createRateLimiter(paced ? rate : undefined);
  const limiters = {
    withings: limiter(WITHINGS_RATE),
    files: limiter(GARMIN_FILES),
    pressures: limiter(GARMIN_PRESSURES),
  };

  const withingsCall = createWithingsCall({
    apiUrl: withings.apiUrl,
    send,
    rateLimited: within(store.withingsRateLimiter, limiters.withings, clock),
    version: project.version,
    onUnknown,
  });
  const application = {
    clientId: withings.clientId,
    clientSecret: withings.clientSecret,
    redirectUrl: withingsLogin?.redirectUrl ?? "",
  };

  const openGarmin = createGarminClient({ connectapiUrl: garmin.connectapiUrl, send, onUnknown });
  const sso = createGarminSso({ ssoUrl: garmin.ssoUrl, send, now: clock.now, onUnknown });
  const diTokens = createDiTokens({ ...garmin, send, now: clock.now, onUnknown });

  const tokens = createTokens({
    links,
    leases,
    refresh: {
      withings: (link) => requestTokenByRefresh(withingsCall, application, link.tokens.refreshToken, clock.now()),
      garmin: (link) => diTokens.refresh(link),
    },
    elsewhere: {
      withings: [
        (accessToken) =>
          getMeas(withingsCall, { accessToken, lastUpdate: epochSeconds(clock.now()), measureTypes: [4] }),
        (accessToken) => listSubscriptions(withingsCall, { accessToken }),
      ],
      garmin: [(accessToken) => socialProfile(openGarmin((call) => call(accessToken)))],
    },
    clock,
    log,
  });

  const run: RunDeps = {
    accounts,
    ledgers,
    leases,
    tokens,
    source: createWithingsSource(withingsCall, onUnknown),
    openSinks(withAccess) {
      const call = openGarmin(withAccess);
      return {
        weigh_in: createWeightSink({ call, rateLimited: limiters.files.schedule }),
        blood_pressure: createBloodPressureSink({ call, rateLimited: limiters.pressures.schedule }),
      };
    },
    ...(deps.deadlineAt && { deadlineAt: deps.deadlineAt }),
    vendorTime: vendorTime.now,
    clock,
    log,
  };

  const subscriptions = new Subscriptions({
    api: {
      list: (withAccess, appli) => withAccess((accessToken) => listSubscriptions(withingsCall, { accessToken, appli })),
      subscribe: (withAccess, it) => withAccess((accessToken) => subscribe(withingsCall, { accessToken, ...it })),
      revoke: (withAccess, it) => withAccess((accessToken) => revoke(withingsCall, { accessToken, ...it })),
    },
    memory: subscriptionMemory,
    tokens,
    callbackUrl: web?.publicUrl === undefined ? undefined : `${web.publicUrl}${WITHINGS_PATHS.notify}?key=${notifyKey}`,
    clock,
    log,
  });

  const linkSaver = new LinkSaver({
    accounts,
    leases,
    links,
    pendingLinks,
    users: { withings: withingsUsers, garmin: garminUsers },
    subscriptions: subscriptionMemory,
    schedule: store.schedule,
    clock,
    log,
  });

  const withingsLinking = new WithingsLinking({
    api: {
      authorizeUrl: (state) => authorizeUrl(withingsLogin?.accountUrl ?? "", application, state),
      consentAnswer,
      pastedAnswer,
      isAnswer: (text) => isConsentAnswer(text, application.redirectUrl, withingsLogin?.accountUrl ?? ""),
      exchangeCode: (code) => requestTokenByCode(withingsCall, application, code, clock.now()),
    },
    accounts,
    states: oauthStates,
    links,
    pendingLinks,
    linkSaver,
    tokens,
    source: run.source,
    clock,
  });

  return {
    accounts,
    schedule: store.schedule,
    people: store.people,
    identity: store.identity,
    dialogs,
    links,
    ledgers,
    leases,
    tokens,
    run,
    health: store.health,
    summary: store.summary,
    claims: store.claims,
    jobs: store.jobs,
    withingsUsers,
    withingsLinking,
    subscriptions,
    subscriptionMemory,
    notifyKey,
    /** What Telegram shows at the webhook, where the configuration says nothing else. */
    webhookSecret,
    garminSignIn: new GarminSignIn({
      api: {
        ...sso,
        ...diTokens,
        pageUrl: (options) => signInPageUrl(garmin.ssoUrl, options),
        isGarminsAddress: (text) => isGarminsAddress(text, garmin.ssoUrl),
        ticketFromPasted: (pasted) => ticketFromPasted(pasted, garmin.ssoUrl),
        socialProfile: (withAccess) => socialProfile(openGarmin(withAccess)),
        uploadConsent: (withAccess) => uploadConsent(openGarmin(withAccess)),
      },
      memory: signInMemory,
      links,
      pendingLinks,
      linkSaver,
      tokens,
      // Garmin is known to refuse passwords from cloud networks.
      isInCloud: config.store.engine === "dynamodb",
      clock,
      log,
    }),
    garminProbe: sso.probe,
    disconnect: createDisconnect({
      leases,
      links,
      pendingLinks,
      users: { withings: withingsUsers, garmin: garminUsers },
      erasure: store.erasure,
      unsubscribe: (account) => subscriptions.remove(account),
      clock,
    }),
    /** How the vendors answered recently. */
    answers,
    /** For a process that is about to sleep: a line that it kept open could be dead when it wakes, and it would not know. */
    async closeIdle() {
      await answers.flushIfDue();
      await transport.closeIdle();
    },
    async close() {
      for (const each of Object.values(limiters)) each.close();
      await answers.close();
      await transport.close();
      await store.close();
    },
  };
}

/**
 * Each request waits for its slot, first within this process, so that its requests do not compete for slots, then in the
 * budget. An urgent request takes a slot too, so that the others make room, but does not wait.
 */
function within(budget: SharedRateLimiter, limiter: RateLimiter, clock: Clock): RateLimited {
  return async (task, { urgent }) => {
    if (!urgent) {
      const maxWaitSeconds = WITHINGS_PATIENCE_SECONDS;
      const begunAt = clock.now().getTime();
      const take = () => budget.take(maxWaitSeconds - (clock.now().getTime() - begunAt) / 1000);
      const waitSeconds = await limiter.schedule(take, { maxWaitSeconds });
      if (waitSeconds > 0) await clock.sleep(waitSeconds);
      return task();
    }
    const counted = budget.take(Number.POSITIVE_INFINITY).catch(() => undefined);
    try {
      return await task();
    } finally {
      await counted;
    }
  };
}

/** Which vendor an address belongs to, for the report. Equal addresses, as in the demo, are told apart by their paths. */
function vendorsOf({ withings, garmin }: Pick<AppConfig, "withings" | "garmin">): (url: URL) => string {
  const origins = Object.entries({
    Withings: withings.apiUrl,
    "Garmin sso": garmin.ssoUrl,
    "Garmin diauth": garmin.diauthUrl,
    Garmin: garmin.connectapiUrl,
  });
  return ({ origin }) =>
    origins.find(([, at]) => URL.canParse(at) && new URL(at).origin === origin)?.[0] ?? "elsewhere";
}
