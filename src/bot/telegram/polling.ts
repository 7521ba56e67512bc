import { setTimeout as wait } from "node:timers/promises";
import type { Update } from "grammy/types";
import { type Api, GrammyError } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { UsageError } from "../../lib/errors.ts";
import { errorFacts } from "../../lib/log.ts";
import { ALLOWED_UPDATES, isHopeless, originOf, type ServingDeps } from "./webhook.ts";

const POLL_SECONDS = 30;
const BATCH_SECONDS = 1;
const LONGEST_PAUSE_SECONDS = 30;
/** For confirming at the end what was handled. If that fails, the claims still prevent a repeat. */
const CONFIRM_SECONDS = 5;

type Signal = Parameters<Api["getUpdates"]>[1];

interface PollingDeps extends ServingDeps {
  handle: (update: Update) => Promise<void>;
  clock: Clock;
}

/**
 * Long polling until `stopping`, whatever Telegram answers, with pauses that grow to half a minute. An update is confirmed
 * only after it was handled, so a killed program gets it again.
 * @throws GrammyError at the start, when the token is unknown and `mayEnd` says so; what `onStart` throws as `UsageError`.
 */
export async function serveByPolling(api: Api, deps: PollingDeps): Promise<void> {
  const { onStart, handle, mayEnd, stopping, health, clock, log } = deps;
  const queue = createUpdateQueue(handle, stopping);
  const signal = stopping as Signal;
  let hasStarted = false;
  let hasWebhook = true;
  let failures = 0;
  while (!stopping.aborted) {
    try {
      if (hasWebhook) await api.deleteWebhook({}, signal);
      hasWebhook = false;
      if (!hasStarted) await onStart();
      hasStarted = true;
      const timeout = queue.isIdle() ? POLL_SECONDS : 0;
      const updates = await api.getUpdates(
        { offset: queue.offset(), timeout, allowed_updates: ALLOWED_UPDATES },
        signal,
      );
      failures = 0;
      health.succeeded();
      for (const update of updates) queue.add(update);
      if (!queue.isIdle())
        await Promise.race([queue.ended(), wait(BATCH_SECONDS * 1000, undefined, { signal: stopping })]);
    } catch (error) {
      if (stopping.aborted) break;
      if (error instanceof UsageError) throw error;
      if (!hasStarted && isHopeless(error) && (await mayEnd())) throw error;
      health.failed(error);
      const isElsewhere = error instanceof GrammyError && error.error_code === 409 && /webhook/.test(error.description);
      if (isElsewhere && hasStarted) {
        const info = await api.getWebhookInfo().catch(() => undefined);
        log.warn("webhook_taken", { by: originOf(info?.url ?? "") });
      }
      hasWebhook ||= isElsewhere;
      await clock.sleep(restSeconds(error, failures++), stopping);
    }
  }
  await queue.ended();
  if (!hasStarted) return;
  await api
    .getUpdates({ offset: queue.offset(), limit: 1, timeout: 0 }, AbortSignal.timeout(CONFIRM_SECONDS * 1000) as Signal)
    .catch((error: unknown) => log.warn("telegram_not_told", errorFacts(error)));
}

function restSeconds(error: unknown, failures: number): number {
  const asked = error instanceof GrammyError ? (error.parameters.retry_after ?? 0) : 0;
  return Math.max(asked, Math.min(2 ** failures, LONGEST_PAUSE_SECONDS));
}

/** Handles the updates of one chat in order, and those of different chats in parallel. */
function createUpdateQueue(handle: (update: Update) => Promise<void>, stopping: AbortSignal) {
  /** All since the last confirmation: until the oldest is handled, Telegram sends the others again. */
  const read = new Set<number>();
  const underWay = new Map<number, Promise<void>>();
  const lastOfChat = new Map<number | undefined, Promise<void>>();
  let next = 0;

  async function handleAfter(before: Promise<void> | undefined, update: Update) {
    await before;
    // It stays unconfirmed, so the next program gets it.
    if (stopping.aborted) return;
    await handle(update);
    underWay.delete(update.update_id);
  }

  return {
    isIdle: () => underWay.size === 0,
    /** The first update that Telegram is to send; this confirms earlier ones. 0: all there are. */
    offset(): number {
      const [oldest] = underWay.keys();
      if (oldest === undefined) read.clear();
      return oldest ?? next;
    },
    add(update: Update) {
      if (read.has(update.update_id)) return;
      read.add(update.update_id);
      next = update.update_id + 1;
      const chat = chatOf(update);
      const work = handleAfter(lastOfChat.get(chat), update).finally(() => {
        if (lastOfChat.get(chat) === work) lastOfChat.delete(chat);
      });
      underWay.set(update.update_id, work);
      lastOfChat.set(chat, work);
    },
    ended: async () => void (await Promise.all(underWay.values())),
  };
}

function chatOf({ message, callback_query, my_chat_member }: Update): number | undefined {
  return (message ?? callback_query?.message ?? my_chat_member)?.chat.id;
}
