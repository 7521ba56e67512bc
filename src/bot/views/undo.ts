import { ActionNeededError } from "../../lib/errors.ts";
import type { TakenBack } from "../../sync/decisions/take-back.ts";
import { type LedgerEntry, type Removal, restorableUntil } from "../../sync/model/ledger.ts";
import type { Words } from "../words/words.ts";

export function takeOutQuestion(entry: LedgerEntry, { undo: say }: Words): string {
  return entry.fate.state === "seen" ? say.ask(entry) : say.askUnseen(entry);
}

export function removedText(
  { takenAt, values, removedAt, isGivenBack }: Pick<Removal, "takenAt" | "values" | "removedAt" | "isGivenBack">,
  words: Words,
) {
  const until = removedAt && !isGivenBack ? restorableUntil(removedAt) : undefined;
  return words.undo.removed({ takenAt, values }, until);
}

/** What its owner can do about what was in the way. */
export const problemText = (problem: unknown, words: Pick<Words, "action">): string[] =>
  problem instanceof ActionNeededError ? [words.action(problem.action)] : [];

export function takenBackText(outcome: TakenBack, { undo: say, ...words }: Words): string {
  const { entry } = outcome;
  if (!entry) return say.unknown;
  switch (outcome.type) {
    case "removed":
      return say.removed(entry, entry.removal?.removedAt && restorableUntil(entry.removal.removedAt));
    case "elsewhere":
      return say.elsewhere(entry);
    case "kind_off":
      return say.kindOff(entry);
    case "pending":
      return [say.pending(entry), ...problemText(outcome.problem, words)].join(" ");
    case "held":
    case "restoring":
    case "too_late":
      return say.tooLate(entry);
  }
}
