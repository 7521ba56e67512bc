import { Agent, fetch, type Response } from "undici";
import type { Clock } from "../clock.ts";

/** Telegram holds a long poll open for the 30 seconds that grammY asks for. */
const POLL_SECONDS = 45;
const CALL_SECONDS = 15;
const LONGEST_WAIT_SECONDS = 60;
const TRIES = 3;

/**
 * How the bot talks to Telegram. Limits and hiccups are waited out here and nowhere above: a retry inside a conversation
 * would be repeated at every replay of it.
 */
export function createTelegramFetch(
  clock: Clock,
  /** Called when Telegram stops answering, and when it answers again: grammY itself goes on trying without a word. */
  onReach: (isReached: boolean) => void = () => {},
): { fetch: typeof globalThis.fetch; close: () => Promise<void> } {
  const dispatcher = new Agent({ connect: { timeout: 10_000 } });

  let isAway = false;

  function seen(isAwayNow: boolean) {
    if (isAway === isAwayNow) return;
    isAway = isAwayNow;
    onReach(!isAway);
  }

  const send = async (...[url, init]: Parameters<typeof fetch>) => {
    const isPoll = String(url).endsWith("/getUpdates");
    for (let tries = 1; ; tries++) {
      const timeout = AbortSignal.timeout((isPoll ? POLL_SECONDS : CALL_SECONDS) * 1000);
      const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
      const isLast = isPoll || tries === TRIES || init?.signal?.aborted === true;
      try {
        const response = await fetch(url, { ...init, signal, dispatcher });
        seen(response.status >= 500);
        const seconds = await restSeconds(response, tries);
        if (seconds === undefined || (isLast && response.status !== 429) || tries === TRIES) return response;
        if (seconds > LONGEST_WAIT_SECONDS) return response;
        await clock.sleep(seconds);
      } catch (error) {
        // A poll that is broken off by ourselves says nothing about Telegram.
        if (!init?.signal?.aborted) seen(true);
        // Whether it got through is unknown: a word said twice is better than one never said.
        if (isLast) throw error;
        await clock.sleep(tries);
      }
    }
  };
  // grammY's types name the platform's fetch; ours is the same with a dispatcher of its own.
  return { fetch: send as unknown as typeof globalThis.fetch, close: () => dispatcher.destroy() };
}

/** How long to wait before another try, where one is worth it. */
async function restSeconds(response: Response, tries: number): Promise<number | undefined> {
  if (response.status >= 500) return tries;
  if (response.status !== 429) return undefined;
  const body = (await response
    .clone()
    .json()
    .catch(() => undefined)) as { parameters?: { retry_after?: number } } | undefined;
  return body?.parameters?.retry_after ?? 1;
}
