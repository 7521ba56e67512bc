import type { Clock } from "./clock.ts";
import { errorFacts, type Log } from "./log.ts";

export type Rounds = ReturnType<typeof createRounds>;

/** Rounds of one kind, one after the other. One that fails is logged, and the next one comes. */
export function createRounds(round: () => Promise<void>, log: Log) {
  let last: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  let stopped = false;

  async function begin() {
    waiting = undefined;
    if (stopped) return;
    await round().catch((error: unknown) => log.error("round_failed", errorFacts(error)));
  }

  return {
    /** Begins a round now, or right after the one under way. Resolves at its end. */
    run(): Promise<void> {
      waiting ??= last.then(begin);
      last = waiting;
      return waiting;
    },
    /** Begins no more. Resolves at the end of the one under way. */
    async stop() {
      stopped = true;
      await last;
    },
  };
}

export type Waker = ReturnType<typeof createWaker>;

/** Starts all `tasks` now and then every `minutes`, on one timer: several would each wake the machine. Waits for none of them. */
export function runEvery({ minutes, tasks }: { minutes: number; tasks: Array<() => unknown> }) {
  const tick = () => {
    for (const task of tasks) task();
  };
  tick();
  const timer = setInterval(tick, minutes * 60_000);
  return { stop: () => clearInterval(timer) };
}

/** A clock that was set back must not make it wait for the difference. */
const LONGEST_WAIT_MS = 600_000;

/** Starts `task` at each time that it's told, with a timer only while there is one to come. */
export function createWaker(task: () => unknown, clock: Clock) {
  let timer: NodeJS.Timeout | undefined;
  let wanted: number[] = [];
  let stopped = false;

  function arm() {
    clearTimeout(timer);
    if (stopped || wanted.length === 0) return;
    const milliseconds = Math.min(...wanted) - clock.now().getTime();
    timer = setTimeout(wake, Math.min(Math.max(0, milliseconds), LONGEST_WAIT_MS));
  }
  function wake() {
    const now = clock.now().getTime();
    if (wanted.some((at) => at <= now)) task();
    wanted = wanted.filter((at) => at > now);
    arm();
  }

  return {
    wakeAt(at: Date) {
      wanted.push(at.getTime());
      arm();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
