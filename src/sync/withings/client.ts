import * as z from "zod";
import { ActionNeededError, type DelayCause, RetryLaterError, UnexpectedAnswerError } from "../../lib/errors.ts";
import type { HttpAnswer, VendorTransport } from "../../lib/http-client.ts";
import { issuePaths, parseJson } from "../../lib/json.ts";
import { lazy } from "../../lib/lazy.ts";
import { limitedWait, retryAfterSeconds } from "../../lib/retry-after.ts";
import { AccessRefusedError } from "../model/link.ts";
import type { NoteUnknown } from "../model/vendor-answers.ts";

export type WithingsCall = <T>(request: WithingsRequest<T>) => Promise<T>;

interface WithingsRequest<T> {
  path: "measure" | "v2/oauth2" | "notify";
  params: Record<string, string | number>;
  body: z.ZodType<T>;
  accessToken?: string;
  /** Goes out at once: a code of the consent page is valid for 30 seconds. */
  urgent?: boolean;
}

/** A refusal that the endpoint itself has to judge. */
export class WithingsRefusal extends Error {
  override readonly name = "WithingsRefusal";
  readonly status: number;
  readonly reason: string;

  constructor(call: string, status: number, reason: string) {
    super(`${call} answered status ${status}`);
    this.status = status;
    this.reason = reason;
  }
}

const Envelope = lazy(() =>
  z.object({ status: z.number(), body: z.unknown().optional(), error: z.unknown().optional() }),
);
const ErrorBody = lazy(() =>
  z.object({ error: z.string().optional().catch(undefined), wait_seconds: z.unknown().optional() }),
);

/** Families of https://developer.withings.com/api-reference/#tag/response_status, as of November 2026. */
const ACCESS_REFUSED = new Set([100, 101, 102, 200, 401]);
export const isAccessRefused = (status: number) => ACCESS_REFUSED.has(status);
const INSUFFICIENT_SCOPE = 403;
/** "Invalid params" and "unauthorized": asking again in the same way can't help. */
const isRefused = among(
  `201-214 216-218 220-221 223 225 227-230 234-236 238 240-252 254 260-267 271-272 275-277 283-288 290 293-295 297 300-304
  321 323-353 380-382 400 501-511 523 532 2553-2555 3017-3019`,
);
/** "An error occurred", timeouts and limits: known, and worth a retry. */
const isKnownLater = among(
  `215 219 222 224 226 231-233 237 253 255-259 268-270 273-274 278-282 289 291-292 296 298 305-320 322 370-375 383 391 402
  516-531 533 601-602 700 1051-1054 2551-2559 3000-3024 5000-5006 6000 6010-6011 9000 10000`,
);
/** "Too many requests" and "timeout". */
const LIMITED = 601;
const TIMEOUT = 522;

/** `statuses`: for instance `201-214 223`. */
function among(statuses: string): (status: number) => boolean {
  const ranges = statuses.split(/\s+/).map((range) => range.split("-").map(Number));
  return (status) => ranges.some(([first = 0, last = first]) => first <= status && status <= last);
}

/** Does the task as soon as there is room for it; an urgent one at once, and counts it. */
export type RateLimited = <T>(task: () => Promise<T>, options: { urgent: boolean }) => Promise<T>;

/** `rateLimited` keeps the whole application under Withings' limit of 120 requests a minute. */
export function createWithingsCall(options: {
  apiUrl: string;
  send: VendorTransport;
  rateLimited: RateLimited;
  version?: string;
  onUnknown?: NoteUnknown | undefined;
}): WithingsCall {
  const { apiUrl, send, rateLimited, version = "0", onUnknown = () => {} } = options;

  return async ({ path, params, body, accessToken, urgent = false }) => {
    const call = `Withings ${path} ${params.action}`;
    const request = () =>
      send({
        method: "POST",
        url: new URL(path, `${apiUrl.replace(/\/+$/, "")}/`),
        headers: {
          accept: "application/json",
          "user-agent": `weighbridge/${version}`,
          ...(accessToken && { authorization: `Bearer ${accessToken}` }),
        },
        body: new URLSearchParams(
          Object.entries(params).map(([name, value]): [string, string] => [name, String(value)]),
        ),
        delayedBy: "withings_silent",
      });
    const answer = await rateLimited(request, { urgent });
    if (answer.status === 429 || answer.status >= 500) {
      throw new RetryLaterError(`${call} answered HTTP ${answer.status}`, {
        retryAfterSeconds: retryAfterSeconds(answer),
        delayedBy: answer.status === 429 ? "withings_limited" : "withings_silent",
      });
    }

    const json = parseJson(answer.text);
    const note = (where: string) =>
      onUnknown({
        vendor: "withings",
        call: `Withings POST /${path} ${params.action}`,
        httpStatus: answer.status,
        where,
        value: json ?? answer.text,
        headerNames: Object.keys(answer.headers),
      });
    // Withings answers HTTP 200 even when it refuses: only `status` 0 in the body means success.
    const envelope = Envelope().safeParse(json);
    if (!envelope.success) {
      note(issuePaths(envelope.error));
      // A page comes from an outage or something in between, and says nothing about the link.
      throw new RetryLaterError(`${call} answered HTTP ${answer.status} without a readable verdict`, {
        delayedBy: "withings_silent",
      });
    }
    if (envelope.data.status !== 0) throw refusal(call, envelope.data, accessToken !== undefined, answer, note);
    const parsed = body.safeParse(envelope.data.body);
    if (!parsed.success) {
      note(issuePaths(parsed.error));
      throw new UnexpectedAnswerError("withings", call, answer.status, issuePaths(parsed.error));
    }
    return parsed.data;
  };
}

function refusal(
  call: string,
  { status, body, error }: z.infer<ReturnType<typeof Envelope>>,
  hasToken: boolean,
  answer: HttpAnswer,
  note: (where: string) => void,
): Error {
  const inBody = ErrorBody().safeParse(body).data;
  const reason = typeof error === "string" ? error : (inBody?.error ?? "");
  if (isRefused(status)) return new WithingsRefusal(call, status, reason);
  if (isAccessRefused(status)) {
    // At the token endpoint it's about the refresh token, which that endpoint has to judge.
    return hasToken ? new AccessRefusedError(call) : new WithingsRefusal(call, status, reason);
  }
  if (status === INSUFFICIENT_SCOPE && hasToken) return new ActionNeededError("relink_withings");
  if (!isKnownLater(status)) note(`status: ${status}`);
  // 601 (the same call within ten seconds, or the application's limit), timeouts and "an error occurred".
  return new RetryLaterError(`${call} answered status ${status}`, {
    retryAfterSeconds: waitSeconds(inBody?.wait_seconds) ?? retryAfterSeconds(answer),
    delayedBy: delayedBy(status),
  });
}

function delayedBy(status: number): DelayCause {
  if (status === LIMITED) return "withings_limited";
  return status === TIMEOUT ? "withings_silent" : "withings_refusing";
}

/** The wait of a 601, read the way withings-sync 6.1.0 does. */
function waitSeconds(asked: unknown): number | undefined {
  const seconds = typeof asked === "string" && /^\d+$/.test(asked) ? Number(asked) : asked;
  return typeof seconds === "number" ? limitedWait(seconds) : undefined;
}
