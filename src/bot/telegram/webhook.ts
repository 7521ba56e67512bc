import { setTimeout as wait } from "node:timers/promises";
import type { WebhookInfo } from "grammy/types";
import { type Api, GrammyError } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { UsageError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { TelegramHealth } from "./health.ts";

export const ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member"] as const;
/** How many chats are served side by side: ten, at a fifth of a second each, are fifty updates a second. */
export const WEBHOOK_CONNECTIONS = 10;
const RECENT_SECONDS = 15 * 60;
/** Telegram doesn't say that the webhook was changed, so we poll for it. */
const CHECK_SECONDS = 5 * 60;
const RETRY_SECONDS = 30;
const LONGEST_MESSAGE = 200;

export interface WebhookTarget {
  url: string;
  secretToken: string;
}

export interface WebhookHealth {
  pending: number;
  lastError?: { at: Date; message: string };
}

/** Telegram doesn't show which secret it has, so a program that has just started uses `force`. */
export async function keepWebhook(
  api: Api,
  { url, secretToken, force = false, clock, log }: WebhookTarget & { force?: boolean; clock: Clock; log: Log },
): Promise<{ type: "kept" | "set"; before?: "ours" | "none" | "another" } & WebhookHealth> {
  const info = await api.getWebhookInfo();
  const health = webhookHealth(info, url, clock.now());
  const { pending, lastError } = health;
  if (lastError) lastError.message = lastError.message.replaceAll(secretToken, "…").slice(0, LONGEST_MESSAGE);
  // Updates that were delivered since no longer fail, and a program that has just started couldn't take them.
  if (!force && lastError && pending > 0) log.warn("webhook_failing", { pending, message: lastError.message });
  const isRefused = /\b401\b/.test(lastError?.message ?? "");
  if (!force && info.url && info.url !== url) log.warn("webhook_taken", { by: originOf(info.url) });
  if (force || isRefused || !isSetFor(info, url)) {
    await api.setWebhook(url, {
      secret_token: secretToken,
      allowed_updates: ALLOWED_UPDATES,
      max_connections: WEBHOOK_CONNECTIONS,
    });
    const before = info.url === url ? "ours" : info.url === "" ? "none" : "another";
    log.info("webhook_set", { pending, before });
    return { type: "set", before, ...health };
  }
  return { type: "kept", ...health };
}

/** Without its path, which may be a secret. Empty if unknown. */
export const originOf = (url: string) => (URL.canParse(url) ? new URL(url).origin : "");

export function webhookHealth(info: WebhookInfo, url: string, now: Date): WebhookHealth {
  const { pending_update_count: pending, last_error_date, last_error_message: message = "" } = info;
  const at = new Date((last_error_date ?? 0) * 1000);
  const isRecent = now.getTime() - at.getTime() < RECENT_SECONDS * 1000;
  return { pending, ...(info.url === url && isRecent && { lastError: { at, message } }) };
}

function isSetFor({ url, allowed_updates = [] }: WebhookInfo, wanted: string): boolean {
  return url === wanted && [...allowed_updates].sort().join() === [...ALLOWED_UPDATES].sort().join();
}

/** What long polling and the webhook share. */
export interface ServingDeps {
  /** Called when Telegram first answers. If it throws a `UsageError`, serving ends. */
  onStart: () => Promise<void>;
  /** Called if retrying is pointless at the very start: whether to end. */
  mayEnd: () => Promise<boolean>;
  stopping: AbortSignal;
  health: TelegramHealth;
  log: Log;
}

/**
 * Keeps the webhook until `stopping`: sets it at once, calls `onStart`, and checks it every few minutes. A failure is logged
 * and tried again, because Telegram may not be able to reach us yet.
 * @throws GrammyError at the start, if retrying is pointless and `mayEnd` says so; what `onStart` throws as `UsageError`.
 */
export async function serveByWebhook(
  api: Api,
  target: WebhookTarget,
  deps: ServingDeps & {
    checks?: CheckRequests;
    clock: Clock;
    pause?: (seconds: number, signal: AbortSignal) => Promise<void>;
  },
): Promise<void> {
  const { onStart, mayEnd, stopping, health, checks, clock, log } = deps;
  const { pause = (seconds, signal) => wait(seconds * 1000, undefined, { signal }) } = deps;
  let isStarted = false;
  try {
    while (!stopping.aborted) await checkAndPause();
  } finally {
    checks?.close();
  }

  async function checkAndPause() {
    const isKept = await keep().catch(async (error: unknown) => {
      const isLost = isHopeless(error);
      if (error instanceof UsageError || (!isStarted && isLost && (await mayEnd()))) throw error;
      health.failed(error);
      // `webhook_failing` has an alarm, and an unknown token has just been logged.
      if (health.state() !== "token_unknown")
        log.warn(isLost ? "webhook_failing" : "webhook_not_kept", errorFacts(error));
      return false;
    });
    const cut = new AbortController();
    const signal = AbortSignal.any([stopping, cut.signal]);
    const paused = pause(isKept ? CHECK_SECONDS : RETRY_SECONDS, signal).catch(() => undefined);
    await (checks ? Promise.race([paused, checks.next()]) : paused);
    cut.abort();
  }

  async function keep(): Promise<true> {
    const { before } = await keepWebhook(api, { ...target, force: !isStarted, clock, log });
    // Telegram drops no webhook by itself: another program that polls has it removed first.
    if (isStarted && before === "none") log.warn("webhook_taken", { by: "" });
    if (!isStarted) await onStart();
    isStarted = true;
    health.succeeded();
    return true;
  }
}

export type CheckRequests = ReturnType<typeof createCheckRequests>;

export function createCheckRequests() {
  let wanted: PromiseWithResolvers<void> | undefined;
  let done = Promise.withResolvers<void>();
  return {
    /** Resolves when it was checked; at once if nobody checks. */
    request(): Promise<void> {
      wanted?.resolve();
      return wanted ? done.promise : Promise.resolve();
    },
    next(): Promise<void> {
      done.resolve();
      done = Promise.withResolvers();
      wanted = Promise.withResolvers();
      return wanted.promise;
    },
    close() {
      wanted = undefined;
      done.resolve();
    },
  };
}

/** Telegram doesn't know the token, or never calls such an address. */
export function isHopeless(error: unknown): boolean {
  return error instanceof GrammyError && ([401, 404].includes(error.error_code) || isUncallable(error));
}

/** Telegram calls https addresses only, and only on four ports. */
export function isUncallable({ error_code, description }: GrammyError): boolean {
  return error_code === 400 && /HTTPS URL must be provided|only on ports/i.test(description);
}
