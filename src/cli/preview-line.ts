import { localDateTime } from "../lib/local-time.ts";
import type { Finding, Item } from "../sync/engine/item.ts";
import { sentValues } from "../sync/engine/match.ts";
import type { Step } from "../sync/engine/plan.ts";
import type { LedgerEntry, SkipReason } from "../sync/model/ledger.ts";
import { terminalWords } from "./words.ts";

const words = terminalWords("UTC", new Date(0));

export function previewLine({ reading, entry, step, finding }: Item, timezone: string): string {
  const time = localDateTime(reading.takenAt, timezone).replace("T", " ");
  return `${time}  ${words.format.values(sentValues(reading))}: ${would(step, finding, entry?.value)}`;
}

const SKIPPED: Record<SkipReason, string> = {
  already_in_garmin: "nothing to do: Garmin already had it",
  kind_off: "would not be sent: it came while its kind was off",
  not_mine: "nothing to do: you said it isn’t yours",
};

function would(step: Step, finding: Finding | undefined, entry: LedgerEntry | undefined): string {
  switch (step.type) {
    case "leave":
      return "would not be sent: taken before the start";
    case "skip":
      return SKIPPED[step.reason];
    case "settled":
      return entry?.fate.state === "skipped" ? SKIPPED[entry.fate.reason] : "nothing to do: already settled";
    case "wait":
      return "would not be sent: the same reading is on its way";
    case "hold":
      if (finding?.type === "elsewhere") return "would not be sent: Garmin has it from elsewhere";
      return `would be held: ${words.held.reason[step.reason]}`;
    case "fail":
      return `would not be sent: ${words.held.failed[step.reason]}`;
    default:
      break;
  }
  switch (finding?.type) {
    case "arrived":
      return "would be settled: Garmin has it from an earlier run";
    case "elsewhere":
      return "would not be sent: Garmin has it from elsewhere";
    case "outdated":
      return "would replace what Garmin has: Withings changed it";
    case "wait":
      return "would be looked for again: it may still appear in Garmin";
    case "gone":
      return `would be given up: ${words.held.failed.never_appeared}`;
    default:
      return "would be sent: it’s new";
  }
}
