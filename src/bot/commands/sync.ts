import type { Clock } from "../../lib/clock.ts";
import type { RunOptions, RunReport } from "../../sync/engine/run.ts";
import type { SignInPages } from "../../sync/links/garmin-sign-in.ts";
import { type Account, zoneOf } from "../../sync/model/account.ts";
import { noReadings } from "../../sync/model/outcome.ts";
import type { TypedReading, TypedReadings } from "../../sync/model/typed.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { newlyHeld } from "../notifications/newly-held.ts";
import type { Conclusion } from "../notifications/notifier.ts";
import { arrivalButtons, withFixes } from "../ui/keyboards.ts";
import type { LongAnswers } from "../ui/long-answers.ts";
import type { Questions } from "../ui/questions.ts";
import { cameButtons, undoButton } from "../ui/reading-buttons.ts";
import { progressText, syncOutcomeText } from "../views/sync-outcome.ts";
import { type Words, wordsOf } from "../words/words.ts";

export interface SyncDeps {
  sync: (account: Account, options: RunOptions) => Promise<RunReport>;
  conclude: (account: Account, report: RunReport) => Promise<Conclusion>;
  overview: (account: Account) => Promise<Overview>;
  typed: Pick<TypedReadings, "read">;
  runSoon: (account: number) => Promise<void>;
  /** Its owner has read what the very first readings were, so no card repeats them. */
  noteFirstRead: (account: Account) => Promise<void>;
  garminSignIn: SignInPages;
  questions: Pick<Questions, "offered">;
  clock: Clock;
}

/** A sync that somebody asked for: one message, answered at once and edited until it is done. */
export function createSyncAnswers(answers: LongAnswers, deps: SyncDeps) {
  const { sync, conclude, overview, typed, garminSignIn, questions, clock } = deps;
  const wordsAt = (account: Account, timezone: string) => wordsOf(account, { timezone, now: clock.now() });
  const firstWords = (account: Account) => progressText({ stage: "reading" }, wordsAt(account, "UTC"));

  // If the account can't be read, the run still has to say so.
  const lookAt = (account: Account) => overview(account).catch(() => undefined);

  /** Typed ones that this run couldn't bring. */
  async function keptReadings({ telegramUserId }: Account, { status, decided = [] }: RunReport) {
    if (status === "success") return [];
    const all = await typed.read(telegramUserId).catch(() => []);
    const isNamed = ({ id }: TypedReading) => decided.some(({ measureGroupId }) => measureGroupId === id);
    return all.filter((it) => it.settledIn === undefined && !isNamed(it));
  }

  return {
    /** The sync happens even if Telegram refuses the first words; its result then comes like that of any other run. */
    start: (account: Account): Promise<void> => {
      const { telegramUserId: id } = account;
      return answers.start(id, firstWords(account), { reason: "requested" }, () => deps.runSoon(id));
    },

    /** The same in a message that is there. */
    startIn: (account: Account, messageId: number): Promise<void> =>
      answers.startIn(account.telegramUserId, messageId, firstWords(account), "requested"),

    /** Runs, and shows it in the message. Resolves to the report even if nothing could be shown. */
    async write(account: Account, messageId: number, options: RunOptions = {}): Promise<RunReport> {
      const before = await lookAt(account);
      let timezone = before?.timezone ?? zoneOf(account);
      const words = () => wordsAt(account, timezone);
      const place = { account: account.telegramUserId, messageId, first: firstWords(account) };
      let report: RunReport = noReadings("error");
      await answers.write(place, { words, failure: "sync_failed" }, async (message) => {
        const onProgress: RunOptions["onProgress"] = (progress) => message.show(progressText(progress, words()));
        report = await sync(account, { ...options, onProgress });
        const after = await lookAt(account);
        timezone = after?.timezone ?? timezone;
        const justHeld = before && after && !report.busy ? newlyHeld(before, after) : [];
        const { healed, answered } = await conclude(account, report);
        const kept = await keptLines(await keptReadings(account, report), words());
        const text = [
          ...kept,
          syncOutcomeText(report, { justHeld, healed, after, settings: account.settings }, words()),
        ].join("\n");
        const fixed = withFixes(text, [report.action], words(), garminSignIn);
        const arrivals = report.delivered?.arrivals ?? [];
        const [arrival, ...more] = arrivals;
        if (arrival && more.length === 0) fixed.keyboard.row().append(undoButton(arrival.id, words()));
        const keyboard = arrivalButtons(arrivals, words(), fixed.keyboard);
        if (more.length > 0) cameButtons(arrivals, words(), keyboard);
        const isShown = await message.finish(fixed.text, keyboard);
        await questions.offered(account, messageId, keyboard);
        if (isShown && report.delivered?.isFirst) await deps.noteFirstRead(account);
        await answered(isShown);
      });
      return report;
    },
  };
}

/** Their words are loaded on demand: few runs have such a reading. */
async function keptLines(kept: TypedReading[], words: Words): Promise<string[]> {
  if (kept.length === 0) return [];
  const say = (await import("../words/typed.ts")).typedWords(words);
  return kept.map((it) => say.kept(say.name(it)));
}
