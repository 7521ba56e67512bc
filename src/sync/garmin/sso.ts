import type { VendorTransport } from "../../lib/http-client.ts";
import { retryAfterSeconds } from "../../lib/retry-after.ts";
import type {
  CodeOutcome,
  GarminProbe,
  MobileClient,
  NewCodeOutcome,
  PasswordOutcome,
  PendingSignIn,
  SignInRefusal,
} from "../model/garmin-sign-in.ts";
import type { NoteUnknown } from "../model/vendor-answers.ts";
import { cookieHeader, keepCookies } from "./cookies.ts";
import { readSignInAnswer, type SignInAnswer } from "./sso-answer.ts";

/**
 * Garmin's sign-in for its own phone apps: JSON, MFA by a second request, a one-use service ticket at the end. Undocumented;
 * recorded by garth in March 2026 and used by several projects since. Both apps' ids have been seen to work.
 */
const CLIENTS: Record<MobileClient, { clientId: string; service: string }> = {
  ios: { clientId: "GCM_IOS_DARK", service: "https://mobile.integration.garmin.com/gcm/ios" },
  android: { clientId: "GCM_ANDROID_DARK", service: "https://mobile.integration.garmin.com/gcm/android" },
};
export const MOBILE_SERVICE = CLIENTS.ios.service;
const USER_AGENT =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";
const ACCEPT_LANGUAGE = "en-US,en;q=0.9";

interface SsoOptions {
  ssoUrl: string;
  send: VendorTransport;
  now: () => Date;
  onUnknown?: NoteUnknown | undefined;
}

export function createGarminSso(options: SsoOptions) {
  const sso = { ...options, ssoUrl: options.ssoUrl.replace(/\/+$/, "") };
  return {
    /** One try, never repeated automatically: every retry against a limit makes the limit longer. */
    login: (email: string, password: string, client: MobileClient = "ios") =>
      login(sso, { username: email, password }, client),
    verifyCode: (pending: PendingSignIn, code: string) => verifyCode(sso, pending, code),
    sendCode: (pending: PendingSignIn) => sendCode(sso, pending),
    /** Whether this machine can reach the sign-in at all: a request shaped like a sign-in, without a password. */
    probe: () => probe(sso),
  };
}

async function login(
  sso: SsoOptions,
  credentials: { username: string; password: string },
  client: MobileClient,
): Promise<PasswordOutcome> {
  const { send, now } = sso;
  // A password without this page's cookies and address gets 429 (python-garminconnect 0.3.20, autumn 2026). A refused page has
  // cost no try, and a broken one doesn't stop us from trying the password.
  const page = await send({
    method: "GET",
    url: pageOf(sso, client),
    headers: {
      accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      "accept-language": ACCEPT_LANGUAGE,
      "user-agent": USER_AGENT,
    },
    delayedBy: "garmin_silent",
  });
  if (page.status === 429) return { type: "rate_limited", retryAfterSeconds: retryAfterSeconds(page) };
  if (page.status === 403) return { type: "blocked" };
  if (page.status === 427) return { type: "client_refused" };
  const before = keepCookies({}, page.headers["set-cookie"], now());
  const body = { ...credentials, rememberMe: true, captchaToken: "" };
  const { read, cookies, noteUnclear } = await post(sso, "/mobile/api/login", body, { client, cookies: before });
  const refusal = commonRefusal(read) ?? passwordRefusal(read);
  if (refusal) return refusal;
  if (read.ticket) return { type: "ticket", ticket: read.ticket, service: CLIENTS[client].service };
  if (read.isOutage || read.type !== "MFA_REQUIRED") return noteUnclear();
  const method = read.mfa?.mfaLastMethodUsed || read.mfa?.defaultMfaMethod || "email";
  const sentBy = wayOf(method);
  const sentTo = { email: read.mfa?.email, phone: read.mfa?.phoneNumber, other: undefined }[sentBy];
  const pending = { cookies, client, method, sentBy, ...(sentTo && { sentTo }), startedAt: now() };
  return { type: "mfa_required", pending };
}

async function verifyCode(sso: SsoOptions, pending: PendingSignIn, code: string): Promise<CodeOutcome> {
  const body = {
    mfaMethod: pending.method,
    mfaVerificationCode: code,
    rememberMyBrowser: true,
    reconsentList: [],
    mfaSetup: false,
  };
  const { read, cookies, noteUnclear } = await post(sso, "/mobile/api/mfa/verifyCode", body, pending);
  const refusal = commonRefusal(read);
  if (refusal) return refusal;
  if (read.ticket) return { type: "ticket", ticket: read.ticket, service: CLIENTS[pending.client ?? "ios"].service };
  if (/EXPIRED/i.test(read.said)) return { type: "expired" };
  if (/LIMIT|MAX/i.test(read.said)) return { type: "too_many_codes" };
  // Nobody has recorded the answer to a wrong code. Other clients take any answer of Garmin's own without a ticket for one.
  const isVerdict = [200, 400, 401].includes(read.httpStatus) && !read.isOutage && read.type !== "SUCCESSFUL";
  if (!isVerdict) return noteUnclear();
  if (read.type !== "INVALID_MFA_CODE") noteUnclear();
  return { type: "wrong_code", pending: { ...pending, cookies } };
}

async function sendCode(sso: SsoOptions, pending: PendingSignIn): Promise<NewCodeOutcome> {
  const body = { mfaMethod: pending.method };
  const { read, cookies, noteUnclear } = await post(sso, "/mobile/api/mfa/sendCode", body, pending);
  const refusal = commonRefusal(read);
  if (refusal) return refusal;
  if (read.type === "MFA_CODE_SENT") return { type: "sent", pending: { ...pending, cookies } };
  if (/EXPIRED/i.test(read.said) || read.type === "INVALID_USERNAME_PASSWORD") return { type: "expired" };
  if (/MAX/i.test(read.said)) return { type: "too_many_codes" };
  return read.isOutage ? noteUnclear() : { type: "too_soon" };
}

async function probe(sso: SsoOptions): Promise<GarminProbe> {
  const { status, headers } = await sso.send({
    method: "GET",
    url: apiUrl(sso, "/mobile/api/login", "ios"),
    headers: headersFor(sso),
    expectedStatus: 405,
    delayedBy: "garmin_silent",
  });
  // "Method not allowed" comes from Garmin itself: the edge let us through.
  const verdict = ({ 405: "reachable", 403: "blocked", 429: "rate_limited" } as const)[status] ?? "unclear";
  const date = new Date(String(headers.date));
  return { verdict, serverTime: Number.isNaN(date.getTime()) ? undefined : date };
}

async function post(
  sso: SsoOptions,
  path: string,
  body: unknown,
  { client = "ios", cookies }: Pick<PendingSignIn, "client" | "cookies">,
) {
  const cookie = cookieHeader(cookies);
  const answer = await sso.send({
    method: "POST",
    url: apiUrl(sso, path, client),
    headers: {
      ...headersFor(sso),
      "content-type": "application/json",
      referer: pageOf(sso, client),
      ...(cookie && { cookie }),
    },
    body: JSON.stringify(body),
    delayedBy: "garmin_silent",
  });
  const read = readSignInAnswer(answer);
  return {
    read,
    cookies: keepCookies(cookies, answer.headers["set-cookie"], sso.now()),
    noteUnclear(): SignInRefusal {
      const { httpStatus, type, value } = read;
      const where = type ? `responseStatus.type: ${type}` : "no responseStatus";
      sso.onUnknown?.({
        ...{ vendor: "garmin", call: `Garmin POST ${path}`, httpStatus, where, value },
        headerNames: Object.keys(answer.headers),
      });
      return { type: "unclear", what: type || `HTTP ${httpStatus}` };
    },
  };
}

const apiUrl = ({ ssoUrl }: SsoOptions, path: string, client: MobileClient) => {
  const { clientId, service } = CLIENTS[client];
  return `${ssoUrl}${path}?${new URLSearchParams({ clientId, locale: "en-US", service })}`;
};

const pageOf = ({ ssoUrl }: SsoOptions, client: MobileClient) =>
  `${ssoUrl}/mobile/sso/en_US/sign-in?${new URLSearchParams(CLIENTS[client])}`;

const headersFor = ({ ssoUrl }: SsoOptions) => ({
  accept: "application/json, text/plain, */*",
  "accept-language": ACCEPT_LANGUAGE,
  origin: new URL(ssoUrl).origin,
  "user-agent": USER_AGENT,
});

/** Names seen or reported: email; phone, sms; totp, authenticator. */
function wayOf(method: string): "email" | "phone" | "other" {
  if (/e-?mail/i.test(method)) return "email";
  return /phone|sms|text/i.test(method) ? "phone" : "other";
}

function commonRefusal(answer: SignInAnswer): SignInRefusal | undefined {
  const { httpStatus, type, said, errorCode, retryAfterSeconds } = answer;
  // Garmin sends it either as HTTP 429 or, with the same words, inside an HTTP 200.
  const isLimit = httpStatus === 429 || errorCode === "429" || type === "RATE_LIMITED";
  if (isLimit) return { type: "rate_limited", retryAfterSeconds };
  if (type === "CAPTCHA_REQUIRED" || type === "NEED_CAPTCHA") return { type: "captcha" };
  if (/ACCOUNT_?LOCKED/i.test(said)) return { type: "account_locked" };
  if (isVerdictOnPassword(said)) return undefined;
  // Seen only inside an HTTP 200, not as an HTTP status.
  if (httpStatus === 427 || errorCode === "427") return { type: "client_refused" };
  return httpStatus === 403 ? { type: "blocked" } : undefined;
}

const isVerdictOnPassword = (said: string) => /INVALID_?USERNAME/i.test(said);

/** Except for the first, these are message names of the sign-in page; none was recorded as an answer. */
function passwordRefusal({ said }: SignInAnswer): SignInRefusal | undefined {
  if (isVerdictOnPassword(said)) return { type: "wrong_password" };
  if (/PASSWORD_?EXPIRED|RENEW_?PASSWORD/i.test(said)) return { type: "password_expired" };
  if (/TERMS/i.test(said)) return { type: "terms_changed" };
  if (/ACCOUNT_?DISABLED/i.test(said)) return { type: "account_disabled" };
  return /MAX_?LOGINS/i.test(said) ? { type: "max_logins" } : undefined;
}
