import type { Account } from "../../sync/model/account.ts";
import { asksWhose } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import { listButtons } from "../ui/question-buttons.ts";
import { heldList } from "../views/question.ts";
import type { Words } from "../words/words.ts";
import { type Answer, askedAgain } from "./asked-again.ts";
import type { ReadingActsDeps } from "./reading-answers.ts";

/** Takes back what was answered about several readings at this time: the list again, without what has been answered since. */
export async function askAllAgain(
  deps: ReadingActsDeps,
  { account, askedAt, words }: { account: Account; askedAt: Date; words: Words },
): Promise<Answer> {
  const { list, tooLateToUndo } = words.question;
  const outcome = await deps.askAllAgain(account, askedAt);
  if (outcome.type === "too_late") return { text: tooLateToUndo };
  const { attention } = await deps.overview(account);
  const items = attention.filter((it) => outcome.ids.includes(readingId(it)) && asksWhose(it));
  const leaving = outcome.pending > 0 ? [list.leaving(outcome.pending)] : [];
  const [item, ...more] = items;
  if (!item) return { text: leaving[0] ?? list.noneLeft };
  const alone = more.length === 0 && leaving.length === 0;
  if (alone) return (await askedAgain(deps, account, readingId(item), words)) ?? { text: list.noneLeft };
  await deps.noteAsked(account, items);
  const { text, entities } = heldList(items, 0, words);
  const keyboard = listButtons(items, 0, words);
  return { text: [text, ...leaving].join("\n"), ...(entities && { entities }), keyboard };
}
