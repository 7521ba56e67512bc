import { type TypedReading, typedAtOf } from "../../sync/model/typed.ts";
import type { SentValues } from "../../sync/model/vendors.ts";

/** `save` it; that it's right after all (`sure`), which is asked about again; don't save it (`no`). */
export type TypedVerb = "save" | "sure" | "no";

/** Nothing is stored until a reading is saved, so its button holds it. Some 50 of Telegram's 64 bytes. */
export function tapOf(verb: TypedVerb, { id, values, takenAt, within }: Omit<TypedReading, "typedAt">): string {
  const seconds = Math.floor(takenAt.getTime() / 1000);
  const numbers = [id, seconds, Math.round(within.seconds), Math.round(within.kg * 1000), ...numbersOf(values)];
  return `typed:${verb}:${values.kind === "weigh_in" ? "w" : "p"}:${numbers.map((it) => it.toString(36)).join(":")}`;
}

/** Undefined for anything that `tapOf` doesn't write. */
export function readingIn(data: string): TypedReading | undefined {
  const [kind, ...texts] = data.split(":");
  const numbers = texts.map((it) => (/^[0-9a-z]+$/.test(it) ? Number.parseInt(it, 36) : Number.NaN));
  const [id = 0, seconds = 0, withinSeconds = 0, withinGrams = 0, first = 0, second = 0, third] = numbers;
  const isWeight = kind === "w" && numbers.length === 5;
  const isPressure = kind === "p" && (numbers.length === 6 || numbers.length === 7);
  if (!numbers.every(Number.isSafeInteger) || !(isWeight || isPressure)) return undefined;
  const values: SentValues = isWeight
    ? { kind: "weigh_in", weightKg: first / 100 }
    : {
        ...{ kind: "blood_pressure", systolicMmHg: first, diastolicMmHg: second },
        ...(third !== undefined && { pulseBpm: third }),
      };
  const within = { seconds: withinSeconds, kg: withinGrams / 1000 };
  return { id, typedAt: typedAtOf(id), takenAt: new Date(seconds * 1000), values, within };
}

function numbersOf(values: SentValues): number[] {
  if (values.kind === "weigh_in") return [Math.round(values.weightKg * 100)];
  const { systolicMmHg, diastolicMmHg, pulseBpm } = values;
  return [systolicMmHg, diastolicMmHg, ...(pulseBpm === undefined ? [] : [pulseBpm])];
}
