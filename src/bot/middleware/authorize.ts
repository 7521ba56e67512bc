import { randomUUID } from "node:crypto";
import type { Update } from "grammy/types";
import { Composer, type Context } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { ActionNeededError, RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { BusyError, withLease } from "../../sync/links/with-lease.ts";
import { type Account, type Accounts, zoneOf } from "../../sync/model/account.ts";
import type { Leases } from "../../sync/model/leases.ts";
import type { Claim, People, UpdateClaims } from "../../sync/model/people.ts";
import { isBlocked, isTelegramAway } from "../telegram/errors.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback } from "../ui/edit-message.ts";
import { failureInWords } from "../ui/error-reply.ts";
import { languageOf, wordsIn, wordsOf } from "../words/words.ts";

export interface AuthorizeDeps {
  /** Who may use the bot; the first is its owner. */
  allowedIds: number[];
  accounts: Accounts;
  people: People;
  claims: UpdateClaims;
  leases: Leases;
  clock: Clock;
  log: Log;
  /** Somebody came in with an invitation. */
  signInPageUrl: () => string;
  onJoined: (person: { name: string }) => Promise<void>;
  /** When it is aborted, nothing waits any more. */
  stopping: AbortSignal;
  /**
   * How long an update may wait for its turn. After it the update fails with `RetryLaterError`, and nothing was done.
   * `Infinity` for one that Telegram will not bring again.
   */
  maxWaitSeconds: (update: Update) => number;
}

const A_YEAR_SECONDS = 365 * 24 * 3600;
const AN_HOUR_SECONDS = 3600;
/** If Telegram limits a stranger's chat, an answer to them is given up after this long. */
const STRANGER_SECONDS = 3;
const CHAT_PAUSE_SECONDS = 0.2;
const CLAIM_PAUSE_SECONDS = 1;
/** How long a busy store is left alone. */
const STORE_PAUSE_SECONDS = 1;

/** The wait of one update for its turn. */
interface Turn {
  /** Whether Telegram brings the update again when it fails. */
  comesAgain: boolean;
  /** Throws `RetryLaterError`, with `why`, when there is no time left. */
  wait(seconds: number, why: string): Promise<void>;
}

/** Whoever has it is alone in the chat: no update there is handled meanwhile. */
export const chatLease = (chatId: number) => `chat#${chatId}`;

/**
 * What an update passes before anybody looks at it: it is handled once (invariant 8), one at a time per chat, and only for
 * those who are served. What breaks afterwards becomes one sentence with a report id.
 */
export function createAuthorize(deps: AuthorizeDeps): Composer<BotContext> {
  const {
    allowedIds,
    accounts,
    people,
    claims,
    leases,
    clock,
    log,
    signInPageUrl,
    onJoined,
    stopping,
    maxWaitSeconds,
  } = deps;
  const authorize = new Composer<BotContext>();

  authorize.use(async (ctx, next) => {
    // The chat first: whoever waits for it with a claim in hand could lose that meanwhile, and the update be handled twice.
    const turn = waiting(maxWaitSeconds(ctx.update));
    await aloneInChat(ctx, turn, () => handleOnce(ctx, turn, next));
  });

  async function handleOnce(ctx: BotContext, turn: Turn, next: () => Promise<void>) {
    let claim: Claim | undefined;
    try {
      claim = await claimWhenFree(ctx.update.update_id, turn);
      if (claim.type !== "claimed") return;
      await next();
    } catch (error) {
      // Nothing was done, and Telegram brings it again.
      if (!claim && turn.comesAgain && error instanceof RetryLaterError) throw error;
      const reportId = randomUUID().slice(0, 8);
      const facts = { reportId, update: ctx.update.update_id, ...errorFacts(error) };
      const isPassing = error instanceof RetryLaterError || isTelegramAway(error);
      const isForOthers = error instanceof ActionNeededError || isPassing || isBlocked(error);
      // An alarm listens to the second: it is for what passes neither by itself nor by whoever wrote.
      if (isForOthers) log.warn("update_not_served", facts);
      else log.error("update_failed", facts);
      if (ctx.chat?.type === "private" && (await isServed(ctx).catch(() => isNamed(ctx)))) {
        const words = wordsFor(ctx);
        const isOwner = ctx.from?.id === allowedIds[0];
        const failure = failureInWords(error, { words, isOwner, signInPageUrl: signInPageUrl() });
        const { text, keyboard } = failure ?? { text: words.brokeOnMySide(reportId) };
        await ctx.reply(text, { ...(keyboard && { reply_markup: keyboard }) }).catch(() => undefined);
      }
    }
    // It was handled, whatever becomes of the claim: to fail now would bring it again.
    if (claim?.type === "claimed") {
      await claim.done().catch((error: unknown) => log.warn("update_not_settled", errorFacts(error)));
    }
  }

  /** A process that died while it handled this update leaves a claim that ends after a minute: the update is not lost. */
  async function claimWhenFree(updateId: number, turn: Turn): Promise<Claim> {
    for (;;) {
      const claim = await claims.claim(updateId).catch((error: unknown) => waitForStore(error, turn));
      if (claim && claim.type !== "being_handled") return claim;
      if (claim) await turn.wait(CLAIM_PAUSE_SECONDS, "another copy is at work on this update");
    }
  }

  /** By long polling an update counts as taken as soon as it was read: what the store is too busy for has to wait here. */
  async function waitForStore(error: unknown, turn: Turn): Promise<undefined> {
    if (!(error instanceof RetryLaterError) || stopping.aborted) throw error;
    log.warn("store_busy", errorFacts(error));
    await turn.wait(STORE_PAUSE_SECONDS, error.message);
  }

  function waiting(patience: number): Turn {
    const begunAt = clock.now().getTime();
    return {
      comesAgain: patience !== Number.POSITIVE_INFINITY,
      async wait(seconds, why) {
        const goneSeconds = (clock.now().getTime() - begunAt) / 1000;
        if (goneSeconds + seconds > patience) throw new RetryLaterError(why);
        await clock.sleep(seconds);
      },
    };
  }

  /** Telegram delivers a message and a tap in one chat side by side; a dialog bears only one of them at a time. */
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

  const isNamed = (ctx: Context) => ctx.from !== undefined && allowedIds.includes(ctx.from.id);
  const isServed = async (ctx: Context) => isNamed(ctx) || (ctx.from !== undefined && people.isInvited(ctx.from.id));
  const wordsFor = (ctx: BotContext) => ctx.words ?? wordsIn(languageOf(ctx.from?.language_code));

  authorize.use(async (ctx, next) => {
    if (!ctx.from || !ctx.chat) return;
    const served = (await isServed(ctx)) || (await letIn(ctx));
    if (ctx.chat.type === "private" && served) {
      const { id, language_code, first_name: name } = ctx.from;
      const known = await accounts.find(id);
      // Whoever took everything away and now leaves the chat too has not come back.
      if (!known && ctx.myChatMember) return;
      const account = await (known
        ? named(known, name)
        : accounts.save(id, { name, language: languageOf(language_code) }));
      ctx.account = account;
      ctx.words = wordsOf(account, { timezone: zoneOf(account), now: clock.now() });
      ctx.isOwner = id === allowedIds[0];
      return next();
    }
    // A button of somebody who was served before, perhaps: it must not spin.
    if (ctx.callbackQuery) await answerCallback(ctx);
    // Somebody who follows a link expects an answer, even if they were refused before.
    if (invitationIn(ctx)) {
      if (!(await claims.once(`invitation-over#${ctx.chat.id}`, AN_HOUR_SECONDS))) return;
      return tellStranger(ctx, wordsFor(ctx).people.invitationOver);
    }
    // Being blocked, or taken out of a group, is nothing to answer.
    if (ctx.myChatMember || !(await claims.once(`refused#${ctx.chat.id}`, A_YEAR_SECONDS))) return;
    log.info("stranger_refused", { chatType: ctx.chat.type });
    await tellStranger(ctx, served ? wordsFor(ctx).onlyInPrivate : wordsFor(ctx).refusal(ctx.from.id));
  });

  /** An account that was added in the terminal has no name yet. Nothing depends on it. */
  async function named(account: Account, name: string): Promise<Account> {
    if (account.name !== undefined) return account;
    return accounts.save(account.telegramUserId, { name }).catch(() => account);
  }

  async function tellStranger(ctx: Context, text: string): Promise<void> {
    const signal = AbortSignal.timeout(STRANGER_SECONDS * 1000) as Parameters<typeof ctx.reply>[2];
    await ctx.reply(text, {}, signal).catch((error: unknown) => log.info("stranger_not_answered", errorFacts(error)));
  }

  const invitationIn = ({ message, chat }: Context) =>
    chat?.type === "private" ? /^\/start ([\w-]{20,64})$/.exec(message?.text ?? "")?.[1] : undefined;

  /** Whether somebody comes with an invitation of the owner's, which is used up by this. */
  async function letIn(ctx: Context): Promise<boolean> {
    const { from } = ctx;
    const token = invitationIn(ctx);
    if (!token || !from) return false;
    const isWelcome = await people.accept(token, { telegramUserId: from.id, name: from.first_name });
    if (isWelcome) {
      log.info("person_joined", { account: from.id });
      await onJoined({ name: from.first_name });
    }
    return isWelcome;
  }

  return authorize;
}
