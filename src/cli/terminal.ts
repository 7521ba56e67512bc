import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { UsageError } from "../lib/errors.ts";

/** Where words go and answers come from. */
export interface Terminal {
  /** For people: standard output, or standard error when the result is JSON. */
  say(text: string): void;
  /** The result: one JSON object with the words on standard error, or the words alone. */
  result(json: object, text: string): void;
  /** For people only, always on standard error: what comes next. */
  hint(text: string): void;
  /** The same for a command that could not do its work: the words always go to standard error. */
  fail(json: object, text: string): void;
  /**
   * The next answer: one line, or all the lines of a paste, which come at once. Throws `UsageError` at the end of input.
   */
  ask(question: string, options?: { secret?: boolean; pasted?: boolean }): Promise<string>;
  close(): void;
}

/** The streams of a process, or replacements for them. */
export interface Streams {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
}

/** A paste is over when no line has come for this long. */
const PASTE_PAUSE_MS = 200;

export function createTerminal(options: {
  json: boolean;
  input: Streams["stdin"];
  output: Streams["stdout"];
  errors: Streams["stderr"];
}): Terminal {
  const { json, input, output, errors } = options;
  const write = (stream: NodeJS.WritableStream, text: string) => stream.write(`${text}\n`);
  let lines: AsyncIterator<string> | undefined;
  let open: Interface | undefined;

  let next: Promise<IteratorResult<string>> | undefined;

  async function nextLine(question: string, pasted: boolean): Promise<string | undefined> {
    errors.write(`${question} `);
    if (!lines) {
      open = createInterface({ input, terminal: false });
      lines = open[Symbol.asyncIterator]();
    }
    next ??= lines.next();
    const first = await next;
    next = first.done ? next : undefined;
    const answer = first.done ? [] : [first.value];
    while (pasted && answer.length > 0) {
      next ??= lines.next();
      const more = await Promise.race([next, silence()]);
      if (more === undefined || more.done) break;
      answer.push(more.value);
      next = undefined;
    }
    // The line itself is not echoed here; this ends the line of the question.
    errors.write("\n");
    return first.done ? undefined : answer.join("\n");
  }

  /** A secret is typed without echo: readline writes what is typed into nothing. */
  function typed(question: string, secret: boolean, pasted: boolean): Promise<string | undefined> {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    return new Promise((resolve) => {
      const prompt = `${question} `;
      const reader = createInterface({ input, output: secret ? nowhere : errors, terminal: true, prompt });
      // Only once nothing is echoed: a fast answer would show the secret on the screen.
      if (secret) errors.write(prompt);
      else reader.prompt();
      let answer: string | undefined;
      let pause: NodeJS.Timeout | undefined;
      reader.on("line", (line) => {
        answer = answer === undefined ? line : `${answer}\n${line}`;
        clearTimeout(pause);
        if (pasted) pause = setTimeout(() => reader.close(), PASTE_PAUSE_MS);
        else reader.close();
      });
      reader.on("SIGINT", () => reader.close());
      reader.on("close", () => {
        if (secret || answer === undefined) errors.write("\n");
        resolve(answer);
      });
    });
  }

  return {
    say: (text) => write(json ? errors : output, text),
    result(object, text) {
      write(json ? errors : output, text);
      if (json) write(output, JSON.stringify(object));
    },
    hint: (text) => write(errors, text),
    fail(object, text) {
      write(errors, text);
      if (json) write(output, JSON.stringify(object));
    },
    async ask(question, { secret = false, pasted = false } = {}) {
      const answer = input.isTTY ? await typed(question, secret, pasted) : await nextLine(question, pasted);
      if (answer === undefined) {
        // On a terminal somebody pressed Ctrl-C or Ctrl-D.
        if (input.isTTY) throw new UsageError("Cancelled. Nothing has changed.");
        throw new UsageError(
          `The input ended where an answer was needed (${question.replace(/[:?]$/, "")}). Please begin again.`,
        );
      }
      // A password may well begin or end with a space.
      return secret ? answer : answer.trim();
    },
    close: () => open?.close(),
  };
}

function silence(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), PASTE_PAUSE_MS).unref());
}
