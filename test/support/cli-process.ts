import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough, Writable } from "node:stream";
import { type App, createApp } from "../../src/app/app.ts";
import type { Npm } from "../../src/cli/aws/osls.ts";
import { main } from "../../src/cli.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Environment } from "../../src/config/environment.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";

export const BIN = path.resolve(import.meta.dirname, "../../bin/weighbridge.js");
/** Against hanging only. */
const LONGEST_RUN_MS = 60_000;
/** Compiled code of earlier runs halves the cost of a process. */
const COMPILED = path.join(tmpdir(), "weighbridge-compile-cache");

export interface CliRun {
  exit: number | null;
  stdout: string;
  stderr: string;
  /** Standard output as the one JSON object it has to be. */
  json(): Record<string, unknown>;
}

/** A command line at work, whose questions a test answers. */
export interface CliSession {
  /** Resolves when either output has this text, after what was found before. */
  said(text: string): Promise<void>;
  line(text: string): void;
  endInput(): void;
  ended: Promise<CliRun>;
}

export interface CliProcess extends CliSession {
  signal(name: NodeJS.Signals): void;
}

class Output {
  readonly written = { stdout: "", stderr: "" };
  #both = "";
  #heardUpTo = 0;
  #hasEnded = false;
  readonly #listeners = new Set<() => void>();

  add(name: "stdout" | "stderr", chunk: string) {
    this.written[name] += chunk;
    this.#both += chunk;
    for (const listener of this.#listeners) listener();
  }

  end(exit: number | null): CliRun {
    this.#hasEnded = true;
    for (const listener of this.#listeners) listener();
    const { stdout, stderr } = this.written;
    return { exit, stdout, stderr, json: () => JSON.parse(stdout) };
  }

  said(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const at = this.#both.indexOf(text, this.#heardUpTo);
        if (at >= 0) {
          this.#heardUpTo = at + text.length;
          resolve();
        } else if (this.#hasEnded) {
          reject(new Error(`"${text}" was never said, only:\n${this.#both}`));
        } else {
          return;
        }
        this.#listeners.delete(look);
      };
      this.#listeners.add(look);
      look();
    });
  }
}

interface CliOptions {
  /** All of its environment, but for PATH and HOME. */
  env: Environment;
  cwd: string;
  /** In place of the real npm, where the command runs in this process. */
  npm?: Npm | undefined;
}

/** The command line as a process, as people and scripts run it. */
export function startCli(args: string[], options: CliOptions): CliProcess {
  const env = { PATH: process.env.PATH, HOME: options.cwd, NODE_COMPILE_CACHE: COMPILED, ...options.env };
  const child = spawn(process.execPath, [BIN, ...args], { env, cwd: options.cwd });
  const output = new Output();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => output.add(name, chunk));
  }
  // A program may end without reading its input.
  child.stdin.on("error", () => {});
  const timer = setTimeout(() => child.kill("SIGKILL"), LONGEST_RUN_MS);
  const ended = new Promise<CliRun>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exit) => {
      clearTimeout(timer);
      resolve(output.end(exit));
    });
  });
  return {
    said: (text) => output.said(text),
    line: (text) => child.stdin.write(`${text}\n`),
    endInput: () => child.stdin.end(),
    signal: (name) => child.kill(name),
    ended,
  };
}

let last: Promise<unknown> = Promise.resolve();

/**
 * The command line in this process. The environment and the working directory are the given ones meanwhile, so it starts when
 * the one before has ended.
 */
export function startCliHere(args: string[], options: CliOptions): CliSession {
  const output = new Output();
  const stdin = new PassThrough();
  const ended = last.then(() => runHere(args, options, stdin, output));
  last = ended.catch(() => undefined);
  return {
    said: (text) => output.said(text),
    line: (text) => stdin.write(`${text}\n`),
    endInput: () => stdin.end(),
    ended,
  };
}

async function runHere(args: string[], { env, cwd, npm }: CliOptions, stdin: PassThrough, output: Output) {
  const into = (name: "stdout" | "stderr") =>
    new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        output.add(name, chunk);
        done();
      },
    });
  const before = { env: process.env, cwd: process.cwd() };
  process.chdir(cwd);
  process.env = { PATH: process.env.PATH, HOME: cwd, ...env };
  try {
    return output.end(await main(args, { stdin, stdout: into("stdout"), stderr: into("stderr"), npm }));
  } finally {
    process.env = before.env;
    process.chdir(before.cwd);
  }
}

/** Runs to the end; the lines are all its input. */
export function runCli(
  args: string[],
  options: CliOptions,
  input: string[] = [],
  start = startCliHere,
): Promise<CliRun> {
  const cli = start(args, options);
  for (const line of input) cli.line(line);
  cli.endInput();
  return cli.ended;
}

/** Two people who may use the bot; the ids are Telegram's. */
export const OWNER = 4711;
export const HOUSEMATE = 4712;
const PEOPLE = {
  [OWNER]: { userid: 31_400_001, email: "owner@example.org", password: "Owner-Password-7f3a", name: "owner" },
  [HOUSEMATE]: { userid: 31_400_002, email: "mate@example.org", password: "Mate-Password-91bc", name: "housemate" },
};

/** A machine with the vendors beside it, in real time, and an empty folder in which every command runs. */
export async function startMachine(options: { env?: Environment; mfa?: "email"; npm?: Npm } = {}) {
  const sandbox = await startSandbox();
  const folder = mkdtempSync(path.join(tmpdir(), "weighbridge-cli-"));
  const dataDir = path.join(folder, "data");
  const timezone = "Europe/Berlin";
  for (const { userid, email, password, name } of Object.values(PEOPLE)) {
    sandbox.withings.addPerson({ userid, name, timezone });
    const mfa = options.mfa ? { mfa: options.mfa } : {};
    sandbox.garmin.addAccount({ email, password, displayName: name, fullName: name, timezone, ...mfa });
  }
  const env: Environment = {
    ...sandbox.env(),
    TELEGRAM_ALLOWED_IDS: `${OWNER},${HOUSEMATE}`,
    DATA_DIR: dataDir,
    ...options.env,
  };
  const optionsOf = (more: Environment): CliOptions => ({ env: { ...env, ...more }, cwd: folder, npm: options.npm });
  const sessions: CliSession[] = [];
  const personOf = (id: number) => PEOPLE[id as keyof typeof PEOPLE];

  /** The same program on the same store, without the price of a process. */
  async function inside<T>(work: (app: App) => Promise<T>, more: Environment = {}): Promise<T> {
    const config = readConfig({ ...env, ...more }, ["store", "sealing", "withings", "withingsLogin", "garmin", "web"]);
    const app = await createApp(config, { clock: systemClock, log: createLog({ level: "silent" }) });
    try {
      return await work(app);
    } finally {
      await app.close();
    }
  }

  return {
    sandbox,
    folder,
    dataDir,
    env,
    inside,
    person: (id = OWNER) => sandbox.withings.person(personOf(id).userid),
    garmin: (id = OWNER) => sandbox.garmin.accounts.get(personOf(id).email),
    weights: (id = OWNER) => sandbox.garmin.weights(personOf(id).email).map(({ weightKg }) => weightKg),
    ticket: (id = OWNER) => sandbox.garmin.mintTicket(personOf(id).email),
    credentials: (id = OWNER) => [personOf(id).email, personOf(id).password],
    addAccounts: (...ids: number[]) =>
      inside(async (app) => {
        for (const id of ids) await app.store.accounts.save(id, {});
      }),
    /** Accounts with both links, made the way their owners do. */
    link: (...ids: number[]) =>
      inside(async (app) => {
        for (const id of ids) {
          await app.store.accounts.save(id, {});
          const address = sandbox.withings.allow(personOf(id).userid, app.withingsLinking.begin(id));
          await app.withingsLinking.withPasted(id, address);
          await app.garminSignIn.withPasted(id, sandbox.garmin.mintTicket(personOf(id).email));
        }
      }),
    /** In this process. */
    run: (command: string, input: string[] = [], more: Environment = {}) =>
      runCli(command.split(" "), optionsOf(more), input),
    startHere(command: string, more: Environment = {}) {
      const session = startCliHere(command.split(" "), optionsOf(more));
      sessions.push(session);
      return session;
    },
    runAsProcess: (command: string, input: string[] = [], more: Environment = {}) =>
      runCli(command.split(" "), optionsOf(more), input, startCli),
    start: (command: string, more: Environment = {}) => startCli(command.split(" "), optionsOf(more)),
    /** Every byte that the program keeps on this machine, as text. */
    stored: () =>
      readdirSync(dataDir)
        .map((name) => readFileSync(path.join(dataDir, name), "latin1"))
        .join("\n"),
    async close() {
      // A test that failed may have left a question open, and the next command waits for its end.
      for (const session of sessions) session.endInput();
      await Promise.allSettled(sessions.map(({ ended }) => ended));
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
export type Machine = Awaited<ReturnType<typeof startMachine>>;
