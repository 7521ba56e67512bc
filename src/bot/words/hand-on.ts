import { handOnInGerman } from "./de-hand-on.ts";
import { type HandOnWords, handOnInEnglish } from "./en-hand-on.ts";
import type { Words } from "./words.ts";

export type { HandOnWords };

const CATALOGUE = { en: handOnInEnglish, de: handOnInGerman } satisfies Record<Words["language"], unknown>;

/** What only readings of somebody else here need, for the reader of `words`. */
export const handOnWords = ({ language, format }: Words): HandOnWords => CATALOGUE[language](format);
