import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

export interface Streams {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream;
  stderr: NodeJS.WritableStream;
}

const PASTE_PAUSE_MS = 200;

/** Lines that come from a pipe, however early. */
export class PipedInput {
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
export function readTyped(
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
