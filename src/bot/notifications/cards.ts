import { localDate } from "../../lib/local-time.ts";
import type { Delivered } from "../../sync/engine/run.ts";
import type { Account } from "../../sync/model/account.ts";
import type { SummaryMemory } from "../../sync/model/people.ts";
import { digestOf, type Period } from "../../sync/status/digest.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { summaryOf, waitingOf } from "../../sync/status/summary.ts";
import { arrivalButtons } from "../ui/keyboards.ts";
import { firstArrivalText } from "../views/arrivals.ts";
import { digestText } from "../views/digest.ts";
import { summaryText, waitsForYou } from "../views/summary.ts";
import { type Words, wordsOf } from "../words/words.ts";
import type { Deliver } from "./delivery.ts";

/** Edits a message that was sent before. False if Telegram refused. */
export type Edit = (account: Account, messageId: number, text: string) => Promise<boolean>;

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

/** The first message, the card of the day, the one that is edited as readings come, and the digests. */
export function createCards({ deliver, edit }: { deliver: Deliver; edit: Edit }) {
  /** Resolves to what the memory is to keep of it, or to undefined if there is none, or Telegram didn't take it. */
  async function sendCard(seen: CardNews): Promise<Partial<SummaryMemory> | undefined> {
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

  async function sendRunning({ account, memory, timezone, now, ...facts }: Facts, words: Words) {
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

  return sendCard;
}

/** The card of the day and the digests; empty if there is nothing to say. */
function dueText({ facts, isDue, digests }: CardNews, words: Words): string {
  const { account, progress, attention } = facts;
  const { cards, goalKg } = account.settings;
  const summary = isDue && cards === "daily" ? summaryOf({ ...facts, since: sinceOf(facts) }) : undefined;
  const periods = progress ? digests.flatMap((it) => digestOf(it, progress) ?? []) : [];
  const texts = [
    ...(summary ? [summaryText(summary, words, goalKg)] : []),
    ...periods.map((it) => digestText(it, goalKg, words)),
  ];
  const waits = summary || periods.length === 0 ? [] : waitsForYou(waitingOf(attention, progress), words);
  return [texts.join("\n\n"), ...waits].join("\n");
}

export const sinceOf = ({ account, memory }: Pick<Facts, "account" | "memory">) =>
  memory.lastSummaryAt ?? account.createdAt;
