import { expect, onTestFinished } from "vitest";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
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

type TestServer = Awaited<ReturnType<typeof startTestServer>>;
type Receiver = Awaited<ReturnType<typeof startReceiver>>;
export type Who = "owner" | "ALARM_URL" | "log";

interface StageOptions {
  linked?: boolean;
  at?: Date;
  /** How far the program's clock is ahead of everybody else's. */
  skewSeconds?: number;
  settings?: object;
}

/**
 * Plays one way to stop working against the whole program in this process, which uses long polling, ALARM_URL and
 * HEARTBEAT_URL, with one linked account. Time is the tests' clock; after each step everything due is done. The result is a row of
 * the table, and the test fails if somebody wasn't notified who should be.
 */
export async function startStage(death: string, options: StageOptions = {}): Promise<Stage> {
  const { linked = true, at = NOON, settings, skewSeconds = 0 } = options;
  const outside = await startReceiver();
  const harness = await startTestServer({ linked, clock: createManualClock(at) });
  delete harness.env.PUBLIC_URL;
  Object.assign(harness.env, outside.env, { WITHINGS_REDIRECT_URL: `${harness.url}/withings/callback` });
  if (settings) await harness.app.store.accounts.save(harness.chat.id, { settings });
  const stage = new Stage(death, harness, outside, skewSeconds);
  onTestFinished(() => stage.finish());
  return stage;
}

export class Stage {
  readonly harness: TestServer;
  readonly outside: Receiver;
  readonly row: Row;
  #app: TestServer["app"];
  #program: Awaited<ReturnType<TestServer["start"]>> | undefined;
  #skewSeconds: number;
  #beganAt: Date;
  /** How many lines of each were there before they count. */
  readonly #from = { owner: 0, ALARM_URL: 0, log: 0 };

  constructor(death: string, harness: TestServer, outside: Receiver, skewSeconds: number) {
    this.harness = harness;
    this.outside = outside;
    this.row = { death, heard: [], heals: "", told: "" };
    this.#app = harness.app;
    this.#skewSeconds = skewSeconds;
    this.#beganAt = harness.clock.now();
  }

  get sandbox() {
    return this.harness.sandbox;
  }
  get clock() {
    return this.harness.clock;
  }
  get person() {
    return this.harness.person;
  }
  get chat() {
    return this.harness.chat;
  }

  readonly #machineClock: Clock = {
    now: () => new Date(this.clock.now().getTime() + this.#skewSeconds * 1000),
    // A pause that ends with the program is one between polls that fail. It must not move the tests' clock on and on.
    sleep: (seconds, signal) => (signal ? systemClock.sleep(seconds, signal) : this.clock.sleep(seconds)),
  };

  async start(more: { isNew?: boolean } = {}) {
    this.#program = await this.harness.start(INTERVAL_MINUTES, { clock: this.#machineClock, ...more });
    this.#from.log = 0;
    return this.#program;
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
    this.#program = undefined;
  }

  useStore(it: TestServer["app"]): void {
    this.#app = it;
  }

  setSkew(seconds: number): void {
    this.#skewSeconds = seconds;
  }

  logged() {
    return this.#program?.logged ?? [];
  }

  weighIn(kg = 80.4, minutesAgo = 1): number {
    return this.person.stepOnScale({ weightKg: kg, at: new Date(this.clock.now().getTime() - minutesAgo * 60_000) });
  }

  /** With a first reading in Garmin. The schedule has just looked, so its next look is an interval away. */
  async isWell(): Promise<void> {
    this.person.stepOnScale({ weightKg: 80 });
    await this.start();
    await this.#program?.said("bot_started");
    await this.step(0);
    await this.step(INTERVAL_MINUTES);
    expect(this.counts()).toEqual({ measured: 1, inGarmin: 1, different: 1 });
  }

  /** Messages and alarms count from now on. */
  begin(): void {
    this.#beganAt = this.clock.now();
    this.#countFromHere();
  }

  /** Fails unless `who` gets this message within this many minutes. */
  async hears(who: Who, words: RegExp, withinMinutes: number) {
    const isHeard = () => this.heard(who).some((text) => words.test(text));
    await this.until(isHeard, withinMinutes, this.#beganAt);
    expect(this.heard(who), `${who} wasn’t notified within ${withinMinutes} minutes`).toContainEqual(
      expect.stringMatching(words),
    );
    const message = this.chat.messages.findLast(({ text }) => words.test(text));
    const isQuiet = who === "owner" && message?.silent === true;
    const minutes = this.#minutesSince(this.#beganAt);
    this.row.heard.push({ who, minutes, isQuiet, words: lastOf(this.heard(who), words) });
    return message;
  }

  /** Nobody needs to hear of it. `why` goes into the table. */
  isHarmless(why: string): void {
    this.row.heard.push({ who: "nobody", minutes: 0, isQuiet: true, words: why });
  }

  /** Removes the cause, or does what the owner has to do. Then every reading is in Garmin once within this many minutes. */
  async heals(by: string, act: () => unknown, withinMinutes: number): Promise<void> {
    await act();
    const since = this.clock.now();
    this.#countFromHere();
    const isDone = () => this.counts().different === this.counts().measured;
    const waited = this.counts().different < this.counts().measured;
    await this.until(isDone, withinMinutes, since);
    const { measured } = this.counts();
    expect(this.counts()).toEqual({ measured, inGarmin: measured, different: measured });
    this.row.heals = waited ? `${by}, ${span(this.#minutesSince(since))}` : by;
  }

  /** The owner is notified that it is over. */
  async hearsEnd(words: RegExp, withinMinutes: number): Promise<void> {
    await this.until(() => this.heard("owner").some((text) => words.test(text)), withinMinutes);
    expect(this.heard("owner")).toContainEqual(expect.stringMatching(words));
    this.row.told = lastOf(this.heard("owner"), words);
  }

  async step(minutes: number): Promise<void> {
    this.clock.advance(minutes * 60);
    // Twice, because jobs may add jobs.
    for (let round = 0; round < 2; round++) {
      await this.#program?.wake();
      await this.#idle();
    }
    await this.#program?.wake();
  }

  /** Short steps at first, then longer ones, as exact as the table shows. */
  async until(isSo: () => boolean, minutes: number, since = this.clock.now()): Promise<boolean> {
    // A message may be on its way.
    for (let tries = 0; tries < 3 && !isSo(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
    while (!isSo()) {
      const passed = this.#minutesSince(since);
      if (passed >= minutes) return false;
      await this.step(passed < 40 ? 2 : passed < 12 * 60 ? 10 : passed < 3 * 24 * 60 ? 60 : 360);
    }
    return true;
  }

  /** What is new since messages and alarms count. */
  heard(who: Who): string[] {
    return this.#lines(who).slice(this.#from[who]);
  }

  counts() {
    const at = this.harness.weights().map(({ takenAt }) => takenAt.getTime());
    const measured = this.person.groups.filter(({ measures }) => measures.some(({ type }) => type === 1));
    return { measured: measured.length, inGarmin: at.length, different: new Set(at).size };
  }

  async finish(): Promise<void> {
    if (this.row.heals && !this.row.told && this.#program) {
      await this.step(2);
      this.row.told = this.heard("owner").findLast((text) => !SUMMARY.test(text)) ?? "";
    }
    await this.harness.close();
    await this.outside.close();
    record(this.row);
  }

  #lines(who: Who): string[] {
    if (who === "owner") return this.harness.told();
    if (who === "ALARM_URL") return this.outside.alarms();
    return this.logged().map(({ event }) => String(event));
  }

  #countFromHere() {
    for (const who of Object.keys(this.#from) as Who[]) this.#from[who] = this.#lines(who).length;
  }

  #minutesSince(since: Date): number {
    return Math.round((this.clock.now().getTime() - since.getTime()) / 60_000);
  }

  /** A store that doesn't answer has no jobs. */
  async #idle() {
    const deadline = Date.now() + STEP_MS;
    for (;;) {
      const jobs = await this.#app.store.jobs.list().catch(() => []);
      if (!jobs.some(({ value }) => value.dueAt <= this.#machineClock.now())) return;
      if (Date.now() > deadline) throw new Error("the jobs that are due were not done");
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
  }
}

const lastOf = (texts: string[], words: RegExp) => texts.findLast((text) => words.test(text)) ?? "";
