import type { Update } from "grammy/types";
import type { MiddlewareFn } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { BusyError, withLease } from "../../sync/links/with-lease.ts";
import type { ChatTurn, ChatTurns } from "../../sync/model/people.ts";
import type { BotContext } from "../ui/context.ts";

export interface SequentializeDeps {
  turns: ChatTurns;
  clock: Clock;
  log: Log;
  stopping: AbortSignal;
  /** How long an update may wait before it fails with `RetryLaterError`. `Infinity` if Telegram won't bring it again. */
  maxWaitSeconds: (update: Update) => number;
  /** Answers the sender. Never rejects. */
  onError: (ctx: BotContext, error: unknown) => Promise<void>;
}

const CHAT_PAUSE_SECONDS = 0.2;
const STORE_PAUSE_SECONDS = 1;

export const chatName = (chatId: number) => `chat#${chatId}`;

/** Handles each update once, and those of one chat in order, across all processes. */
export function sequentialize(deps: SequentializeDeps): MiddlewareFn<BotContext> {
  const { turns, clock, log, stopping, maxWaitSeconds, onError } = deps;

  function waitingOf(update: Update) {
    const maxSeconds = maxWaitSeconds(update);
    const endsAt = clock.now().getTime() + maxSeconds * 1000;
    return {
      comesAgain: maxSeconds !== Number.POSITIVE_INFINITY,
      async for(seconds: number, why: string) {
        if (clock.now().getTime() + seconds * 1000 > endsAt) throw new RetryLaterError(why);
        await clock.sleep(seconds);
      },
    };
  }
  type Waiting = ReturnType<typeof waitingOf>;

  /** Telegram may deliver a message and a tap of one chat at once, but a dialog takes one at a time. */
  async function inTurn(ctx: BotContext, wait: Waiting, work: (turn: ChatTurn) => Promise<void>): Promise<void> {
    const name = ctx.chat ? chatName(ctx.chat.id) : `update#${ctx.update.update_id}`;
    for (let isBegun = false; !isBegun; ) {
      await withLease(turns, name, (_held, turn) => {
        isBegun = true;
        return work(turn);
      }).catch((error: unknown) => {
        if (isBegun) throw error;
        if (!(error instanceof BusyError)) return waitForStore(error, wait);
        return wait.for(CHAT_PAUSE_SECONDS, "another update of this chat is being handled");
      });
    }
  }

  /** With long polling an update counts as taken once it was read, so it has to wait for a busy store here. */
  async function waitForStore(error: unknown, wait: Waiting): Promise<void> {
    if (!(error instanceof RetryLaterError) || stopping.aborted) throw error;
    log.warn("store_busy", errorFacts(error));
    await wait.for(STORE_PAUSE_SECONDS, error.message);
  }

  return async (ctx, next) => {
    const id = ctx.update.update_id;
    const wait = waitingOf(ctx.update);
    let isBegun = false;
    try {
      await inTurn(ctx, wait, async (turn) => {
        isBegun = true;
        if (turn.isHandled(id)) return;
        ctx.turn = turn;
        await next().catch((error: unknown) => onError(ctx, error));
        turn.settle(id);
      });
    } catch (error) {
      if (isBegun || (wait.comesAgain && error instanceof RetryLaterError)) throw error;
      await onError(ctx, error);
    }
  };
}
