import type { Clock } from "./clock.ts";
import { errorFacts, type Log } from "./log.ts";

export interface Schedule {
  /** Begins a round now, or right after the one that is under way. */
  wake(): void;
  /** Lets the round that is under way come to its end, and begins no other. */
  stop(): Promise<void>;
}

/** Does `round` now and then every `minutes`, one round after the other. A round that fails is logged, and the next one comes. */
export function startSchedule(deps: { minutes: number; round: () => Promise<void>; clock: Clock; log: Log }): Schedule {
  const { minutes, round, clock, log } = deps;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let working: Promise<void> = Promise.resolve();

  async function work() {
    clearTimeout(timer);
    if (stopped) return;
    const begunAt = clock.now();
    await round().catch((error: unknown) => log.error("round_failed", errorFacts(error)));
    if (stopped) return;
    const nextAt = begunAt.getTime() + minutes * 60_000;
    timer = setTimeout(begin, Math.max(0, nextAt - clock.now().getTime()));
  }
  function begin() {
    working = working.then(work);
  }
  begin();

  return {
    wake: begin,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}
