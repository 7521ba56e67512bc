import type { Update } from "grammy/types";
import type { Context, MiddlewareFn } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { BusyError, withLease } from "../../sync/links/with-lease.ts";
import type { Leases } from "../../sync/model/leases.ts";
import type { Claim, UpdateClaims } from "../../sync/model/people.ts";
import type { BotContext } from "../ui/context.ts";

export interface SequentializeDeps {
  claims: UpdateClaims;
  leases: Leases;
  clock: Clock;
  log: Log;
  stopping: AbortSignal;
  /** How long an update may wait before it fails with `RetryLaterError`. `Infinity` if Telegram won't bring it again. */
  maxWaitSeconds: (update: Update) => number;
  /** Answers the sender. Never rejects. */
  onError: (ctx: BotContext, error: unknown) => Promise<void>;
}

const CHAT_PAUSE_SECONDS = 0.2;
const CLAIM_PAUSE_SECONDS = 1;
const STORE_PAUSE_SECONDS = 1;

export const chatLease = (chatId: number) => `chat#${chatId}`;

/** Handles each update once, and those of one chat in order, across all processes. */
export function sequentialize(deps: SequentializeDeps): MiddlewareFn<BotContext> {
  const { claims, leases, clock, log, stopping, maxWaitSeconds, onError } = deps;

  function turnOf(update: Update) {
    const maxSeconds = maxWaitSeconds(update);
    const endsAt = clock.now().getTime() + maxSeconds * 1000;
    return {
      comesAgain: maxSeconds !== Number.POSITIVE_INFINITY,
      async wait(seconds: number, why: string) {
        if (clock.now().getTime() + seconds * 1000 > endsAt) throw new RetryLaterError(why);
        await clock.sleep(seconds);
      },
    };
  }
  type Turn = ReturnType<typeof turnOf>;

  /** Telegram may deliver a message and a tap of one chat at once, but a dialog takes one at a time. */
  async function aloneInChat(ctx: Context, turn: Turn, work: () => Promise<void>) {
    if (!ctx.chat) return work();
    let isAlone = false;
    while (!isAlone) {
      await withLease(leases, chatLease(ctx.chat.id), () => {
        isAlone = true;
        return work();
      }).catch((error: unknown) => {
        if (isAlone) throw error;
        if (!(error instanceof BusyError)) return waitForStore(error, turn);
        return turn.wait(CHAT_PAUSE_SECONDS, "another update of this chat is being handled");
      });
    }
  }

  /** If another process died while it handled this update, its claim ends after a minute. */
  async function claimWhenFree(updateId: number, turn: Turn): Promise<Claim> {
    for (;;) {
      const claim = await claims.claim(updateId).catch((error: unknown) => waitForStore(error, turn));
      if (claim && claim.type !== "being_handled") return claim;
      if (claim) await turn.wait(CLAIM_PAUSE_SECONDS, "another copy is at work on this update");
    }
  }

  /** With long polling an update counts as taken once it was read, so it has to wait for a busy store here. */
  async function waitForStore(error: unknown, turn: Turn): Promise<undefined> {
    if (!(error instanceof RetryLaterError) || stopping.aborted) throw error;
    log.warn("store_busy", errorFacts(error));
    await turn.wait(STORE_PAUSE_SECONDS, error.message);
  }

  async function handleOnce(ctx: BotContext, turn: Turn, next: () => Promise<void>) {
    let claim: Claim | undefined;
    try {
      claim = await claimWhenFree(ctx.update.update_id, turn);
      if (claim.type !== "claimed") return;
      await next();
    } catch (error) {
      if (!claim && turn.comesAgain && error instanceof RetryLaterError) throw error;
      await onError(ctx, error);
    }
    // Failing now would make Telegram redeliver a handled update.
    if (claim?.type === "claimed") {
      await claim.done().catch((error: unknown) => log.warn("update_not_settled", errorFacts(error)));
    }
  }

  return async (ctx, next) => {
    // The chat comes first: an update that waits for it with a claim could lose the claim, and be handled twice.
    const turn = turnOf(ctx.update);
    await aloneInChat(ctx, turn, () => handleOnce(ctx, turn, next));
  };
}
