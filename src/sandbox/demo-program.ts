import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { App } from "../app/app.ts";
import { SERVICE_SECTIONS } from "../app/service.ts";
import { readConfig } from "../config/config.ts";
import { WITHINGS_PATHS } from "../config/paths.ts";
import type { Clock } from "../lib/clock.ts";
import { createLog } from "../lib/log.ts";
import { type Server, startServer } from "../server.ts";
import { freePort } from "./free-port.ts";
import type { Outside } from "./outside.ts";
import type { Sandbox } from "./sandbox.ts";

/** Real seconds, not demo time. */
const REFUSAL_SECONDS = 10;

interface Deps {
  sandbox: Sandbox;
  outside: Outside;
  clock: Clock;
  owner: number;
  syncIntervalMinutes: number;
  /** Whether its requests are spaced, by real seconds. */
  paced: boolean;
  conflictSeconds: () => number;
  /** The callback address that is registered for a program without an address. */
  landingUrl: string;
}

/** The real program in this process, stopped and started as on a machine at home. */
export class DemoProgram {
  readonly #deps: Deps;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "weighbridge-demo-"));
  readonly #dataDir = path.join(this.#folder, "data");
  readonly #copyDir = path.join(this.#folder, "copy");
  readonly #emptyDir = path.join(this.#folder, "empty");
  readonly #port: number;
  #hasAddress = true;
  #server: Server | undefined;
  #ended: string | undefined;
  #turns: Promise<unknown> = Promise.resolve();

  static async start(deps: Deps): Promise<DemoProgram> {
    const program = new DemoProgram(deps, await freePort());
    const { redirectUrls } = deps.sandbox.withings.application;
    redirectUrls.splice(0, Infinity, `${program.#publicUrl}${WITHINGS_PATHS.callback}`, deps.landingUrl);
    // Otherwise it would report its folder as lost.
    await program.#start({ isNew: true });
    return program;
  }

  private constructor(deps: Deps, port: number) {
    this.#deps = deps;
    this.#port = port;
  }

  get #publicUrl(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** @throws Error for the person at the page while the program is stopped. */
  app(): App {
    if (!this.#server) throw new Error("The program is stopped. Start it first.");
    return this.#server.app;
  }

  isRunning(): boolean {
    return this.#server !== undefined;
  }

  /** Why it ended by itself, if it did. */
  ended(): string | undefined {
    return this.#ended;
  }

  /** Whether Withings can call it and send the browser back to it. Otherwise the person pastes an address. */
  hasAddress(): boolean {
    return this.#hasAddress;
  }

  /** Resolves when the program has done what is due, and looked for trouble. */
  async wake(): Promise<void> {
    await this.#server?.wake();
  }

  start(): Promise<void> {
    return this.#inTurn(() => this.#start());
  }

  stop(): Promise<void> {
    return this.#inTurn(() => this.#stop());
  }

  setAddress(wanted: boolean): Promise<void> {
    return this.#restart(() => {
      this.#hasAddress = wanted;
    });
  }

  copyData(): Promise<void> {
    return this.#restart(() => replaceFolder(this.#dataDir, this.#copyDir));
  }

  putCopyBack(): Promise<void> {
    return this.#restart(() => replaceFolder(this.#copyDir, this.#dataDir));
  }

  /** Resolves to the reason why it ended. It stays stopped. */
  startOnEmptyFolder(): Promise<string> {
    return this.#inTurn(async () => {
      await this.#stop();
      rmSync(this.#emptyDir, { recursive: true, force: true });
      const started = await this.#startServer({ dataDir: this.#emptyDir, isNew: false });
      const keepsRunning = new Promise<never>((_, reject) => {
        setTimeout(
          () => reject(new Error("It should have ended, but it’s still running.")),
          REFUSAL_SECONDS * 1000,
        ).unref();
      });
      try {
        return await Promise.race([started.polling.then(() => "", whyOf), keepsRunning]);
      } finally {
        await started.stop();
      }
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#stop();
      rmSync(this.#folder, { recursive: true, force: true });
    });
  }

  /** Two tabs may press at once, so starting and stopping happen one at a time. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turns.then(task);
    this.#turns = turn.catch(() => undefined);
    return turn;
  }

  #restart(whileStopped: () => void): Promise<void> {
    return this.#inTurn(async () => {
      await this.#stop();
      whileStopped();
      await this.#start();
    });
  }

  async #start({ isNew = false } = {}): Promise<void> {
    if (this.#server) return;
    const started = await this.#startServer({ dataDir: this.#dataDir, isNew });
    this.#ended = undefined;
    this.#server = started;
    started.polling.catch(async (error: unknown) => {
      // A program that is stopped while it greets Telegram ends with an error too.
      if (this.#server !== started) return;
      this.#ended = whyOf(error);
      await this.stop();
    });
  }

  async #stop(): Promise<void> {
    const ending = this.#server;
    this.#server = undefined;
    await ending?.stop();
  }

  #startServer({ dataDir, isNew }: { dataDir: string; isNew: boolean }): Promise<Server> {
    const { sandbox, outside, clock, owner, syncIntervalMinutes, paced, conflictSeconds, landingUrl } = this.#deps;
    const env = {
      ...sandbox.env(),
      ...outside.env,
      ...(this.#hasAddress
        ? { PUBLIC_URL: this.#publicUrl, PORT: String(this.#port), WITHINGS_REDIRECT_URL: "" }
        : { WITHINGS_REDIRECT_URL: landingUrl }),
      ...{ TELEGRAM_ALLOWED_IDS: String(owner), DATA_DIR: dataDir, SYNC_INTERVAL_MINUTES: String(syncIntervalMinutes) },
    };
    const log = createLog({ level: "error" });
    return startServer(readConfig(env, SERVICE_SECTIONS), { clock, paced, conflictSeconds, isNew, log });
  }
}

function replaceFolder(from: string, to: string) {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
}

const whyOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
