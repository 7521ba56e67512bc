import type { MessageEntity } from "grammy/types";
import type { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Account, Accounts } from "../../sync/model/account.ts";
import { isGone } from "../telegram/errors.ts";

/** Telegram's notice that somebody unblocked the bot can get lost, so they are tried again this often. */
const BLOCKED_HOURS = 24;

interface Options {
  isQuiet: boolean;
  keyboard?: InlineKeyboard | undefined;
  entities?: MessageEntity[] | undefined;
  /** Gets the id of the message, to edit it later. */
  onSent?: (messageId: number) => void;
}

export interface DeliveryDeps {
  accounts: Accounts;
  send: (telegramUserId: number, text: string, options: Options) => Promise<unknown>;
  clock: Clock;
  log: Log;
}

/** Sends a message that nobody asked for, except to people who have blocked the bot. Whether Telegram accepted it. */
export type Deliver = (account: Account, text: string, options: Options) => Promise<boolean>;

/** Somebody who blocked the bot isn't tried each time. A time in the future was written by a wrong clock. */
export function isLeftAlone({ blockedAt }: Account, now: Date): boolean {
  const blockedHours = blockedAt && (now.getTime() - blockedAt.getTime()) / 3_600_000;
  return blockedHours !== undefined && blockedHours >= 0 && blockedHours < BLOCKED_HOURS;
}

export function createDelivery({ accounts, send, clock, log }: DeliveryDeps): Deliver {
  const undelivered = new Set<number>();

  async function saveBlocked(account: number, blockedAt: Date | null) {
    log.info(blockedAt ? "owner_does_not_listen" : "owner_listens_again", { account });
    await accounts
      .save(account, { blockedAt })
      .catch((error: unknown) => log.warn("silence_not_saved", errorFacts(error)));
  }

  return async (to, text, options) => {
    const { telegramUserId: account, blockedAt } = to;
    if (isLeftAlone(to, clock.now())) return false;
    try {
      await send(account, text, options);
    } catch (error) {
      log.error("notice_not_delivered", { account, ...errorFacts(error) });
      undelivered.add(account);
      if (isGone(error)) await saveBlocked(account, clock.now());
      return false;
    }
    if (undelivered.delete(account)) log.info("notices_delivered_again", { account });
    if (blockedAt) await saveBlocked(account, null);
    return true;
  };
}
