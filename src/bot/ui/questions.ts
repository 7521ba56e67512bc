import { type Api, Composer, type InlineKeyboard } from "grammy/web";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Account, Accounts, AnswerTopic, Question, QuestionTopic } from "../../sync/model/account.ts";
import type { Link, Vendor } from "../../sync/model/link.ts";
import type { BotContext, Chat } from "./context.ts";
import { answerCallback } from "./edit-message.ts";
import { CALLBACK } from "./keyboards.ts";

/** The topic that each tap answers. Taps on settings and held readings name what they do, so they are valid at any time. */
const ANSWERS: Array<[tap: RegExp, topic: AnswerTopic]> = [
  [/^garmin:(?:same|other|new-code|cancel|look|keep|switch:.+)$/, "garmin"],
  [/^withings:(?:keep|switch:.+)$/, "withings"],
  [/^zone:/, "zone"],
  [/^disconnect:/, "disconnect"],
  [/^people(?::|$)/, "people"],
];
/** The taps that begin to link a side. They are below many messages, and end once the side is linked. */
const BEGINS: Record<string, Vendor> = {
  [CALLBACK.withings]: "withings",
  [CALLBACK.garmin]: "garmin",
  [CALLBACK.garminHere]: "garmin",
  [CALLBACK.garminHereAndroid]: "garmin",
};

type Id = Pick<Account, "telegramUserId">;
export type Questions = ReturnType<typeof createQuestions>;

/**
 * The questions with buttons. At most one is open for each topic: when it is answered or another takes its place, its buttons
 * go, and a tap that still comes says what it was about and changes nothing.
 */
export function createQuestions(
  api: Api,
  deps: {
    accounts: Pick<Accounts, "saveQuestion">;
    /** When the link was made, and its state. */
    links: { facts(account: number, vendor: Vendor): Promise<Pick<Link, "state" | "linkedAt"> | undefined> };
    log: Log;
  },
) {
  const { accounts, links, log } = deps;

  /** If it cannot be noted, nobody loses a button: every question newer than the last one noted counts as open. */
  async function note({ telegramUserId }: Id, topic: QuestionTopic, next: (before?: Question) => Question) {
    try {
      return await accounts.saveQuestion(telegramUserId, topic, next);
    } catch (error) {
      log.warn("question_not_noted", errorFacts(error));
      return undefined;
    }
  }

  async function takeButtons({ telegramUserId }: Id, messageId: number) {
    // Gone already, or too old to be changed: then a tap still says so.
    await api.editMessageReplyMarkup(telegramUserId, messageId).catch(() => undefined);
  }

  /** This message asks from now on, instead of the one before. */
  async function asked(account: Id, topic: QuestionTopic, messageId: number): Promise<void> {
    const before = await note(account, topic, () => ({ messageId, isOpen: true }));
    if (before?.isOpen && before.messageId !== messageId) await takeButtons(account, before.messageId);
  }

  /** `redrawn`: its message already shows something else, with buttons of its own. */
  async function close(account: Account, topic: QuestionTopic, { redrawn = false } = {}): Promise<void> {
    const before = await note(account, topic, (open = { messageId: 0, isOpen: false }) => ({ ...open, isOpen: false }));
    if (before?.isOpen && !redrawn) await takeButtons(account, before.messageId);
  }

  /** What a late tap was about; undefined for one that is still valid. */
  async function over({ account, callbackQuery, words }: BotContext): Promise<string | undefined> {
    const { data = "", message } = callbackQuery ?? {};
    if (!message) return undefined;
    const topic = topicOf(data);
    const last = topic && account.questions?.[topic];
    if (last) {
      const { messageId, isOpen } = last;
      if (message.message_id < messageId || (message.message_id === messageId && !isOpen)) {
        return words.questionOver[topic];
      }
    }
    const vendor = BEGINS[data];
    if (!vendor) return undefined;
    // A damaged link has to be made again.
    const link = await links.facts(account.telegramUserId, vendor).catch(() => undefined);
    const isLinkedSince = link?.state === "linked" && Math.floor(link.linkedAt.getTime() / 1000) > message.date;
    return isLinkedSince ? words.linkedSince[vendor] : undefined;
  }

  const topicOf = (data: string) => ANSWERS.find(([tap]) => tap.test(data))?.[1];

  const taps = new Composer<BotContext>();
  taps.on("callback_query:data", async (ctx, next) => {
    const what = await over(ctx);
    if (what === undefined) return next();
    await answerCallback(ctx, what);
    // A message that begins to link a side may have buttons for other things.
    const { data, message } = ctx.callbackQuery;
    if (message && !(data in BEGINS)) await takeButtons(ctx.account, message.message_id);
  });

  const leftOver = new Composer<BotContext>();
  leftOver.on("callback_query:data", async (ctx, next) => {
    const topic = topicOf(ctx.callbackQuery.data);
    if (!topic) return next();
    await answerCallback(ctx, ctx.words.questionOver[topic]);
    await close(ctx.account, topic);
  });

  /**
   * For a message that isn't a question. If all of its buttons begin to link a side, they go like those of a question.
   */
  async function offered(account: Id, messageId: number, { inline_keyboard }: InlineKeyboard): Promise<void> {
    const taps = inline_keyboard.flat().flatMap((it) => ("callback_data" in it ? [it.callback_data] : []));
    const vendors = new Set(taps.map((tap) => BEGINS[tap]));
    if (vendors.size === 0 || vendors.has(undefined)) return;
    await asked(account, vendors.has("withings") ? "links" : "sign_in_choice", messageId);
  }

  return {
    offered,
    /** Must run before whatever handles a tap. */
    taps,
    /** Must run after it: a forgotten dialog, after a day for instance, takes no more answers. */
    leftOver,
    asked,
    close,
    /** Sends the question. Text without buttons is an answer, and closes the question. */
    async ask(chat: Chat, topic: QuestionTopic, text: string, keyboard: InlineKeyboard): Promise<void> {
      if (keyboard.inline_keyboard.flat().length === 0) {
        await chat.reply(text);
        return close(chat.account, topic);
      }
      const { message_id: messageId } = await chat.reply(text, { reply_markup: keyboard });
      await asked(chat.account, topic, messageId);
    },
  };
}
