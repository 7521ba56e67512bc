import type { Clock } from "../../lib/clock.ts";
import { BusyError, leaseName, withLease } from "../../sync/links/with-lease.ts";
import type { Account } from "../../sync/model/account.ts";
import type { Leases } from "../../sync/model/leases.ts";
import type { SummaryStore } from "../../sync/model/people.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { afterSilences, silencesOf } from "../../sync/status/silence.ts";
import { isAfterHour, nextSummaryAt, summaryDueAt, summaryOf } from "../../sync/status/summary.ts";
import { silenceButtons } from "../ui/keyboards.ts";
import { silenceText } from "../views/silence.ts";
import { summaryText } from "../views/summary.ts";
import { wordsOf } from "../words/words.ts";
import type { Notifier } from "./notifier.ts";

/**
 * Tells an account its daily summary if that is due, and what has fallen silent, and answers when the next summary is due. To
 * be called after every run.
 */
export function createSummaries(deps: {
  summary: SummaryStore;
  overview: (account: Account) => Promise<Overview>;
  leases: Leases;
  deliver: Notifier["deliver"];
  clock: Clock;
}): (account: Account) => Promise<Date | undefined> {
  const { summary: store, overview, leases, deliver, clock } = deps;

  async function look(account: Account) {
    const { value: memory, version } = await store.read(account.telegramUserId);
    const { timezone, progress, attention, links, lastRun } = await overview(account);
    const now = clock.now();
    const { withings } = links;
    const withingsLinkedAt = withings?.state === "linked" ? withings.linkedAt : undefined;
    const silences = isAfterHour(account, timezone, now)
      ? silencesOf({ account, progress, attention, withingsLinkedAt, lastRun, memory, now })
      : [];
    // By a wrong clock no day is over.
    const isDue =
      lastRun?.outcome.action !== "fix_clock" &&
      summaryDueAt(account, timezone, memory.lastSummaryAt, now) !== undefined;
    return { memory, version, timezone, progress, attention, silences, isDue, now };
  }

  async function tell(account: Account): Promise<void> {
    const { memory, version, timezone, progress, attention, silences, isDue, now } = await look(account);
    const words = wordsOf(account, { timezone, now });
    if (silences.length > 0) {
      const text = silences.map((it) => silenceText(it, words)).join("\n\n");
      const keyboard = silenceButtons(silences, words);
      // Only what Telegram accepted: if it is away, both come later today.
      if (!(await deliver(account, text, { isQuiet: false, keyboard }))) return;
    }
    const summary = isDue ? summaryOf({ account, progress, attention, memory, now }) : undefined;
    const isTold = isDue && (!summary || (await deliver(account, summaryText(summary, words), { isQuiet: true })));
    const next = { ...afterSilences(memory, silences), ...(isTold && { lastSummaryAt: now }) };
    if (isTold || silences.length > 0) await store.write(account.telegramUserId, next, version);
  }

  return async (account) => {
    const { timezone, silences, isDue } = await look(account);
    if (isDue || silences.length > 0) {
      try {
        // Between two runs, because what a run has just brought is written down at its end.
        await withLease(leases, leaseName(account), () => tell(account));
      } catch (error) {
        // After the other run, then.
        if (!(error instanceof BusyError)) throw error;
      }
    }
    return nextSummaryAt(account, timezone, clock.now());
  };
}
