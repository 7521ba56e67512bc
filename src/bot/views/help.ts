import type { Words } from "../words/words.ts";

export function helpText(isOwner: boolean, { commands, ownerCommands, typed, helpWithGarminsPage }: Words): string {
  const available = { ...commands, ...(isOwner && ownerCommands) };
  const lines = Object.entries(available).map(([name, what]) => `/${name}  ${what}`);
  return [...lines, "", typed.help, "", helpWithGarminsPage].join("\n");
}
