import type { Units } from "../../sync/model/account.ts";
import type { SentValues } from "../../sync/model/vendors.ts";
import { onlyOne, splits, type When, whenIn } from "./times.ts";
import { type TypedValues, valuesIn } from "./values.ts";

export interface Understood {
  values: SentValues;
  takenAt: Date;
  /** How far off it may be from what a device measured: people round, and give times roughly. */
  within: { seconds: number; kg: number };
  /** It isn't what was typed, only what may have been meant. */
  isGuess: boolean;
}

export type Typed = ({ type: "reading" } & Understood) | { type: "in_the_future" };

const LONGEST = 80;

/**
 * The reading that a text is, in English or German: values with or without a unit, before or after a time. Undefined if the text
 * has anything else in it, or can be read in two ways.
 */
export function parseTyped(text: string, given: { units: Units; timezone: string; now: Date }): Typed | undefined {
  if (text.length > LONGEST || !/\d/.test(text)) return undefined;
  const plain = text
    .normalize("NFC")
    .toLowerCase()
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[.!]+$/, "");
  // A whole date or time has no reading beside it: "8 Uhr 30" isn't 30 kg at eight.
  if (whenIn(plain, given) !== undefined) return undefined;
  return onlyOne(
    splits(plain.split(" ")).flatMap(([values, when]) => {
      const typed = values === "" ? undefined : valuesIn(values, given.units);
      return typed ? withTime(typed, whenIn(when, given)) : [];
    }),
  );
}

function withTime({ values, withinKg, isGuess }: TypedValues, when: When | "in_the_future" | undefined): Typed[] {
  if (!when) return [];
  if (when === "in_the_future") return [{ type: when }];
  const { takenAt, withinSeconds } = when;
  return [{ type: "reading", values, takenAt, within: { seconds: withinSeconds, kg: withinKg }, isGuess }];
}
