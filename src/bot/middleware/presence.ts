import { Composer } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Account, Accounts } from "../../sync/model/account.ts";
import type { BotContext } from "../ui/context.ts";

/** Notes that a person blocked the bot, or is back. Messages to them pause; syncs go on. */
export function notePresence({ accounts, clock, log }: { accounts: Accounts; clock: Clock; log: Log }) {
  const composer = new Composer<BotContext>();

  async function setBlocked({ telegramUserId }: Account, isBlocked: boolean) {
    log.info(isBlocked ? "owner_does_not_listen" : "owner_listens_again", { account: telegramUserId });
    await accounts.save(telegramUserId, { blockedAt: isBlocked ? clock.now() : null });
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
