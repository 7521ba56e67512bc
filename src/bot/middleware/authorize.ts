import type { Context, MiddlewareFn } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { type Accounts, type Language, zoneOf } from "../../sync/model/account.ts";
import type { Once, People } from "../../sync/model/people.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback } from "../ui/edit-message.ts";
import { languageOf, type Words, wordsIn, wordsOf } from "../words/words.ts";

export interface AuthorizeDeps {
  allowedIds: number[];
  accounts: Accounts;
  people: People;
  once: Once;
  clock: Clock;
  log: Log;
  onJoined: (person: Joined) => Promise<void>;
}

export interface Joined {
  telegramUserId: number;
  name: string;
  language: Language;
}

const A_YEAR_SECONDS = 365 * 24 * 3600;
const AN_HOUR_SECONDS = 3600;
const STRANGER_SECONDS = 3;

/** Before the account is known, the language is the one of Telegram. */
export const senderWords = (ctx: BotContext): Words => ctx.words ?? wordsIn(languageOf(ctx.from?.language_code));

export const isNamed = ({ from }: Context, allowedIds: number[]) => from !== undefined && allowedIds.includes(from.id);

/** Named in the configuration, or invited. Rejects if the store can't say. */
export async function isServed(
  ctx: Context,
  { allowedIds, people }: { allowedIds: number[]; people: Pick<People, "isInvited"> },
): Promise<boolean> {
  return isNamed(ctx, allowedIds) || (ctx.from !== undefined && people.isInvited(ctx.from.id));
}

/** Lets people through who are served, in a private chat. Others get one refusal. */
export function authorize(deps: AuthorizeDeps): MiddlewareFn<BotContext> {
  const { allowedIds, accounts, people, once, clock, log, onJoined } = deps;

  return async (ctx, next) => {
    if (!ctx.from || !ctx.chat) return;
    const served = (await isServed(ctx, deps)) || (await letIn(ctx));
    if (ctx.chat.type !== "private" || !served) return refuse(ctx, served);
    const { id, language_code, first_name: name } = ctx.from;
    const known = await accounts.find(id);
    // Leaving the chat must not bring back an account that was removed.
    if (!known && ctx.myChatMember) return;
    let account = known ?? (await accounts.save(id, { name, language: languageOf(language_code) }));
    // It was added in the terminal, or they have another name in Telegram by now.
    if (account.name !== name) account = await accounts.save(id, { name }).catch(() => account);
    ctx.account = account;
    ctx.words = wordsOf(account, { timezone: zoneOf(account), now: clock.now() });
    ctx.isOwner = id === allowedIds[0];
    return next();
  };

  async function refuse(ctx: BotContext, served: boolean): Promise<void> {
    if (!ctx.from || !ctx.chat) return;
    if (ctx.callbackQuery) await answerCallback(ctx);
    // People who follow an invitation get an answer even if they were refused before.
    if (invitationIn(ctx)) {
      if (!(await once(`invitation-over#${ctx.chat.id}`, AN_HOUR_SECONDS))) return;
      return answerStranger(ctx, senderWords(ctx).people.invitationOver);
    }
    if (ctx.myChatMember || !(await once(`refused#${ctx.chat.id}`, A_YEAR_SECONDS))) return;
    log.info("stranger_refused", { chatType: ctx.chat.type });
    await answerStranger(ctx, served ? senderWords(ctx).onlyInPrivate : senderWords(ctx).refusal(ctx.from.id));
  }

  async function answerStranger(ctx: Context, text: string): Promise<void> {
    const signal = AbortSignal.timeout(STRANGER_SECONDS * 1000) as Parameters<typeof ctx.reply>[2];
    await ctx.reply(text, {}, signal).catch((error: unknown) => log.info("stranger_not_answered", errorFacts(error)));
  }

  async function letIn(ctx: Context): Promise<boolean> {
    const { from } = ctx;
    const token = invitationIn(ctx);
    if (!token || !from) return false;
    const isWelcome = await people.accept(token, { telegramUserId: from.id, name: from.first_name });
    if (isWelcome) {
      log.info("person_joined", { account: from.id });
      await onJoined({
        telegramUserId: from.id,
        name: from.first_name,
        language: languageOf(from.language_code),
      });
    }
    return isWelcome;
  }
}

const invitationIn = ({ message, chat }: Context) =>
  chat?.type === "private" ? /^\/start ([\w-]{20,64})$/.exec(message?.text ?? "")?.[1] : undefined;
