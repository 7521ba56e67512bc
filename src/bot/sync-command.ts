import type { Clock } from "../clock.ts";
import type { Account } from "../sync/account.ts";
import type { Overview } from "../sync/overview.ts";
import type { RunOptions, RunReport } from "../sync/run.ts";
import { mendOf } from "./buttons.ts";
import type { LongAnswers } from "./long-answers.ts";
import { newlyHeld } from "./newly-held.ts";
import type { Conclusion } from "./notifier.ts";
import { wordsOf } from "./words/words.ts";

export interface SyncDeps {
  sync: (account: Account, options: RunOptions) => Promise<RunReport>;
  /** What of a run that somebody asked for is news to them, to be told in its answer. */
  conclude: (account: Account, report: RunReport) => Promise<Conclusion>;
  overview: (account: Account) => Promise<Overview>;
  signInPageUrl: () => string;
  clock: Clock;
}

/** A sync that somebody asked for: one message, answered at once and edited until it is done. */
export function createSyncStarter(answers: LongAnswers, deps: SyncDeps) {
  const { sync, conclude, overview, signInPageUrl, clock } = deps;

  /** What cannot be read must not keep the run from saying so. */
  function lookAt(account: Account): Promise<Overview | undefined> {
    return overview(account).catch(() => undefined);
  }

  /** Resolves as soon as the first words stand in the chat: no update has to wait for the vendors. */
  return async (account: Account): Promise<void> => {
    const before = await lookAt(account);
    let timezone = before?.timezone ?? account.timezone ?? "UTC";
    const words = () => wordsOf(account, { timezone, now: clock.now() });
    const beginning = { first: words().progress({ stage: "reading" }), words, failure: "sync_failed" };
    await answers.begin(account.telegramUserId, beginning, async (message) => {
      const report = await sync(account, { onProgress: (progress) => message.show(words().progress(progress)) });
      const after = await lookAt(account);
      // A first run is the first to hear of it from Withings.
      timezone = after?.timezone ?? timezone;
      const justHeld = before && after && !report.busy ? newlyHeld(before, after) : [];
      const { healed, told } = await conclude(account, report);
      const text = words().outcome(report, { justHeld, healed });
      const mend = report.action && mendOf(report.action, words(), signInPageUrl());
      await told(await message.finish(text, mend));
    });
  };
}
