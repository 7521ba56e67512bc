import { type Clock, systemClock } from "../lib/clock.ts";
import type { ServerName } from "./fault.ts";
import { FaultBoard, withFaults } from "./faults.ts";
import { type Account, Accounts, type Message, type NewAccount, type StoredBloodPressure } from "./garmin/accounts.ts";
import { type ConnectSettings, createConnect } from "./garmin/connect.ts";
import { connectapiHandler } from "./garmin/connectapi.ts";
import { diauthHandler } from "./garmin/diauth.ts";
import { blocked, garminFront } from "./garmin/front.ts";
import { wallClockMs } from "./garmin/local-time.ts";
import { LoginLimiter } from "./garmin/login-limit.ts";
import { Mfa } from "./garmin/mfa.ts";
import { missingNativeHeaders } from "./garmin/native-headers.ts";
import { Sessions } from "./garmin/sessions.ts";
import { ssoHandler } from "./garmin/sso.ts";
import type { SsoSettings } from "./garmin/sso-state.ts";
import { Tickets } from "./garmin/tickets.ts";
import { CLIENT_IDS, type GarminLink, type TokenSettings, Tokens } from "./garmin/tokens.ts";
import type { StoredWeight } from "./garmin/weights.ts";
import { type Handler, type RecordedRequest, serve } from "./serve.ts";

export interface GarminOptions {
  clock?: Clock;
  ports?: { sso?: number | undefined; diauth?: number | undefined; connectapi?: number | undefined };
  faults?: FaultBoard;
  /** Real seconds, whatever the clock says. */
  delaySeconds?: number | undefined;
  /** How long uploads stay invisible, by the clock. */
  readBackDelaySeconds?: number | undefined;
}

export interface Garmin {
  readonly ssoUrl: string;
  readonly diauthUrl: string;
  readonly connectapiUrl: string;
  /** Of all three servers, in order; `server` tells them apart. */
  readonly requests: RecordedRequest[];
  readonly inbox: readonly Message[];
  readonly accounts: Accounts;
  /** May be changed at any time. */
  readonly settings: ConnectSettings &
    SsoSettings &
    TokenSettings & {
      /** Whether Cloudflare stops requests that name Garmin's app and lack its headers, at diauth and connectapi. */
      wantsNativeHeaders: boolean;
    };
  addAccount(about: NewAccount): Account;
  setConsent(email: string, isGiven: boolean): void;
  /** As after a sign-in in the browser. `service` is the embed page by default. */
  mintTicket(email: string, service?: string): string;
  issueLink(email: string): GarminLink;
  expireAccessToken(email: string): void;
  /** Doesn't spend it. */
  takesRefreshToken(refreshToken: string): boolean;
  /** Ends access and refresh tokens and the browser's cookie. */
  revoke(email: string): void;
  /** Oldest first, including entries no reader can see yet. */
  weights(email: string): StoredWeight[];
  bloodPressures(email: string): StoredBloodPressure[];
  /** What is visible now stays visible when Garmin gets slower. */
  keepVisible(): void;
  addManualWeight(email: string, entry: { at: Date; weightKg: number }): void;
  close(): Promise<void>;
}

const USUAL_SETTINGS: Garmin["settings"] = {
  readBackDelaySeconds: 0,
  uploadStatus: 201,
  noNeighbour: "entry of nulls",
  refreshGraceSeconds: 0,
  accessSeconds: { from: 64_000, to: 108_000 },
  limitInsideHttp200: false,
  wrongCode: "401 named",
  wantsPageFirst: false,
  wantsNativeHeaders: true,
};

/** Garmin as three local servers, with the rules of the unofficial API in force. */
export async function startGarmin(options: GarminOptions = {}): Promise<Garmin> {
  const { clock = systemClock, faults = new FaultBoard(), ports = {}, delaySeconds } = options;
  const settings = { ...USUAL_SETTINGS, readBackDelaySeconds: options.readBackDelaySeconds ?? 0 };
  const accounts = new Accounts();
  const sessions = new Sessions();
  const tickets = new Tickets(clock);
  const tokens = new Tokens(clock, settings);
  const mfa = new Mfa(clock);
  const limiter = new LoginLimiter(clock, { attempts: 5, windowSeconds: 3600, cooldownSeconds: 7200 });
  const connect = createConnect(clock, tokens, settings, faults);

  const requests: RecordedRequest[] = [];
  const start = (name: ServerName, port: number | undefined, handler: Handler) => {
    const guarded: Handler = (request, seen) => {
      tokens.signOutEverybody(faults.get("garmin_signed_out"));
      const isOdd = name !== "garmin_sso" && missingNativeHeaders(seen).length > 0;
      return settings.wantsNativeHeaders && isOdd ? blocked() : handler(request, seen);
    };
    return serve(withFaults(name, faults, garminFront(guarded)), { name, port, clock, delaySeconds, requests });
  };
  let ssoUrl = "";
  const url = () => ssoUrl;
  const servers = await Promise.all([
    start("garmin_sso", ports.sso, ssoHandler({ url, accounts, sessions, tickets, limiter, mfa, settings })),
    start("garmin_diauth", ports.diauth, diauthHandler({ accounts, tickets, tokens })),
    start("garmin_connectapi", ports.connectapi, connectapiHandler(connect)),
  ]);
  const [sso, diauth, connectapi] = servers;
  ssoUrl = sso.url;

  const byTime = (a: { takenAt: Date }, b: { takenAt: Date }) => a.takenAt.getTime() - b.takenAt.getTime();
  return {
    ssoUrl,
    diauthUrl: diauth.url,
    connectapiUrl: connectapi.url,
    requests,
    inbox: mfa.inbox,
    accounts,
    settings,
    addAccount: (about) => accounts.add(about),
    setConsent(email, isGiven) {
      accounts.get(email).uploadConsent = isGiven;
    },
    mintTicket(email, service = `${ssoUrl}/sso/embed`) {
      return tickets.mint(accounts.get(email).email, service, service.endsWith("/sso/embed") ? "cas" : "sso");
    },
    issueLink: (email) => tokens.issue(accounts.get(email), CLIENT_IDS[0]),
    takesRefreshToken: (refreshToken) => tokens.takes(refreshToken),
    expireAccessToken: (email) => tokens.expireAccess(accounts.get(email)),
    revoke(email) {
      const account = accounts.get(email);
      tokens.revoke(account);
      sessions.forget(account.email);
    },
    weights: (email) => accounts.get(email).weights.toSorted(byTime),
    bloodPressures: (email) => accounts.get(email).bloodPressures.toSorted(byTime),
    keepVisible() {
      for (const { weights, bloodPressures } of accounts.all()) {
        connect.visible(weights);
        connect.visible(bloodPressures);
      }
    },
    addManualWeight(email, { at, weightKg }) {
      const account = accounts.get(email);
      connect.addManualWeight(account, { takenAt: at, localMs: wallClockMs(at, account.timezone), weightKg });
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
