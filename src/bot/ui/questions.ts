import { type Api, Composer, type InlineKeyboard } from "grammy/web";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Account, Accounts, AnswerTopic, Question, QuestionTopic } from "../../sync/model/account.ts";
import type { Link, Vendor } from "../../sync/model/link.ts";
import type { BotContext, Chat } from "./context.ts";
import { answerCallback } from "./edit-message.ts";
import { CALLBACK } from "./keyboards.ts";

/** Taps on settings and held readings are not here: they name what they do, so they are valid at any time. */
const ANSWERS: Array<[tap: RegExp, topic: AnswerTopic]> = [
  [/^garmin:(?:same|other|new-code|cancel|look|keep|switch:.+)$/, "garmin"],
  [/^withings:(?:keep|switch:.+)$/, "withings"],
  [/^zone:/, "zone"],
  [/^disconnect:/, "disconnect"],
  [/^people(?::|$)/, "people"],
  [/^height:/, "height"],
];
const topicOf = (tap: string) => ANSWERS.find(([pattern]) => pattern.test(tap))?.[1];
/** The taps that start to link a side. They are below many messages, and valid until that side is linked. */
const LINKS: Record<string, Vendor> = {
  [CALLBACK.withings]: "withings",
  [CALLBACK.garmin]: "garmin",
  [CALLBACK.garminHere]: "garmin",
  [CALLBACK.garminHereAndroid]: "garmin",
};

type Id = Pick<Account, "telegramUserId">;

interface QuestionsDeps {
  accounts: Pick<Accounts, "saveQuestion">;
  links: { facts(account: number, vendor: Vendor): Promise<Pick<Link, "state" | "linkedAt"> | undefined> };
  log: Log;
}

export type Questions = ReturnType<typeof createQuestions>;

/** The questions with buttons. At most one is open for each topic: when it is answered or replaced, its buttons go. */
export function createQuestions(api: Api, deps: QuestionsDeps) {
  const { accounts, log } = deps;

  async function save({ telegramUserId }: Id, topic: QuestionTopic, next: (before?: Question) => Question) {
    return accounts.saveQuestion(telegramUserId, topic, next).catch((error: unknown) => {
      // Every question newer than the last one that was saved counts as open, so no button is lost.
      log.warn("question_not_noted", errorFacts(error));
      return undefined;
    });
  }

  async function removeButtons({ telegramUserId }: Id, messageId: number) {
    await api.editMessageReplyMarkup(telegramUserId, messageId).catch(() => undefined);
  }

  async function asked(account: Id, topic: QuestionTopic, messageId: number): Promise<void> {
    const before = await save(account, topic, () => ({ messageId, isOpen: true }));
    if (before?.isOpen && before.messageId !== messageId) await removeButtons(account, before.messageId);
  }

  /** `redrawn`: its message already shows something else, with buttons of its own. */
  async function close(account: Account, topic: QuestionTopic, { redrawn = false } = {}): Promise<void> {
    const before = await save(account, topic, (open = { messageId: 0, isOpen: false }) => ({ ...open, isOpen: false }));
    if (before?.isOpen && !redrawn) await removeButtons(account, before.messageId);
  }

  const taps = new Composer<BotContext>();
  taps.on("callback_query:data", async (ctx, next) => {
    const reason = await reasonAgainst(ctx, deps.links);
    if (reason === undefined) return next();
    await answerCallback(ctx, reason);
    const { data, message } = ctx.callbackQuery;
    // A message with such a tap may have other buttons that still work.
    if (message && !(data in LINKS)) await removeButtons(ctx.account, message.message_id);
  });

  const leftOver = new Composer<BotContext>();
  leftOver.on("callback_query:data", async (ctx, next) => {
    const topic = topicOf(ctx.callbackQuery.data);
    if (!topic) return next();
    await answerCallback(ctx, ctx.words.questionOver[topic]);
    await close(ctx.account, topic);
  });

  return {
    /** Answers taps that come too late. Must run before the handlers of taps. */
    taps,
    /** Must run after them: it answers taps whose dialog is forgotten, after a day for instance. */
    leftOver,
    asked,
    close,
    /** Sends a question. A text without buttons is an answer, and closes it. */
    async ask(chat: Chat, topic: QuestionTopic, text: string, keyboard: InlineKeyboard): Promise<void> {
      if (keyboard.inline_keyboard.flat().length === 0) {
        await chat.reply(text);
        return close(chat.account, topic);
      }
      const { message_id: messageId } = await chat.reply(text, { reply_markup: keyboard });
      await asked(chat.account, topic, messageId);
    },
    /** For a message that nobody asked for. If all its buttons start to link a side, they go like those of a question. */
    async offered(account: Id, messageId: number, { inline_keyboard }: InlineKeyboard): Promise<void> {
      const data = inline_keyboard.flat().flatMap((it) => ("callback_data" in it ? [it.callback_data] : []));
      if (data.includes(CALLBACK.noHeight)) return asked(account, "height", messageId);
      const vendors = new Set(data.map((tap) => LINKS[tap]));
      if (vendors.size === 0 || vendors.has(undefined)) return;
      await asked(account, vendors.has("withings") ? "links" : "sign_in_choice", messageId);
    },
  };
}

async function reasonAgainst(
  { account, callbackQuery, words }: BotContext,
  links: QuestionsDeps["links"],
): Promise<string | undefined> {
  const { data = "", message } = callbackQuery ?? {};
  if (!message) return undefined;
  const topic = topicOf(data);
  const last = topic && account.questions?.[topic];
  const isOver =
    last && (message.message_id < last.messageId || (message.message_id === last.messageId && !last.isOpen));
  if (isOver) return words.questionOver[topic];
  const vendor = LINKS[data];
  if (!vendor) return undefined;
  const link = await links.facts(account.telegramUserId, vendor).catch(() => undefined);
  const isLinkedSince = link?.state === "linked" && Math.floor(link.linkedAt.getTime() / 1000) > message.date;
  return isLinkedSince ? words.linkedSince[vendor] : undefined;
}
