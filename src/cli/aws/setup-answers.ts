import { UsageError } from "../../lib/errors.ts";
import type { Terminal } from "../terminal.ts";
import type { StageDeps } from "./stage.ts";

const MOST_TRIES = 5;

export type SetupDeps = Pick<StageDeps, "stage" | "shell" | "aws" | "terminal" | "clock">;

export interface Answers {
  present: ReadonlyMap<string, string>;
  changes: Map<string, string>;
}

export async function askOnce(terminal: Terminal, question: string, options?: { secret: boolean }): Promise<string> {
  const answer = (await terminal.ask(question, options)).trim();
  return /^(["'`])(.*)\1$/.exec(answer)?.[2]?.trim() ?? answer;
}

export const askUntil = (terminal: Terminal, question: string, problem: (answer: string) => string | undefined) =>
  repeat(async () => {
    const answer = await askOnce(terminal, question);
    const found = problem(answer);
    if (found === undefined) return answer;
    terminal.say(found);
    return undefined;
  });

export async function repeat<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw new UsageError("That didn’t work. Nothing was changed. Please start again.");
}
