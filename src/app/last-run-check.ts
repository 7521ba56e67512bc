import { delayText, unexpectedText } from "../bot/views/delay.ts";
import { lastRunText, sinceThen } from "../bot/views/last-sync.ts";
import { notAsSentText } from "../bot/views/notices.ts";
import { notArrivedText } from "../bot/views/status.ts";
import { doctorWords } from "../bot/words/doctor.ts";
import { RetryLaterError } from "../lib/errors.ts";
import type { Account, LastRun } from "../sync/model/account.ts";
import type { Problem } from "../sync/status/checks.ts";
import type { Overview } from "../sync/status/overview.ts";
import type { CheckContext } from "./check-context.ts";

/** A program that has not run for this many of its intervals has stopped, whatever else it says of itself. */
const INTERVALS_UNTIL_DEAD = 3;

/** Whether syncs run, and how the last one ended. */
export async function checkLastRun(context: CheckContext, account: Account): Promise<string | Problem> {
  const { app } = context;
  try {
    return await judge(context, await app.overviews.of(account));
  } catch (error) {
    if (!(error instanceof RetryLaterError)) throw error;
    // How it ended is stored apart from the readings, and may still be readable.
    const delayed = putOff(context, await app.overviews.lastRun(account.telegramUserId));
    if (!delayed) throw error;
    return delayed;
  }
}

function putOff({ words }: CheckContext, last: LastRun | undefined): Problem | undefined {
  if (last?.outcome.status !== "retry_later") return undefined;
  const { delay } = last.outcome;
  return { verdict: "later", text: `${lastRunText(last, words)}.${delay ? ` ${delayText(delay, words)}` : ""}` };
}

async function judge(context: CheckContext, overview: Overview): Promise<string | Problem> {
  const { words, noRunYet } = context;
  const { lastRun, links } = overview;
  // A missing link has a line of its own.
  if (!links.withings || !links.garmin) return doctorWords(words).noRunNeedsLinks;
  if (!lastRun) return noRunYet;
  return (
    (await whyNoneRuns(context, lastRun, links)) ??
    whatFailed(context, lastRun) ??
    whatHasNotArrived(context, lastRun, overview)
  );
}

/** Nothing has run lately, or nothing can. */
async function whyNoneRuns(
  { words, garmin, clock, syncIntervalMinutes, hasClockLine }: CheckContext,
  { finishedAt, outcome }: LastRun,
  links: Overview["links"],
): Promise<Problem | undefined> {
  const say = doctorWords(words);
  const isLinked = links.withings?.state === "linked" && links.garmin?.state === "linked";
  const age = clock.now().getTime() - finishedAt.getTime();
  const isTooOld = (ms: number) => ms > INTERVALS_UNTIL_DEAD * syncIntervalMinutes * 60_000;
  // By a clock that is ahead, any run seems long ago.
  if (isLinked && isTooOld(age) && isTooOld(age - ((await garmin.clockOffSoon()) ?? 0) * 1000)) {
    return { verdict: "operator", text: say.runTooOld(words.format.time(finishedAt), syncIntervalMinutes) };
  }
  if (outcome.action !== "fix_clock") return undefined;
  const seconds = await garmin.clockOffSoon();
  if (seconds === 0) return { verdict: "later", text: say.noRunSinceClock };
  return seconds !== undefined && hasClockLine ? { verdict: "note", text: say.runNeedsClock } : undefined;
}

function whatFailed({ words, needed }: CheckContext, lastRun: LastRun): Problem | undefined {
  const { outcome } = lastRun;
  if (outcome.action) {
    const text = `${needed(outcome.action)}${sinceThen(outcome, words)}`;
    return { verdict: "owner", text, action: outcome.action };
  }
  if (outcome.unexpectedFrom) {
    const text = `${lastRunText(lastRun, words)}. ${unexpectedText(outcome.unexpectedFrom, outcome, words)}`;
    return { verdict: "later", text };
  }
  if (outcome.status === "error" && !outcome.onlyReadings) {
    return { verdict: "broken", text: `${doctorWords(words).runBroke}${sinceThen(outcome, words)}` };
  }
  // A new link has settled it, and no run has shown that since.
  return outcome.status === "action_needed" ? { verdict: "later", text: doctorWords(words).noRunSinceLink } : undefined;
}

/** A reading that isn't in Garmin isn't good news, however well the run ended. */
function whatHasNotArrived({ words, status }: CheckContext, lastRun: LastRun, overview: Overview): string | Problem {
  const { outcome } = lastRun;
  const { facts, attention } = overview;
  const ended = lastRunText(lastRun, words);
  const notArrived = notArrivedText(overview, status, words);
  const notAsSent = notAsSentText(facts.fields, words);
  const text = [`${ended}.`, notArrived, outcome.delay && delayText(outcome.delay, words), notAsSent]
    .filter(Boolean)
    .join(" ");
  if (outcome.status === "success" && !notArrived) return notAsSent ? { verdict: "note", text } : ended;
  const needsOwner = facts.differs.length > 0 || attention.length > 0;
  return { verdict: needsOwner ? "owner" : "later", text };
}
