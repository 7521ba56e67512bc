import { plainWords } from "../words/plain.ts";
import { typedWords } from "../words/typed.ts";
import type { Words } from "../words/words.ts";

/** What happens by itself, what to ask, and every command. */
export function helpText(isOwner: boolean, words: Words): string {
  const { commands, ownerCommands, helpWithGarminsPage } = words;
  const { help: say } = plainWords(words);
  const available = { ...commands, ...(isOwner && ownerCommands) };
  const lines = Object.entries(available).map(([name, what]) => `/${name}  ${what}`);
  return [say.what, "", say.ask, "", ...lines, "", typedWords(words).help, "", helpWithGarminsPage].join("\n");
}
