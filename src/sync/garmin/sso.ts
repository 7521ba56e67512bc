import * as z from "zod";
import { parseJson } from "../../json.ts";
import type { HttpAnswer, Transport } from "../../transport.ts";
import type { CodeOutcome, NewCodeOutcome, PasswordOutcome, PendingSignIn, SignInRefusal } from "../sign-in-ports.ts";
import { cookieHeader, keepCookies } from "./cookies.ts";

/**
 * Garmin's sign-in for its own phone app: JSON, MFA by a second request, a one-use service ticket at the end.
 * Undocumented; recorded by garth in March 2026 and used by several projects since.
 */
const CLIENT_ID = "GCM_IOS_DARK";
export const MOBILE_SERVICE = "https://mobile.integration.garmin.com/gcm/ios";
const USER_AGENT =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";

const SignInAnswer = z.object({
  serviceTicketId: z.string().nullish(),
  responseStatus: z.object({ type: z.string() }).optional(),
  customerMfaInfo: z
    .object({
      email: z.string().nullish(),
      phoneNumber: z.string().nullish(),
      mfaLastMethodUsed: z.string().nullish(),
      defaultMfaMethod: z.string().nullish(),
    })
    .nullish(),
  // Garmin wraps some refusals into an HTTP 200.
  error: z.object({ "status-code": z.coerce.string() }).optional(),
});

export interface GarminSso {
  /** One try. It is never repeated by itself: every retry against a limit makes the limit longer. */
  login(email: string, password: string): Promise<PasswordOutcome>;
  verifyCode(pending: PendingSignIn, code: string): Promise<CodeOutcome>;
  sendCode(pending: PendingSignIn): Promise<NewCodeOutcome>;
  /** Whether this machine may reach the sign-in at all, asked without a password. */
  probe(): Promise<{ verdict: "reachable" | "blocked" | "rate_limited" | "unclear"; serverTime: Date | undefined }>;
}

export function createGarminSso(options: { ssoUrl: string; send: Transport; now: () => Date }): GarminSso {
  const { send, now } = options;
  const ssoUrl = options.ssoUrl.replace(/\/+$/, "");
  const origin = new URL(ssoUrl).origin;
  const parameters = new URLSearchParams({ clientId: CLIENT_ID, locale: "en-US", service: MOBILE_SERVICE });

  const post = (path: string, body: unknown, cookie: string | undefined) =>
    send({
      method: "POST",
      url: `${ssoUrl}${path}?${parameters}`,
      headers: {
        accept: "application/json, text/plain, */*",
        "accept-language": "en-US,en;q=0.9",
        "content-type": "application/json",
        origin,
        "user-agent": USER_AGENT,
        ...(cookie && { cookie }),
      },
      body: JSON.stringify(body),
    });

  return {
    async login(email, password) {
      const answer = await post(
        "/mobile/api/login",
        { username: email, password, rememberMe: true, captchaToken: "" },
        undefined,
      );
      const read = readAnswer(answer);
      if (read.type === "refused") return read.refusal;
      if (read.ticket) return { type: "ticket", ticket: read.ticket, service: MOBILE_SERVICE };
      if (read.status !== "MFA_REQUIRED") return { type: "unclear", what: read.status };
      const method = read.mfa?.mfaLastMethodUsed ?? read.mfa?.defaultMfaMethod ?? "email";
      const sentTo = method === "phone" ? read.mfa?.phoneNumber : read.mfa?.email;
      return {
        type: "mfa_required",
        pending: {
          cookies: keepCookies({}, answer.headers["set-cookie"], now()),
          method,
          ...(sentTo && { sentTo }),
          startedAt: now(),
        },
      };
    },

    async verifyCode(pending, code) {
      const answer = await post(
        "/mobile/api/mfa/verifyCode",
        {
          mfaMethod: pending.method,
          mfaVerificationCode: code,
          rememberMyBrowser: true,
          reconsentList: [],
          mfaSetup: false,
        },
        cookieHeader(pending.cookies),
      );
      const read = readAnswer(answer);
      if (read.type === "refused" && read.refusal.type !== "wrong_password") return read.refusal;
      if (read.type === "answered" && read.ticket)
        return { type: "ticket", ticket: read.ticket, service: MOBILE_SERVICE };
      const status = read.type === "answered" ? read.status : "";
      if (/EXPIRED/.test(status)) return { type: "expired" };
      if (/LIMIT|MAX/.test(status)) return { type: "too_many_codes" };
      // The names of a wrong code are not known; whatever is no success and none of the above leaves the sign-in pending.
      const cookies = keepCookies(pending.cookies, answer.headers["set-cookie"], now());
      return { type: "wrong_code", pending: { ...pending, cookies } };
    },

    async sendCode(pending) {
      const answer = await post(
        "/mobile/api/mfa/sendCode",
        { mfaMethod: pending.method },
        cookieHeader(pending.cookies),
      );
      const read = readAnswer(answer);
      if (read.type === "refused") return read.refusal.type === "wrong_password" ? { type: "expired" } : read.refusal;
      if (read.status === "MFA_CODE_SENT") {
        const cookies = keepCookies(pending.cookies, answer.headers["set-cookie"], now());
        return { type: "sent", pending: { ...pending, cookies } };
      }
      return /EXPIRED/.test(read.status) ? { type: "expired" } : { type: "too_soon" };
    },

    async probe() {
      const { status, headers } = await send({
        method: "GET",
        url: `${ssoUrl}/mobile/api/login`,
        headers: { accept: "application/json", "user-agent": USER_AGENT },
      });
      // "Method not allowed" comes from Garmin itself: the wall in front of it let us through.
      const verdict = ({ 405: "reachable", 403: "blocked", 429: "rate_limited" } as const)[status] ?? "unclear";
      const date = new Date(String(headers.date));
      return { verdict, serverTime: Number.isNaN(date.getTime()) ? undefined : date };
    },
  };
}

type Read =
  | { type: "refused"; refusal: SignInRefusal }
  | { type: "answered"; status: string; ticket?: string; mfa?: z.infer<typeof SignInAnswer>["customerMfaInfo"] };

function readAnswer(answer: HttpAnswer): Read {
  const refused = (type: Exclude<SignInRefusal["type"], "unclear">): Read => ({ type: "refused", refusal: { type } });
  if (answer.status === 429) return refused("rate_limited");
  const body = SignInAnswer.safeParse(parseJson(answer.text));
  const unclear: Read = { type: "refused", refusal: { type: "unclear", what: `HTTP ${answer.status}` } };
  if (!body.success) return answer.status === 403 ? refused("blocked") : unclear;
  const { responseStatus, serviceTicketId, customerMfaInfo, error } = body.data;
  const status = responseStatus?.type ?? (error ? `error ${error["status-code"]}` : `HTTP ${answer.status}`);
  if (status === "SUCCESSFUL" && serviceTicketId) return { type: "answered", status, ticket: serviceTicketId };
  if (status === "error 429" || status === "RATE_LIMITED") return refused("rate_limited");
  if (status === "INVALID_USERNAME_PASSWORD") return refused("wrong_password");
  if (status === "CAPTCHA_REQUIRED" || status === "NEED_CAPTCHA") return refused("captcha");
  if (status === "ACCOUNT_LOCKED") return refused("account_locked");
  if (answer.status === 403) return refused("blocked");
  // An outage is no verdict on a password or a code, in whatever shape it comes.
  if (answer.status >= 500) return unclear;
  return { type: "answered", status, mfa: customerMfaInfo };
}
