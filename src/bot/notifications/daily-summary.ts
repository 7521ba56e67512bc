import type { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import type { RunReport } from "../../sync/engine/run.ts";
import { BusyError, leaseName, withLease } from "../../sync/links/with-lease.ts";
import type { Account } from "../../sync/model/account.ts";
import type { Leases } from "../../sync/model/leases.ts";
import type { SummaryMemory, SummaryStore } from "../../sync/model/people.ts";
import { digestsDue } from "../../sync/status/digest.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { afterSilences, type Silence, silencesOf } from "../../sync/status/silence.ts";
import { isAfterHour, isNight, summaryDueAt } from "../../sync/status/summary.ts";
import { silenceButtons } from "../ui/keyboards.ts";
import { silenceText } from "../views/silence.ts";
import { wordsOf } from "../words/words.ts";
import { type CardNews, createCards, type Edit, type Facts, sinceOf } from "./cards.ts";
import type { Deliver } from "./delivery.ts";

/**
 * After every run: the card of the day if it is due, or as readings come; at the very first reading what came; and which device has
 * fallen silent.
 */
export function createSummaries(deps: {
  summary: SummaryStore;
  overview: (account: Account) => Promise<Overview>;
  leases: Leases;
  deliver: Deliver;
  edit: Edit;
  clock: Clock;
}): (account: Account, report?: RunReport) => Promise<void> {
  const { summary: store, overview, leases, deliver, clock } = deps;
  const sendCard = createCards(deps);

  async function look(account: Account, report?: RunReport): Promise<Seen> {
    const { value: memory, version } = await store.read(account.telegramUserId);
    const seen = await overview(account);
    const now = clock.now();
    const facts = { ...seen, progress: seen.progress, account, memory, now };
    const { timezone, lastRun } = facts;
    const { withings } = seen.links;
    const withingsLinkedAt = withings?.state === "linked" ? withings.linkedAt : undefined;
    const silences = isAfterHour(account, timezone, now) ? silencesOf({ ...facts, withingsLinkedAt }) : [];
    const isClockRight = lastRun?.outcome.action !== "fix_clock";
    const maySpeak = isClockRight && !isNight(now, timezone);
    const { cards } = account.settings;
    const { delivered } = report ?? {};
    // Also at night: somebody has just linked both, and waits for it.
    const first = isClockRight && cards !== "needed" && delivered?.isFirst ? delivered : undefined;
    const isDue = maySpeak && summaryDueAt(account, timezone, memory.lastSummaryAt, now) !== undefined;
    const isRunning = maySpeak && cards === "each" && hasNewsSince(facts, memory.card?.at ?? sinceOf(facts));
    const digests = maySpeak && cards !== "needed" ? digestsDue(account, timezone, memory, now) : [];
    return { facts, version, silences, first, isDue, isRunning, digests };
  }

  async function send(account: Account, report?: RunReport): Promise<void> {
    const seen = await look(account, report);
    const { facts, version, silences } = seen;
    if (silences.length > 0) {
      const words = wordsOf(account, facts);
      const text = silences.map((it) => silenceText(it, words)).join("\n\n");
      const keyboard: InlineKeyboard = silenceButtons(silences, words);
      // If Telegram is down, both come later today.
      if (!(await deliver(account, text, { isQuiet: false, keyboard }))) return;
    }
    const card = await sendCard(seen);
    const next: SummaryMemory = { ...afterSilences(facts.memory, silences), ...card };
    if (card || silences.length > 0) await store.write(account.telegramUserId, next, version);
  }

  return async (account, report) => {
    const { silences, first, isDue, isRunning, digests } = await look(account, report);
    if (!isDue && !first && !isRunning && digests.length + silences.length === 0) return;
    // Not during a run, which records only at its end what it has brought. The next run ends with another try.
    await withLease(leases, leaseName(account.telegramUserId), () => send(account, report)).catch((error: unknown) => {
      if (!(error instanceof BusyError)) throw error;
    });
  };
}

interface Seen extends CardNews {
  version: string | undefined;
  silences: Silence[];
}

function hasNewsSince({ progress }: Pick<Facts, "progress">, at: Date): boolean {
  const { arrived = [], removals = [] } = progress ?? {};
  return (
    arrived.some(({ arrivedAt }) => arrivedAt > at) || removals.some(({ removedAt }) => removedAt && removedAt > at)
  );
}
