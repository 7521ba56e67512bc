import { isUnusual } from "../../sync/engine/plausibility.ts";
import type { Measured } from "../../sync/model/vendors.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { typedWords } from "../words/typed.ts";
import type { Words } from "../words/words.ts";

export interface TypedQuestion {
  text: string;
  /** It's asked about once more before it's saved. */
  isFarOff: boolean;
}

/** What was understood, and what is odd about it. `isGuess`: it isn't what was typed. */
export function typedQuestion(
  reading: Measured & { isGuess: boolean },
  { progress, lastReadings }: Pick<Overview, "progress" | "lastReadings">,
  words: Words,
): TypedQuestion {
  const say = typedWords(words);
  const { kind } = reading.values;
  const isFarOff = isUnusual(reading, progress?.recentWeighIns ?? []);
  const name = say.name(reading);
  const first = reading.isGuess ? say.perhaps(name) : say.understood(name);
  const odd = isFarOff ? ` ${say.farOff[kind](lastReadings[kind])} ${say.isRight}` : "";
  return { text: `${first}${odd}`, isFarOff };
}
