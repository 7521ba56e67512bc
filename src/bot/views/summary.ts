import type { RunOutcome } from "../../sync/model/outcome.ts";
import { type Composition, KINDS } from "../../sync/model/reading.ts";
import type { Summary, WeightTrend } from "../../sync/status/summary.ts";
import type { Words } from "../words/words.ts";
import { delayedText, unexpectedSince } from "./delay.ts";
import { sinceThen } from "./last-sync.ts";

export function summaryText(summary: Summary, words: Words): string {
  const { arrived, weight, composition, bloodPressure, waiting, paused, stuck } = summary;
  const { summary: say } = words;
  const kinds = KINDS.flatMap((kind) => {
    const of = arrived[kind];
    return of ? [words.held.counted(kind, of.count)] : [];
  });
  return [
    kinds.length > 0 ? say.arrived(kinds) : say.nothingNew,
    ...(stuck ? [stuckText(stuck, words)] : []),
    ...(weight ? [weightLine(weight, words)] : []),
    ...(composition ? [say.body(partsOf(composition, words))] : []),
    ...(bloodPressure ? [say.bloodPressure(bloodPressure)] : []),
    ...waitsForYou(waiting, words),
    ...(paused ?? []).map((kind) => words.notices.paused(kind, "/status")),
  ].join("\n");
}

export function waitsForYou({ held, failed }: { held: number; failed: number }, { summary: say }: Words): string[] {
  const counted = [...(held > 0 ? [say.held(held)] : []), ...(failed > 0 ? [say.notStored(failed)] : [])];
  return counted.length > 0 ? [say.waits(counted)] : [];
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

function weightLine({ takenAt, weightKg, daysAgo, meanKg, changeKg }: WeightTrend, { summary: say }: Words): string {
  if (daysAgo !== undefined) return say.lastWeighIn(weightKg, takenAt, daysAgo);
  return [say.weight(weightKg, takenAt), ...(meanKg === undefined ? [] : [say.mean(meanKg, changeKg)])].join(" ");
}

type Part = keyof Words["summary"]["part"];
const PARTS: Part[] = ["bodyFatPercent", "bodyWaterPercent", "muscleMassKg", "boneMassKg", "visceralFatIndex"];

function partsOf(composition: Composition, { summary: say }: Words): string[] {
  return PARTS.flatMap((part) => {
    const value = composition[part];
    return value === undefined ? [] : [say.part[part](value)];
  });
}
