import type { Delivered } from "../../sync/engine/run.ts";
import type { Settings } from "../../sync/model/account.ts";
import type { Arrival } from "../../sync/model/ledger.ts";
import { type Composition, KINDS, type ReadingKind } from "../../sync/model/reading.ts";
import type { Words } from "../words/words.ts";

const DAY_MS = 24 * 3600 * 1000;
const PARTS: Array<keyof Composition> = [
  "bodyFatPercent",
  "bodyWaterPercent",
  "muscleMassKg",
  "boneMassKg",
  "visceralFatIndex",
];

/** Readings that came at once, in the order they were taken. */
export function arrivalLines(arrivals: Arrival[], words: Words): string[] {
  const corrected = arrivals.filter(({ was }) => was);
  const fresh = arrivals.filter(({ was }) => !was);
  return [...(fresh.length > 0 ? [freshLine(fresh, words)] : []), ...corrected.map((it) => correctedLine(it, words))];
}

/** The same, after nothing had ever come before. */
export function firstArrivalLines({ arrivals, unplaced }: Delivered, words: Words): string[] {
  const { arrivals: say, format } = words;
  const newest = KINDS.flatMap((kind) => arrivals.findLast((it) => it.kind === kind) ?? []);
  const parts = PARTS.filter((part) => arrivals.some(({ composition }) => composition?.[part] !== undefined));
  return [
    ...arrivalLines(arrivals, words),
    ...(arrivals.length > newest.length ? [say.newest(newest.map(format.short))] : []),
    say.fields(
      newest.map(({ kind }) => kind),
      parts,
      unplaced,
    ),
  ];
}

export function firstArrivalText(delivered: Delivered, { cards, summaryHour }: Settings, words: Words): string {
  return [...firstArrivalLines(delivered, words), words.arrivals.next[cards](summaryHour)].join("\n");
}

function freshLine(fresh: Arrival[], words: Words): string {
  const { arrivals: say, format, held } = words;
  const [first, ...more] = fresh;
  const last = more.at(-1);
  if (!first) return "";
  if (!last) return say.one(format.shortValues(first.values), isLate(first) ? first.takenAt : undefined);
  const count = (kind: ReadingKind) => fresh.filter((it) => it.kind === kind).length;
  const counted = KINDS.filter((kind) => count(kind) > 0).map((kind) => held.counted(kind, count(kind)));
  const days = [first, last].map(({ takenAt }) => format.dayOrToday(takenAt));
  return say.several(counted, [...new Set(days)]);
}

/** "64.4 → 64.1 kg", with more digits if these say nothing. */
export function correctedLine({ was, values }: Arrival, { arrivals: say, format }: Words): string {
  const name = format.shortValues(was ?? values) === format.shortValues(values) ? format.values : format.shortValues;
  const [before, now] = [name(was ?? values), name(values)];
  const [unit = ""] = / (kg|lb)$/.exec(now) ?? [];
  const isOneUnit = unit !== "" && !now.includes(" st ");
  return say.corrected(isOneUnit ? before.slice(0, -unit.length) : before, now);
}

/** Taken more than a day before it came. */
export const isLate = ({ takenAt, arrivedAt }: Arrival) => arrivedAt.getTime() - takenAt.getTime() > DAY_MS;
