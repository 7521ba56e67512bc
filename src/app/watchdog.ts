import { Worker } from "node:worker_threads";
import { errorFacts, type Log } from "../lib/log.ts";
import { postOf } from "./alarm-url.ts";

/** After this many minutes without a finished sweep the program ends, so that systemd or Docker starts it again. */
const STUCK_MINUTES = 15;

/** What the thread works with. It shares nothing else with the program, because that may be what hangs. */
export interface WatchdogThread {
  /** `[finished sweeps, whether the program is ending by itself]`. */
  shared: SharedArrayBuffer;
  /** The time between two checks. The machine's sleep does not count: a check is not made up for afterwards. */
  checkMilliseconds: number;
  /** The number of checks without a newly finished sweep until the program ends. */
  checks: number;
  /** How long the program may take to say that it is ending, and then to end. */
  answerMilliseconds: number;
  endMilliseconds: number;
  lastWord: LastWord;
}

/** What is said when the program ends because it hangs. */
export interface LastWord {
  /** POST requests to the owner's chat and to ALARM_URL, each sent once. */
  requests: Array<{ url: string; headers: Record<string, string>; body: string }>;
}

/** Requests that are ready to be sent, because the code that makes them otherwise may be what hangs. */
export function lastWordOf(
  to: { apiRoot: string; botToken: string; owner: number; alarmUrl: string | undefined },
  text: string,
): LastWord {
  const { apiRoot, botToken, owner, alarmUrl } = to;
  const message = JSON.stringify({ chat_id: owner, text });
  return {
    requests: [
      { url: `${apiRoot}/bot${botToken}/sendMessage`, headers: { "content-type": "application/json" }, body: message },
      ...(alarmUrl === undefined ? [] : [postOf(alarmUrl, text)]),
    ],
  };
}

export interface Watchdog {
  /** A sweep has ended, successfully or not. */
  sweepEnded(): void;
  /** Rejects when no sweep has ended for 15 minutes, if the event loop still runs. */
  stuck: Promise<never>;
  stop(): Promise<void>;
}

/**
 * Watches from a thread of its own that sweeps keep finishing. If none has for 15 minutes, `stuck` rejects. A program
 * that cannot even react to that, because its event loop is blocked, or that does not come to its end, is killed (SIGKILL).
 * Either way the thread first writes one line to the log and says its last word.
 */
export function startWatchdog(deps: {
  lastWord: LastWord;
  /** How long an orderly end may take. */
  endSeconds: number;
  log: Log;
  /** Shorter in tests. */
  checkSeconds?: number;
  answerSeconds?: number;
}): Watchdog {
  const { lastWord, endSeconds, log, checkSeconds = 60, answerSeconds = 10 } = deps;
  const shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const state = new Int32Array(shared);
  const workerData: WatchdogThread = {
    ...{ shared, lastWord },
    checkMilliseconds: checkSeconds * 1000,
    checks: STUCK_MINUTES,
    answerMilliseconds: answerSeconds * 1000,
    endMilliseconds: endSeconds * 1000,
  };
  const stuck = Promise.withResolvers<never>();
  // Not everybody who starts a server waits for this.
  stuck.promise.catch(() => undefined);
  const thread = new Worker(new URL("../../bin/watchdog.js", import.meta.url), { workerData });
  thread.unref();
  thread.on("error", (error) => log.error("watchdog_failed", errorFacts(error)));
  thread.on("message", () => {
    Atomics.store(state, 1, 1);
    stuck.reject(new Error(`no sweep has ended for ${STUCK_MINUTES} minutes`));
  });
  return {
    sweepEnded: () => void Atomics.add(state, 0, 1),
    stuck: stuck.promise,
    stop: async () => void (await thread.terminate()),
  };
}
