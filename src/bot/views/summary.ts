import type { RunOutcome } from "../../sync/model/outcome.ts";
import { type Composition, KINDS, type ReadingKind } from "../../sync/model/reading.ts";
import type { Summary } from "../../sync/status/summary.ts";
import type { Words } from "../words/words.ts";
import { correctedLine, isLate } from "./arrivals.ts";
import { delayedText, unexpectedSince } from "./delay.ts";
import { type Goal, goalPart } from "./goal.ts";
import { sinceThen } from "./last-sync.ts";
import { waitsForYou } from "./waits.ts";

/** A card: the numbers first, then whatever its reader should know of. */
export function summaryText(summary: Summary, words: Words, goal: Goal = {}): string {
  const { arrived, corrected = [], removed = [], composition, waiting, paused, stuck } = summary;
  const { summary: say, format } = words;
  return [
    ...KINDS.flatMap((kind) => (arrived[kind] ? [arrivedLine(kind, summary, words, goal)] : [])),
    ...(composition ? [say.body(partsOf(composition, words))] : []),
    ...corrected.map((it) => correctedLine(it, words)),
    ...removed.map((it) => say.removed(format.short(it), it.because)),
    ...(stuck ? [stuckText(stuck, words)] : []),
    ...waitsForYou(waiting, words),
    ...(paused ?? []).map((kind) => words.notices.paused(kind, "/status")),
  ].join("\n");
}

function arrivedLine(kind: ReadingKind, { arrived, weight }: Summary, words: Words, goal: Goal): string {
  const { summary: say, format, held } = words;
  const { newest, count } = arrived[kind] ?? {};
  if (!newest || !count) return "";
  const isTrend = kind === "weigh_in" && weight?.takenAt.getTime() === newest.takenAt.getTime();
  return [
    say.inGarmin(format.shortValues(newest.values), isLate(newest) ? newest.takenAt : undefined),
    ...(isTrend && weight.changeKg !== undefined ? [say.change(weight.changeKg)] : []),
    ...(isTrend && goal.goalKg !== undefined ? [goalPart(goal, weight.weightKg, words)] : []),
    ...(count > 1 ? [held.counted(kind, count)] : []),
  ].join(" · ");
}

function stuckText(outcome: RunOutcome, words: Words): string {
  const { status, action, onlyReadings, unexpectedFrom, delay, since } = outcome;
  if (action) return words.summary.stuck(since, firstSentence(words.action(action)));
  if (unexpectedFrom) return unexpectedSince(unexpectedFrom, since, words);
  if (delay && (status === "retry_later" || onlyReadings)) return delayedText(delay, words);
  return words.news.broken + sinceThen(outcome, words);
}

/** Texts about trouble begin with what happened. */
const firstSentence = (text: string) => text.replace(/(?<=\.)\s.*/s, "");

type Part = keyof Words["summary"]["part"];
const PARTS: Part[] = ["bodyFatPercent", "bodyWaterPercent", "muscleMassKg", "boneMassKg", "visceralFatIndex"];

function partsOf(composition: Composition, { summary: say }: Words): string[] {
  return PARTS.flatMap((part) => {
    const value = composition[part];
    return value === undefined ? [] : [say.part[part](value)];
  });
}
