import type { Environment } from "../../config/environment.ts";
import type { Clock } from "../../lib/clock.ts";
import { UsageError } from "../../lib/errors.ts";
import type { Terminal } from "../terminal.ts";
import type { Aws } from "./client.ts";

const MOST_TRIES = 10;

export interface SetupDeps {
  stage: string;
  shell: Environment;
  aws: Aws;
  terminal: Terminal;
  clock: Clock;
}

/** What is there, and what was answered; written at the end, all at once. */
export interface Answers {
  present: ReadonlyMap<string, string>;
  changes: Map<string, string>;
}

/** Trims the answer and strips quotes that were pasted along with it. */
export async function askOnce(terminal: Terminal, question: string, options?: { secret: boolean }): Promise<string> {
  const answer = (await terminal.ask(question, options)).trim();
  return /^(["'`])(.*)\1$/.exec(answer)?.[2]?.trim() ?? answer;
}

/** Asks again, with the problem, until the answer has none. */
export async function askUntil(
  terminal: Terminal,
  question: string,
  problem: (answer: string) => string | undefined,
): Promise<string> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const answer = await askOnce(terminal, question);
    const found = problem(answer);
    if (found === undefined) return answer;
    terminal.say(found);
  }
  throw new UsageError("That did not work. Nothing was changed. Please begin again.");
}
