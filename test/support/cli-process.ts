import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import { type App, createApp } from "../../src/app/app.ts";
import { main } from "../../src/cli.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Environment } from "../../src/config/environment.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";

export const BIN = path.resolve(import.meta.dirname, "../../bin/weighbridge.js");
/** Against what hangs, and nothing else. */
const LONGEST_RUN_MS = 60_000;
/** Compiled code of earlier runs: with it a process costs half. */
const COMPILED = path.join(tmpdir(), "weighbridge-compile-cache");

export interface CliRun {
  exit: number | null;
  stdout: string;
  stderr: string;
  /** Standard output as the one JSON object it has to be. */
  json(): Record<string, unknown>;
}

export interface CliProcess {
  /** Resolves when this was written to either of the two outputs; a stretch of text counts once. */
  said(text: string): Promise<void>;
  line(text: string): void;
  endInput(): void;
  signal(name: NodeJS.Signals): void;
  ended: Promise<CliRun>;
}

/** The command line as a process of its own, the way people and scripts run it. It gets no environment but the given one. */
export function startCli(args: string[], options: { env: Environment; cwd: string }): CliProcess {
  const env = { PATH: process.env.PATH, HOME: options.cwd, NODE_COMPILE_CACHE: COMPILED, ...options.env };
  const child = spawn(process.execPath, [BIN, ...args], { env, cwd: options.cwd });
  let stdout = "";
  let stderr = "";
  let both = "";
  let heardUpTo = 0;
  const listeners = new Set<() => void>();
  const hear = (chunk: string) => {
    both += chunk;
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
    hear(chunk);
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
    hear(chunk);
  });
  // A program that ends without reading its input is no failure of the test.
  child.stdin.on("error", () => {});
  const timer = setTimeout(() => child.kill("SIGKILL"), LONGEST_RUN_MS);
  const ended = new Promise<CliRun>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exit) => {
      clearTimeout(timer);
      resolve({ exit, stdout, stderr, json: () => JSON.parse(stdout) });
      for (const listener of listeners) listener();
    });
  });

  return {
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const at = both.indexOf(text, heardUpTo);
          if (at >= 0) {
            heardUpTo = at + text.length;
            resolve();
          } else if (child.exitCode !== null || child.signalCode !== null) {
            reject(new Error(`"${text}" was never said, only:\n${both}`));
          } else {
            return;
          }
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
    line: (text) => child.stdin.write(`${text}\n`),
    endInput: () => child.stdin.end(),
    signal: (name) => child.kill(name),
    ended,
  };
}

interface RunOptions {
  env: Environment;
  cwd: string;
  /** Lines, which are all its input. */
  input?: string[];
}

/** Runs to the end in a process of its own. */
export function runCliAsProcess(args: string[], options: RunOptions): Promise<CliRun> {
  const cli = startCli(args, options);
  for (const line of options.input ?? []) cli.line(line);
  cli.endInput();
  return cli.ended;
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs to the end in this process. The environment and the working directory are the
 * given ones meanwhile, so one run waits for the other.
 */
export function runCli(args: string[], options: RunOptions): Promise<CliRun> {
  const run = last.then(() => runHere(args, options));
  last = run.catch(() => undefined);
  return run;
}

async function runHere(args: string[], { env, cwd, input = [] }: RunOptions): Promise<CliRun> {
  const written = { stdout: "", stderr: "" };
  const into = (name: keyof typeof written) =>
    new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        written[name] += chunk;
        done();
      },
    });
  const streams = {
    stdin: Readable.from(input.map((line) => `${line}\n`)),
    stdout: into("stdout"),
    stderr: into("stderr"),
  };
  const before = { env: process.env, cwd: process.cwd() };
  process.chdir(cwd);
  process.env = { PATH: process.env.PATH, HOME: cwd, ...env };
  try {
    const exit = await main(args, streams);
    return { exit, ...written, json: () => JSON.parse(written.stdout) };
  } finally {
    process.env = before.env;
    process.chdir(before.cwd);
  }
}

const NEEDS_A_PROCESS = new Set(["start", "demo", "deploy", "remove"]);

/** Two people who may use the bot; the ids are Telegram's. */
export const OWNER = 4711;
export const HOUSEMATE = 4712;
const PEOPLE = {
  [OWNER]: { userid: 31_400_001, email: "owner@example.org", password: "Owner-Password-7f3a", name: "owner" },
  [HOUSEMATE]: { userid: 31_400_002, email: "mate@example.org", password: "Mate-Password-91bc", name: "housemate" },
};

/** A machine with the vendors beside it, in real time, and an empty folder in which every command runs. */
export async function startMachine(options: { env?: Environment; mfa?: "email" } = {}) {
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
        for (const id of ids) await app.accounts.save(id, {});
      }),
    /** Accounts with both links, made the way their owners do. */
    link: (...ids: number[]) =>
      inside(async (app) => {
        for (const id of ids) {
          await app.accounts.save(id, {});
          const address = sandbox.withings.allow(personOf(id).userid, app.withingsLinking.begin(id));
          await app.withingsLinking.withPasted(id, address);
          await app.garminSignIn.withPasted(id, sandbox.garmin.mintTicket(personOf(id).email));
        }
      }),
    /** In this process, but for what runs other programs or ends on a signal. */
    run(command: string, input: string[] = [], more: Environment = {}): Promise<CliRun> {
      const args = command.split(" ");
      const run = NEEDS_A_PROCESS.has(args[0] ?? "") ? runCliAsProcess : runCli;
      return run(args, { env: { ...env, ...more }, cwd: folder, input });
    },
    start: (command: string, more: Environment = {}) =>
      startCli(command.split(" "), { env: { ...env, ...more }, cwd: folder }),
    /** Every byte that the program keeps on this machine, as text. */
    stored: () =>
      readdirSync(dataDir)
        .map((name) => readFileSync(path.join(dataDir, name), "latin1"))
        .join("\n"),
    async close() {
      await sandbox.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
export type Machine = Awaited<ReturnType<typeof startMachine>>;
