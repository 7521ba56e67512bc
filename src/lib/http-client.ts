import { randomUUID } from "node:crypto";
// By import, because tests replace the global ones to let time pass faster than requests do.
import { clearTimeout, setTimeout } from "node:timers";
import { type DelayCause, RetryLaterError } from "./errors.ts";

/** Sent as a form with this one file in it, in the field `file`. */
export interface FileForm {
  filename: string;
  file: Uint8Array;
}

export interface HttpRequest {
  method: "GET" | "POST" | "DELETE";
  url: URL | string;
  headers?: Record<string, string>;
  body?: string | URLSearchParams | FileForm;
  answerSeconds?: number;
  expectedStatus?: number;
  /** Answers as soon as the status is there, without the text. */
  isStatusEnough?: boolean;
  delayedBy?: DelayCause;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Sends one request, never twice, follows no redirect, unpacks nothing. Throws only `NoAnswerError`. */
export type Transport = (request: HttpRequest) => Promise<HttpAnswer>;

/** For requests to a vendor: each names whose trouble it is if no answer comes, which would else be taken for ours. */
export type VendorTransport = (request: HttpRequest & { delayedBy: DelayCause }) => Promise<HttpAnswer>;

/** No answer came. The request may have taken effect all the same. */
export class NoAnswerError extends RetryLaterError {}

const CONNECT_SECONDS = 10;
const ANSWER_SECONDS = 30;
/** What follows a status that is enough is read up to these limits, then the connection is closed. */
const IGNORED_TEXT = { milliseconds: 1000, bytes: 64 * 1024 };
export const LARGEST_ANSWER_BYTES = 16 * 1024 * 1024;

export function createTransport(): {
  send: Transport;
  closeIdle: () => Promise<void>;
  close: () => Promise<void>;
} {
  let pool: ReturnType<typeof openPool> | undefined;

  const send: Transport = async (asked) => {
    const { method, url, headers = {}, body, answerSeconds = ANSWER_SECONDS, isStatusEnough, delayedBy } = asked;
    const { origin, host, pathname, search } = new URL(url);
    const milliseconds = answerSeconds * 1000;
    pool ??= openPool();
    const { request, dispatcher } = await pool;
    const { contentType, content } = packed(body);
    const late = new AbortController();
    // Ends with the request. One of AbortSignal.timeout would stay, and wake a program that sleeps.
    const timer = setTimeout(
      () => late.abort(new DOMException("no answer in time", "TimeoutError")),
      milliseconds + CONNECT_SECONDS * 1000,
    );
    try {
      const answer = await request.call(dispatcher, {
        ...{ origin, path: pathname + search, method },
        headers: contentType ? { ...headers, "content-type": contentType } : headers,
        body: content,
        headersTimeout: milliseconds,
        bodyTimeout: milliseconds,
        // The two timeouts above restart with every byte; this one limits the whole.
        signal: late.signal,
      });
      const { statusCode: status, headers: answerHeaders, body: text } = answer;
      if (isStatusEnough) {
        const signal = AbortSignal.timeout(IGNORED_TEXT.milliseconds);
        void text.dump({ limit: IGNORED_TEXT.bytes, signal }).catch(() => undefined);
        return { status, headers: answerHeaders, text: "" };
      }
      const whole = await text.text();
      await connectionIsFree();
      return { status, headers: answerHeaders, text: whole };
    } catch (cause) {
      // Without the query, which may hold a ticket.
      throw new NoAnswerError(`${method} ${host}${pathname} gave no answer (${reason(cause)})`, {
        delayedBy,
      });
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    send,
    async closeIdle() {
      const last = pool;
      pool = undefined;
      await (await last)?.dispatcher.close();
    },
    close: async () => (await pool)?.dispatcher.destroy(),
  };
}

/** undici frees a connection one turn after its answer. A request sent before that would open a second one. */
const connectionIsFree = () => new Promise<void>((resolve) => setImmediate(resolve));

/** undici is loaded with the first request: it's heavy, and most chat messages need none. */
async function openPool() {
  const { Agent, request } = await import("./undici.ts");
  const dispatcher = new Agent({
    // No client known to work with these vendors uses HTTP/2 through undici, and over HTTP/2 undici repeats a request when a
    // connection is closed.
    allowH2: false,
    connect: { timeout: CONNECT_SECONDS * 1000 },
    maxResponseSize: LARGEST_ANSWER_BYTES,
    pipelining: 1,
  });
  return { request, dispatcher };
}

/** A form's content type is set here only: with a second one, appended, Garmin answers 400 with an empty body. */
function packed(body: HttpRequest["body"]): { contentType?: string; content: string | Buffer | null } {
  if (body instanceof URLSearchParams) {
    return { contentType: "application/x-www-form-urlencoded", content: body.toString() };
  }
  return typeof body === "object" ? packedFile(body) : { content: body ?? null };
}

/** By hand, because the first use of the platform's `FormData` takes 20 ms of CPU. */
function packedFile({ filename, file }: FileForm) {
  const boundary = `----weighbridge-${randomUUID()}`;
  const head = [
    `--${boundary}`,
    `Content-Disposition: form-data; name="file"; filename="${filename}"`,
    "Content-Type: application/octet-stream",
    "\r\n",
  ].join("\r\n");
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    content: Buffer.concat([Buffer.from(head), file, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

function reason(cause: unknown): string {
  if (cause instanceof Error) return "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
  return "unknown";
}
