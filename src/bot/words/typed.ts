import { typedInGerman } from "./de-typed.ts";
import { type TypedWords, typedInEnglish } from "./en-typed.ts";
import type { Words } from "./words.ts";

export type { TypedWords };

const CATALOGUE = { en: typedInEnglish, de: typedInGerman } satisfies Record<Words["language"], unknown>;

/** What only typed readings and shared locations need, for the reader of `words`. */
export const typedWords = ({ language, format }: Words): TypedWords => CATALOGUE[language](format);
