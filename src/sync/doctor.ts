import type { Clock } from "../clock.ts";
import { ActionNeededError, RetryLaterError, UsageError } from "../errors.ts";

/** Who has to move: nobody, the owner of an account, the person who runs the program, or time. */
export type Verdict = "ok" | "owner" | "operator" | "later" | "broken";

export interface Finding {
  check: string;
  verdict: Verdict;
  /** One sentence; when something is wrong, with the mend. */
  text: string;
}

/** A check answers with one sentence when all is well, and throws in the usual kinds when it is not. */
export interface Check {
  name: string;
  run: () => Promise<string>;
}

/** More than this and tokens, tickets and codes are judged by a wrong time. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** Runs every check, whatever the ones before it say. `sentence` puts an error into words. */
export async function examine(checks: Check[], sentence: (error: unknown) => string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { name, run } of checks) {
    try {
      findings.push({ check: name, verdict: "ok", text: await run() });
    } catch (error) {
      findings.push({ check: name, verdict: verdictOf(error), text: sentence(error) });
    }
  }
  return findings;
}

function verdictOf(error: unknown): Verdict {
  if (error instanceof ActionNeededError) return "owner";
  if (error instanceof UsageError) return "operator";
  return error instanceof RetryLaterError ? "later" : "broken";
}

/** @throws UsageError when this machine's clock is off. */
export function checkClock(clock: Clock, serverTime: Date): string {
  const seconds = Math.round((clock.now().getTime() - serverTime.getTime()) / 1000);
  if (Math.abs(seconds) <= CLOCK_TOLERANCE_SECONDS) return "right";
  const direction = seconds > 0 ? "ahead" : "behind";
  throw new UsageError(
    `This machine's clock is ${Math.abs(seconds)} seconds ${direction}. Switch on its time synchronisation.`,
  );
}
