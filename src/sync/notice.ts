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

/** What kept the readings from arriving, as its owner knows it. */
export type Trouble = Pick<RunReport, "status" | "action">;

/**
 * The trouble that stands after a run. Having to wait says nothing about what was wrong before, so `known` stands on:
 * after the owner has signed in again, Garmin often takes another run to show what it got.
 */
export function troubleAfter(run: Trouble | undefined, known: Trouble | undefined): Trouble | undefined {
  if (run?.status === "retry_later") return known;
  return run?.status === "action_needed" || run?.status === "error" ? run : undefined;
}

/**
 * What changed with a run that nobody watched. A trouble is said when it begins and when it ends, and never in between; a
 * reading that waits is said once. Pure: before and after are what is stored, and `known` is the trouble before the run.
 */
export function noticesOf(
  before: Overview,
  after: Overview,
  report: RunReport,
  known: Trouble | undefined = troubleAfter(before.lastRun?.outcome, undefined),
): Notice[] {
  if (report.busy) return [];
  const notices: Notice[] = [];
  if (report.action && known?.action !== report.action) notices.push({ type: "action_needed", action: report.action });
  if (report.status === "error" && known?.status !== "error") notices.push({ type: "broken" });
  if (report.status === "success" && known) notices.push({ type: "healed", synced: report.synced });
  const told = new Set(before.attention.map(readingId));
  for (const item of after.attention) {
    if (!told.has(readingId(item))) notices.push({ type: "attention", item });
  }
  return notices;
}
