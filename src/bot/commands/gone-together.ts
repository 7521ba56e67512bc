import { RetryLaterError } from "../../lib/errors.ts";
import type { Account } from "../../sync/model/account.ts";
import type { GoneAct } from "../../sync/model/jobs.ts";
import { restorableUntil } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import { againButton, restoreAllButton } from "../ui/gone-buttons.ts";
import { problemText } from "../views/undo.ts";
import { goneWords } from "../words/gone.ts";
import type { Words } from "../words/words.ts";
import type { Answer } from "./asked-again.ts";
import type { ReadingActsDeps } from "./reading-answers.ts";

/** What is done with all readings that were asked about together. */
export interface AskedTogether {
  act: GoneAct;
  account: Account;
  askedAt: Date;
  words: Words;
}

export function firstWordsTogether(act: GoneAct, words: Words): string | undefined {
  const say = goneWords(words);
  if (act === "take_out") return say.taking;
  return act === "restore" ? say.sending : undefined;
}

export const failedTogether = ({ act, askedAt, words }: Omit<AskedTogether, "account">): Answer => ({
  text: goneWords(words).failed,
  keyboard: againButton(act, askedAt, words),
});

/** Does what a tap asked for with all of them, and says what became of them. */
export async function answerTogether(deps: ReadingActsDeps, asked: AskedTogether): Promise<Answer> {
  const { act, account, askedAt, words } = asked;
  const say = goneWords(words);
  switch (act) {
    case "keep":
      await deps.keepGone(account, askedAt);
      return { text: say.stayMany };
    case "take_out": {
      const { removals, problem } = await deps.takeOutGone(account, askedAt);
      const done = removals.filter(({ removedAt }) => removedAt !== undefined);
      const pending = removals.length - done.length;
      const [first] = done;
      const texts = [
        ...(first?.removedAt ? [say.removedMany(done.length, restorableUntil(first.removedAt))] : []),
        ...(pending > 0 ? [say.pending(pending), ...problemText(problem, words)] : []),
      ];
      if (texts.length === 0) return { text: say.nothingLeft };
      return { text: texts.join(" "), keyboard: restoreAllButton(askedAt, words) };
    }
    case "restore":
      return restored(deps, asked);
  }
}

async function restored(deps: ReadingActsDeps, { account, askedAt, words }: AskedTogether): Promise<Answer> {
  const say = goneWords(words);
  const entries = await deps.restoreGone(account, askedAt);
  if (entries.length === 0) return { text: say.nothingLeft };
  const report = await deps.sync(account, {});
  if (report.busy) throw new RetryLaterError("another run is at work");
  const { answered } = await deps.conclude(account, report);
  await answered(false);
  const states = await Promise.all(entries.map(async (it) => (await deps.entryOf(account, readingId(it)))?.fate.state));
  const sent = states.filter((state) => state === "seen").length;
  const left = states.length - sent;
  if (left > 0) await deps.runSoon(account.telegramUserId);
  const texts = [...(sent > 0 ? [say.sent(sent)] : []), ...(left > 0 ? [say.willBeSent(left)] : [])];
  return { text: texts.join(" ") };
}
