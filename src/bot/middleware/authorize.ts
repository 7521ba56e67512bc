import type { Context, MiddlewareFn } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { type Account, type Accounts, zoneOf } from "../../sync/model/account.ts";
import type { People, UpdateClaims } from "../../sync/model/people.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback } from "../ui/edit-message.ts";
import { languageOf, type Words, wordsIn, wordsOf } from "../words/words.ts";

export interface AuthorizeDeps {
  /** Who may use the bot; the first is its owner. */
  allowedIds: number[];
  accounts: Accounts;
  people: People;
  claims: UpdateClaims;
  clock: Clock;
  log: Log;
  /** Somebody came in with an invitation. */
  onJoined: (person: { name: string }) => Promise<void>;
}

const A_YEAR_SECONDS = 365 * 24 * 3600;
const AN_HOUR_SECONDS = 3600;
/** If Telegram limits a stranger's chat, an answer to them is given up after this long. */
const STRANGER_SECONDS = 3;

/** The words of the account if it is known, otherwise those of the language that Telegram names. */
export const senderWords = (ctx: BotContext): Words => ctx.words ?? wordsIn(languageOf(ctx.from?.language_code));

export const isNamed = ({ from }: Context, allowedIds: number[]) => from !== undefined && allowedIds.includes(from.id);

/** Named in the configuration, or invited. Rejects when the store cannot say. */
export async function isServed(
  ctx: Context,
  { allowedIds, people }: { allowedIds: number[]; people: Pick<People, "isInvited"> },
): Promise<boolean> {
  return isNamed(ctx, allowedIds) || (ctx.from !== undefined && people.isInvited(ctx.from.id));
}

/** Lets through who is served, in a private chat, with their account and words; others are told once that they are not. */
export function authorize(deps: AuthorizeDeps): MiddlewareFn<BotContext> {
  const { allowedIds, accounts, people, claims, clock, log, onJoined } = deps;

  return async (ctx, next) => {
    if (!ctx.from || !ctx.chat) return;
    const served = (await isServed(ctx, deps)) || (await letIn(ctx));
    if (ctx.chat.type !== "private" || !served) return refuse(ctx, served);
    const { id, language_code, first_name: name } = ctx.from;
    const known = await accounts.find(id);
    // Somebody who removed everything and now leaves the chat too has not come back.
    if (!known && ctx.myChatMember) return;
    const account = await (known
      ? named(known, name)
      : accounts.save(id, { name, language: languageOf(language_code) }));
    ctx.account = account;
    ctx.words = wordsOf(account, { timezone: zoneOf(account), now: clock.now() });
    ctx.isOwner = id === allowedIds[0];
    return next();
  };

  /** An account that was added in the terminal has no name yet. Nothing depends on it. */
  async function named(account: Account, name: string): Promise<Account> {
    if (account.name !== undefined) return account;
    return accounts.save(account.telegramUserId, { name }).catch(() => account);
  }

  async function refuse(ctx: BotContext, served: boolean): Promise<void> {
    if (!ctx.from || !ctx.chat) return;
    // The button of somebody who was served before, perhaps: it must not spin.
    if (ctx.callbackQuery) await answerCallback(ctx);
    // Somebody who follows a link expects an answer, even if they were refused before.
    if (invitationIn(ctx)) {
      if (!(await claims.once(`invitation-over#${ctx.chat.id}`, AN_HOUR_SECONDS))) return;
      return tellStranger(ctx, senderWords(ctx).people.invitationOver);
    }
    // Being blocked, or taken out of a group, is nothing to answer.
    if (ctx.myChatMember || !(await claims.once(`refused#${ctx.chat.id}`, A_YEAR_SECONDS))) return;
    log.info("stranger_refused", { chatType: ctx.chat.type });
    await tellStranger(ctx, served ? senderWords(ctx).onlyInPrivate : senderWords(ctx).refusal(ctx.from.id));
  }

  async function tellStranger(ctx: Context, text: string): Promise<void> {
    const signal = AbortSignal.timeout(STRANGER_SECONDS * 1000) as Parameters<typeof ctx.reply>[2];
    await ctx.reply(text, {}, signal).catch((error: unknown) => log.info("stranger_not_answered", errorFacts(error)));
  }

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
}

const invitationIn = ({ message, chat }: Context) =>
  chat?.type === "private" ? /^\/start ([\w-]{20,64})$/.exec(message?.text ?? "")?.[1] : undefined;
