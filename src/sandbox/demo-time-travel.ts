import type { App } from "../app/app.ts";
import { localDate } from "../lib/local-time.ts";
import { MORNING } from "./demo-time.ts";
import type { DemoWorld } from "./demo-world.ts";
import { realSeconds } from "./serve.ts";

/** Real seconds, not demo time: a vendor may not be answering. */
export const SETTLING_SECONDS = 20;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3600 * 1000;
const IS_DAY = {
  monday: (date: string) => new Date(date).getUTCDay() === 1,
  first: (date: string) => date.endsWith("-01"),
};

/** Moves the demo's time, and lets the program do what is due by then. */
export class TimeTravel {
  readonly #world: DemoWorld;

  constructor(world: DemoWorld) {
    this.#world = world;
  }

  /** Makes the account due now. Resolves when the program has done everything that is due by its clock. */
  async settle(): Promise<void> {
    const { sandbox, program, time, chat } = this.#world;
    await sandbox.withings.notifications.delivered();
    if (program.isRunning()) await this.#bringForward(program.app());
    const endsAt = performance.now() + SETTLING_SECONDS * 1000;
    await Promise.race([program.wake(), realSeconds(SETTLING_SECONDS)]);
    while (program.isRunning() && performance.now() < endsAt) {
      await realSeconds(0.1);
      const { schedule, jobs } = program.app().store;
      const now = time.programClock.now();
      const isDue = ({ dueAt }: { dueAt: Date }) => dueAt <= now;
      const scheduledRun = await schedule.read(chat.id);
      const waiting = await jobs.list();
      if (!(scheduledRun && isDue(scheduledRun)) && !waiting.some(({ value }) => isDue(value))) return;
    }
  }

  async #bringForward({ store: { schedule } }: App) {
    const { time, chat } = this.#world;
    const scheduledRun = await schedule.read(chat.id);
    const now = time.programClock.now();
    if (scheduledRun && scheduledRun.dueAt > now) await schedule.set(chat.id, { ...scheduledRun, dueAt: now });
  }

  async pass(seconds: number): Promise<void> {
    this.#world.time.advance(seconds);
    await this.settle();
  }

  /** The first minute lets the program notice trouble. It takes a jump for a sleeping machine, and reports only a minute later. */
  async passHour(): Promise<void> {
    await this.pass(60);
    await this.pass(3600 - 120);
    await this.pass(60);
  }

  passNight(): Promise<void> {
    return this.passUntil(MORNING);
  }

  /** Until a clock shows this next. */
  async passUntil(clockTime: string): Promise<void> {
    const { time, timezone } = this.#world;
    await this.pass(time.until(clockTime, timezone));
  }

  /** `live` happens once on each day before that. */
  async passTo(day: "monday" | "first", live: () => Promise<unknown>): Promise<void> {
    const { time, timezone } = this.#world;
    do {
      await live();
      await this.passNight();
    } while (!IS_DAY[day](localDate(time.clock.now(), timezone)));
  }

  /** Until the morning on which this many whole days are over. */
  async passDays(count: number): Promise<void> {
    const { clock } = this.#world.time;
    // A minute less, because the third morning comes a few moments earlier in its minute than the first.
    const endsAt = clock.now().getTime() + count * DAY_MS - MINUTE_MS;
    while (clock.now().getTime() < endsAt) await this.passNight();
  }
}
