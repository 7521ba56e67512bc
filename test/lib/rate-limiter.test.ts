import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GARMIN_FILES, GARMIN_PRESSURES } from "../../src/app/vendors.ts";
import { RetryLaterError } from "../../src/lib/errors.ts";
import { createRateLimiter, type Rate, type RateLimiter } from "../../src/lib/rate-limiter.ts";

/** The timers and the clock of this process move together: a minute takes no time. */
beforeEach(async () => {
  // What it loads on demand comes from a real thread.
  await import("bottleneck/light.js");
  vi.useFakeTimers({
    now: 1_800_000_000_000,
    toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
  });
});
let limiter: RateLimiter;
afterEach(() => {
  limiter.close();
  vi.useRealTimers();
});

const evenly = ({ everySeconds }: Rate, seconds: number) => Math.floor(seconds / everySeconds) + 1;
const RATES: Array<[string, Rate, workedSeconds: number]> = [
  ["files", GARMIN_FILES, 2],
  ["pressures", GARMIN_PRESSURES, 0.5],
];

function recorder(rate: Rate | undefined) {
  limiter = createRateLimiter(rate);
  const begun: number[] = [];
  const ended: Array<Promise<unknown>> = [];
  const send = (options?: Parameters<RateLimiter["schedule"]>[1]) => {
    const end = limiter.schedule(async () => void begun.push(Date.now()), options);
    ended.push(end);
    return end;
  };
  return { begun, send, all: () => Promise.all(ended) };
}
const most = (times: number[], seconds: number) =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at <= from + seconds * 1000).length));
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

test.each(RATES)(
  "%s: a burst at once, then evenly, and in no minute more than without a burst at the pace that has worked",
  async (_what, rate, workedSeconds) => {
    const { begun, send, all } = recorder(rate);
    // Twice, after a rest: an unused hour does not allow more than the burst. Then a few at a time, with pauses.
    for (let import_ = 0; import_ < 2; import_++) {
      const from = Date.now();
      for (let n = 0; n < 300; n++) void send();
      await pass(1);
      expect(begun.filter((at) => at >= from && at < from + rate.everySeconds * 1000 - 100)).toHaveLength(rate.burst);
      await pass(300 * rate.everySeconds);
      await all();
      await pass(3600);
    }
    for (let n = 0; n < 200; n++) {
      for (let more = n % 9; more > 0; more--) void send();
      await pass(((n * 7) % 13) / 2);
    }
    await pass(1000 * rate.everySeconds);
    await all();
    expect(begun.length).toBeGreaterThan(1300);
    for (const seconds of [1, 10, 60, 300]) {
      expect(most(begun, seconds)).toBeLessThanOrEqual(evenly(rate, seconds) + rate.burst - 1);
    }
    expect(most(begun, 60)).toBeLessThanOrEqual(evenly({ ...rate, everySeconds: workedSeconds }, 60));
    // It uses the full allowance.
    expect(most(begun, 60)).toBeGreaterThanOrEqual(evenly(rate, 60) + rate.burst - 2);
  },
);

test.each(RATES)("%s of a long import take no longer than one after the other with a pause", async (_what, rate) => {
  const { begun, send, all } = recorder(rate);
  const from = Date.now();
  for (let n = 0; n < 200; n++) void send();
  await pass(200 * rate.everySeconds);
  await all();
  expect((begun.at(-1) ?? 0) - from).toBeLessThanOrEqual(199 * rate.everySeconds * 1000);
});

test("a failing task doesn't stop the next ones, and only its own caller gets the error", async () => {
  limiter = createRateLimiter({ burst: 2, everySeconds: 1 });
  const failing = limiter.schedule(() => Promise.reject(new Error("refused")));
  const next = limiter.schedule(async () => "done");
  const failed = expect(failing).rejects.toThrow("refused");
  await pass(1);
  await failed;
  expect(await next).toBe("done");
});

test("each key has its own rate, and a slow one doesn't stop the others", async () => {
  limiter = createRateLimiter({ burst: 1, everySeconds: 1 });
  let release = () => {};
  const slow = limiter.schedule(() => new Promise<void>((resolve) => (release = resolve)), { key: "one" });
  const behind = vi.fn(async () => {});
  const waiting = limiter.schedule(behind, { key: "one" });
  const other = limiter.schedule(async () => "sent", { key: "other" });
  await pass(60);
  expect(await other).toBe("sent");
  expect(behind).not.toHaveBeenCalled();
  release();
  await pass(2);
  await Promise.all([slow, waiting]);
  expect(behind).toHaveBeenCalledOnce();
});

test("a task whose turn would come too late is refused at once", async () => {
  const { begun, send } = recorder({ burst: 2, everySeconds: 10 });
  for (let n = 0; n < 4; n++) void send({ maxWaitSeconds: 20 });
  await expect(send({ maxWaitSeconds: 20 })).rejects.toThrow(RetryLaterError);
  await pass(60);
  expect(begun).toHaveLength(4);
});

test("a clock that is set back makes no task wait for the difference", async () => {
  const { begun, send, all } = recorder({ burst: 2, everySeconds: 2 });
  for (let n = 0; n < 5; n++) void send();
  await pass(1);
  expect(begun).toHaveLength(2);
  vi.setSystemTime(Date.now() - 3600_000);
  await pass(10);
  await all();
  expect(begun).toHaveLength(5);
});

test("no timer runs while nothing waits", async () => {
  const { send, all } = recorder({ burst: 5, everySeconds: 2 });
  for (let n = 0; n < 3; n++) void send();
  await pass(1);
  await all();
  await pass(10);
  expect(vi.getTimerCount()).toBe(0);
});

test("closing refuses waiting and new tasks", async () => {
  const { begun, send } = recorder({ burst: 1, everySeconds: 60 });
  void send();
  const waiting = expect(send()).rejects.toThrow(RetryLaterError);
  await pass(1);
  limiter.close();
  await pass(1);
  await waiting;
  await expect(send()).rejects.toThrow(RetryLaterError);
  await pass(3600);
  expect(begun).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});
