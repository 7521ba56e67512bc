import type { Clock } from "../../src/lib/clock.ts";
import { quiet } from "./quiet.ts";
import type { Random } from "./random.ts";

/** The process is dead: whatever it still tries, even in a finally block, has no effect. */
export class Crash extends Error {}

/** The process dies right before or after its nth call to the outside, by HTTP or to the store. */
export interface Death {
  call: number;
  when: "before" | "after";
}

/** One copy of the program. */
export class Actor {
  isDead = false;
  /** How wrong its clock is. */
  skewSeconds = 0;
  calls = 0;
  #death: Death | undefined;

  diesAt(death: Death | undefined): void {
    this.calls = 0;
    this.#death = death;
  }

  /** Counts one call, and returns when it kills the process. */
  counted(): "before" | "after" | undefined {
    if (this.isDead) throw new Crash();
    this.calls += 1;
    return this.calls === this.#death?.call ? this.#death.when : undefined;
  }
}

const LONGEST_WAIT_MS = 60_000;

/**
 * Decides the time and whose call to the outside is next. While several copies of the program run at once, each call waits
 * here until all copies wait, and then one is picked at random. So only the seed decides the order, however fast sockets and
 * disks are, and time passes only when everybody sleeps.
 */
export class Turns {
  #nowMs: number;
  #random: Random | undefined;
  #waiting: Array<() => Promise<void>> = [];
  #sleeping: Array<{ atMs: number; wake: () => Promise<void> | void }> = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  advance(seconds: number): void {
    this.#nowMs += Math.ceil(Math.max(0, seconds) * 1000);
  }

  /** The right time, which vendors use. */
  readonly clock: Clock = { now: () => new Date(this.#nowMs), sleep: (seconds) => this.sleep(seconds) };

  clockOf(actor: Actor): Clock {
    return {
      now: () => new Date(this.#nowMs + actor.skewSeconds * 1000),
      sleep: (seconds) => this.sleep(seconds),
    };
  }

  sleep(seconds: number): Promise<void> {
    if (!this.#random) {
      this.advance(seconds);
      return new Promise((resolve) => setImmediate(resolve));
    }
    return new Promise((resolve) => this.sleepUntil(this.#nowMs + Math.ceil(Math.max(0, seconds) * 1000), resolve));
  }

  sleepUntil(atMs: number, wake: () => Promise<void> | void): void {
    this.#sleeping.push({ atMs, wake });
  }

  async outside<T>(actor: Actor, call: () => Promise<T>): Promise<T> {
    if (actor.isDead) throw new Crash();
    return await this.turn(async () => {
      const dies = actor.counted();
      if (dies === "before") actor.isDead = true;
      if (actor.isDead) throw new Crash();
      const result = await call();
      if (dies === "after") actor.isDead = true;
      if (actor.isDead) throw new Crash();
      return result;
    });
  }

  /** Waits for its turn, if turns are taken. */
  turn<T>(call: () => Promise<T>): Promise<T> {
    if (!this.#random) return call();
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => call().then(resolve, reject));
    });
  }

  /** Runs all of these at once until each has ended, in an order that `random` decides. They must not reject. */
  async together(random: Random, works: ReadonlyArray<() => Promise<unknown>>): Promise<void> {
    if (this.#random) throw new Error("turns are taken already");
    this.#random = random;
    let left = works.length;
    try {
      for (const work of works) void work().finally(() => left--);
      let waitedMs = 0;
      while (left > 0) {
        await quiet();
        const call = this.#waiting.splice(Math.floor(random.next() * this.#waiting.length), 1)[0];
        if (call) {
          waitedMs = 0;
          await call();
        } else if (left > 0 && !(await this.#wakeNext())) {
          // Something bypasses the turns, for instance a module being loaded.
          if (waitedMs++ > LONGEST_WAIT_MS) throw new Error("a process waits for something that never comes");
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
    } finally {
      this.#random = undefined;
      this.#waiting = [];
      this.#sleeping = [];
    }
  }

  async #wakeNext(): Promise<boolean> {
    const [first] = this.#sleeping.toSorted((a, b) => a.atMs - b.atMs);
    if (!first) return false;
    this.#sleeping.splice(this.#sleeping.indexOf(first), 1);
    this.#nowMs = Math.max(this.#nowMs, first.atMs);
    await first.wake();
    return true;
  }
}
