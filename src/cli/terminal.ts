import { UsageError } from "../lib/errors.ts";
import type { PipedInput, Streams } from "./terminal-input.ts";

export interface Terminal {
  /** For people: standard output, or standard error when the result is JSON. */
  say(text: string): void;
  /** The result: one JSON object with the words on standard error, or the words alone. Returns the exit code. */
  result(json: object, text: string, exit?: number): number;
  /** For people only, always on standard error: what comes next. */
  hint(text: string): void;
  /** The same for a command that failed: the words always go to standard error. */
  fail(json: object, text: string, exit: number): number;
  /** Reads one line, or a whole paste, whose lines arrive together. Throws `UsageError` at the end of input. */
  ask(question: string, options?: { secret?: boolean; pasted?: boolean }): Promise<string>;
  close(): void;
}

export function createTerminal(json: boolean, streams: Streams): Terminal {
  // Each stream is opened at its first use: the process opens them then, which takes a few milliseconds each.
  const write = (stream: "stdout" | "stderr", text: string) => streams[stream].write(`${text}\n`);
  const forPeople = json ? "stderr" : "stdout";
  let piped: PipedInput | undefined;

  function end(words: "stdout" | "stderr", object: object, text: string, exit: number): number {
    write(words, text);
    if (json) write("stdout", JSON.stringify(object));
    return exit;
  }

  return {
    say: (text) => write(forPeople, text),
    result: (object, text, exit = 0) => end(forPeople, object, text, exit),
    hint: (text) => write("stderr", text),
    fail: (object, text, exit) => end("stderr", object, text, exit),
    async ask(question, { secret = false, pasted = false } = {}) {
      // Loaded for the first question: most commands ask none.
      const { PipedInput, readTyped } = await import("./terminal-input.ts");
      if (!streams.stdin.isTTY) piped ??= new PipedInput(streams);
      const answer = await (piped ? piped.read(question, pasted) : readTyped(streams, question, secret, pasted));
      if (answer === undefined) {
        throw new UsageError(
          piped
            ? `The input ended before this was answered: "${question.replace(/:$/, "")}". Please start again.`
            : "Cancelled. Nothing has changed.",
        );
      }
      // A password may begin or end with a space.
      return secret ? answer : answer.trim();
    },
    close: () => piped?.close(),
  };
}
