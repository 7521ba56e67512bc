import { InlineKeyboard } from "grammy/web";
import { type Formatted, formatted } from "../views/question.ts";
import { heightWords } from "../words/height.ts";
import type { Words } from "../words/words.ts";
import { CALLBACK } from "./keyboards.ts";

/** Asked once. `commands/height` takes the answer. */
export function heightQuestion(words: Words): Formatted & { keyboard: InlineKeyboard } {
  const say = heightWords(words);
  return { ...formatted(say.ask), keyboard: new InlineKeyboard().text(say.no, CALLBACK.noHeight) };
}
