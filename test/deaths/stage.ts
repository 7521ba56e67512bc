import { expect, onTestFinished } from "vitest";
import type { Clock } from "../../src/lib/clock.ts";
import { createManualClock } from "../../src/sandbox/manual-clock.ts";
import { startTestServer } from "../server/test-server.ts";
import { startReceiver } from "../support/receiver.ts";
import { NOON } from "../support/test-app.ts";
import { type Row, record, span } from "./table.ts";

const INTERVAL_MINUTES = 30;
/** In real time. */
const STEP_MS = 30_000;

/** The daily summary reports no trouble. */
const SUMMARY = /^(Nothing )?new in Garmin/i;

export type Who = "owner" | "ALARM_URL" | "log";

/**
 * Plays one way to stop working against the whole program in this process, which uses long polling, ALARM_URL and
 * HEARTBEAT_URL, with one linked account. Time is the tests' clock; after each step everything due is done. The result is a row of
 * the table, and the test fails if somebody wasn't notified who should be.
 */
export async function startStage(
  death: string,
  options: { linked?: boolean; at?: Date; skewSeconds?: number; settings?: object; start?: boolean } = {},
) {
  const { linked = true, at = NOON, settings } = options;
  const outside = await startReceiver();
  const house = await startTestServer({ linked, clock: createManualClock(at) });
  const { clock, sandbox, person, chat } = house;
  let { app } = house;
  delete house.env.PUBLIC_URL;
  Object.assign(house.env, outside.env, { WITHINGS_REDIRECT_URL: `${house.url}/withings/callback` });
  if (settings) await app.store.accounts.save(chat.id, { settings });

  /** How far the program's clock is ahead of everybody else's. */
  let skewSeconds = options.skewSeconds ?? 0;
  const machineClock: Clock = {
    now: () => new Date(clock.now().getTime() + skewSeconds * 1000),
    sleep: clock.sleep,
  };
  let program: Awaited<ReturnType<typeof house.start>> | undefined;
  const row: Row = { death, heard: [], heals: "", told: "" };
  let begunAt = clock.now();
  const from = { owner: 0, ALARM_URL: 0, log: 0 };
  const lines: Record<Who, () => string[]> = {
    owner: house.told,
    ALARM_URL: outside.alarms,
    log: () => (program?.logged ?? []).map(({ event }) => String(event)),
  };
  const news = (who: Who) => lines[who]().slice(from[who]);

  const minutesSince = (since: Date) => Math.round((clock.now().getTime() - since.getTime()) / 60_000);

  async function start(more: { isNew?: boolean } = {}) {
    program = await house.start(INTERVAL_MINUTES, { clock: machineClock, ...more });
    from.log = 0;
    return program;
  }
  const stop = async () => {
    await program?.stop();
    program = undefined;
  };

  /** A store that doesn't answer has no jobs. */
  async function idle() {
    const deadline = Date.now() + STEP_MS;
    for (;;) {
      const jobs = await app.store.jobs.list().catch(() => []);
      if (!jobs.some(({ value }) => value.dueAt <= machineClock.now())) return;
      if (Date.now() > deadline) throw new Error("the jobs that are due were not done");
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  }
  async function step(minutes: number) {
    clock.advance(minutes * 60);
    // Twice, because jobs may add jobs.
    for (let round = 0; round < 2; round++) {
      await program?.wake();
      await idle();
    }
    await program?.wake();
  }

  /** Short steps at first, then longer ones, as exact as the table shows. */
  async function until(isSo: () => boolean, minutes: number, since = clock.now()): Promise<boolean> {
    // A message may be on its way.
    for (let tries = 0; tries < 3 && !isSo(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
    while (!isSo()) {
      const passed = minutesSince(since);
      if (passed >= minutes) return false;
      await step(passed < 40 ? 2 : passed < 12 * 60 ? 10 : passed < 3 * 24 * 60 ? 60 : 360);
    }
    return true;
  }

  const counts = () => {
    const at = house.weights().map(({ takenAt }) => takenAt.getTime());
    const measured = person.groups.filter(({ measures }) => measures.some(({ type }) => type === 1));
    return { measured: measured.length, inGarmin: at.length, different: new Set(at).size };
  };

  onTestFinished(async () => {
    if (row.heals && !row.told && program) {
      await step(2);
      row.told = news("owner").findLast((text) => !SUMMARY.test(text)) ?? "";
    }
    await house.close();
    await outside.close();
    record(row);
  });

  const stage = {
    ...{ house, sandbox, clock, person, chat, outside, start, stop, step, until },
    useStore(it: typeof app) {
      app = it;
    },
    logged: () => program?.logged ?? [],
    setSkew: (seconds: number) => {
      skewSeconds = seconds;
    },

    /** With a first reading in Garmin. The schedule has just looked, so its next look is an interval away. */
    async isWell() {
      person.stepOnScale({ weightKg: 80 });
      await start();
      await program?.said("bot_started");
      await step(0);
      await step(INTERVAL_MINUTES);
      expect(counts()).toEqual({ measured: 1, inGarmin: 1, different: 1 });
    },

    /** Messages and alarms count from now on. */
    begin() {
      begunAt = clock.now();
      for (const who of Object.keys(from) as Who[]) from[who] = lines[who]().length;
    },
    weighIn: (kg = 80.4, minutesAgo = 1) =>
      person.stepOnScale({ weightKg: kg, at: new Date(clock.now().getTime() - minutesAgo * 60_000) }),

    /** Fails unless `who` gets this message within this many minutes. */
    async hears(who: Who, words: RegExp, withinMinutes: number) {
      const isHeard = () => news(who).some((text) => words.test(text));
      await until(isHeard, withinMinutes, begunAt);
      expect(news(who), `${who} has not heard of it within ${withinMinutes} minutes`).toContainEqual(
        expect.stringMatching(words),
      );
      const message = chat.messages.findLast(({ text }) => words.test(text));
      const isQuiet = who === "owner" && message?.silent === true;
      row.heard.push({ who, minutes: minutesSince(begunAt), isQuiet, words: lastOf(news(who), words) });
      return message;
    },
    /** Nobody needs to hear of it. `why` goes into the table. */
    isHarmless(why: string) {
      row.heard.push({ who: "nobody", minutes: 0, isQuiet: true, words: why });
    },

    /** Removes the cause, or does what the owner has to do. Then every reading is in Garmin once within this many minutes. */
    async heals(by: string, act: () => unknown, withinMinutes: number) {
      await act();
      const since = clock.now();
      for (const who of Object.keys(from) as Who[]) from[who] = lines[who]().length;
      const waited = counts().different < counts().measured;
      await until(() => counts().different === counts().measured, withinMinutes, since);
      const { measured } = counts();
      expect(counts()).toEqual({ measured, inGarmin: measured, different: measured });
      row.heals = waited ? `${by}, ${span(minutesSince(since))}` : by;
    },
    /** The owner is notified that it is over. */
    async hearsEnd(words: RegExp, withinMinutes: number) {
      await until(() => news("owner").some((text) => words.test(text)), withinMinutes);
      expect(news("owner")).toContainEqual(expect.stringMatching(words));
      row.told = lastOf(news("owner"), words);
    },
    heard: news,
    counts,
    row,
  };
  return stage;
}
export type Stage = Awaited<ReturnType<typeof startStage>>;

const lastOf = (texts: string[], words: RegExp) => texts.findLast((text) => words.test(text)) ?? "";
