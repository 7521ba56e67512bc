import type { Words } from "../words/words.ts";

export function helpText(isOwner: boolean, { commands, ownerCommands, helpWithGarminsPage }: Words): string {
  const known = { ...commands, ...(isOwner && ownerCommands) };
  return [...Object.entries(known).map(([name, what]) => `/${name}  ${what}`), "", helpWithGarminsPage].join("\n");
}
