import { Reply } from "../reply.ts";
import { type Handler, type Route, routed } from "../serve.ts";
import { bloodPressureRoutes } from "./blood-pressure.ts";
import type { Connect } from "./connect.ts";
import { jsonError, notFound } from "./front.ts";
import { weightRoutes } from "./weight-routes.ts";

export function connectapiHandler(connect: Connect): Handler {
  return routed([...profileRoutes(connect), ...weightRoutes(connect), ...bloodPressureRoutes(connect)], notFound);
}

function profileRoutes({ reading }: Connect): Route[] {
  return [
    {
      method: "GET",
      path: "/userprofile-service/socialProfile",
      handle: reading(({ profileId, guid, displayName, fullName, email }) =>
        Reply.json({ id: profileId, profileId, garminGUID: guid, displayName, fullName, userName: email }),
      ),
    },
    {
      method: "GET",
      path: "/userprofile-service/userprofile/user-settings",
      handle: reading(({ profileId, weights, heightCm }) => {
        const latest = weights.toSorted((a, b) => a.takenAt.getTime() - b.takenAt.getTime()).at(-1);
        const weight = latest ? latest.weightKg * 1000 : null;
        const userData = { weight, height: heightCm, birthDate: "1985-04-12", measurementSystem: "metric" };
        return Reply.json({ id: profileId, userData });
      }),
    },
    {
      method: "GET",
      path: /^\/userprofile-service\/userprofile\/personal-information\/(?<displayName>[^/]+)$/,
      handle: reading(({ displayName, email, timezone }, { params }) => {
        if (params.displayName !== displayName) return jsonError(403, "ForbiddenException", "HTTP 403 Forbidden");
        const about = { birthDate: "1985-04-12", locale: "en", timeZone: timezone };
        return Reply.json({ userInfo: { ...about, email, countryCode: "DE" }, biometricProfile: null, ...about });
      }),
    },
    {
      method: "GET",
      path: "/gdprconsent-service/feature/UPLOAD",
      handle: reading(({ uploadConsent }) =>
        Reply.json({ feature: "UPLOAD", userOption: uploadConsent ? "opt-in" : "opt-out" }),
      ),
    },
  ];
}
