import type { Units } from "../../sync/model/account.ts";
import { heightInGerman } from "./de-height.ts";
import { type HeightWords, heightInEnglish } from "./en-height.ts";
import type { Words } from "./words.ts";

export type { HeightWords };

const CATALOGUE: Record<Words["language"], HeightWords> = { en: heightInEnglish, de: heightInGerman };

/** What only the question about the height needs, for the reader of `words`. */
export const heightWords = ({ language }: Pick<Words, "language">): HeightWords => CATALOGUE[language];

const INCHES_PER_M = 1 / 0.0254;
const INCHES_PER_FOOT = 12;

/** `1.75 m`, or `5'9"` for those who weigh themselves in pounds. */
export function heightText(heightM: number, units: Units, { format }: Pick<Words, "format">): string {
  if (units === "kg") return `${format.number(heightM, 2)} m`;
  const inches = Math.round(heightM * INCHES_PER_M);
  return `${Math.floor(inches / INCHES_PER_FOOT)}'${inches % INCHES_PER_FOOT}"`;
}
