import { digestInGerman, goalInGerman } from "./de-digest.ts";
import { type DigestWords, digestInEnglish, type GoalWords, goalInEnglish } from "./en-digest.ts";
import type { Words } from "./words.ts";

const DIGEST = { en: digestInEnglish, de: digestInGerman } satisfies Record<Words["language"], unknown>;
const GOAL: Record<Words["language"], GoalWords> = { en: goalInEnglish, de: goalInGerman };

/** What only the digests need, for the reader of `words`. */
export const digestWords = ({ language, format }: Words): DigestWords => DIGEST[language](format);

/** The same for a goal, in cards and digests too. */
export const goalWords = ({ language }: Pick<Words, "language">): GoalWords => GOAL[language];
