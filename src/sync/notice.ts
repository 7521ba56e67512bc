import type { Action } from "../errors.ts";
import type { Overview } from "./overview.ts";
import type { AttentionItem } from "./ports.ts";
import { readingId } from "./reading.ts";
import type { RunReport } from "./run.ts";

/** What an owner has to hear although they did not ask. */
export type Notice =
  | { type: "action_needed"; action: Action }
  | { type: "broken" }
  | { type: "healed"; synced: number }
  | { type: "attention"; item: AttentionItem };

/**
 * What changed with a run that nobody watched. A trouble is said when it begins and when it ends, and never in between; a
 * reading that waits is said once. Pure: before and after are what is stored.
 */
export function noticesOf(before: Overview, after: Overview, report: RunReport): Notice[] {
  if (report.busy) return [];
  const notices: Notice[] = [];
  const was = before.lastRun?.outcome;
  // Having to wait says nothing about what was wrong before.
  const wasInTrouble = was?.status === "action_needed" || was?.status === "error";
  if (report.status === "action_needed" && report.action && was?.action !== report.action) {
    notices.push({ type: "action_needed", action: report.action });
  }
  if (report.status === "error" && was?.status !== "error") notices.push({ type: "broken" });
  if (report.status === "success" && wasInTrouble) notices.push({ type: "healed", synced: report.synced });
  const known = new Set(before.attention.map(readingId));
  for (const item of after.attention) {
    if (!known.has(readingId(item))) notices.push({ type: "attention", item });
  }
  return notices;
}
