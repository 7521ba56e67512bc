import { Agent, type FormData, request, errors as undiciErrors } from "undici";
import { RetryLaterError } from "./errors.ts";

export interface HttpRequest {
  method: "GET" | "POST" | "DELETE";
  url: URL | string;
  headers?: Record<string, string>;
  body?: string | URLSearchParams | FormData;
  /** How long the whole answer may take. Default 30. */
  answerSeconds?: number;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Sends one request, never twice, follows no redirect. Throws only `NoAnswerError`. */
export type Transport = (request: HttpRequest) => Promise<HttpAnswer>;

/** No answer came. Whether the request took effect is unknown, and nobody may assume that it did not. */
export class NoAnswerError extends RetryLaterError {}

const CONNECT_SECONDS = 10;
const ANSWER_SECONDS = 30;

export function createTransport(): { send: Transport; close: () => Promise<void> } {
  const agent = new Agent({ connect: { timeout: CONNECT_SECONDS * 1000 }, pipelining: 1 });

  const send: Transport = async ({ method, url, headers = {}, body, answerSeconds = ANSWER_SECONDS }) => {
    const { host, pathname } = new URL(url);
    const milliseconds = answerSeconds * 1000;
    // A form's content type is set here and only here: a second one, appended, makes Garmin answer 400 with an empty body.
    const form = body instanceof URLSearchParams;
    try {
      const answer = await request(url, {
        method,
        headers: form ? { ...headers, "content-type": "application/x-www-form-urlencoded" } : headers,
        body: form ? body.toString() : (body ?? null),
        dispatcher: agent,
        headersTimeout: milliseconds,
        bodyTimeout: milliseconds,
        // The two timeouts above restart with every byte; this one bounds the whole.
        signal: AbortSignal.timeout(milliseconds + CONNECT_SECONDS * 1000),
      });
      return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
    } catch (cause) {
      // The path without its query: a query may hold a ticket.
      throw new NoAnswerError(`${method} ${host}${pathname} gave no answer (${reason(cause)})`);
    }
  };

  return { send, close: () => agent.destroy() };
}

function reason(cause: unknown): string {
  if (cause instanceof undiciErrors.UndiciError) return cause.code;
  if (cause instanceof Error) return "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
  return "unknown";
}
