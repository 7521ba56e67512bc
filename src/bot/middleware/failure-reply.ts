import { randomUUID } from "node:crypto";
import type { Context } from "grammy/web";
import { ActionNeededError, RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { SignInPages } from "../../sync/links/garmin-sign-in.ts";
import type { People } from "../../sync/model/people.ts";
import { isBlocked, isTelegramAway } from "../telegram/errors.ts";
import type { BotContext } from "../ui/context.ts";
import { failureMessage } from "../ui/error-reply.ts";
import { isNamed, isServed, senderWords } from "./authorize.ts";

/** Logs what broke while an update was handled, and says it to its sender in one sentence. */
export function createFailureReply(deps: {
  allowedIds: number[];
  people: Pick<People, "isInvited">;
  garminSignIn: SignInPages;
  log: Log;
}): (ctx: BotContext, error: unknown) => Promise<void> {
  const { allowedIds, people, garminSignIn, log } = deps;
  // People named in the configuration get an answer even if the store can't say who was invited.
  const mayAnswer = (ctx: Context) =>
    isNamed(ctx, allowedIds) || isServed(ctx, { allowedIds, people }).catch(() => false);

  return async (ctx, error) => {
    const reportId = randomUUID().slice(0, 8);
    const facts = { reportId, update: ctx.update.update_id, ...errorFacts(error) };
    const isPassing = error instanceof RetryLaterError || isTelegramAway(error);
    // `update_failed` raises an alarm: it is for what neither time nor the sender can fix.
    if (isPassing || error instanceof ActionNeededError || isBlocked(error)) log.warn("update_not_served", facts);
    else log.error("update_failed", facts);
    if (ctx.chat?.type !== "private" || !(await mayAnswer(ctx))) return;
    const reader = { words: senderWords(ctx), isOwner: ctx.from?.id === allowedIds[0] };
    const { text, keyboard } = failureMessage(error, { ...reader, garminSignIn, reportId });
    await ctx.reply(text, { ...(keyboard && { reply_markup: keyboard }) }).catch(() => undefined);
  };
}
