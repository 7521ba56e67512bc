import path from "node:path";
import { Worker } from "node:worker_threads";
import { errorFacts, type Log } from "../lib/log.ts";
import { PROJECT_ROOT } from "../lib/project-root.ts";
import { postOf } from "./alarm-url.ts";

/** After this long without a finished sweep, the program ends, and systemd or Docker starts it again. */
const STUCK_MINUTES = 15;

/** The thread shares nothing else with the program, because that may be what hangs. */
interface WatchdogThread {
  /** `[finished sweeps, whether the program is ending by itself]`. */
  shared: SharedArrayBuffer;
  /** The time between two checks. Checks missed while the machine slept are not made up for. */
  checkMilliseconds: number;
  /** The number of checks without a newly finished sweep until the program ends. */
  checks: number;
  /** How long the program may take to say that it is ending, then to end. */
  answerMilliseconds: number;
  endMilliseconds: number;
  lastWord: LastWord;
}

/** POST requests, ready because the code that makes them otherwise may be what hangs. Each is sent once. */
type LastWord = Array<{ url: string; headers: Record<string, string>; body: string }>;

export function lastWordOf(
  to: { apiRoot: string; botToken: string; owner: number; alarmUrl: string | undefined },
  text: string,
): LastWord {
  const { apiRoot, botToken, owner, alarmUrl } = to;
  const body = JSON.stringify({ chat_id: owner, text });
  return [
    { url: `${apiRoot}/bot${botToken}/sendMessage`, headers: { "content-type": "application/json" }, body },
    ...(alarmUrl === undefined ? [] : [postOf(alarmUrl, text)]),
  ];
}

/**
 * A thread checks that sweeps keep finishing. If none has for 15 minutes, it logs that, sends its last word, and `stuck` rejects. If
 * the program can't react to that, because its event loop is blocked, or doesn't end, the thread kills it (SIGKILL).
 */
export function startWatchdog(deps: {
  lastWord: LastWord;
  endSeconds: number;
  log: Log;
  checkSeconds?: number;
  answerSeconds?: number;
}) {
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
  stuck.promise.catch(() => undefined);
  const thread = new Worker(path.join(PROJECT_ROOT, "bin/watchdog.cjs"), { workerData });
  thread.unref();
  thread.on("error", (error) => log.error("watchdog_failed", errorFacts(error)));
  thread.on("message", () => {
    Atomics.store(state, 1, 1);
    stuck.reject(new Error(`no sweep has ended for ${STUCK_MINUTES} minutes`));
  });
  return {
    sweepEnded: () => void Atomics.add(state, 0, 1),
    /** Rejects when no sweep has ended for 15 minutes, if the event loop still runs. */
    stuck: stuck.promise,
    stop: async () => void (await thread.terminate()),
  };
}
