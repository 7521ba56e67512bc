import { RetryLaterError } from "../../lib/errors.ts";
import type { TakenOut, Which } from "../../sync/decisions/gone-answers.ts";
import type { Heard } from "../../sync/decisions/held-decision.ts";
import type { TakenBack } from "../../sync/decisions/take-back.ts";
import type { TakenBackAll } from "../../sync/decisions/take-back-all.ts";
import type { RunOptions, RunReport } from "../../sync/engine/run.ts";
import type { Account } from "../../sync/model/account.ts";
import type { Act, JobQueue } from "../../sync/model/jobs.ts";
import { type Decision, type LedgerEntry, UNDONE_WITHIN_MS } from "../../sync/model/ledger.ts";
import type { Conclusion } from "../notifications/notifier.ts";
import { withOthers } from "../ui/hand-on-buttons.ts";
import { undoAnswerButton } from "../ui/question-buttons.ts";
import { restoreButton, retryButton, undoButton } from "../ui/reading-buttons.ts";
import { becameText } from "../views/held.ts";
import { takenBackText } from "../views/undo.ts";
import type { Words } from "../words/words.ts";
import { type Answer, askedAgain } from "./asked-again.ts";
import { type OfferNewsDeps, offerNews } from "./offer-news.ts";
import { closeTheirs } from "./offer-over.ts";

export interface ReadingActsDeps extends OfferNewsDeps {
  takeOut: (account: Account, readingId: string, asksAgain?: boolean) => Promise<TakenBack>;
  restore: (account: Account, readingId: string) => Promise<TakenBack>;
  askAgain: (account: Account, readingId: string) => Promise<TakenBack>;
  keepGone: (account: Account, which: Which) => Promise<void>;
  takeOutGone: (account: Account, askedAt: Date) => Promise<TakenOut>;
  restoreGone: (account: Account, askedAt: Date) => Promise<LedgerEntry[]>;
  askAllAgain: (account: Account, at: Date) => Promise<TakenBackAll>;
  decideHeld: (account: Account, readingIds: string[], decision: Decision) => Promise<Heard>;
  sync: (account: Account, options: RunOptions) => Promise<RunReport>;
  conclude: (account: Account, report: RunReport) => Promise<Conclusion>;
  runSoon: (account: number) => Promise<void>;
  queue: JobQueue;
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
  if (decision?.type === "handed_on" && fate.state === "skipped") return withdrawn(deps, asked);
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

/** Unless the other one has said yes. */
async function withdrawn(deps: ReadingActsDeps, { account, id, words }: Asked): Promise<Answer> {
  const offered = await (await deps.handOn()).settle(account, id, "withdrawn");
  if (offered.offer?.state === "withdrawn") await closeTheirs(deps, account, offered.offer);
  return offerNews(deps, account, { offered, reading: id, words });
}

/** Brings it to Garmin, and says what became of it. */
async function afterSync(deps: ReadingActsDeps, asked: Asked): Promise<Answer> {
  const entry = await bring(deps, asked.account, asked.id);
  return entry ? standing(deps, asked, entry) : { text: asked.words.undo.unknown };
}

export async function bring(deps: ReadingActsDeps, account: Account, id: string): Promise<LedgerEntry | undefined> {
  const report = await deps.sync(account, {});
  if (report.busy) throw new RetryLaterError("another run is at work");
  const { answered } = await deps.conclude(account, report);
  await answered(false);
  const entry = await deps.entryOf(account, id);
  const { state } = entry?.fate ?? {};
  if (state === "sending" || state === "sent") await deps.runSoon(account.telegramUserId);
  return entry;
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
    case "held":
      return (await askedAgain(deps, account, id, words)) ?? { text: becameText(entry, words) };
    case "skipped": {
      if (fate.reason === "already_in_garmin") return { text: question.alreadyThere(entry) };
      if (fate.reason !== "not_mine") return { text: becameText(entry, words) };
      if (decision?.type === "handed_on") {
        const offered = await (await deps.handOn()).settle(account, id);
        return offerNews(deps, account, { offered, reading: id, words });
      }
      const stays = entry.garminKey ? [question.earlierStays] : [];
      const text = [question.keptOut(entry), ...stays].join(" ");
      if (!decision?.about) return { text };
      const others = entry.garminKey ? [] : await deps.others(account.telegramUserId, id);
      return { text, keyboard: withOthers(undo, id, others, words) };
    }
    default:
      return { text: becameText(entry, words) };
  }
}
