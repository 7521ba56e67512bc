import * as z from "zod";
import { parseJson } from "../../json.ts";
import type { HttpAnswer } from "../../transport.ts";

const text = z.string().nullish().catch(undefined);

/** Each field for itself: nothing is known of how a refusal looks, and an odd field must not hide what stands beside it. */
const Answer = z.object({
  serviceTicketId: text,
  responseStatus: z.object({ type: text, message: text }).nullish().catch(undefined),
  customerMfaInfo: z
    .object({ email: text, phoneNumber: text, mfaLastMethodUsed: text, defaultMfaMethod: text })
    .nullish()
    .catch(undefined),
  error: z.object({ "status-code": z.coerce.string() }).nullish().catch(undefined),
});

export interface SignInAnswer {
  httpStatus: number;
  /** `SUCCESSFUL`, `MFA_REQUIRED`, …; empty where there is none. */
  type: string;
  /** Type and message together, to look for words in. */
  said: string;
  /** Of the envelope in which Garmin wraps some refusals, also inside an HTTP 200; else empty. */
  errorCode: string;
  /** Only of a sign-in that succeeded. */
  ticket: string | undefined;
  mfa: z.infer<typeof Answer>["customerMfaInfo"];
  /** A page or a broken server: no verdict on a password or a code, whatever stands there. */
  isOutage: boolean;
  /** What came, parsed where it is JSON. */
  value: unknown;
}

export function readSignInAnswer({ status, text: body }: HttpAnswer): SignInAnswer {
  const value = parseJson(body);
  const { data } = Answer.safeParse(value);
  const type = data?.responseStatus?.type ?? "";
  return {
    httpStatus: status,
    type,
    said: `${type} ${data?.responseStatus?.message ?? ""}`,
    errorCode: data?.error?.["status-code"] ?? "",
    ticket: (type === "SUCCESSFUL" && data?.serviceTicketId) || undefined,
    mfa: data?.customerMfaInfo,
    isOutage: status >= 500 || (value === undefined && body.trim() !== ""),
    value: value ?? body,
  };
}
