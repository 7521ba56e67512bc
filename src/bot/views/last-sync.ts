import type { LastRun } from "../../sync/model/account.ts";
import { isAboutSetup, isIncomplete, type RunOutcome } from "../../sync/model/outcome.ts";
import type { Words } from "../words/words.ts";
import { delayText, unexpectedText } from "./delay.ts";

type Ending = keyof Words["lastSync"]["ending"];

function endingOf({ status, action, paused, onlyReadings, unexpectedFrom }: RunOutcome): Ending {
  if (onlyReadings) return "not_all_stored";
  if (status === "success" && paused) return "something_paused";
  if (status === "action_needed" && !action) return "was_waiting";
  // Its reader may be somebody who can't do anything about it.
  if (action && isAboutSetup(action)) return "retry_later";
  return unexpectedFrom ? "retry_later" : status;
}

export function lastRunText({ finishedAt, outcome }: LastRun, { lastSync: say }: Words): string {
  return say.run(finishedAt, say.ending[endingOf(outcome)], outcome.synced);
}

/** Empty if it has only just started. */
export function sinceThen({ since }: Pick<RunOutcome, "since">, { format, lastSync: say }: Words): string {
  return since && format.moment(since) !== format.moment(format.now) ? ` ${say.since(since)}` : "";
}

/** A missing link has its own line elsewhere. */
export function lastSyncLines(last: LastRun | undefined, words: Words): string[] {
  if (!last) return [words.lastSync.none];
  const { status, action, delay, onlyReadings, unexpectedFrom } = last.outcome;
  const since = sinceThen(last.outcome, words);
  const isBroken = status === "error" && !onlyReadings && !unexpectedFrom;
  return [
    words.lastSync.line(lastRunText(last, words)),
    ...((status === "retry_later" || onlyReadings) && delay ? [delayText(delay, words)] : []),
    ...(unexpectedFrom ? [unexpectedText(unexpectedFrom, last.outcome, words)] : []),
    ...(isBroken ? [`${words.broken}${since}`] : []),
    ...(action && !isIncomplete(action) ? [`${words.action(action)}${status === "error" ? "" : since}`] : []),
  ];
}
