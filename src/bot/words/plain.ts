import { plainInGerman } from "./de-plain.ts";
import { type PlainWords, plainInEnglish } from "./en-plain.ts";
import type { Words } from "./words.ts";

export type { PlainWords };

const CATALOGUE = { en: plainInEnglish, de: plainInGerman } satisfies Record<Words["language"], unknown>;

/** What only plain questions need, for the reader of `words`. */
export const plainWords = ({ language, format }: Words): PlainWords => CATALOGUE[language](format);
