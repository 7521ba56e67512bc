import type { Clock } from "../../src/lib/clock.ts";
import { quiet } from "./quiet.ts";
import type { Random } from "./random.ts";

/** The process is dead: nothing it tries afterwards, in a finally block or elsewhere, has any effect. */
export class Crash extends Error {}

/** When a process dies: right before or right after its n-th outside call from now on, HTTP and store alike. */
export interface Death {
  call: number;
  when: "before" | "after";
}

/** One copy of the program, as far as turns are concerned. */
export class Actor {
  isDead = false;
  /** By how much its clock is wrong. */
  skewSeconds = 0;
  /** Outside calls since it was last told when to die. */
  calls = 0;
  #death: Death | undefined;

  diesAt(death: Death | undefined): void {
    this.calls = 0;
    this.#death = death;
  }

  /** Counts one call. Answers when this one kills it. */
  counted(): "before" | "after" | undefined {
    if (this.isDead) throw new Crash();
    this.calls += 1;
    return this.calls === this.#death?.call ? this.#death.when : undefined;
  }
}

const LONGEST_WAIT_MS = 60_000;

/**
 * Time, and whose outside call is next. While several copies of the program run at once, every call that leaves one of them
 * waits here until all of them wait, and chance picks the one that goes on. So the seed alone decides the order, however
 * fast sockets and disks are, and time passes only when everybody sleeps.
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

  /** The right time, by which vendors live. */
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

  /** A call of this process to the outside world. */
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

  /** Waits for its turn, where turns are taken. */
  turn<T>(call: () => Promise<T>): Promise<T> {
    if (!this.#random) return call();
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => call().then(resolve, reject));
    });
  }

  /** Runs all of these at once, in an order that `random` decides, until each has ended. They must not reject. */
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
          // Something that goes past us: a module that is being loaded, for instance.
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
