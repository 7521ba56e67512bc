import type { CallbackQueryContext } from "grammy/web";
import type { Arrival, LedgerEntry } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback, editOrReply } from "../ui/edit-message.ts";
import { takeOutButtons, whichButtons } from "../ui/reading-buttons.ts";
import { becameText } from "../views/held.ts";
import { heldList, LISTED } from "../views/question.ts";
import { takeOutQuestion } from "../views/undo.ts";
import type { Words } from "../words/words.ts";

/** Which of several that came together is to be taken out: what of them is still in Garmin by us, with a button for each. */
export async function showCame(ctx: CallbackQueryContext<BotContext>, arrived: Arrival[], words: Words): Promise<void> {
  const [, verb, first = "", last = "", page = "0"] = ctx.match;
  const times = [Number.parseInt(first, 36), Number.parseInt(last, 36)] as const;
  const came = arrived.filter(({ arrivedAt }) => arrivedAt.getTime() >= times[0] && arrivedAt.getTime() <= times[1]);
  if (came.length === 0) return answerCallback(ctx, words.undo.noneListed);
  await answerCallback(ctx);
  const shown = Math.min(Number(page), Math.ceil(came.length / LISTED) - 1);
  const { text, entities } = heldList(came, shown, words, words.undo.which);
  const keyboard = whichButtons(came, times, shown, LISTED);
  if (verb === "page") await editOrReply(ctx, text, keyboard, entities);
  else await ctx.reply(text, { reply_markup: keyboard, ...(entities && { entities }) });
}

const CAN_GO: ReadonlyArray<LedgerEntry["fate"]["state"]> = ["seen", "sent", "sending"];

/** In a message of its own, so that the list stays. */
export async function askAboutOne(ctx: BotContext, entry: LedgerEntry, words: Words): Promise<void> {
  if (!CAN_GO.includes(entry.fate.state)) return answerCallback(ctx, becameText(entry, words));
  await answerCallback(ctx);
  await ctx.reply(takeOutQuestion(entry, words), { reply_markup: takeOutButtons(readingId(entry), words) });
}
