import * as z from "zod";
import type { HttpAnswer } from "../../lib/http-client.ts";
import { parseJson } from "../../lib/json.ts";
import { lazy } from "../../lib/lazy.ts";
import { retryAfterSeconds } from "../../lib/retry-after.ts";

const text = lazy(() => z.string().nullish().catch(undefined));

/** Parsed field by field: refusals may look like anything, and an odd field must not hide the others. */
const Answer = lazy(() =>
  z.object({
    serviceTicketId: text(),
    responseStatus: z.object({ type: text(), message: text() }).nullish().catch(undefined),
    customerMfaInfo: z
      .object({ email: text(), phoneNumber: text(), mfaLastMethodUsed: text(), defaultMfaMethod: text() })
      .nullish()
      .catch(undefined),
    error: z.object({ "status-code": z.coerce.string() }).nullish().catch(undefined),
  }),
);

export type SignInAnswer = ReturnType<typeof readSignInAnswer>;

export function readSignInAnswer({ status, headers, text: body }: HttpAnswer) {
  const value = parseJson(body);
  const { data } = Answer().safeParse(value);
  const type = data?.responseStatus?.type ?? "";
  return {
    httpStatus: status,
    type,
    /** To look for words in. */
    said: `${type} ${data?.responseStatus?.message ?? ""}`,
    /** From the envelope in which Garmin wraps some refusals, even inside an HTTP 200; otherwise empty. */
    errorCode: data?.error?.["status-code"] ?? "",
    ticket: (type === "SUCCESSFUL" && data?.serviceTicketId) || undefined,
    mfa: data?.customerMfaInfo,
    /** A page or a broken server, which says nothing about the password or code. */
    isOutage: status >= 500 || (value === undefined && body.trim() !== ""),
    retryAfterSeconds: retryAfterSeconds({ headers }),
    value: value ?? body,
  };
}
