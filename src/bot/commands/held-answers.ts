import type { CallbackQueryContext, InlineKeyboard } from "grammy/web";
import { type AttentionItem, asksWhose } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import type { Overview } from "../../sync/status/overview.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback, editOrReply, orLater } from "../ui/edit-message.ts";
import { buttonsFor } from "../ui/hand-on-buttons.ts";
import { stillWaiting } from "../ui/keyboards.ts";
import { listButtons, sureButtons, undoAllButton, undoAnswerButton } from "../ui/question-buttons.ts";
import { becameText } from "../views/held.ts";
import { heldList, heldQuestion, isAskedTwice, LISTED, sureQuestion } from "../views/question.ts";
import type { Words } from "../words/words.ts";
import type { ReadingActs } from "./reading-acts.ts";
import type { ReadingActsDeps } from "./reading-answers.ts";

export interface HeldDeps extends Pick<ReadingActsDeps, "overview" | "entryOf" | "decideHeld" | "others"> {
  startSync: (account: BotContext["account"]) => Promise<void>;
}

export async function answerOne(
  acts: ReadingActs,
  deps: HeldDeps,
  ctx: CallbackQueryContext<BotContext>,
): Promise<void> {
  const [, verb, id = ""] = ctx.match;
  const words = await acts.wordsAt(ctx.account);
  const entry = await deps.entryOf(ctx.account, id);
  if (!entry) return answerCallback(ctx, words.undo.unknown);
  const { fate } = entry;
  const isHeld = fate.state === "held";
  await answerCallback(ctx, verb === "ask" && !isHeld ? becameText(entry, words) : undefined);
  if (verb === "undo") return acts.begin(ctx, "undo", entry, words);
  // What isn't held any more was answered elsewhere, in another message for instance. This says what became of it.
  if (verb === "no" || (!isHeld && verb !== "ask")) return acts.begin(ctx, "not_mine", entry, words);
  if (!isHeld) return;
  const { lastReadings } = await deps.overview(ctx.account);
  const item = { ...entry, fate };
  if (verb === "ask") {
    await askAlone(ctx, await questionOf(deps, ctx, item, lastReadings, words));
  } else if (verb === "yes" && isAskedTwice(entry, lastReadings)) {
    const { text, entities } = sureQuestion(item, lastReadings, words);
    await editOrReply(ctx, text, sureButtons(id, words), entities);
  } else await acts.begin(ctx, "mine", entry, words);
}

const listed = ({ attention }: Overview) => attention.filter(asksWhose);

export async function answerList(
  acts: ReadingActs,
  deps: HeldDeps,
  ctx: CallbackQueryContext<BotContext>,
): Promise<void> {
  const [, verb, shown = ""] = ctx.match;
  const words = await acts.wordsAt(ctx.account);
  if (verb === "page") {
    await answerCallback(ctx);
    return showList(deps, ctx, await deps.overview(ctx.account), words, { page: Number(shown) });
  }
  if (verb === "back") {
    await answerCallback(ctx);
    return acts.askAllAgain(ctx, new Date(Number.parseInt(shown, 36)), words);
  }
  const decided = await orLater(ctx, () => decideAll(deps, ctx, shown, verb === "none"));
  if (!decided) return;
  await answerCallback(ctx);
  const { question: say } = words;
  const { after, ids, at } = decided;
  const [first] = ids;
  if (!first) return showList(deps, ctx, after, words);
  const [item, ...more] = listed(after);
  const done = verb === "none" ? say.list.keptOut(ids.length) : say.list.sending(ids.length);
  const undo = at ? undoAllButton(at, words) : undoAnswerButton(first, words);
  if (more.length > 0) {
    await showList(deps, ctx, after, words, { head: `${done} ${say.list.stillOpen(more.length + 1)}`, undo });
  } else {
    await editOrReply(ctx, done, undo);
    if (item) await askAlone(ctx, await questionOf(deps, ctx, item, after.lastReadings, words));
  }
  if (verb === "all") await deps.startSync(ctx.account);
}

/** Only what the list has shown. All as one: none of them is a person's word about a weight that is far off. */
async function decideAll({ overview, decideHeld }: HeldDeps, ctx: BotContext, shown: string, isNone: boolean) {
  const before = await overview(ctx.account);
  const meant = stillWaiting(shown, listed(before)).filter((it) => isNone || !isAskedTwice(it, before.lastReadings));
  const ids = meant.map(readingId);
  const heard = ids.length > 0 ? await decideHeld(ctx.account, ids, isNone ? "not_mine" : "mine") : undefined;
  return { ids, at: heard?.at, after: await overview(ctx.account) };
}

async function questionOf(
  deps: HeldDeps,
  { account }: BotContext,
  item: AttentionItem,
  last: Overview["lastReadings"],
  words: Words,
) {
  return { ...heldQuestion(item, last, words), keyboard: await buttonsFor(deps, account, item, words) };
}
type Question = Awaited<ReturnType<typeof questionOf>>;

const askAlone = (ctx: BotContext, { text, entities, keyboard }: Question) =>
  ctx.reply(text, { reply_markup: keyboard, ...(entities && { entities }) });

interface ListPart {
  page?: number;
  head?: string;
  undo?: InlineKeyboard;
}

async function showList(
  deps: HeldDeps,
  ctx: BotContext,
  seen: Overview,
  words: Words,
  { page = 0, head, undo }: ListPart = {},
) {
  const items = listed(seen);
  const [item, ...more] = items;
  if (!item) return void (await editOrReply(ctx, words.question.list.noneLeft));
  if (more.length === 0) {
    const { text, entities, keyboard } = await questionOf(deps, ctx, item, seen.lastReadings, words);
    return void (await editOrReply(ctx, text, keyboard, entities));
  }
  const shown = Math.min(page, Math.ceil(items.length / LISTED) - 1);
  const { text, entities } = heldList(items, shown, words, head);
  const hasAll = items.some((it) => !isAskedTwice(it, seen.lastReadings));
  const keyboard = listButtons(items, shown, words, hasAll);
  await editOrReply(ctx, text, undo ? keyboard.append(undo) : keyboard, entities);
}
