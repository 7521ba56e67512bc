import { AsyncLocalStorage } from "node:async_hooks";
import type Bottleneck from "bottleneck";
import { OwnLimitError, RetryLaterError } from "./errors.ts";

/** After a pause, `burst` tasks start at once, then one every `everySeconds`. */
export interface Rate {
  burst: number;
  everySeconds: number;
}

export interface RateLimiter {
  /** One task of a key after another. Throws `RetryLaterError` if a task's turn is more than `maxWaitSeconds` away. */
  schedule<T>(task: () => Promise<T>, options?: { key?: string; maxWaitSeconds?: number }): Promise<T>;
  /** Tasks still waiting don't run, and throw `RetryLaterError`. */
  close(): void;
}

export function createRateLimiter(rate: Rate | undefined): RateLimiter {
  const lines = new Map<string, Line>();
  let isClosed = false;

  return {
    async schedule(task, { key = "", maxWaitSeconds = Number.POSITIVE_INFINITY } = {}) {
      const { default: Limiter } = await import("bottleneck/light.js");
      if (isClosed) throw new RetryLaterError("the program is stopping");
      let line = lines.get(key);
      if (!line) {
        line = createLine(Limiter, rate, () => lines.delete(key));
        lines.set(key, line);
      }
      // Otherwise bottleneck would run it in the context of the task before it, and it would see what belongs to another job.
      return line.schedule(AsyncLocalStorage.bind(task), maxWaitSeconds);
    },
    close() {
      isClosed = true;
      for (const line of lines.values()) line.close();
      lines.clear();
    },
  };
}

type Line = ReturnType<typeof createLine>;

/** We refill the reservoir ourselves, because bottleneck would check it four times a second until the process ends. */
function createLine(Limiter: typeof Bottleneck, rate: Rate | undefined, onRested: () => void) {
  const open = (left: number | undefined) =>
    new Limiter({ maxConcurrent: 1, ...(left !== undefined && { reservoir: left }) });
  let limiter = open(rate?.burst);
  let isClosed = false;
  let spent = 0;
  let waiting = 0;
  let underWay = 0;
  let seenAt = Date.now();
  const timer = rate && setInterval(refill, rate.everySeconds * 1000);

  function refill() {
    const now = Date.now();
    if (now < seenAt) restart();
    seenAt = now;
    if (spent > 0) {
      spent--;
      void limiter.incrementReservoir(1);
    } else if (waiting + underWay === 0) {
      clearInterval(timer);
      onRested();
    }
  }

  /** The clock was set back: bottleneck uses it and would make everybody wait for the difference. */
  function restart() {
    const before = limiter;
    limiter = open(rate && rate.burst - spent);
    void drop(before);
  }

  async function schedule<T>(task: () => Promise<T>, maxWaitSeconds: number): Promise<T> {
    if (rate) {
      const waitSeconds = Math.max(0, waiting + 1 - (rate.burst - spent)) * rate.everySeconds;
      if (waitSeconds > maxWaitSeconds) {
        throw new OwnLimitError("too much is waiting for its turn", { retryAfterSeconds: Math.ceil(waitSeconds) });
      }
    }
    waiting++;
    // Only tasks waiting for their turn keep the process alive.
    timer?.ref();
    let hasBegun = false;
    const turn = () => {
      hasBegun = true;
      waiting--;
      underWay++;
      spent++;
      if (waiting === 0) timer?.unref();
      return task().finally(() => underWay--);
    };
    for (;;) {
      const current = limiter;
      try {
        return await current.schedule(turn);
      } catch (error) {
        if (hasBegun) throw error;
        if (isClosed) throw new RetryLaterError("the program is stopping");
        if (current === limiter) throw error;
      }
    }
  }

  return {
    schedule,
    close() {
      isClosed = true;
      clearInterval(timer);
      void drop(limiter);
    },
  };
}

const drop = (limiter: Bottleneck) => limiter.stop({ dropWaitingJobs: true }).catch(() => undefined);
