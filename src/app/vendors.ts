import { randomUUID } from "node:crypto";
import project from "../../package.json" with { type: "json" };
import type { Config } from "../config/config.ts";
import { type Clock, epochSeconds } from "../lib/clock.ts";
import { ActionNeededError } from "../lib/errors.ts";
import { createTransport, type Transport } from "../lib/http-client.ts";
import type { Log } from "../lib/log.ts";
import { createRateLimiter, type Rate, type RateLimiter } from "../lib/rate-limiter.ts";
import { createVendorAnswerLog } from "../sync/diagnostics/answer-log.ts";
import { createVendorTime } from "../sync/diagnostics/vendor-clock.ts";
import { createGarminAuth } from "../sync/garmin/auth.ts";
import { createBloodPressureSink } from "../sync/garmin/blood-pressure.ts";
import { createGarminClient } from "../sync/garmin/client.ts";
import { profileHeight, socialProfile } from "../sync/garmin/profile.ts";
import { createWeightSink } from "../sync/garmin/weight.ts";
import type { SharedRateLimiter } from "../sync/model/leases.ts";
import type { WithAccess } from "../sync/model/link.ts";
import type { VendorAnswersStore } from "../sync/model/vendor-answers.ts";
import type { Sinks } from "../sync/model/vendors.ts";
import { createWithingsCall, type RateLimited } from "../sync/withings/client.ts";
import { getMeas } from "../sync/withings/measure.ts";
import { createWithingsNotify } from "../sync/withings/notify.ts";
import { createWithingsOAuth } from "../sync/withings/oauth.ts";
import { createWithingsSource } from "../sync/withings/source.ts";
import { WITHINGS_RATE } from "./open-stores.ts";

/** A request that would wait longer fails and is tried by a later run. A lease without a heartbeat outlives this wait. */
const WITHINGS_PATIENCE_SECONDS = 60;
/**
 * Garmin's limits are unknown; a ten-year import has worked at one file every two seconds. So no minute has more than that, nor
 * more than one pressure every half second. A file holds a hundred weigh-ins, and those of a first year are sent at once.
 */
export const GARMIN_FILES = { burst: 5, everySeconds: 2.4 };
export const GARMIN_PRESSURES = { burst: 20, everySeconds: 0.6 };

export type VendorConfig = Pick<Config, "withings" | "garmin"> & Partial<Pick<Config, "withingsLogin">>;

export interface VendorDeps {
  /** The application's requests to Withings, counted over all processes. */
  withingsRateLimiter: SharedRateLimiter;
  vendorAnswers: VendorAnswersStore;
  clock: Clock;
  log: Log;
  wrapSend?: ((send: Transport) => Transport) | undefined;
  /** False with a manual clock: requests are then not spaced. */
  paced: boolean;
}

/** Withings and Garmin as the program sees them: their ports, behind one HTTP client that counts and times every answer. */
export function createVendors(config: VendorConfig, deps: VendorDeps) {
  const { withings, garmin, withingsLogin } = config;
  const { clock, log, wrapSend = (it) => it, paced } = deps;
  const { now } = clock;
  const transport = createTransport();
  const time = createVendorTime(clock);
  const answers = createVendorAnswerLog({ store: deps.vendorAnswers, vendorOf: vendorsOf(config), clock, log });
  const send = answers.observe(time.listening(wrapSend(transport.send)));
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
    rateLimited: within(deps.withingsRateLimiter, limiters.withings, clock),
    version: project.version,
    onUnknown,
  });
  const notify = createWithingsNotify(withingsCall);
  const openGarmin = createGarminClient({ connectapiUrl: garmin.connectapiUrl, send, onUnknown });

  return {
    withings: {
      oauth: createWithingsOAuth({
        call: withingsCall,
        application: { ...withings, redirectUrl: withingsLogin?.redirectUrl ?? "" },
        accountUrl: withingsLogin?.accountUrl ?? "",
        now,
      }),
      notify,
      source: createWithingsSource(withingsCall, onUnknown),
      /** Two endpoints that a dead link would both be refused at. */
      elsewhere: [
        (accessToken: string) =>
          getMeas(withingsCall, { accessToken, lastUpdate: epochSeconds(now()), measureTypes: [4] }),
        (accessToken: string) => notify.list((use) => use(accessToken)),
      ],
    },
    garmin: {
      auth: createGarminAuth({ ...garmin, openGarmin, send, now, onUnknown }),
      openSinks(withAccess: WithAccess): Sinks {
        const call = openGarmin(withAccess);
        return {
          weigh_in: createWeightSink({ call, rateLimited: limiters.files.schedule }),
          blood_pressure: createBloodPressureSink({ call, rateLimited: limiters.pressures.schedule }),
          profileHeight: () => profileHeight(openGarmin, withAccess),
        };
      },
      elsewhere: [(accessToken: string) => socialProfile(openGarmin((call) => call(accessToken)))],
    },
    /** The time by their last answer. */
    time: time.now,
    /** How they answered recently. */
    answers,
    /** For a process that is about to sleep: a connection kept open could be dead when it wakes, and it would not know. */
    async closeIdle() {
      await answers.flushIfDue();
      await transport.closeIdle();
    },
    async close() {
      for (const each of Object.values(limiters)) each.close();
      await answers.close();
      await transport.close();
    },
  };
}

/** Whether Withings refuses the application's client id or secret. No user's consent is needed to find out. */
export async function isApplicationRefused(withings: Config["withings"], now: Date): Promise<boolean> {
  const transport = createTransport();
  const call = createWithingsCall({
    apiUrl: withings.apiUrl,
    send: transport.send,
    rateLimited: (task) => task(),
    version: project.version,
  });
  try {
    // Withings checks the application first, so a made-up refresh token is refused for its own sake only if that is right.
    const oauth = createWithingsOAuth({
      call,
      application: { ...withings, redirectUrl: "" },
      accountUrl: "",
      now: () => now,
    });
    await oauth.refresh({ refreshToken: randomUUID() });
    return false;
  } catch (error) {
    if (error instanceof ActionNeededError) return true;
    throw error;
  } finally {
    await transport.close();
  }
}

/**
 * Each request waits for its slot, first within this process, so that its requests do not compete for slots, then in the
 * shared limiter. An urgent request takes a slot too, so that the others make room, but does not wait.
 */
function within(shared: SharedRateLimiter, limiter: RateLimiter, clock: Clock): RateLimited {
  return async (task, { urgent }) => {
    if (!urgent) {
      const maxWaitSeconds = WITHINGS_PATIENCE_SECONDS;
      const startedAt = clock.now().getTime();
      const take = () => shared.take(maxWaitSeconds - (clock.now().getTime() - startedAt) / 1000);
      const waitSeconds = await limiter.schedule(take, { maxWaitSeconds });
      if (waitSeconds > 0) await clock.sleep(waitSeconds);
      return task();
    }
    const counted = shared.take(Number.POSITIVE_INFINITY).catch(() => undefined);
    try {
      return await task();
    } finally {
      await counted;
    }
  };
}

/** The vendor's name in the report for an address. In the demo all vendors share one address, and paths tell them apart. */
function vendorsOf({ withings, garmin }: VendorConfig): (url: URL) => string {
  const origins = Object.entries({
    Withings: withings.apiUrl,
    "Garmin sso": garmin.ssoUrl,
    "Garmin diauth": garmin.diauthUrl,
    Garmin: garmin.connectapiUrl,
  });
  return ({ origin }) =>
    origins.find(([, at]) => URL.canParse(at) && new URL(at).origin === origin)?.[0] ?? "elsewhere";
}
