import type { Units } from "../../sync/model/account.ts";
import type { SentValues } from "../../sync/model/vendors.ts";

export interface TypedValues {
  values: SentValues;
  /** How far a weight may be off because people round: to the last digit that they typed. */
  withinKg: number;
  /** Not what was typed, but what may have been meant by it. */
  isGuess: boolean;
}

const KG_PER_POUND = 0.45359237;
/** In German, half a kilogram, unless its speaker thinks in pounds. */
const KG_PER_PFUND = 0.5;
const POUNDS_PER_STONE = 14;

/** What Garmin's file can hold. */
const MAX_KG = 650;
/** A number without a unit is a weight only from here on. */
const MIN_BARE_KG = 20;
const MAX_BARE_KG = 400;
/** What is guessed is an ordinary weight. */
const GUESSED_KG = [30, 300] as const;

const NUMBER = String.raw`([1-9]\d{0,3}(?:[.,]\d{1,2})?)`;
const POUNDS = "(?:lbs?|pounds?)";
const WEIGHT_BEFORE =
  /^(?:(?:my |mein )?(?:weight|gewicht)(?: (?:is|was|ist|war))?:?|i weigh(?:ed)?|ich (?:wiege|wog)) /;
const PRESSURE_BEFORE = /^(?:(?:my |mein )?(?:bp|rr|blood pressure|blutdruck)(?: (?:is|was|ist|war))?:?) /;
const IN_KG = new RegExp(`^${NUMBER} ?(?:kgs?|kilos?|kilograms?|kilogramm)$`);
const IN_POUNDS = new RegExp(`^${NUMBER} ?${POUNDS}$`);
const IN_PFUND = new RegExp(`^${NUMBER} ?pfund$`);
const IN_STONE = new RegExp(
  String.raw`^(\d{1,2}(?:[.,]\d)?) ?(?:st|stones?)(?: ?(\d{1,2}(?:[.,]\d)?)(?: ?${POUNDS})?)?$`,
);
const BARE = new RegExp(`^${NUMBER}$`);
const PRESSURE =
  /^(\d{2,3}) ?(?:\/|over|zu) ?(\d{2,3})(?: ?mm ?hg)?(?:(?: ?\/ ?|[,;]? )(?:(?:pulse?|puls|hr):? ?)?(\d{2,3})(?: ?(?:bpm|\/min))?)?$/;

const SYSTOLIC = [60, 300] as const;
const DIASTOLIC = [30, 200] as const;
const PULSE = [25, 250] as const;

/** `text`: in lower case, with single spaces. A bare number is in `units`. */
export function valuesIn(text: string, units: Units): TypedValues | undefined {
  const pressure = PRESSURE.exec(text.replace(PRESSURE_BEFORE, ""));
  return pressure ? pressureOf(pressure) : weightIn(text.replace(WEIGHT_BEFORE, ""), units);
}

function pressureOf([, first, second, third]: RegExpExecArray): TypedValues | undefined {
  const [a, b] = [Number(first), Number(second)];
  const isGuess = a < b;
  const [systolicMmHg, diastolicMmHg] = isGuess ? [b, a] : [a, b];
  const pulseBpm = third === undefined ? undefined : Number(third);
  const isWithin = (value: number, [min, max]: readonly [number, number]) => value >= min && value <= max;
  if (a === b || !isWithin(systolicMmHg, SYSTOLIC) || !isWithin(diastolicMmHg, DIASTOLIC)) return undefined;
  if (pulseBpm !== undefined && !isWithin(pulseBpm, PULSE)) return undefined;
  const values = { kind: "blood_pressure" as const, systolicMmHg, diastolicMmHg };
  return { values: pulseBpm === undefined ? values : { ...values, pulseBpm }, withinKg: 0, isGuess };
}

function weightIn(text: string, units: Units): TypedValues | undefined {
  const stone = IN_STONE.exec(text);
  if (stone) return stonesAndPounds(stone[1] ?? "", stone[2]);
  for (const [pattern, kgPerUnit] of [
    [IN_KG, 1],
    [IN_POUNDS, KG_PER_POUND],
    [IN_PFUND, units === "lb" ? KG_PER_POUND : KG_PER_PFUND],
  ] as const) {
    const typed = pattern.exec(text)?.[1];
    if (typed !== undefined) return weight(typed, kgPerUnit) ?? guess(typed, kgPerUnit);
  }
  const bare = BARE.exec(text)?.[1];
  if (bare === undefined) return undefined;
  return units === "st" ? bareStones(bare) : bareNumber(bare, units === "lb" ? KG_PER_POUND : 1);
}

function bareNumber(typed: string, kgPerUnit: number): TypedValues | undefined {
  const kg = numberOf(typed) * kgPerUnit;
  if (kg > MAX_BARE_KG) return guess(typed, kgPerUnit);
  // "5" may be anything, but nobody writes 12.04 without meaning it.
  return kg < MIN_BARE_KG && isWhole(typed) ? undefined : weight(typed, kgPerUnit);
}

/** People who weigh themselves in stone write 11.4 for 11 st 4 lb, and 158 for pounds. */
function bareStones(typed: string): TypedValues | undefined {
  const [stones = "", pounds] = typed.split(/[.,]/);
  if (pounds !== undefined) return guessed(stonesAndPounds(stones, String(Number(pounds))));
  const isStones = Number(typed) * POUNDS_PER_STONE * KG_PER_POUND <= MAX_BARE_KG;
  const literal = isStones ? stonesAndPounds(typed, undefined) : undefined;
  if (literal && kgOf(literal) >= MIN_BARE_KG) return literal;
  return isStones ? undefined : guessed(weight(typed, KG_PER_POUND));
}

function stonesAndPounds(stones: string, pounds: string | undefined): TypedValues | undefined {
  if (pounds === undefined) return weight(stones, POUNDS_PER_STONE * KG_PER_POUND);
  if (!isWhole(stones) || numberOf(pounds) >= POUNDS_PER_STONE) return undefined;
  const inPounds = Number(stones) * POUNDS_PER_STONE + numberOf(pounds);
  return weight(inPounds.toFixed(isWhole(pounds) ? 0 : 1), KG_PER_POUND);
}

function weight(typed: string, kgPerUnit: number): TypedValues | undefined {
  const weightKg = Math.round(numberOf(typed) * kgPerUnit * 100) / 100;
  if (weightKg < 1 || weightKg > MAX_KG) return undefined;
  // Scales show a tenth where they keep a hundredth.
  const withinKg = Math.max(0.1, isWhole(typed) ? Math.min(kgPerUnit, 1) : 0.1 * kgPerUnit);
  return { values: { kind: "weigh_in", weightKg }, withinKg, isGuess: false };
}

/** The decimal point may have been left out: 7240 for 72.40. */
function guess(typed: string, kgPerUnit: number): TypedValues | undefined {
  if (!isWhole(typed)) return undefined;
  const candidates = [100, 10].map((by) => guessed(weight((Number(typed) / by).toFixed(2), kgPerUnit)));
  return candidates.find((it) => it && kgOf(it) >= GUESSED_KG[0] && kgOf(it) <= GUESSED_KG[1]);
}

const guessed = (it: TypedValues | undefined) => it && { ...it, isGuess: true };
const kgOf = ({ values }: TypedValues) => (values.kind === "weigh_in" ? values.weightKg : 0);
const numberOf = (typed: string) => Number(typed.replace(",", "."));
const isWhole = (typed: string) => /^\d+$/.test(typed);
