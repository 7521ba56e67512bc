import type { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import type { TakenOut, Which } from "../../sync/engine/gone-answers.ts";
import type { Heard } from "../../sync/engine/held-decision.ts";
import type { RunOptions, RunReport } from "../../sync/engine/run.ts";
import type { TakenBack } from "../../sync/engine/take-back.ts";
import type { Account } from "../../sync/model/account.ts";
import type { Act, JobQueue } from "../../sync/model/jobs.ts";
import type { AttentionItem, Decision, LedgerEntry } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import type { Overview } from "../../sync/status/overview.ts";
import type { Conclusion } from "../notifications/notifier.ts";
import { questionButtons, undoAnswerButton } from "../ui/question-buttons.ts";
import { restoreButton, retryButton, undoButton } from "../ui/reading-buttons.ts";
import { becameText } from "../views/held.ts";
import { type Formatted, heldQuestion } from "../views/question.ts";
import { takenBackText } from "../views/undo.ts";
import type { Words } from "../words/words.ts";

export interface ReadingActsDeps {
  overview: (account: Account) => Promise<Overview>;
  entryOf: (account: Account, readingId: string) => Promise<LedgerEntry | undefined>;
  takeOut: (account: Account, readingId: string, asksAgain?: boolean) => Promise<TakenBack>;
  restore: (account: Account, readingId: string) => Promise<TakenBack>;
  askAgain: (account: Account, readingId: string) => Promise<TakenBack>;
  keepGone: (account: Account, which: Which) => Promise<void>;
  takeOutGone: (account: Account, askedAt: Date) => Promise<TakenOut>;
  restoreGone: (account: Account, askedAt: Date) => Promise<LedgerEntry[]>;
  decideHeld: (account: Account, readingIds: string[], decision: Decision) => Promise<Heard>;
  sync: (account: Account, options: RunOptions) => Promise<RunReport>;
  conclude: (account: Account, report: RunReport) => Promise<Conclusion>;
  /** The question about this one is in the chat, so no run asks it again. */
  noteAsked: (account: Account, item: AttentionItem) => Promise<unknown>;
  runSoon: (account: number) => Promise<void>;
  queue: JobQueue;
  clock: Clock;
}

const UNDONE_WITHIN_MS = 24 * 3600 * 1000;

export interface Answer extends Formatted {
  keyboard?: InlineKeyboard | undefined;
}

export interface Asked {
  act: Act;
  account: Account;
  id: string;
  words: Words;
}

/** Does what a tap asked for, and says what became of the reading. */
export async function answerTo(deps: ReadingActsDeps, asked: Asked): Promise<Answer> {
  const { act, account, id, words } = asked;
  switch (act) {
    case "take_out":
      return afterTakeBack(deps, asked, await deps.takeOut(account, id));
    case "restore":
      return afterTakeBack(deps, asked, await deps.restore(account, id));
    case "keep": {
      await deps.keepGone(account, id);
      const entry = await deps.entryOf(account, id);
      return entry ? kept(entry, words) : { text: words.undo.unknown };
    }
    case "undo":
      return undoAnswer(deps, asked);
    case "mine": {
      await deps.decideHeld(account, [id], "mine");
      const entry = await deps.entryOf(account, id);
      // Its kind is off.
      if (entry?.fate.state === "held")
        return { text: words.undo.kindOff(entry), keyboard: retryButton("mine", id, words) };
      return afterSync(deps, asked);
    }
    case "not_mine": {
      await deps.decideHeld(account, [id], "not_mine");
      const entry = await deps.entryOf(account, id);
      return entry ? standing(deps, asked, entry) : { text: words.undo.unknown };
    }
  }
}

const kept = (entry: LedgerEntry, words: Words): Answer => ({
  text: entry.fate.state === "seen" ? words.undo.stays(entry) : becameText(entry, words),
});

async function undoAnswer(deps: ReadingActsDeps, asked: Asked): Promise<Answer> {
  const { account, id, words } = asked;
  const entry = await deps.entryOf(account, id);
  if (!entry) return { text: words.undo.unknown };
  const { decision, fate } = entry;
  const isLate = decision && deps.clock.now().getTime() - decision.at.getTime() > UNDONE_WITHIN_MS;
  if (isLate) return { text: [becameText(entry, words), words.question.tooLateToUndo].join(" ") };
  const isNo = fate.state === "skipped" && fate.reason === "not_mine";
  return afterTakeBack(deps, asked, await (isNo ? deps.askAgain(account, id) : deps.takeOut(account, id, true)));
}

async function afterTakeBack(deps: ReadingActsDeps, asked: Asked, outcome: TakenBack): Promise<Answer> {
  const { id, words } = asked;
  switch (outcome.type) {
    case "restoring":
      return afterSync(deps, asked);
    case "held":
      return standing(deps, asked, outcome.entry);
    case "removed":
    case "pending":
      return { text: takenBackText(outcome, words), keyboard: restoreButton(id, words) };
    default:
      return { text: takenBackText(outcome, words) };
  }
}

/** Brings it to Garmin, and says what became of it. */
async function afterSync(deps: ReadingActsDeps, asked: Asked): Promise<Answer> {
  const { account, id, words } = asked;
  const report = await deps.sync(account, {});
  if (report.busy) throw new RetryLaterError("another run is at work");
  const { answered } = await deps.conclude(account, report);
  await answered(false);
  const entry = await deps.entryOf(account, id);
  if (!entry) return { text: words.undo.unknown };
  const { state } = entry.fate;
  if (state === "sending" || state === "sent") await deps.runSoon(account.telegramUserId);
  return standing(deps, asked, entry);
}

/** What is true of it, with the button that changes that. */
async function standing(deps: ReadingActsDeps, { account, id, words }: Asked, entry: LedgerEntry): Promise<Answer> {
  const { undo: say, question } = words;
  const { fate, decision } = entry;
  const undo = decision?.about ? undoAnswerButton(id, words) : undoButton(id, words);
  switch (fate.state) {
    case "seen":
      return { text: say.inGarmin(entry), keyboard: undo };
    case "sending":
    case "sent":
      return { text: say.willBeSent(entry), keyboard: undo };
    case "held": {
      const { lastReadings, attention } = await deps.overview(account);
      const item = attention.find((it) => readingId(it) === id);
      if (!item) return { text: becameText(entry, words) };
      await deps.noteAsked(account, item);
      return { ...heldQuestion(item, lastReadings, words), keyboard: questionButtons(item, words) };
    }
    case "skipped": {
      if (fate.reason === "already_in_garmin") return { text: question.alreadyThere(entry) };
      if (fate.reason !== "not_mine") return { text: becameText(entry, words) };
      const stays = entry.garminKey ? [question.earlierStays] : [];
      return { text: [question.keptOut(entry), ...stays].join(" "), ...(decision?.about && { keyboard: undo }) };
    }
    default:
      return { text: becameText(entry, words) };
  }
}
