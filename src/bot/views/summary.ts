import { type Composition, KINDS } from "../../sync/model/reading.ts";
import type { Summary, WeightTrend } from "../../sync/status/summary.ts";
import type { Words } from "../words/words.ts";

export function summaryText(summary: Summary, words: Words): string {
  const { arrived, weight, composition, bloodPressure, waiting, paused } = summary;
  const { summary: say } = words;
  const kinds = KINDS.flatMap((kind) => {
    const of = arrived[kind];
    return of ? [words.held.counted(kind, of.count)] : [];
  });
  const waits = [
    ...(waiting.held > 0 ? [say.held(waiting.held)] : []),
    ...(waiting.failed > 0 ? [say.notStored(waiting.failed)] : []),
  ];
  return [
    kinds.length > 0 ? say.arrived(kinds) : say.nothingNew,
    ...(weight ? [weightLine(weight, words)] : []),
    ...(composition ? [say.body(partsOf(composition, words))] : []),
    ...(bloodPressure ? [say.bloodPressure(bloodPressure)] : []),
    ...(waits.length > 0 ? [say.waits(waits)] : []),
    ...(paused ?? []).map((kind) => words.notices.paused(kind, "/status")),
  ].join("\n");
}

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
