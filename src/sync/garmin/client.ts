import type * as z from "zod";
import { ActionNeededError, RetryLaterError, UnexpectedAnswerError } from "../../errors.ts";
import { issuePaths, parseJson } from "../../json.ts";
import {
  type HttpAnswer,
  type HttpRequest,
  NoAnswerError,
  retryAfterSeconds,
  type Transport,
} from "../../transport.ts";
import { AccessRefusedError, type SendAnswer, type WithAccess } from "../ports.ts";

/** What every request to Garmin carries. Garmin's own app names itself like this. */
export const USER_AGENT = "GCM-Android-5.23";

export interface ConnectRequest {
  method: "GET" | "POST" | "DELETE";
  path: string;
  json?: unknown;
  /** Built anew for each attempt, because a form can be read only once. */
  form?: () => Exclude<HttpRequest["body"], string | undefined>;
  answerSeconds?: number;
}

/**
 * One request to connectapi.garmin.com. Resolves to whatever Garmin answered, as far as it is a verdict on this request.
 * Throws on the refusals that mean the same for every endpoint.
 */
export type GarminCall = (withAccess: WithAccess, request: ConnectRequest) => Promise<HttpAnswer>;

export function createGarminCall(options: { connectapiUrl: string; send: Transport }): GarminCall {
  const { connectapiUrl, send } = options;

  return (withAccess, { method, path, json, form, answerSeconds }) =>
    withAccess(async (accessToken) => {
      const call = `Garmin ${method} ${path.split("?")[0]}`;
      const answer = await send({
        method,
        url: `${connectapiUrl.replace(/\/+$/, "")}${path}`,
        headers: {
          accept: "application/json",
          authorization: `Bearer ${accessToken}`,
          "user-agent": USER_AGENT,
          // Once, and nowhere else: a doubled content type gets 400 with an empty body.
          ...(json !== undefined && { "content-type": "application/json" }),
        },
        ...(json !== undefined && { body: JSON.stringify(json) }),
        ...(form && { body: form() }),
        ...(answerSeconds && { answerSeconds }),
      });
      if (answer.status === 401) throw new AccessRefusedError(call);
      if (answer.status === 412) throw new ActionNeededError("grant_garmin_upload");
      if (answer.status === 403 || answer.status === 429) throw tryLater(call, answer);
      return answer;
    });
}

/** 429 is a limit; 403 is Cloudflare's wall, which says nothing about the link (invariant 4). */
export function tryLater(call: string, answer: HttpAnswer): RetryLaterError {
  return new RetryLaterError(`${call} answered HTTP ${answer.status}`, {
    retryAfterSeconds: retryAfterSeconds(answer),
  });
}

/** The body of a good answer. Garmin's outages and pages in between are for later, a new shape is for us. */
export function readBody<T>(call: string, answer: HttpAnswer, schema: z.ZodType<T>): T {
  if (answer.status >= 500) throw tryLater(call, answer);
  if (answer.status < 200 || answer.status > 299) throw new UnexpectedAnswerError(call, answer.status, "no success");
  const body = parseJson(answer.text);
  if (body === undefined) throw new RetryLaterError(`${call} answered HTTP ${answer.status} with a page, not data`);
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new UnexpectedAnswerError(call, answer.status, issuePaths(parsed.error));
  return parsed.data;
}

/** Garmin looked at what we sent and does not want it. Any other 4xx says something about the way there, not about the reading. */
const REFUSED = new Set([400, 406, 413, 415, 422]);

/** One upload: what became of it, and what stops the following ones. */
export async function attemptUpload(
  upload: () => Promise<HttpAnswer>,
): Promise<{ outcome: SendAnswer["outcomes"][number]; stoppedBy?: Error }> {
  try {
    const { status } = await upload();
    // 200, 201 and 202 have all been seen for good files; 409 means that it is there already.
    if ((status >= 200 && status <= 299) || status === 409) return { outcome: "accepted" };
    if (REFUSED.has(status)) return { outcome: "refused" };
    // A broken gateway may have passed it on.
    if (status >= 500) {
      return { outcome: "unknown", stoppedBy: new RetryLaterError(`Garmin upload answered HTTP ${status}`) };
    }
    return { outcome: "not_sent", stoppedBy: new UnexpectedAnswerError("Garmin upload", status, "no success") };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { outcome: error instanceof NoAnswerError ? "unknown" : "not_sent", stoppedBy: error };
  }
}

/** Deletes one entry; one that is gone already does no harm. */
export async function deleteEntry(call: GarminCall, withAccess: WithAccess, path: string): Promise<void> {
  const answer = await call(withAccess, { method: "DELETE", path });
  if (answer.status >= 500) throw tryLater("Garmin delete", answer);
  if (answer.status > 299 && answer.status !== 404) {
    throw new UnexpectedAnswerError("Garmin delete", answer.status, "no success");
  }
}
