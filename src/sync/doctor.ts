import type { Clock } from "../clock.ts";
import { type Action, ActionNeededError, RetryLaterError, UsageError } from "../errors.ts";

/** Who has to move: nobody, the owner of an account, the person who runs the program, or time. */
export type Verdict = "ok" | "owner" | "operator" | "later" | "broken";

/** Something is wrong; the sentence holds the mend. */
export interface Problem {
  verdict: Exclude<Verdict, "ok">;
  text: string;
}

export interface Finding {
  check: string;
  verdict: Verdict;
  /** One sentence; when something is wrong, with the mend. */
  text: string;
  /** What the owner has to do, where that has a name. */
  action?: Action;
}

/** A check answers with one sentence when all is well, else with the problem, or by throwing in the usual kinds. */
export interface Check {
  name: string;
  run: () => Promise<string | Problem>;
}

/** More than this and tokens, tickets and codes are judged by a wrong time. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** Runs every check, whatever the ones before it say. `sentence` puts an error into words. */
export async function examine(checks: Check[], sentence: (error: unknown) => string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, run } of checks) {
    try {
      const answer = await run();
      findings.push({ check: name, ...(typeof answer === "string" ? { verdict: "ok", text: answer } : answer) });
    } catch (error) {
      const action = error instanceof ActionNeededError ? { action: error.action } : {};
      findings.push({ check: name, verdict: verdictOf(error), text: sentence(error), ...action });
    }
  }
  return findings;
}

function verdictOf(error: unknown): Verdict {
  if (error instanceof ActionNeededError) return "owner";
  if (error instanceof UsageError) return "operator";
  return error instanceof RetryLaterError ? "later" : "broken";
}

/** How much there is to do, by who has to. What two checks say in the same words is one thing. */
export function thingsToDo(findings: Finding[]): { needYou: number; broken: number; later: number } {
  const count = (...verdicts: Verdict[]) =>
    new Set(findings.filter(({ verdict }) => verdicts.includes(verdict)).map(({ text }) => text)).size;
  return { needYou: count("owner", "operator"), broken: count("broken"), later: count("later") };
}

/** By how much this machine's clock is ahead, or behind when it is negative; 0 for what does no harm. */
export function clockOffSeconds(clock: Clock, serverTime: Date): number {
  const seconds = Math.round((clock.now().getTime() - serverTime.getTime()) / 1000);
  return Math.abs(seconds) <= CLOCK_TOLERANCE_SECONDS ? 0 : seconds;
}
