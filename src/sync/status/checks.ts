import type { Clock } from "../../lib/clock.ts";
import { type Action, whoActs } from "../../lib/errors.ts";
import { within } from "../../lib/within.ts";

/** Who acts next. "note": nobody, although something isn't quite right. */
export type Verdict = "ok" | "note" | "owner" | "operator" | "later" | "broken";

export interface Problem {
  verdict: Exclude<Verdict, "ok">;
  text: string;
  action?: Action;
}

export interface Finding extends Omit<Problem, "verdict"> {
  check: string;
  verdict: Verdict;
}

/** Answers with one sentence when all is well, else with the problem, or by throwing in the usual kinds. */
export interface Check {
  name: string;
  asks: string;
  run: () => Promise<string | Problem>;
}

export interface Line {
  check: string;
  finding: Finding | undefined;
}

export interface CheckReport {
  findings: Finding[];
  /** When those that used up their time have ended too. What they started, a token renewal for one, must not be cut off. */
  ended: Promise<void>;
}

const ANSWER_SECONDS = 15;
/** Beyond this, tokens, tickets and codes are judged by a wrong time. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** Runs all checks in parallel, so that none waits for another's vendor. */
export async function runChecks(
  checks: Check[],
  {
    sentence,
    noAnswer,
    onProgress = () => {},
    answerSeconds = ANSWER_SECONDS,
  }: {
    sentence: (error: unknown) => string;
    noAnswer: (asked: string, seconds: number) => string;
    /** Called with all lines, in the order of the checks: at the start, and whenever one of them is finished. */
    onProgress?: (lines: Line[]) => void;
    answerSeconds?: number;
  },
): Promise<CheckReport> {
  const lines: Line[] = checks.map(({ name }) => ({ check: name, finding: undefined }));
  const running: Array<Promise<unknown>> = [];
  onProgress([...lines]);

  const findings = checks.map(async ({ name, asks, run }, index) => {
    const answer = ended(run);
    running.push(answer);
    const late = () => ({ verdict: "later" as const, text: noAnswer(asks, answerSeconds) });
    const finding: Finding = { check: name, ...(await within(answerSeconds * 1000, answer, late)) };
    lines[index] = { check: name, finding };
    onProgress([...lines]);
    return finding;
  });

  async function ended(run: Check["run"]): Promise<Omit<Finding, "check">> {
    try {
      const answer = await run();
      return typeof answer === "string" ? { verdict: "ok", text: answer } : answer;
    } catch (error) {
      const acting = whoActs(error);
      const action = acting.who === "owner" ? { action: acting.error.action } : {};
      return { verdict: VERDICTS[acting.who], text: sentence(error), ...action };
    }
  }

  return { findings: await Promise.all(findings), ended: Promise.all(running).then(() => {}) };
}

const VERDICTS = { owner: "owner", operator: "operator", time: "later", us: "broken" } as const;

/** What two lines ask for, by name or in the same words, counts once. */
export function thingsToDo(findings: Finding[]): Record<"needYou" | "broken" | "later" | "notes", number> {
  const of = (...verdicts: Verdict[]) => findings.filter(({ verdict }) => verdicts.includes(verdict));
  return {
    needYou: new Set(of("owner", "operator").map(({ action, text }) => action ?? text)).size,
    broken: of("broken").length,
    later: of("later").length,
    notes: of("note").length,
  };
}

/** By how much this machine's clock is ahead, or behind if negative; 0 if it does no harm. */
export function clockOffSeconds(clock: Clock, serverTime: Date): number {
  const seconds = Math.round((clock.now().getTime() - serverTime.getTime()) / 1000);
  return Math.abs(seconds) <= CLOCK_TOLERANCE_SECONDS ? 0 : seconds;
}
