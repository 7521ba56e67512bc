import type { Words } from "../words/words.ts";

export function helpText(isOwner: boolean, { commands, ownerCommands, helpWithGarminsPage }: Words): string {
  const available = { ...commands, ...(isOwner && ownerCommands) };
  return [...Object.entries(available).map(([name, what]) => `/${name}  ${what}`), "", helpWithGarminsPage].join("\n");
}
