import { type Clock, systemClock } from "../lib/clock.ts";
import { FaultBoard, withFaults } from "./faults.ts";
import { type Call, type RecordedRequest, type Route, routed, serve } from "./serve.ts";
import { backTo, codeFor, consentGiven, consentPage, whatIsWrong } from "./withings/authorize.ts";
import { insufficientScope, invalidToken, tooMany, unknownAction } from "./withings/envelope.ts";
import { getMeas } from "./withings/getmeas.ts";
import { Grants } from "./withings/grants.ts";
import { CallLimits, type Dedupe } from "./withings/limits.ts";
import { Notifications } from "./withings/notifications.ts";
import { type Application, requestToken } from "./withings/oauth.ts";
import { type NewPerson, Person } from "./withings/person.ts";
import { userCall } from "./withings/user.ts";

export interface WithingsOptions {
  clock?: Clock;
  port?: number | undefined;
  faults?: FaultBoard;
  /** How long every answer takes, in real seconds. */
  delaySeconds?: number | undefined;
  /** Groups per page of getmeas; the vendor documents none. */
  pageSize?: number;
  dedupe?: Dedupe;
  quotaPerMinute?: number;
  /** Where the bot takes the code; must be sent exactly like this, or extended. */
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
  /** What the browser does, in one step: the address it would be sent back to, with code and state. */
  authorize(userid: number, asked: { redirectUri?: string; state: string; scope?: string }): string;
  /** The same for somebody who has opened this consent page and chooses Allow. */
  allow(userid: number, consentPage: string): string;
  /** A consent that is already exchanged: tokens to start from. */
  issueLink(userid: number, scope?: string): WithingsLink;
  expireAccessToken(userid: number): void;
  /** Whether a refresh with it would succeed now. Spends nothing. */
  takesRefreshToken(refreshToken: string): boolean;
  killRefreshToken(userid: number): void;
  /** The person disconnected the application: tokens and subscriptions are gone. */
  revoke(userid: number): void;
  lastUsedAccessToken(userid: number): string | undefined;
  maxInAnyMinute(): number;
  close(): Promise<void>;
}

const DEFAULT_REDIRECT = "http://127.0.0.1:8080/oauth/withings/callback";
const SCOPE = "user.info,user.metrics";
/** Above 2^32, as the vendor's are. */
const FIRST_GRPID = 5_543_254_354;

/** Withings as a local server: API and account pages on one port, with the vendor's rules in force. */
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
  const people = new Map<number, Person>();
  const grants = new Grants(clock);
  const notifications = new Notifications();
  let nextGrpid = FIRST_GRPID;

  /** An API call: limits first, then the bearer token, then the call itself. */
  function call(scope: string, answer: (fields: URLSearchParams, userid: number) => Response | Promise<Response>) {
    return ({ seen }: Call) => {
      const fields = fieldsOf(seen);
      // In the form it works too: the oldest of the clients in use has never sent it in any other way.
      const bearer = /^Bearer (\S+)$/.exec(seen.headers.authorization ?? "")?.[1] ?? fields.get("access_token") ?? "";
      const refusal = limits.refusal(sameCall(seen, fields, bearer), false);
      if (refusal) return tooMany(refusal);
      const grant = grants.use(bearer);
      if (!grant) return invalidToken();
      if (!grant.scope.split(",").includes(scope)) return insufficientScope();
      return answer(fields, grant.userid);
    };
  }

  const measure = call("user.metrics", (fields, userid) =>
    getMeas(fields, person(userid), { clock, pageSize: settings.pageSize }),
  );
  const routes: Route[] = [
    { method: "POST", path: "/measure", handle: measure },
    { method: "GET", path: "/measure", handle: measure },
    {
      method: "POST",
      path: "/notify",
      handle: call("user.metrics", (fields, userid) => notifications.handle(fields, userid)),
    },
    {
      method: "POST",
      path: "/v2/user",
      handle: call("user.info", (fields, userid) => userCall(fields, person(userid))),
    },
    {
      method: "POST",
      path: "/v2/oauth2",
      handle: ({ seen }) => {
        const fields = fieldsOf(seen);
        const isRefresh = fields.get("grant_type") === "refresh_token";
        const refusal = limits.refusal(sameCall(seen, fields, ""), isRefresh);
        return refusal ? tooMany(refusal) : requestToken(fields, application, grants);
      },
    },
    {
      method: "GET",
      path: "/oauth2_user/authorize2",
      handle: ({ seen }) => consentPage(seen.query, application, people.values()),
    },
    {
      method: "POST",
      path: "/oauth2_user/authorize2",
      handle: ({ seen }) => consentGiven(seen.query, new URLSearchParams(seen.body), { application, people, grants }),
    },
  ];

  function person(userid: number): Person {
    const found = people.get(userid);
    if (!found) throw new Error(`nobody at Withings has the userid ${userid}`);
    return found;
  }

  function allow(userid: number, query: URLSearchParams): string {
    const wrong = whatIsWrong(query, application);
    if (wrong) throw new Error(`Withings would refuse: ${wrong}`);
    return backTo(query, { code: codeFor(query, person(userid).userid, grants) });
  }

  const handler = routed(routes, ({ seen }) =>
    // Only the pages for people answer with a page.
    seen.path.startsWith("/oauth2_user/") ? new Response("<h1>404 Not Found</h1>", { status: 404 }) : unknownAction(),
  );
  const served = await serve(withFaults("withings", faults, handler), { name: "withings", clock, port, delaySeconds });
  return {
    apiUrl: served.url,
    accountUrl: served.url,
    requests: served.requests,
    application,
    people,
    notifications,
    settings,
    limits,
    person,
    addPerson(about) {
      const added = new Person(about, {
        clock,
        nextGrpid: () => {
          nextGrpid += 17;
          return nextGrpid;
        },
        changed: (who, group) => notifications.announce(who.userid, group),
      });
      people.set(about.userid, added);
      return added;
    },
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
      const { pair } = grants.grant(person(userid).userid, scope);
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

/** Arguments come in the form or in the query; the vendor takes both. */
function fieldsOf(seen: RecordedRequest): URLSearchParams {
  const isForm = seen.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  return new URLSearchParams([...seen.query, ...(isForm ? new URLSearchParams(seen.body) : [])]);
}

function sameCall(seen: RecordedRequest, fields: URLSearchParams, account: string): string {
  return `${seen.path} ${account} ${[...fields]
    .map(([name, value]) => `${name}=${value}`)
    .toSorted()
    .join("&")}`;
}
