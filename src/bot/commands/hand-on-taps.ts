import { type CallbackQueryContext, InlineKeyboard } from "grammy/web";
import type { Account } from "../../sync/model/account.ts";
import type { HandOnAct } from "../../sync/model/jobs.ts";
import { readingId } from "../../sync/model/reading.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback, editOrReply } from "../ui/edit-message.ts";
import { buttonsFor, offerButtons, otherButtons, sureOfferButtons, withOthers } from "../ui/hand-on-buttons.ts";
import { undoAnswerButton } from "../ui/question-buttons.ts";
import { offerQuestion } from "../views/offer.ts";
import { isAskedTwice, sureQuestion } from "../views/question.ts";
import { handOnWords } from "../words/hand-on.ts";
import { type Words, wordsOf } from "../words/words.ts";
import type { HandOnDeps } from "./hand-on-answers.ts";
import { nameOf } from "./offer-news.ts";
import type { ReadingActs } from "./reading-acts.ts";

/** A tap of the one it came to. */
export async function handOn(
  acts: ReadingActs,
  deps: HandOnDeps,
  ctx: CallbackQueryContext<BotContext>,
): Promise<void> {
  const [, verb, argument = "", id = ""] = ctx.match;
  const { account } = ctx;
  const words = await acts.wordsAt(account);
  const say = handOnWords(words);
  const entry = await deps.entryOf(account, id);
  if (!entry) return answerCallback(ctx, words.undo.unknown);
  const others = await deps.others(account.telegramUserId, id);
  if (verb === "who") {
    await answerCallback(ctx);
    return redraw(ctx, otherButtons(id, others, Number(argument), words));
  }
  if (verb === "back") {
    await answerCallback(ctx);
    return redraw(ctx, await keyboardOf(deps, account, id, words));
  }
  const other = others.find((it) => String(it.id) === argument);
  if (!other) {
    const known = await deps.accounts.find(Number(argument));
    const { saidNo } = (await deps.offers.find(account.telegramUserId, id))?.value ?? {};
    if (!known?.name) return answerCallback(ctx, say.notHere);
    return answerCallback(ctx, (saidNo?.includes(Number(argument)) ? say.saidNo : say.cannotAsk)(known.name));
  }
  await answerCallback(ctx);
  const first = say.asking(entry, other.name);
  const keyboard = withOthers(new InlineKeyboard(), id, [other], words);
  const what = { reason: "handed_on", act: "offer", reading: id, other: other.id } as const;
  await acts.queued(ctx, first, what, () => ({ text: say.failed(entry), keyboard }));
}

/** Of a held reading, or one that was answered with no. */
async function keyboardOf(deps: HandOnDeps, account: Account, id: string, words: Words) {
  const item = (await deps.overview(account)).attention.find((it) => readingId(it) === id);
  if (item) return buttonsFor(deps, account, item, words);
  return withOthers(undoAnswerButton(id, words), id, await deps.others(account.telegramUserId, id), words);
}

async function redraw(ctx: BotContext, keyboard: InlineKeyboard): Promise<void> {
  await ctx.editMessageReplyMarkup({ reply_markup: keyboard }).catch(() => undefined);
}

const ACTS: Record<string, HandOnAct> = { yes: "theirs", sure: "theirs", no: "not_theirs", undo: "undo_theirs" };

/** A tap of the one who is asked. */
export async function answerOffer(
  acts: ReadingActs,
  deps: HandOnDeps,
  ctx: CallbackQueryContext<BotContext>,
): Promise<void> {
  const [, verb = "", from = "", reading = ""] = ctx.match;
  const { account } = ctx;
  const { timezone, lastReadings } = await deps.overview(account);
  const words = wordsOf(account, { timezone, now: deps.clock.now() });
  const say = handOnWords(words);
  const offer = (await deps.offers.find(Number(from), reading))?.value;
  const act = ACTS[verb];
  if (offer?.to !== account.telegramUserId) {
    await answerCallback(ctx, say.over.other);
    return redraw(ctx, new InlineKeyboard());
  }
  await answerCallback(ctx);
  const keyboard = offerButtons(offer, words);
  if (!act) {
    if (offer.state !== "asked") return;
    const { text, entities } = offerQuestion(offer, await nameOf(deps, offer.from, words), words);
    await ctx.reply(text, { reply_markup: keyboard, ...(entities && { entities }) });
    return;
  }
  if (verb === "yes" && offer.state === "asked" && isAskedTwice(offer, lastReadings)) {
    const { text, entities } = sureQuestion(offer, lastReadings, words);
    return void (await editOrReply(ctx, text, sureOfferButtons(offer, words), entities));
  }
  const first = firstWords(act, offer.state, words, offer);
  const what = { reason: "handed_on", act, reading, other: offer.from } as const;
  await acts.queued(ctx, first, what, () => ({ text: say.failed(offer), keyboard }));
}

function firstWords(act: HandOnAct, state: string, words: Words, offer: Parameters<Words["undo"]["taking"]>[0]) {
  if (act === "theirs" && state === "asked") return handOnWords(words).saving(offer);
  return act === "undo_theirs" && state === "accepted" ? words.undo.taking(offer) : undefined;
}
