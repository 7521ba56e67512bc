import { Composer } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Account, Accounts } from "../../sync/model/account.ts";
import type { BotContext } from "../ui/context.ts";

export interface PresenceDeps {
  accounts: Accounts;
  runSoon: (account: number) => Promise<void>;
  clock: Clock;
  log: Log;
}

/**
 * Notes that a person blocked the bot, or is back, or there for the first time: messages to them had paused, and a run brings what
 * they have missed. Syncs go on meanwhile.
 */
export function notePresence({ accounts, runSoon, clock, log }: PresenceDeps) {
  const composer = new Composer<BotContext>();

  async function setBlocked({ telegramUserId }: Account, isBlocked: boolean) {
    log.info(isBlocked ? "owner_does_not_listen" : "owner_listens_again", { account: telegramUserId });
    await accounts.save(telegramUserId, { blockedAt: isBlocked ? clock.now() : null });
    if (isBlocked) return;
    await runSoon(telegramUserId).catch((error: unknown) => log.warn("run_not_queued", errorFacts(error)));
  }

  composer.on("my_chat_member", async (ctx) => {
    await setBlocked(ctx.account, ctx.myChatMember.new_chat_member.status === "kicked");
  });
  composer.on("message", async (ctx, next) => {
    // Telegram's notice that they unblocked the bot may have got lost.
    if (ctx.account.blockedAt) await setBlocked(ctx.account, false);
    await next();
  });
  return composer;
}
