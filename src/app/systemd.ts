import { execFile } from "node:child_process";
import type { Clock } from "../lib/clock.ts";
import { errorFacts, type Log } from "../lib/log.ts";

/** Sweeps can follow each other closely, and each message starts a process. */
const ALIVE_SECONDS = 30;

/** sd_notify for the unit's Type=notify and WatchdogSec, by systemd's own program: Node has no Unix datagram sockets. */
export function createSystemd({ isListening, clock, log }: { isListening: boolean; clock: Clock; log: Log }) {
  let aliveAt = Number.NEGATIVE_INFINITY;
  const notify = (...states: string[]) => {
    if (!isListening) return;
    execFile("systemd-notify", states, (error) => {
      if (error) log.warn("systemd_not_told", errorFacts(error));
    });
  };
  return {
    ready: () => notify("--ready"),
    /** A sweep has ended, so the program isn't hanging. */
    alive() {
      const now = clock.now().getTime();
      if (Math.abs(now - aliveAt) < ALIVE_SECONDS * 1000) return;
      aliveAt = now;
      notify("WATCHDOG=1");
    },
    stopping: () => notify("STOPPING=1"),
  };
}
