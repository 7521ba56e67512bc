import type { Clock } from "./clock.ts";
import { errorFacts, type Log } from "./log.ts";

export type RepeatedTask = ReturnType<typeof runEvery>;

/** Runs `round` now and then every `minutes`, one after the other. A round that fails is logged, and the next one comes. */
export function runEvery(deps: { minutes: number; round: () => Promise<void>; clock: Clock; log: Log }) {
  const { minutes, round, clock, log } = deps;
  let timer: NodeJS.Timeout | undefined;
  let nextAt = Number.NEGATIVE_INFINITY;
  let wanted: number[] = [];
  let stopped = false;
  let working: Promise<void> = Promise.resolve();

  async function work() {
    clearTimeout(timer);
    if (stopped) return;
    const begunAt = clock.now();
    await round().catch((error: unknown) => log.error("round_failed", errorFacts(error)));
    if (stopped) return;
    wanted = wanted.filter((at) => at > begunAt.getTime());
    nextAt = Math.min(begunAt.getTime() + minutes * 60_000, ...wanted);
    arm();
  }
  function arm() {
    clearTimeout(timer);
    // A clock that was set back must not make it wait for the difference.
    const milliseconds = Math.min(nextAt - clock.now().getTime(), minutes * 60_000);
    timer = setTimeout(begin, Math.max(0, milliseconds));
  }
  function begin(): Promise<void> {
    working = working.then(work);
    return working;
  }
  void begin();

  return {
    /** Starts a round now, or right after the one under way. Resolves at its end. */
    wake: begin,
    wakeAt(at: Date) {
      if (stopped) return;
      wanted.push(at.getTime());
      if (at.getTime() >= nextAt) return;
      nextAt = at.getTime();
      arm();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}
