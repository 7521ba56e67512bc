import { goneInGerman } from "./de-gone.ts";
import { type GoneWords, goneInEnglish } from "./en-gone.ts";
import type { Words } from "./words.ts";

export type { GoneWords };

const CATALOGUE = { en: goneInEnglish, de: goneInGerman } satisfies Record<Words["language"], unknown>;

/** What is said of readings that are gone at Withings, for the reader of `words`. Loaded on demand: few messages are about them. */
export const goneWords = ({ language, format }: Words): GoneWords => CATALOGUE[language](format);
