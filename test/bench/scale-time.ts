import type { Clock } from "../../src/lib/clock.ts";

/** Time that jumps to the next event. What happens at the same instant happens in the order in which it was asked for. */
export interface VirtualTime {
  clock: Clock;
  /** Calls `act` after these seconds. What it throws, or rejects with, ends `runUntil`. */
  in(seconds: number, act: () => unknown): void;
  runUntil(end: Date): Promise<void>;
}

interface Planned {
  atMs: number;
  order: number;
  act: () => unknown;
}

export function createVirtualTime(start: Date): VirtualTime {
  let nowMs = start.getTime();
  let order = 0;
  let failure: { error: unknown } | undefined;
  const planned: Planned[] = [];

  const fail = (error: unknown) => {
    failure ??= { error };
  };
  const plan = (seconds: number, act: () => unknown) =>
    push(planned, { atMs: nowMs + Math.max(0, seconds) * 1000, order: order++, act });

  return {
    clock: {
      now: () => new Date(nowMs),
      sleep: (seconds) => new Promise((resolve) => plan(seconds, resolve)),
    },
    in: (seconds, act) => plan(seconds, () => Promise.resolve(act()).catch(fail)),
    async runUntil(end) {
      for (;;) {
        const next = planned[0];
        if (!next || next.atMs > end.getTime()) break;
        pop(planned);
        nowMs = next.atMs;
        try {
          next.act();
        } catch (error) {
          fail(error);
        }
        // Everything that follows without waiting is done before the next event: the stores answer at once.
        await new Promise((resolve) => setImmediate(resolve));
        if (failure) throw failure.error;
      }
      nowMs = end.getTime();
    },
  };
}

const isBefore = (a: Planned, b: Planned) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** A binary heap, the earliest first. */
function push(heap: Planned[], it: Planned): void {
  let at = heap.length;
  heap.push(it);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(it, heap[parent] as Planned)) break;
    heap[at] = heap[parent] as Planned;
    at = parent;
  }
  heap[at] = it;
}

function pop(heap: Planned[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const right = heap[child + 1];
    if (child >= heap.length) break;
    if (right && isBefore(right, heap[child] as Planned)) child++;
    if (!isBefore(heap[child] as Planned, last)) break;
    heap[at] = heap[child] as Planned;
    at = child;
  }
  heap[at] = last;
}

/** The same row of numbers for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
