import type { Clock } from "../clock.ts";
import type { Account } from "../sync/account.ts";
import type { SummaryStore } from "../sync/chat-ports.ts";
import { BusyError, leaseName, withLease } from "../sync/lease-keeper.ts";
import type { Overview } from "../sync/overview.ts";
import type { Leases } from "../sync/ports.ts";
import { afterSummary, nextSummaryAt, summaryDueAt, summaryOf } from "../sync/summary.ts";
import type { Notifier } from "./notifier.ts";
import { wordsOf } from "./words/words.ts";

/** Tells an account its daily summary if that is due, and answers when the next one is. To be called after every run. */
export function createSummaries(deps: {
  summary: SummaryStore;
  overview: (account: Account) => Promise<Overview>;
  leases: Leases;
  deliver: Notifier["deliver"];
  clock: Clock;
}): (account: Account) => Promise<Date | undefined> {
  const { summary: store, overview, leases, deliver, clock } = deps;

  async function tell(account: Account): Promise<void> {
    const { value: memory, version } = await store.read(account.telegramUserId);
    const { timezone, progress, attention, links, lastRun } = await overview(account);
    const now = clock.now();
    if (!summaryDueAt(account, timezone, memory.lastSummaryAt, now)) return;
    const { withings } = links;
    const withingsLinkedAt = withings?.state === "linked" ? withings.linkedAt : undefined;
    const summary = summaryOf({ account, progress, attention, withingsLinkedAt, lastRun, memory, now, timezone });
    const isTold =
      summary === undefined ||
      (await deliver(account, wordsOf(account, { timezone, now }).summary(summary), { isQuiet: true }));
    // Only what Telegram took: should it be away, the summary comes later today.
    if (isTold) await store.write(account.telegramUserId, afterSummary(memory, summary, now), version);
  }

  return async (account) => {
    const { timezone } = await overview(account);
    const { value } = await store.read(account.telegramUserId);
    if (summaryDueAt(account, timezone, value.lastSummaryAt, clock.now())) {
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
