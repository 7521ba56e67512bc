import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Clock } from "../../lib/clock.ts";

/** Telegram holds a long poll open for the 30 seconds that grammY asks for. */
const POLL_SECONDS = 45;
const CALL_SECONDS = 15;
const CONNECT_SECONDS = 10;
const LONGEST_WAIT_SECONDS = 60;
const TRIES = 3;
const LARGEST_ANSWER_BYTES = 16 * 1024 * 1024;

interface Answer {
  status: number;
  text: string;
  json(): Promise<unknown>;
}

/** grammY sends its calls as JSON, or as a stream if there is a file in it. */
interface Call {
  method?: string;
  headers?: Record<string, string>;
  body?: string | ReadableStream;
  signal?: AbortSignal;
}

/** Waits out limits here, because a retry in a conversation would be replayed. By node:https, which loads faster than fetch. */
export function createTelegramFetch(
  clock: Clock,
  /** Called when Telegram stops answering, and when it answers again. */
  onReach: (isReached: boolean) => void = () => {},
  /** Called with each answer and the method that was called; the status is 0 if there was no answer. */
  onAnswer: (method: string, answer: { status: number; text: string }) => void = () => {},
): { fetch: typeof globalThis.fetch; close: () => Promise<void> } {
  const agents = { "http:": new http.Agent({ keepAlive: true }), "https:": new https.Agent({ keepAlive: true }) };
  let isAway = false;

  function seen(isAwayNow: boolean) {
    if (isAway === isAwayNow) return;
    isAway = isAwayNow;
    onReach(!isAway);
  }

  const send = async (address: string, call: Call = {}): Promise<Answer> => {
    const url = new URL(address);
    const agent = agents[url.protocol === "http:" ? "http:" : "https:"];
    const method = url.pathname.split("/").at(-1) ?? "";
    const isPoll = method === "getUpdates";
    // A stream can be read only once, and it may have to be sent again.
    const body = typeof call.body === "object" ? await buffer(call.body) : call.body;
    for (let tries = 1; ; tries++) {
      const timeout = AbortSignal.timeout((isPoll ? POLL_SECONDS : CALL_SECONDS) * 1000);
      const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
      const isLast = isPoll || tries === TRIES || call.signal?.aborted === true;
      try {
        const answer = await ask(url, { ...call, body, signal, agent });
        onAnswer(method, answer);
        seen(answer.status >= 500);
        const seconds = await restSeconds(answer, tries);
        if (seconds === undefined || (isLast && answer.status !== 429) || tries === TRIES) return answer;
        if (seconds > LONGEST_WAIT_SECONDS || call.signal?.aborted) return answer;
        await Promise.race([abortOf(call.signal), clock.sleep(seconds)]);
        if (call.signal?.aborted) return answer;
      } catch (error) {
        // A poll that we broke off ourselves says nothing about Telegram.
        if (!call.signal?.aborted) {
          seen(true);
          onAnswer(method, { status: 0, text: "" });
        }
        // It may have got through, but a message sent twice is better than one never sent.
        if (isLast) throw error;
        await clock.sleep(tries);
      }
    }
  };

  return {
    // grammY's types name the platform's fetch, but it uses no more of it than this.
    fetch: send as unknown as typeof globalThis.fetch,
    async close() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function ask(
  url: URL,
  call: Omit<Call, "body"> & { body: string | Buffer | undefined; agent: http.Agent },
): Promise<Answer> {
  const { body, ...options } = call;
  const { request: open } = url.protocol === "http:" ? http : https;
  return new Promise((resolve, reject) => {
    const request = open(url, options, (response) => {
      const { statusCode: status = 0 } = response;
      textOf(response).then((text) => resolve({ status, text, json: async () => JSON.parse(text) }), reject);
    });
    request.once("socket", limitConnecting);
    request.on("error", (error: NodeJS.ErrnoException) => {
      // Telegram closed this connection while we slept, as between two calls of a function, so it got nothing.
      if (request.reusedSocket && error.code === "ECONNRESET") ask(url, call).then(resolve, reject);
      else reject(error);
    });
    request.end(body);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_ANSWER_BYTES) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const abortOf = (signal: AbortSignal | undefined) =>
  new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));

/** A poll may stay open for long, but connecting may not take that long. */
function limitConnecting(socket: Socket) {
  if (!socket.connecting) return;
  const timer = setTimeout(() => socket.destroy(new Error("no connection")), CONNECT_SECONDS * 1000);
  for (const end of ["connect", "close"]) socket.once(end, () => clearTimeout(timer));
}

async function restSeconds(answer: Answer, tries: number): Promise<number | undefined> {
  if (answer.status >= 500) return tries;
  if (answer.status !== 429) return undefined;
  const body = (await answer.json().catch(() => undefined)) as { parameters?: { retry_after?: number } } | undefined;
  return body?.parameters?.retry_after ?? 1;
}
