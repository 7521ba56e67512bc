import { type Clock, systemClock } from "../lib/clock.ts";
import { FaultBoard, withFaults } from "./faults.ts";
import { Reply } from "./reply.ts";
import { type RecordedRequest, routed, serve } from "./serve.ts";
import { backTo, codeFor, whatIsWrong } from "./withings/authorize.ts";
import { unknownAction } from "./withings/envelope.ts";
import { Grants } from "./withings/grants.ts";
import { CallLimits, type Dedupe } from "./withings/limits.ts";
import { Notifications } from "./withings/notifications.ts";
import type { Application } from "./withings/oauth.ts";
import { People } from "./withings/people.ts";
import type { NewPerson, Person } from "./withings/person.ts";
import { withingsRoutes } from "./withings/routes.ts";

export interface WithingsOptions {
  clock?: Clock;
  port?: number | undefined;
  faults?: FaultBoard;
  /** Real seconds, whatever the clock says. */
  delaySeconds?: number | undefined;
  /** Groups per page of getmeas; the vendor documents no number. */
  pageSize?: number;
  dedupe?: Dedupe;
  quotaPerMinute?: number;
  /** Must be used exactly like this, or extended. */
  redirectUrl?: string | undefined;
}

export interface WithingsLink {
  userid: string;
  accessToken: string;
  refreshToken: string;
  expiresInSeconds: number;
  scope: string;
}

export interface Withings {
  readonly apiUrl: string;
  readonly accountUrl: string;
  readonly requests: RecordedRequest[];
  readonly application: Application;
  readonly people: ReadonlyMap<number, Person>;
  readonly notifications: Notifications;
  /** May be changed at any time. */
  readonly settings: { pageSize: number };
  /** `dedupe`, `quotaPerMinute` and `tellsWait` may be changed at any time. */
  readonly limits: CallLimits;
  addPerson(about: NewPerson): Person;
  person(userid: number): Person;
  /** What the browser does: returns the address it is sent back to, with code and state. */
  authorize(userid: number, asked: { redirectUri?: string; state: string; scope?: string }): string;
  /** The same, from the address of the consent page. */
  allow(userid: number, consentPage: string): string;
  issueLink(userid: number, scope?: string): WithingsLink;
  expireAccessToken(userid: number): void;
  /** Doesn't spend it. */
  takesRefreshToken(refreshToken: string): boolean;
  killRefreshToken(userid: number): void;
  /** The person removed the application: tokens and subscriptions end. */
  revoke(userid: number): void;
  lastUsedAccessToken(userid: number): string | undefined;
  maxInAnyMinute(): number;
  close(): Promise<void>;
}

const DEFAULT_REDIRECT = "http://127.0.0.1:8080/oauth/withings/callback";
const SCOPE = "user.info,user.metrics";

/** One local server for the API and the account pages, with the vendor's rules in force. */
export async function startWithings(options: WithingsOptions = {}): Promise<Withings> {
  const { clock = systemClock, faults = new FaultBoard(), port, delaySeconds } = options;
  const application: Application = {
    clientId: "sandbox-withings-client",
    clientSecret: "sandbox-withings-secret",
    redirectUrls: [options.redirectUrl ?? DEFAULT_REDIRECT],
  };
  const settings = { pageSize: options.pageSize ?? 100 };
  const limits = new CallLimits(clock, {
    dedupe: options.dedupe ?? "refresh",
    quotaPerMinute: options.quotaPerMinute ?? 120,
  });
  const grants = new Grants(clock);
  const notifications = new Notifications();
  const people = new People(clock, (person, group) => notifications.announce(person.userid, group));

  function allow(userid: number, query: URLSearchParams): string {
    const wrong = whatIsWrong(query, application);
    if (wrong) throw new Error(`Withings would refuse: ${wrong}`);
    return backTo(query, { code: codeFor(query, people.get(userid).userid, grants) });
  }

  const routes = withingsRoutes({ clock, settings, application, people, grants, limits, notifications });
  const handler = routed(routes, ({ seen }) =>
    seen.path.startsWith("/oauth2_user/") ? new Reply("<h1>404 Not Found</h1>", { status: 404 }) : unknownAction(),
  );
  const served = await serve(withFaults("withings", faults, handler), { name: "withings", clock, port, delaySeconds });
  return {
    apiUrl: served.url,
    accountUrl: served.url,
    requests: served.requests,
    application,
    people: people.byUserid,
    notifications,
    settings,
    limits,
    person: (userid) => people.get(userid),
    addPerson: (about) => people.add(about),
    authorize(userid, asked) {
      return allow(
        userid,
        new URLSearchParams({
          response_type: "code",
          client_id: application.clientId,
          redirect_uri: asked.redirectUri ?? application.redirectUrls[0] ?? "",
          state: asked.state,
          scope: asked.scope ?? SCOPE,
        }),
      );
    },
    allow: (userid, consentPage) => allow(userid, new URL(consentPage).searchParams),
    issueLink(userid, scope = SCOPE) {
      const { pair } = grants.grant(people.get(userid).userid, scope);
      const { accessToken, refreshToken } = pair;
      return { userid: String(userid), accessToken, refreshToken, expiresInSeconds: grants.expiresInSeconds, scope };
    },
    takesRefreshToken: (refreshToken) => grants.takes(refreshToken),
    expireAccessToken: (userid) => grants.expireAccessToken(userid),
    killRefreshToken: (userid) => grants.killRefreshToken(userid),
    revoke(userid) {
      grants.revoke(userid);
      notifications.subscriptions = notifications.subscriptions.filter((other) => other.userid !== userid);
    },
    lastUsedAccessToken: (userid) => grants.lastUsedAccessToken(userid),
    maxInAnyMinute: () => limits.maxInAnyMinute(),
    close: () => served.close(),
  };
}
