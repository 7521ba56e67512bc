import { Reply } from "../reply.ts";
import type { Call, RecordedRequest, Route } from "../serve.ts";
import { vendorPage } from "../vendor-page.ts";
import type { Account } from "./accounts.ts";
import { badRequest, jsonObject } from "./front.ts";
import type { CodeOutcome, PendingLogin } from "./mfa.ts";
import { setSessionCookies, setSignedInCookies } from "./sessions.ts";
import type { Sso } from "./sso-state.ts";
import { isGarminService } from "./tickets.ts";

const API = (call: string) => new RegExp(`^/(?<flavour>mobile|portal)/api/${call}$`);

/** Nobody has recorded the vendor's names. A client should check only for "not SUCCESSFUL". */
const CODE_REFUSED: Record<Exclude<CodeOutcome, "right">, { type: string; message: string }> = {
  wrong: { type: "INVALID_MFA_CODE", message: "codeEntryInvalid" },
  expired: { type: "EXPIRED_MFA_CODE", message: "codeEntryExpired" },
  "too many": { type: "MFA_CODE_MAX_LIMIT", message: "codeEntryMaxLimit" },
};

/** The sign-in of Garmin's apps: JSON in, a service ticket out. */
export function jsonSignInRoutes(sso: Sso): Route[] {
  return [
    {
      method: "GET",
      path: /^\/(mobile|portal)\/sso\/(en|en_US|en-US)\/sign-in$/,
      handle: (call) => signInPage(sso, call),
    },
    { method: "POST", path: API("login"), handle: (call) => login(sso, call) },
    { method: "POST", path: API("mfa/verifyCode"), handle: (call) => verifyCode(sso, call) },
    { method: "POST", path: API("mfa/sendCode"), handle: (call) => sendCode(sso, call) },
  ];
}

/** A browser that is signed in gets a ticket right away. */
function signInPage(sso: Sso, { seen }: Call): Reply {
  const email = sso.sessions.emailOf(seen);
  const service = seen.query.get("service") ?? "";
  if (email && isGarminService(service, sso.url())) {
    const ticket = sso.tickets.mint(email, service, "sso");
    return new Reply(null, { status: 302, headers: { location: `${service}?ticket=${ticket}` } });
  }
  const page = vendorPage("Garmin SSO Portal", "<h1>Garmin</h1><p>This page is drawn by a script.</p>");
  return setSessionCookies(page, sso.sessions.open(), "api");
}

function login(sso: Sso, { seen, params }: Call): Reply {
  const clientId = seen.query.get("clientId") ?? "";
  const service = seen.query.get("service") ?? "";
  const body = jsonObject(seen.body);
  const email = String(body?.username ?? "");
  if (!body || !clientId || !isGarminService(service, sso.url())) return badRequest("Invalid request");
  if (sso.settings.wantsPageFirst && !comesFromPage(sso, seen)) return tooMany(sso);
  if (sso.limiter.isTooMuch(clientId, email)) return tooMany(sso);

  const account = sso.accounts.find(email);
  if (account?.locked) return signInAnswer(401, "ACCOUNT_LOCKED", "generalLoginAccountLocked");
  if (account?.needsCaptcha && !body.captchaToken) return signInAnswer(200, "CAPTCHA_REQUIRED");
  if (!account || account.password !== body.password) {
    return signInAnswer(401, "INVALID_USERNAME_PASSWORD", "generalLoginInvalidUsernameOrPassword");
  }
  if (!account.mfa) return signedIn(sso, account, service, "login");
  if (params.flavour === "portal") return Reply.json({ error: { "status-code": "427" } });

  const existing = sso.sessions.of(seen);
  const session = existing ?? sso.sessions.open();
  session.pending = sso.mfa.begin(account, account.mfa, service);
  sso.mfa.send(session.pending);
  const answer = signInAnswer(200, "MFA_REQUIRED", "", {
    customerMfaInfo: mfaInfo(session.pending),
    consentTypeList: [],
  });
  // A session that exists already gets no new cookies.
  return existing ? answer : setSessionCookies(answer, session, "api");
}

function comesFromPage(sso: Sso, seen: RecordedRequest): boolean {
  const referer = seen.headers.referer ?? "";
  return sso.sessions.of(seen) !== undefined && /\/sso\/en[^/]*\/sign-in(\?|$)/.test(referer);
}

function verifyCode(sso: Sso, { seen }: Call): Reply {
  const session = sso.sessions.of(seen);
  const pending = session?.pending;
  if (!session || !pending) return sessionExpired();
  const body = jsonObject(seen.body);
  const outcome =
    body?.mfaMethod === pending.method ? sso.mfa.check(pending, String(body.mfaVerificationCode ?? "")) : "wrong";
  if (outcome === "too many") session.pending = undefined;
  if (outcome === "wrong") return wrongCode(sso);
  if (outcome !== "right") return signInAnswer(401, CODE_REFUSED[outcome].type, CODE_REFUSED[outcome].message);
  session.pending = undefined;
  return signedIn(sso, pending.account, pending.service, "verifyCode");
}

function wrongCode(sso: Sso): Reply {
  const { type, message } = CODE_REFUSED.wrong;
  switch (sso.settings.wrongCode) {
    case "401 empty":
      return new Reply(null, { status: 401 });
    case "401 Spring": {
      const timestamp = "2026-11-21T06:30:15.000+00:00";
      const path = "/mobile/api/mfa/verifyCode";
      return Reply.json({ timestamp, status: 401, error: "Unauthorized", path }, { status: 401 });
    }
    case "200 named":
      return signInAnswer(200, type, message);
    default:
      return signInAnswer(401, type, message);
  }
}

function sendCode(sso: Sso, { seen }: Call): Reply {
  const pending = sso.sessions.of(seen)?.pending;
  if (!pending) return sessionExpired();
  if (jsonObject(seen.body)?.mfaMethod !== pending.method) return badRequest("Invalid mfaMethod");
  return sso.mfa.send(pending)
    ? signInAnswer(200, "MFA_CODE_SENT")
    : signInAnswer(400, "MFA_CODE_NOT_SENT", "request another code in 30 seconds");
}

function signedIn(sso: Sso, account: Account, service: string, call: "login" | "verifyCode"): Reply {
  const ticket = { serviceURL: service, serviceTicketId: sso.tickets.mint(account.email, service, "sso") };
  const common = { responseStatus: status(200, "SUCCESSFUL", ""), responseReason: null, samlResponse: null };
  // The answer to a code has fewer fields.
  const more = call === "login" ? { customerMfaInfo: null, consentTypeList: null, captchaAlreadyPassed: false } : {};
  const answer = Reply.json({ ...ticket, ...common, ...more, authType: "CAS" });
  return setSignedInCookies(answer, sso.sessions.remember(account.email), account.guid, "api");
}

function signInAnswer(httpStatus: 200 | 400 | 401, type: string, message = "", more: object = {}): Reply {
  const body = {
    serviceURL: null,
    serviceTicketId: null,
    responseStatus: status(httpStatus, type, message),
    responseReason: null,
    customerMfaInfo: null,
    consentTypeList: null,
    captchaAlreadyPassed: false,
    samlResponse: null,
    authType: null,
    ...more,
  };
  return Reply.json(body, { status: httpStatus });
}

const HTTP_WORDS = { 200: "OK", 400: "BAD_REQUEST", 401: "UNAUTHORIZED" } as const;
const status = (httpStatus: keyof typeof HTTP_WORDS, type: string, message: string) => ({
  type,
  message,
  httpStatus: HTTP_WORDS[httpStatus],
});

const sessionExpired = () => signInAnswer(401, "SESSION_EXPIRED", "generalLoginYourSessionHasExpired");

/** As HTTP 429 or, with the same body, as HTTP 200. */
function tooMany(sso: Sso): Reply {
  return Reply.json({ error: { "status-code": "429" } }, { status: sso.settings.limitInsideHttp200 ? 200 : 429 });
}

function mfaInfo({ account, method }: PendingLogin) {
  return {
    email: account.email.replace(/^(..)[^@]*/, "$1*****"),
    phoneNumber: method === "phone" ? "*******42" : null,
    mfaLastMethodUsed: method,
    defaultMfaMethod: null,
    mfaUISetting: { allowPhoneOption: true, allowAddEmailAddress: false, chooseDifferentWayShown: false },
  };
}
