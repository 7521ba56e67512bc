import type { Clock } from "../../lib/clock.ts";
import { BusyError, leaseName, withLease } from "../../sync/links/with-lease.ts";
import type { Account } from "../../sync/model/account.ts";
import type { Leases } from "../../sync/model/leases.ts";
import type { SummaryStore } from "../../sync/model/people.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { afterSilences, silencesOf } from "../../sync/status/silence.ts";
import { isAfterHour, summaryDueAt, summaryOf } from "../../sync/status/summary.ts";
import { silenceButtons } from "../ui/keyboards.ts";
import { silenceText } from "../views/silence.ts";
import { summaryText } from "../views/summary.ts";
import { wordsOf } from "../words/words.ts";
import type { Deliver } from "./delivery.ts";

/** After every run: sends the daily summary if it is due, and which device has fallen silent. */
export function createSummaries(deps: {
  summary: SummaryStore;
  overview: (account: Account) => Promise<Overview>;
  leases: Leases;
  deliver: Deliver;
  clock: Clock;
}): (account: Account) => Promise<void> {
  const { summary: store, overview, leases, deliver, clock } = deps;

  async function look(account: Account) {
    const { value: memory, version } = await store.read(account.telegramUserId);
    const seen = await overview(account);
    const facts = { ...seen, progress: seen.progress, account, memory, now: clock.now() };
    const { timezone, lastRun, now } = facts;
    const { withings } = seen.links;
    const withingsLinkedAt = withings?.state === "linked" ? withings.linkedAt : undefined;
    const silences = isAfterHour(account, timezone, now) ? silencesOf({ ...facts, withingsLinkedAt }) : [];
    const isClockWrong = lastRun?.outcome.action === "fix_clock";
    const isDue = !isClockWrong && summaryDueAt(account, timezone, memory.lastSummaryAt, now) !== undefined;
    return { facts, version, silences, isDue };
  }

  async function send(account: Account): Promise<void> {
    const { facts, version, silences, isDue } = await look(account);
    const words = wordsOf(account, facts);
    if (silences.length > 0) {
      const text = silences.map((it) => silenceText(it, words)).join("\n\n");
      const keyboard = silenceButtons(silences, words);
      // If Telegram is down, both come later today.
      if (!(await deliver(account, text, { isQuiet: false, keyboard }))) return;
    }
    const summary = isDue ? summaryOf(facts) : undefined;
    const isSent = isDue && (!summary || (await deliver(account, summaryText(summary, words), { isQuiet: true })));
    const next = { ...afterSilences(facts.memory, silences), ...(isSent && { lastSummaryAt: facts.now }) };
    if (isSent || silences.length > 0) await store.write(account.telegramUserId, next, version);
  }

  return async (account) => {
    const { silences, isDue } = await look(account);
    if (!isDue && silences.length === 0) return;
    // Not during a run, which records only at its end what it has brought. The next run ends with another try.
    await withLease(leases, leaseName(account.telegramUserId), () => send(account)).catch((error: unknown) => {
      if (!(error instanceof BusyError)) throw error;
    });
  };
}
