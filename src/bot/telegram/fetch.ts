import { buffer } from "node:stream/consumers";
import type { Clock } from "../../lib/clock.ts";
import { createHttps } from "../../lib/https.ts";

/** Telegram holds a long poll open for the 30 seconds that grammY asks for. */
const POLL_SECONDS = 45;
const CALL_SECONDS = 15;
const CONNECT_SECONDS = 10;
const LONGEST_WAIT_SECONDS = 60;
const TRIES = 3;

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

/** Waits out limits here, because a retry in a conversation would be replayed. */
export function createTelegramFetch(
  clock: Clock,
  /** Called when Telegram stops answering, and when it answers again. */
  onReach: (isReached: boolean) => void = () => {},
  /** Called with each answer and the method that was called; the status is 0 if there was no answer. */
  onAnswer: (method: string, answer: { status: number; text: string }) => void = () => {},
): { fetch: typeof globalThis.fetch; close: () => Promise<void> } {
  const https = createHttps();
  let isAway = false;

  function seen(isAwayNow: boolean) {
    if (isAway === isAwayNow) return;
    isAway = isAwayNow;
    onReach(!isAway);
  }

  const send = async (address: string, call: Call = {}): Promise<Answer> => {
    const url = new URL(address);
    const method = url.pathname.split("/").at(-1) ?? "";
    const isPoll = method === "getUpdates";
    // A stream can be read only once, and it may have to be sent again.
    const body = typeof call.body === "object" ? await buffer(call.body) : call.body;
    for (let tries = 1; ; tries++) {
      const isLast = isPoll || tries === TRIES || call.signal?.aborted === true;
      try {
        const limits = { connectSeconds: CONNECT_SECONDS, answerSeconds: isPoll ? POLL_SECONDS : CALL_SECONDS };
        const { status, text } = await https.ask(url, { ...call, body, ...limits });
        const answer = { status, text, json: async () => JSON.parse(text) };
        onAnswer(method, answer);
        seen(answer.status >= 500);
        const seconds = await restSeconds(answer, tries);
        if (seconds === undefined || (isLast && answer.status !== 429) || tries === TRIES) return answer;
        if (seconds > LONGEST_WAIT_SECONDS || call.signal?.aborted) return answer;
        await clock.sleep(seconds, call.signal ?? undefined);
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
    close: async () => https.close(),
  };
}

async function restSeconds(answer: Answer, tries: number): Promise<number | undefined> {
  if (answer.status >= 500) return tries;
  if (answer.status !== 429) return undefined;
  const body = (await answer.json().catch(() => undefined)) as { parameters?: { retry_after?: number } } | undefined;
  return body?.parameters?.retry_after ?? 1;
}
