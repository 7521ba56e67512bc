import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { createRounds, createWaker, runEvery } from "../../src/lib/interval.ts";
import { createLog } from "../../src/lib/log.ts";

const NOON = Date.parse("2026-11-21T12:00:00Z");
let logged: string[];
const log = createLog({ level: "info", write: (line) => logged.push(JSON.parse(line).event) });

beforeEach(() => {
  logged = [];
  vi.useFakeTimers({ now: NOON });
});
afterEach(() => void vi.useRealTimers());

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);
const secondsPast = () => (Date.now() - NOON) / 1000;
const inSeconds = (seconds: number) => new Date(NOON + seconds * 1000);

describe("rounds", () => {
  test("never overlap, and those asked for during one are one more after it", async () => {
    const ends: Array<() => void> = [];
    const rounds = createRounds(() => new Promise((resolve) => ends.push(resolve)), log);
    void rounds.run();
    await pass(0);
    const [second, third] = [rounds.run(), rounds.run()];
    await pass(1);
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await pass(1);
    expect(ends).toHaveLength(2);
    ends[1]?.();
    await Promise.all([second, third]);
    await pass(1);
    expect(ends).toHaveLength(2);
  });

  test("go on after one that failed", async () => {
    let round = 0;
    const rounds = createRounds(async () => {
      if (++round === 1) throw new Error("broken");
    }, log);
    await rounds.run();
    await rounds.run();
    expect({ round, logged }).toEqual({ round: 2, logged: ["round_failed"] });
  });

  test("that were stopped end the one under way and begin no other", async () => {
    let begun = 0;
    let end = () => {};
    const rounds = createRounds(() => {
      begun++;
      return new Promise((resolve) => (end = resolve));
    }, log);
    void rounds.run();
    await pass(0);
    void rounds.run();
    const stopped = rounds.stop();
    end();
    await stopped;
    expect(begun).toBe(1);
  });
});

test("a task that hangs keeps no other from its next time, and all share one timer", async () => {
  let swept = 0;
  const checkedAt: number[] = [];
  const sweeps = createRounds(() => {
    swept++;
    return new Promise(() => {});
  }, log);
  const checks = createRounds(async () => void checkedAt.push(secondsPast()), log);
  const { stop } = runEvery({ minutes: 1, tasks: [sweeps.run, checks.run] });
  expect(vi.getTimerCount()).toBe(1);
  await pass(150);
  expect({ swept, checkedAt }).toEqual({ swept: 1, checkedAt: [0, 60, 120] });
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

describe("a waker", () => {
  test("starts its task at each time that it's told, and has no timer otherwise", async () => {
    const wokenAt: number[] = [];
    const waker = createWaker(() => wokenAt.push(secondsPast()), systemClock);
    expect(vi.getTimerCount()).toBe(0);
    for (const seconds of [90, 20, 45, 45]) waker.wakeAt(inSeconds(seconds));
    expect(vi.getTimerCount()).toBe(1);
    await pass(3600);
    expect(wokenAt).toEqual([20, 45, 90]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("neither spins nor waits for the difference when the clock is set back", async () => {
    let woken = 0;
    const waker = createWaker(() => woken++, systemClock);
    vi.setSystemTime(NOON - 60 * 24 * 3600_000);
    waker.wakeAt(inSeconds(20));
    await pass(700);
    expect(woken).toBe(0);
    vi.setSystemTime(NOON + 21_000);
    await pass(600);
    expect(woken).toBe(1);
    waker.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
