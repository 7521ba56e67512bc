import * as z from "zod";
import { ActionNeededError, RetryLaterError, UnexpectedAnswerError } from "../../lib/errors.ts";
import { type FileForm, type HttpAnswer, NoAnswerError, type VendorTransport } from "../../lib/http-client.ts";
import { issuePaths, parseJson } from "../../lib/json.ts";
import { lazy } from "../../lib/lazy.ts";
import { retryAfterSeconds } from "../../lib/retry-after.ts";
import { AccessRefusedError, type WithAccess } from "../model/link.ts";
import type { NoteUnknown } from "../model/vendor-answers.ts";
import { KindClosedError, type SendAnswer } from "../model/vendors.ts";
import { APP_HEADERS } from "./headers.ts";

interface ConnectRequest {
  method: "GET" | "POST" | "DELETE";
  path: string;
  json?: unknown;
  form?: FileForm;
  answerSeconds?: number;
}

interface ConnectAnswer extends HttpAnswer {
  note(where: string, value: unknown): void;
}

/** Resolves to any answer that is a verdict on this request. Throws on the refusals that mean the same for every endpoint. */
export type GarminCall = (request: ConnectRequest) => Promise<ConnectAnswer>;

export function createGarminClient(options: {
  connectapiUrl: string;
  send: VendorTransport;
  onUnknown?: NoteUnknown | undefined;
}): (withAccess: WithAccess) => GarminCall {
  const { connectapiUrl, send, onUnknown = () => {} } = options;

  return (withAccess) =>
    ({ method, path, json, form, answerSeconds }) =>
      withAccess(async (accessToken) => {
        const call = `Garmin ${method} ${path.split("?")[0]}`;
        const answer = await send({
          method,
          url: `${connectapiUrl.replace(/\/+$/, "")}${path}`,
          headers: {
            ...APP_HEADERS,
            accept: "application/json",
            authorization: `Bearer ${accessToken}`,
            // Only here: with a doubled content type, Garmin answers 400 with an empty body.
            ...(json !== undefined && { "content-type": "application/json" }),
          },
          ...(json !== undefined && { body: JSON.stringify(json) }),
          ...(form && { body: form }),
          ...(answerSeconds && { answerSeconds }),
          delayedBy: "garmin_silent",
        });
        if (answer.status === 401) throw new AccessRefusedError(call);
        if (answer.status === 412) throw new ActionNeededError("grant_garmin_upload");
        if (answer.status === 429 || isFromEdge(answer)) throw tryLater(call, answer);
        return {
          ...answer,
          note: (where, value) =>
            onUnknown({
              vendor: "garmin",
              call: `Garmin ${method} ${routeOf(path)}`,
              httpStatus: answer.status,
              where,
              value,
              headerNames: Object.keys(answer.headers),
            }),
        };
      });
}

/** Without the query, dates and ids: `/weight-service/weight/range`. */
function routeOf(path: string): string {
  const parts = (path.split("?")[0] ?? "").split("/").map((part) => (/\d/.test(part) ? "*" : part));
  return parts.join("/").replace(/(\/\*)+$/, "");
}

/**
 * A 403 from the edge, which says nothing about the link or the request: a page, an empty body, or Cloudflare's own
 * JSON (RFC 9457, sent since 2026 to clients that accept JSON). Any other JSON is a refusal by the API itself.
 */
function isFromEdge({ status, headers, text }: HttpAnswer): boolean {
  if (status !== 403) return false;
  const body = parseJson(text);
  return typeof body !== "object" || body === null || "cloudflare_error" in body || "cf-mitigated" in headers;
}

export function tryLater(call: string, answer: HttpAnswer): RetryLaterError {
  return new RetryLaterError(`${call} answered HTTP ${answer.status}`, {
    retryAfterSeconds: retryAfterSeconds(answer),
    delayedBy: answer.status === 429 ? "garmin_limited" : answer.status === 403 ? "garmin_refusing" : "garmin_silent",
  });
}

/** A page where data was expected comes from something in between, which knows nothing of the request. */
const pageInstead = (call: string, { status }: HttpAnswer) =>
  new RetryLaterError(`${call} answered HTTP ${status} with a page, not data`, { delayedBy: "garmin_silent" });

export function readBody<T>(call: string, answer: ConnectAnswer, schema: z.ZodType<T>): T {
  if (answer.status >= 500) throw tryLater(call, answer);
  const body = parseJson(answer.text);
  if (answer.status < 200 || answer.status > 299) {
    answer.note("no success", body ?? answer.text);
    throw new UnexpectedAnswerError("garmin", call, answer.status, "no success");
  }
  if (body === undefined) throw pageInstead(call, answer);
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    const where = issuePaths(parsed.error);
    answer.note(where, body);
    throw new UnexpectedAnswerError("garmin", call, answer.status, where);
  }
  return parsed.data;
}

/** How Garmin says that it doesn't offer this to the account (seen with accounts that have no such device). */
const CLOSED = new Set([400, 402, 403, 404, 405, 410, 451]);

/** Undefined: the list is empty. Throws `KindClosedError` if Garmin doesn't offer this to the account. */
export async function readRange<T>(
  name: string,
  ask: () => Promise<ConnectAnswer>,
  schema: z.ZodType<T>,
): Promise<{ body: T; note: ConnectAnswer["note"] } | undefined> {
  let answer = await ask();
  // An empty 200 may be a truncated answer, which wouldn't happen twice.
  if (isEmpty(answer) && answer.status === 200) answer = await ask();
  if (isEmpty(answer) && (answer.status === 204 || answer.status === 200)) return undefined;
  throwIfClosed(name, answer);
  return { body: readBody(name, answer, schema), note: answer.note };
}

const isEmpty = ({ text }: HttpAnswer) => text.trim() === "";

function throwIfClosed(name: string, answer: ConnectAnswer) {
  if (!CLOSED.has(answer.status)) return;
  answer.note("no success", parseJson(answer.text) ?? answer.text);
  throw new KindClosedError(name, answer.status);
}

/** Garmin looked at what we sent and doesn't want it. Any other 4xx is about the way there, not about the reading. */
const REFUSED = new Set([400, 406, 413, 415, 422]);

/** What we use of Garmin's answer to a file (recorded for activities; the same fields are known for weights). */
const ImportResult = lazy(() =>
  z.object({
    detailedImportResult: z.object({
      successes: z.array(z.unknown()).nullish(),
      failures: z.array(z.unknown()).nullish(),
    }),
  }),
);

interface Attempt {
  outcome: SendAnswer["outcomes"][number];
  stoppedBy?: Error;
}

/** Garmin's answer to a weight file is unrecorded, so any shape but an import result is noted. */
export async function attemptUpload(upload: () => Promise<ConnectAnswer>, of: "file" | "entry"): Promise<Attempt> {
  try {
    return verdictOn(await upload(), of);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { outcome: error instanceof NoAnswerError ? "unknown" : "not_sent", stoppedBy: error };
  }
}

function verdictOn(answer: ConnectAnswer, of: "file" | "entry"): Attempt {
  const { status } = answer;
  if (status === 409) return { outcome: "accepted" };
  if (REFUSED.has(status)) {
    answer.note("refused", parseJson(answer.text) ?? answer.text);
    return { outcome: "refused" };
  }
  // 200, 201 and 202 have all been seen for good files.
  if (status >= 200 && status <= 299) return verdictInside(answer, of);
  // A broken gateway may have passed it on, and an answer that was not understood doesn't count.
  const later = status >= 500 || status === 408;
  if (!later) answer.note("no success", parseJson(answer.text) ?? answer.text);
  return {
    outcome: "unknown",
    stoppedBy: later
      ? tryLater("Garmin upload", answer)
      : CLOSED.has(status)
        ? new KindClosedError("Garmin upload", status)
        : new UnexpectedAnswerError("garmin", "Garmin upload", status, "no success"),
  };
}

/** A success status counts only with data or an empty body: a page came from something in between. */
function verdictInside(answer: ConnectAnswer, of: "file" | "entry"): Attempt {
  if (isEmpty(answer)) return { outcome: "accepted" };
  const body = parseJson(answer.text);
  if (body === undefined) {
    return {
      outcome: "unknown",
      stoppedBy: pageInstead("Garmin upload", answer),
    };
  }
  const result = ImportResult().safeParse(body);
  if (of === "file" && !result.success) answer.note(issuePaths(result.error), body);
  const { successes, failures } = result.data?.detailedImportResult ?? {};
  if (!failures?.length) return { outcome: "accepted" };
  answer.note("detailedImportResult.failures", body);
  // Garmin doesn't say which records it took: the read-back shows it.
  return { outcome: successes?.length ? "unknown" : "refused" };
}

export async function deleteEntry(call: GarminCall, path: string): Promise<void> {
  const answer = await call({ method: "DELETE", path });
  const { status } = answer;
  if (status >= 500) throw tryLater("Garmin delete", answer);
  if (!isEmpty(answer) && parseJson(answer.text) === undefined) {
    throw pageInstead("Garmin delete", answer);
  }
  if (status > 299 && status !== 404) {
    answer.note("no success", parseJson(answer.text));
    throw new UnexpectedAnswerError("garmin", "Garmin delete", status, "no success");
  }
}
