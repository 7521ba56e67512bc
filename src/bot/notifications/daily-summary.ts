import type { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { localDate } from "../../lib/local-time.ts";
import type { Delivered, RunReport } from "../../sync/engine/run.ts";
import { BusyError, leaseName, withLease } from "../../sync/links/with-lease.ts";
import type { Account } from "../../sync/model/account.ts";
import type { Leases } from "../../sync/model/leases.ts";
import type { SummaryMemory, SummaryStore } from "../../sync/model/people.ts";
import { digestOf, digestsDue, type Period } from "../../sync/status/digest.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { afterSilences, type Silence, silencesOf } from "../../sync/status/silence.ts";
import { isAfterHour, isNight, summaryDueAt, summaryOf, waitingOf } from "../../sync/status/summary.ts";
import { arrivalButtons, silenceButtons } from "../ui/keyboards.ts";
import { firstArrivalText } from "../views/arrivals.ts";
import { digestText } from "../views/digest.ts";
import { silenceText } from "../views/silence.ts";
import { summaryText, waitsForYou } from "../views/summary.ts";
import { type Words, wordsOf } from "../words/words.ts";
import type { Deliver } from "./delivery.ts";

/** Edits a message that was sent before. False if Telegram refused. */
export type Edit = (account: Account, messageId: number, text: string) => Promise<boolean>;

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
  const { summary: store, overview, leases, deliver, edit, clock } = deps;

  async function look(account: Account, report?: RunReport): Promise<Seen> {
    const { value: memory, version } = await store.read(account.telegramUserId);
    const seen = await overview(account);
    const now = clock.now();
    const facts = { ...seen, progress: seen.progress, account, memory, now };
    const { timezone, lastRun } = facts;
    const { withings } = seen.links;
    const withingsLinkedAt = withings?.state === "linked" ? withings.linkedAt : undefined;
    const silences = isAfterHour(account, timezone, now) ? silencesOf({ ...facts, withingsLinkedAt }) : [];
    const maySpeak = lastRun?.outcome.action !== "fix_clock" && !isNight(now, timezone);
    const { cards } = account.settings;
    const { delivered } = report ?? {};
    const first = maySpeak && cards !== "needed" && delivered?.isFirst ? delivered : undefined;
    const isDue = maySpeak && summaryDueAt(account, timezone, memory.lastSummaryAt, now) !== undefined;
    const isRunning = maySpeak && cards === "each" && hasNewsSince(facts, memory.card?.at ?? sinceOf(facts));
    const digests = maySpeak && cards !== "needed" ? digestsDue(account, timezone, memory, now) : [];
    return { facts, version, silences, first, isDue, isRunning, digests };
  }

  /** What the first message or the card leaves in the memory, or undefined if there is none, or Telegram didn't take it. */
  async function sendCard(seen: Seen): Promise<Partial<SummaryMemory> | undefined> {
    const { facts, first, isDue, isRunning, digests } = seen;
    const { account, now } = facts;
    const words = wordsOf(account, facts);
    if (first) {
      const keyboard = arrivalButtons(first.arrivals, words);
      const text = firstArrivalText(first, account.settings, words);
      return (await deliver(account, text, { isQuiet: false, keyboard })) ? { lastSummaryAt: now } : undefined;
    }
    if (isRunning) return sendRunning(facts, words);
    if (!isDue && digests.length === 0) return undefined;
    const text = dueText(seen, words);
    if (text !== "" && !(await deliver(account, text, { isQuiet: true }))) return undefined;
    const isCard = isDue && account.settings.cards !== "each";
    const made = Object.fromEntries(digests.map(({ of, key }) => [of, key]));
    return {
      ...(isCard && { lastSummaryAt: now }),
      ...(digests.length > 0 && { digests: { ...facts.memory.digests, ...made } }),
    };
  }

  async function sendRunning({ account, memory, timezone, now, ...facts }: Seen["facts"], words: Words) {
    const date = localDate(now, timezone);
    const today = memory.card?.date === date ? memory.card : undefined;
    const since = today?.since ?? memory.card?.at ?? sinceOf({ account, memory });
    const summary = summaryOf({ ...facts, account, since, now });
    if (!summary) return undefined;
    const text = summaryText(summary, words, account.settings.goalKg);
    const messageId = await showToday(account, text, today?.messageId);
    return messageId === undefined ? undefined : { lastSummaryAt: now, card: { date, messageId, since, at: now } };
  }

  /** A message that Telegram doesn't let us edit, because it was deleted for instance, comes again. */
  async function showToday(account: Account, text: string, messageId: number | undefined) {
    if (messageId !== undefined && (await edit(account, messageId, text))) return messageId;
    let sent: number | undefined;
    const onSent = (id: number) => {
      sent = id;
    };
    return (await deliver(account, text, { isQuiet: false, onSent })) ? sent : undefined;
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

/** The card of the day and the digests; empty if there is nothing to say. */
function dueText({ facts, isDue, digests }: Seen, words: Words): string {
  const { account, progress, attention } = facts;
  const { cards, goalKg } = account.settings;
  const summary = isDue && cards === "daily" ? summaryOf({ ...facts, since: sinceOf(facts) }) : undefined;
  const periods = progress ? digests.flatMap((it) => digestOf(it, progress) ?? []) : [];
  const texts = [
    ...(summary ? [summaryText(summary, words, goalKg)] : []),
    ...periods.map((it) => digestText(it, goalKg, words)),
  ];
  const waits = summary || periods.length === 0 ? [] : waitsForYou(waitingOf(attention), words);
  return [texts.join("\n\n"), ...waits].join("\n");
}

interface Facts extends Pick<Overview, "account" | "attention" | "lastRun" | "timezone"> {
  memory: SummaryMemory;
  progress: Overview["progress"];
  now: Date;
}

interface Seen {
  facts: Facts;
  version: string | undefined;
  silences: Silence[];
  first: Delivered | undefined;
  /** The hour of the cards is over, and none was made today. */
  isDue: boolean;
  /** Something has come since the card that is edited. */
  isRunning: boolean;
  digests: Period[];
}

const sinceOf = ({ account, memory }: Pick<Facts, "account" | "memory">) => memory.lastSummaryAt ?? account.createdAt;

function hasNewsSince({ progress }: Pick<Facts, "progress">, at: Date): boolean {
  const { arrived = [], removals = [] } = progress ?? {};
  return (
    arrived.some(({ arrivedAt }) => arrivedAt > at) || removals.some(({ removedAt }) => removedAt && removedAt > at)
  );
}
