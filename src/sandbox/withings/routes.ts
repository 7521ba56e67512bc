import type { Clock } from "../../lib/clock.ts";
import type { Reply } from "../reply.ts";
import type { Call, RecordedRequest, Route } from "../serve.ts";
import { consentGiven, consentPage } from "./authorize.ts";
import { insufficientScope, invalidToken, tooMany } from "./envelope.ts";
import { getMeas } from "./getmeas.ts";
import type { Grants } from "./grants.ts";
import type { CallLimits } from "./limits.ts";
import type { Notifications } from "./notifications.ts";
import { type Application, requestToken } from "./oauth.ts";
import type { People } from "./people.ts";
import { userCall } from "./user.ts";

export interface RouteDeps {
  clock: Clock;
  settings: { pageSize: number };
  application: Application;
  people: People;
  grants: Grants;
  limits: CallLimits;
  notifications: Notifications;
}

export function withingsRoutes(deps: RouteDeps): Route[] {
  const { clock, settings, application, people, grants, limits, notifications } = deps;
  const measure = apiCall(deps, "user.metrics", (fields, userid) =>
    getMeas(fields, people.get(userid), { clock, pageSize: settings.pageSize }),
  );
  return [
    { method: "POST", path: "/measure", handle: measure },
    { method: "GET", path: "/measure", handle: measure },
    {
      method: "POST",
      path: "/notify",
      handle: apiCall(deps, "user.metrics", (fields, userid) => notifications.handle(fields, userid)),
    },
    {
      method: "POST",
      path: "/v2/user",
      handle: apiCall(deps, "user.info", (fields, userid) => userCall(fields, people.get(userid))),
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
      handle: ({ seen }) => consentPage(seen.query, application, people.byUserid.values()),
    },
    {
      method: "POST",
      path: "/oauth2_user/authorize2",
      handle: ({ seen }) =>
        consentGiven(seen.query, new URLSearchParams(seen.body), { application, people: people.byUserid, grants }),
    },
  ];
}

function apiCall(
  { limits, grants }: RouteDeps,
  scope: string,
  answer: (fields: URLSearchParams, userid: number) => Reply | Promise<Reply>,
) {
  return ({ seen }: Call) => {
    const fields = fieldsOf(seen);
    // The form works too: the oldest client still in use sends it there.
    const bearer = /^Bearer (\S+)$/.exec(seen.headers.authorization ?? "")?.[1] ?? fields.get("access_token") ?? "";
    const refusal = limits.refusal(sameCall(seen, fields, bearer), false);
    if (refusal) return tooMany(refusal);
    const grant = grants.use(bearer);
    if (!grant) return invalidToken();
    if (!grant.scope.split(",").includes(scope)) return insufficientScope();
    return answer(fields, grant.userid);
  };
}

/** The vendor takes arguments in the form or in the query. */
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
