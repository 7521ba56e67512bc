import { plainWords } from "../words/plain.ts";
import type { Words } from "../words/words.ts";

/** What happens by itself, what to ask, and every command. */
export function helpText(isOwner: boolean, words: Words): string {
  const { commands, ownerCommands, typed, helpWithGarminsPage } = words;
  const { help: say } = plainWords(words);
  const available = { ...commands, ...(isOwner && ownerCommands) };
  const lines = Object.entries(available).map(([name, what]) => `/${name}  ${what}`);
  return [say.what, "", say.ask, "", ...lines, "", typed.help, "", helpWithGarminsPage].join("\n");
}
