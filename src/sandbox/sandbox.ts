import { type Clock, systemClock } from "../lib/clock.ts";
import { FaultBoard } from "./faults.ts";
import { type Garmin, startGarmin } from "./garmin.ts";
import { startTelegram, type Telegram } from "./telegram.ts";
import { startWithings, type Withings } from "./withings.ts";

export interface SandboxOptions {
  clock?: Clock;
  /** Any free ones by default. */
  ports?: { withings?: number; garminSso?: number; garminDiauth?: number; garminConnectapi?: number };
  /** Real seconds, whatever the clock says. */
  delaySeconds?: number;
  /** How long Garmin hides an upload, by the clock. */
  readBackDelaySeconds?: number;
  withingsRedirectUrl?: string;
}

export interface Sandbox {
  readonly withings: Withings;
  readonly garmin: Garmin;
  readonly telegram: Telegram;
  readonly faults: FaultBoard;
  readonly clock: Clock;
  /** What makes a program talk to this sandbox instead of the vendors. */
  env(): Record<string, string>;
  close(): Promise<void>;
}

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { clock = systemClock, ports = {}, delaySeconds, readBackDelaySeconds, withingsRedirectUrl } = options;
  const faults = new FaultBoard();
  const shared = { clock, faults, delaySeconds };
  const [withings, garmin, telegram] = await Promise.all([
    startWithings({ ...shared, port: ports.withings, redirectUrl: withingsRedirectUrl }),
    startGarmin({
      ...shared,
      ports: { sso: ports.garminSso, diauth: ports.garminDiauth, connectapi: ports.garminConnectapi },
      readBackDelaySeconds,
    }),
    startTelegram({ clock, faults }),
  ]);
  const servers = [withings, garmin, telegram];

  return {
    withings,
    garmin,
    telegram,
    faults,
    clock,
    env: () => ({
      TELEGRAM_API_ROOT: telegram.apiRoot,
      TELEGRAM_BOT_TOKEN: telegram.token,
      WITHINGS_API_URL: withings.apiUrl,
      WITHINGS_ACCOUNT_URL: withings.accountUrl,
      WITHINGS_CLIENT_ID: withings.application.clientId,
      WITHINGS_CLIENT_SECRET: withings.application.clientSecret,
      WITHINGS_REDIRECT_URL: withings.application.redirectUrls[0] ?? "",
      GARMIN_SSO_URL: garmin.ssoUrl,
      GARMIN_DIAUTH_URL: garmin.diauthUrl,
      GARMIN_CONNECTAPI_URL: garmin.connectapiUrl,
    }),
    async close() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
