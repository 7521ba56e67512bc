import { InlineKeyboard } from "grammy/web";
import { localDate } from "../../lib/local-time.ts";
import type { Delivered } from "../../sync/engine/run.ts";
import type { SummaryMemory } from "../../sync/model/people.ts";
import { digestOf, type Period } from "../../sync/status/digest.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { summaryOf } from "../../sync/status/summary.ts";
import { arrivalButtons, type Message } from "../ui/keyboards.ts";
import { cameButtons } from "../ui/reading-buttons.ts";
import { firstArrivalText } from "../views/arrivals.ts";
import { digestText } from "../views/digest.ts";
import { summaryText } from "../views/summary.ts";
import { type Words, wordsOf } from "../words/words.ts";

export interface Facts extends Pick<Overview, "account" | "attention" | "lastRun" | "timezone"> {
  memory: SummaryMemory;
  progress: Overview["progress"];
  now: Date;
}

export interface CardNews {
  facts: Facts;
  first: Delivered | undefined;
  /** The hour of the cards is over, and none was made today. */
  isDue: boolean;
  /** Something has come since the card that is edited. */
  isRunning: boolean;
  digests: Period[];
}

export interface Card extends Message {
  isQuiet: boolean;
  /** Today's message, which is edited. */
  edits?: number | undefined;
  /**
   * What the memory keeps while it's on its way. If the program is stopped then, nobody knows whether it came: nothing more is sent
   * that day, and what it says is in the next card too.
   */
  claim: SummaryMemory;
  /** What it keeps once the card has come, or if it has no text because there's nothing to say. */
  done: (messageId: number) => SummaryMemory;
}

/** The first message, the card of the day, the one that is edited as readings come, or the digests. Undefined if none is due. */
export function cardOf(seen: CardNews): Card | undefined {
  const { facts, first, isDue, isRunning, digests } = seen;
  const words = wordsOf(facts.account, facts);
  if (first) return firstCard(first, facts, words);
  if (isRunning) return runningCard(facts, words);
  return isDue || digests.length > 0 ? dueCard(seen, words) : undefined;
}

function firstCard(first: Delivered, { account, memory, now }: Facts, words: Words): Card {
  const next = { ...memory, firstSaidAt: now, lastSummaryAt: now };
  return {
    text: firstArrivalText(first, account.settings, words),
    keyboard: cameButtons(first.arrivals, words, arrivalButtons(first.arrivals, words)),
    isQuiet: false,
    claim: { ...next, sending: { at: now, since: sinceOf({ account, memory }) } },
    done: () => next,
  };
}

function runningCard({ account, memory, timezone, now, ...facts }: Facts, words: Words): Card | undefined {
  const date = localDate(now, timezone);
  const today = memory.card?.date === date ? memory.card : undefined;
  const since = today?.since ?? lastCardAt(memory) ?? sinceOf({ account, memory });
  const summary = summaryOf({ ...facts, account, since, now });
  if (!summary) return undefined;
  const card = { date, since, at: now };
  return {
    text: summaryText(summary, words, account.settings),
    keyboard: cameButtons(summary.came, words),
    isQuiet: false,
    edits: today?.messageId,
    claim: { ...memory, lastSummaryAt: now, card },
    done: (messageId) => ({ ...memory, lastSummaryAt: now, card: { ...card, messageId } }),
  };
}

/** The next one begins there, or, if nobody knows whether it came, where that one began. */
const lastCardAt = ({ card }: SummaryMemory) => (card?.messageId === undefined ? card?.since : card.at);

function dueCard({ facts, isDue, digests }: CardNews, words: Words): Card {
  const { account, progress, memory, now } = facts;
  const { cards } = account.settings;
  const since = sinceOf(facts);
  const summary = isDue && cards === "daily" ? summaryOf({ ...facts, since }) : undefined;
  const periods = progress ? digests.flatMap((it) => digestOf(it, progress) ?? []) : [];
  const texts = [
    ...(summary ? [summaryText(summary, words, account.settings)] : []),
    ...periods.map((it) => digestText(it, account.settings, words)),
  ];
  const isCard = isDue && cards !== "each";
  const made = Object.fromEntries(digests.map(({ of, key }) => [of, key]));
  const next = {
    ...withoutClaim(memory),
    ...(isCard && { lastSummaryAt: now }),
    ...(digests.length > 0 && { digests: { ...memory.digests, ...made } }),
  };
  return {
    text: texts.join("\n\n"),
    keyboard: summary ? cameButtons(summary.came, words) : new InlineKeyboard(),
    isQuiet: true,
    claim: { ...memory, ...(isCard && { lastSummaryAt: now }), sending: { at: now, since } },
    done: () => next,
  };
}

const withoutClaim = ({ sending: _over, ...memory }: SummaryMemory): SummaryMemory => memory;

export const sinceOf = ({ account, memory }: Pick<Facts, "account" | "memory">) =>
  memory.sending?.since ?? memory.lastSummaryAt ?? account.createdAt;

export const hasNewsSince = ({ progress }: Pick<Facts, "progress">, at: Date): boolean => {
  const { arrived = [], removals = [] } = progress ?? {};
  return (
    arrived.some(({ arrivedAt }) => arrivedAt > at) || removals.some(({ removedAt }) => removedAt && removedAt > at)
  );
};
