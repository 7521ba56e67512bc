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

/** How long a start that fails may take to say so, in real time. */
const REFUSAL_SECONDS = 10;

/** The real program in this process, which can be stopped and started as on a machine of one's own. */
export interface DemoProgram {
  /** @throws Error in words for the person at the page while the program is stopped. */
  app(): App;
  isRunning(): boolean;
  /** Why it ended by itself, if it did, in its own words. */
  ended(): string | undefined;
  /** Whether Withings can call it, and sends the browser back to it. Without, one pastes an address. */
  hasAddress(): boolean;
  /** Looks at once at what is due and what is wrong. Resolves when it has. */
  wake(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Starts it again with an address or without. */
  setAddress(wanted: boolean): Promise<void>;
  /** Stops it, keeps a copy of its data, and starts it again. */
  copyData(): Promise<void>;
  /** Stops it, puts the copy back, and starts it again. */
  putCopyBack(): Promise<void>;
  /** Stops it and starts it on an empty folder: answers why it ended. It stays stopped. */
  startOnEmptyFolder(): Promise<string>;
  close(): Promise<void>;
}

export async function createDemoProgram(deps: {
  sandbox: Sandbox;
  outside: Outside;
  clock: Clock;
  owner: number;
  syncIntervalMinutes: number;
  /** Whether its requests are spaced, in real time. */
  paced: boolean;
  conflictSeconds: () => number;
  /** The callback address registered by somebody whose program has no address of its own. */
  landingUrl: string;
}): Promise<DemoProgram> {
  const { sandbox, outside, clock, owner, syncIntervalMinutes, paced, conflictSeconds, landingUrl } = deps;
  const folder = mkdtempSync(path.join(tmpdir(), "weighbridge-demo-"));
  const dataDir = path.join(folder, "data");
  const copyDir = path.join(folder, "copy");
  const emptyDir = path.join(folder, "empty");
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  sandbox.withings.application.redirectUrls.splice(0, Infinity, `${publicUrl}${WITHINGS_PATHS.callback}`, landingUrl);
  let hasAddress = true;
  let server: Server | undefined;
  let ended: string | undefined;
  /** Two tabs may press at once: what stops and starts the program is done one after the other. */
  let turns: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const turn = turns.then(task);
    turns = turn.catch(() => undefined);
    return turn;
  };

  async function begin(dir = dataDir, isNew = false): Promise<Server> {
    const env = {
      ...sandbox.env(),
      ...outside.env,
      ...(hasAddress
        ? { PUBLIC_URL: publicUrl, PORT: String(port), WITHINGS_REDIRECT_URL: "" }
        : { WITHINGS_REDIRECT_URL: landingUrl }),
      ...{ TELEGRAM_ALLOWED_IDS: String(owner), DATA_DIR: dir, SYNC_INTERVAL_MINUTES: String(syncIntervalMinutes) },
    };
    return startServer(readConfig(env, SERVICE_SECTIONS), {
      clock,
      paced,
      conflictSeconds,
      isNew,
      log: createLog({ level: "error" }),
    });
  }
  const start = async (isNew = false) => {
    if (server) return;
    const begun = await begin(dataDir, isNew);
    ended = undefined;
    server = begun;
    begun.polling.catch(async (error: unknown) => {
      // Stopped while it still greeted Telegram, it ends with an error too.
      if (server !== begun) return;
      ended = whyOf(error);
      await inTurn(stop);
    });
  };
  const stop = async () => {
    const ending = server;
    server = undefined;
    await ending?.stop();
  };
  const putInPlace = (from: string, to: string) => {
    rmSync(to, { recursive: true, force: true });
    cpSync(from, to, { recursive: true });
  };

  // Its folder is meant to be empty: nobody needs to be alarmed.
  await start(true);
  return {
    app() {
      if (!server) throw new Error("The program is stopped. Start it first.");
      return server.app;
    },
    isRunning: () => server !== undefined,
    ended: () => ended,
    hasAddress: () => hasAddress,
    wake: async () => server?.wake(),
    start: () => inTurn(() => start()),
    stop: () => inTurn(stop),
    setAddress: (wanted) =>
      inTurn(async () => {
        await stop();
        hasAddress = wanted;
        await start();
      }),
    copyData: () =>
      inTurn(async () => {
        await stop();
        putInPlace(dataDir, copyDir);
        await start();
      }),
    putCopyBack: () =>
      inTurn(async () => {
        await stop();
        putInPlace(copyDir, dataDir);
        await start();
      }),
    startOnEmptyFolder: () =>
      inTurn(async () => {
        await stop();
        rmSync(emptyDir, { recursive: true, force: true });
        const begun = await begin(emptyDir);
        const goesOn = new Promise<never>((_, reject) => {
          setTimeout(() => reject(new Error("It was expected to end, and goes on.")), REFUSAL_SECONDS * 1000).unref();
        });
        try {
          return await Promise.race([begun.polling.then(() => "", whyOf), goesOn]);
        } finally {
          await begun.stop();
        }
      }),
    close: () =>
      inTurn(async () => {
        await stop();
        rmSync(folder, { recursive: true, force: true });
      }),
  };
}

const whyOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
