import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ActionNeededError } from "../../../src/lib/errors.ts";
import { type Check, type Line, runChecks, thingsToDo } from "../../../src/sync/status/checks.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const words = {
  sentence: (error: unknown) => String(error),
  noAnswer: (asked: string, seconds: number) => `${asked}: nothing in ${seconds} s`,
};
const check = (name: string, asks: string, run: Check["run"]): Check => ({ name, asks, run });
const silent = () => new Promise<string>(() => {});

test("every check has fifteen seconds, all at the same time, and one that needs longer is never ok", async () => {
  let answer = (_text: string) => {};
  const shown: Line[][] = [];
  const examination = runChecks(
    [
      check("a", "Withings", silent),
      check("b", "Garmin", async () => "fine"),
      check("c", "Withings", () => new Promise((resolve) => (answer = resolve))),
    ],
    { ...words, onProgress: (lines) => shown.push(lines) },
  );
  let isOver = false;
  void examination.then(() => (isOver = true));
  await vi.advanceTimersByTimeAsync(14_999);
  expect(isOver).toBe(false);
  expect(shown.at(-1)?.map(({ check: name, finding }) => [name, finding?.verdict])).toEqual([
    ["a", undefined],
    ["b", "ok"],
    ["c", undefined],
  ]);
  await vi.advanceTimersByTimeAsync(1);
  expect(isOver).toBe(true);
  const { findings } = await examination;
  expect(findings).toEqual([
    { check: "a", verdict: "later", text: "Withings: nothing in 15 s" },
    { check: "b", verdict: "ok", text: "fine" },
    { check: "c", verdict: "later", text: "Withings: nothing in 15 s" },
  ]);
  answer("after all");
  expect(findings[2]?.verdict).toBe("later");
  expect(thingsToDo(findings)).toEqual({ needYou: 0, broken: 0, later: 2, notes: 0 });
});

test("what a check started when its time was over is waited for before anything is closed", async () => {
  let answer = (_text: string) => {};
  const examination = runChecks([check("a", "Garmin", () => new Promise((resolve) => (answer = resolve)))], words);
  await vi.advanceTimersByTimeAsync(15_000);
  const { ended } = await examination;
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(hasEnded).toBe(false);
  answer("at last");
  await vi.advanceTimersByTimeAsync(0);
  expect(hasEnded).toBe(true);
});

test("what needs the owner counts once if two lines ask for the same, and what failed counts by line", async () => {
  const relink = async () => Promise.reject(new ActionNeededError("relink_withings"));
  const away = async () => ({ verdict: "later" as const, text: "away" });
  const broken = async () => Promise.reject(new Error("broken"));
  const checks = [relink, relink, away, away, broken, broken].map((run) => check("a", "Withings", run));
  const { findings } = await runChecks(checks, words);
  expect(thingsToDo(findings)).toEqual({ needYou: 1, broken: 2, later: 2, notes: 0 });
});
