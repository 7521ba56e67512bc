import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../lib/errors.ts";

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

export interface Streams {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
}

const PASTE_PAUSE_MS = 200;

export function createTerminal(json: boolean, streams: Streams): Terminal {
  const { stdin, stdout, stderr } = streams;
  const forPeople = json ? stderr : stdout;
  const write = (stream: NodeJS.WritableStream, text: string) => stream.write(`${text}\n`);
  let piped: PipedInput | undefined;

  function end(words: NodeJS.WritableStream, object: object, text: string, exit: number): number {
    write(words, text);
    if (json) write(stdout, JSON.stringify(object));
    return exit;
  }

  return {
    say: (text) => write(forPeople, text),
    result: (object, text, exit = 0) => end(forPeople, object, text, exit),
    hint: (text) => write(stderr, text),
    fail: (object, text, exit) => end(stderr, object, text, exit),
    async ask(question, { secret = false, pasted = false } = {}) {
      if (!stdin.isTTY) piped ??= new PipedInput(streams);
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

class PipedInput {
  readonly #output: NodeJS.WritableStream;
  readonly #reader: Interface;
  readonly #lines: AsyncIterator<string>;
  #next: Promise<IteratorResult<string>> | undefined;

  constructor({ stdin, stderr }: Streams) {
    this.#output = stderr;
    this.#reader = createInterface({ input: stdin, terminal: false });
    this.#lines = this.#reader[Symbol.asyncIterator]();
  }

  async read(question: string, isPasted: boolean): Promise<string | undefined> {
    this.#output.write(`${question} `);
    const answer: string[] = [];
    do {
      this.#next ??= this.#lines.next();
      const pause = answer.length > 0 ? [sleep(PASTE_PAUSE_MS, undefined, { ref: false })] : [];
      const line = await Promise.race([this.#next, ...pause]);
      if (!line || line.done) break;
      this.#next = undefined;
      answer.push(line.value);
    } while (isPasted);
    // Nothing echoes the answer, so this ends the line of the question.
    this.#output.write("\n");
    return answer.length > 0 ? answer.join("\n") : undefined;
  }

  close() {
    this.#reader.close();
  }
}

/** What a person types, without echo if it is a secret. Undefined after Ctrl-C or Ctrl-D. */
function readTyped(
  { stdin, stderr }: Streams,
  question: string,
  secret: boolean,
  pasted: boolean,
): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  return new Promise((resolve) => {
    const prompt = `${question} `;
    const reader = createInterface({ input: stdin, output: secret ? nowhere : stderr, terminal: true, prompt });
    // Not before echo is off: a fast answer would show the secret on the screen.
    if (secret) stderr.write(prompt);
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
      if (secret || answer === undefined) stderr.write("\n");
      resolve(answer);
    });
  });
}
