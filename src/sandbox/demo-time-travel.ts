import type { App } from "../app/app.ts";
import type { DemoWorld } from "./demo-world.ts";
import { realSeconds } from "./serve.ts";

/** Real seconds, not demo time: a vendor may not be answering. */
export const SETTLING_SECONDS = 20;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3600 * 1000;

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

  async passNight(): Promise<void> {
    const { time, owner } = this.#world;
    await this.pass(time.untilMorning(owner.person.timezone));
  }

  /** Until the morning on which this many whole days are over. */
  async passDays(count: number): Promise<void> {
    const { clock } = this.#world.time;
    // A minute less, because the third morning comes a few moments earlier in its minute than the first.
    const endsAt = clock.now().getTime() + count * DAY_MS - MINUTE_MS;
    while (clock.now().getTime() < endsAt) await this.passNight();
  }
}
