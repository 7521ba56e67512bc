import type { Clock } from "../../lib/clock.ts";
import type { RunOptions, RunReport } from "../../sync/engine/run.ts";
import type { GarminSignIn } from "../../sync/links/garmin-sign-in.ts";
import { type Account, zoneOf } from "../../sync/model/account.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { newlyHeld } from "../notifications/newly-held.ts";
import type { Conclusion } from "../notifications/notifier.ts";
import { withFixes } from "../ui/keyboards.ts";
import type { LongAnswers } from "../ui/long-reply.ts";
import type { Questions } from "../ui/questions.ts";
import { progressText, syncOutcomeText } from "../views/sync-outcome.ts";
import { wordsOf } from "../words/words.ts";

export interface SyncDeps {
  sync: (account: Account, options: RunOptions) => Promise<RunReport>;
  /** What of a run that somebody asked for is news to them, to be told in its answer. */
  conclude: (account: Account, report: RunReport) => Promise<Conclusion>;
  overview: (account: Account) => Promise<Overview>;
  /** Makes the account due soon. */
  runSoon: (account: number) => Promise<void>;
  garminSignIn: Pick<GarminSignIn, "pageUrl">;
  questions: Pick<Questions, "offered">;
  clock: Clock;
}

/** A sync that somebody asked for: one message, answered at once and edited until it is done. */
export function createSyncAnswers(answers: LongAnswers, deps: SyncDeps) {
  const { sync, conclude, overview, garminSignIn, questions, clock } = deps;
  const wordsAt = (account: Account, timezone: string) => wordsOf(account, { timezone, now: clock.now() });
  const firstWords = (account: Account) => progressText({ stage: "reading" }, wordsAt(account, "UTC"));

  /** What cannot be read must not keep the run from saying so. */
  function lookAt(account: Account): Promise<Overview | undefined> {
    return overview(account).catch(() => undefined);
  }

  return {
    /**
     * Resolves as soon as the first words are in the chat: no update waits for the vendors. The sync happens even if
     * Telegram refuses the words; its result is then reported like that of any other run.
     */
    begin: (account: Account): Promise<void> =>
      answers.begin(account.telegramUserId, firstWords(account), "requested", () =>
        deps.runSoon(account.telegramUserId),
      ),

    /** Runs, and shows it in the message that was begun. A report is there whatever could be shown. */
    async write(account: Account, messageId: number, options: RunOptions = {}): Promise<RunReport> {
      const before = await lookAt(account);
      let timezone = before?.timezone ?? zoneOf(account);
      const words = () => wordsAt(account, timezone);
      const place = { account: account.telegramUserId, messageId, first: firstWords(account) };
      let report: RunReport = { status: "error", synced: 0, skipped: 0, held: 0, failed: 0 };
      await answers.write(place, { words, failure: "sync_failed" }, async (message) => {
        report = await sync(account, {
          ...options,
          onProgress: (progress) => message.show(progressText(progress, words())),
        });
        const after = await lookAt(account);
        // A first run is the first to hear of it from Withings.
        timezone = after?.timezone ?? timezone;
        const justHeld = before && after && !report.busy ? newlyHeld(before, after) : [];
        const { healed, told } = await conclude(account, report);
        const text = syncOutcomeText(report, { justHeld, healed, after }, words());
        const fixed = withFixes(text, [report.action], words(), garminSignIn.pageUrl());
        const isShown = await message.finish(fixed.text, fixed.keyboard);
        await questions.offered(account, messageId, fixed.keyboard);
        await told(isShown);
      });
      return report;
    },
  };
}
