import { keys } from "../../src/store/keys.ts";
import { createPeople, type People } from "./scale-people.ts";
import { createProgram, type Program } from "./scale-program.ts";
import type { Person } from "./scale-run.ts";
import { createVirtualTime, seeded, type VirtualTime } from "./scale-time.ts";
import { createVendors, type Outage } from "./scale-vendors.ts";

export const START = new Date("2026-11-02T00:00:00Z");
const SWEEP_MINUTES = 5;

export type Kind = "scheduled" | "notification" | "/sync" | "import";

export interface LifeOptions {
  accounts: number;
  intervalMinutes: number;
  /** `maximumConcurrency` in serverless.yml. */
  workers: number;
  hours: number;
  seed: number;
  outage?: { of: Outage; fromHour: number; toHour: number } | undefined;
  /** Imports of ten years that are asked for at the same time, in the last morning. */
  imports: number;
  /** Seconds of the program's own work in a visit, and the store's. */
  ownSeconds: (visit: "idle" | "bringing") => number;
}

export interface Sample {
  at: Date;
  overdue: number;
  longestOverdueSeconds: number;
  queued: number;
  /** Readings that Withings has and Garmin doesn't. */
  missing: number;
}

export interface Life {
  /** How long a job waited until Withings answered it, an import until it was whole; by when it was wanted. */
  waits: Array<{ kind: Kind; wantedAt: Date; seconds: number }>;
  /** When a reading was taken, and when Garmin had it. */
  arrivals: Array<{ takenAt: Date; at: Date }>;
  /** Every five minutes, just after the sweep. */
  samples: Sample[];
  /** How many accounts are due in each minute of the coming interval, at these hours. */
  dueByMinute: Map<number, number[]>;
  /** How many scheduled runs began, by minute since the start. */
  begun: Map<number, number>;
  notified: number;
  vendors: ReturnType<typeof createVendors>["counts"];
  queue: Program["fifo"]["counts"];
  program: Program["counts"];
  sweepUnits: Program["sweepUnits"];
}

/** Days of many accounts on AWS in simulated time. The same for the same options. */
export async function live(options: LifeOptions, lookAtHours: number[] = []): Promise<Life> {
  const random = seeded(options.seed);
  const { random: before } = Math;
  // The limiter draws its pauses from there.
  Math.random = random;
  try {
    return await liveWith(options, random, lookAtHours);
  } finally {
    Math.random = before;
  }
}

async function liveWith(options: LifeOptions, random: () => number, lookAtHours: number[]): Promise<Life> {
  const { intervalMinutes, outage } = options;
  const time = createVirtualTime(START);
  const { clock } = time;
  const vendors = createVendors(time, random);
  const secondsSince = (at: Date) => (clock.now().getTime() - at.getTime()) / 1000;
  const found: Pick<Life, "waits" | "arrivals" | "samples" | "dueByMinute" | "begun"> = {
    ...{ waits: [], arrivals: [], samples: [], dueByMinute: new Map(), begun: new Map() },
  };
  let people: People | undefined;
  const known = <T>(it: T | undefined): T => it ?? never();
  const persons = new Map<number, Person>();
  const program = createProgram(options, {
    ...{ time, vendors, people: () => known(people), personOf: (id) => known(persons.get(id)) },
    waited: (kind, wantedAt) => found.waits.push({ kind, wantedAt, seconds: secondsSince(wantedAt) }),
    arrived: (takenAt) => found.arrivals.push({ takenAt, at: clock.now() }),
    begun() {
      const minute = Math.floor(secondsSince(START) / 60);
      found.begun.set(minute, (found.begun.get(minute) ?? 0) + 1);
    },
  });
  people = createPeople(options, { time, random, persons, queue: program.fifo.queue, files: program.importFiles });

  for (const id of persons.keys()) {
    await program.accounts.save(id, { timezone: "UTC" });
    const dueAt = new Date(START.getTime() + random() * intervalMinutes * 60_000);
    await program.schedule.set(id, { dueAt, failures: 0 });
  }
  const sweepAndLook = async () => {
    time.in(SWEEP_MINUTES * 60, sweepAndLook);
    await program.sweep();
    found.samples.push(await sample(program, time, persons));
  };
  time.in(SWEEP_MINUTES * 60, sweepAndLook);
  for (const hour of lookAtHours) {
    time.in(hour * 3600, async () => found.dueByMinute.set(hour, await dueByMinute(program, time, intervalMinutes)));
  }
  if (outage) {
    const switchTo = (isOut: boolean) => {
      if (outage.of === "workers") return program.fifo.switchWorkers(!isOut);
      return isOut ? vendors.out.add(outage.of) : vendors.out.delete(outage.of);
    };
    time.in(outage.fromHour * 3600, () => switchTo(true));
    time.in(outage.toHour * 3600, () => switchTo(false));
  }
  await time.runUntil(new Date(START.getTime() + options.hours * 3600_000));
  const { counts, sweepUnits, fifo } = program;
  return {
    ...{ ...found, program: counts, sweepUnits, queue: fifo.counts },
    ...{ vendors: vendors.counts, notified: people.counts.notified },
  };
}

async function sample(program: Program, { clock }: VirtualTime, persons: Map<number, Person>): Promise<Sample> {
  const now = clock.now();
  const overdue = await program.table.list(keys.schedule, { to: now.toISOString() });
  const oldest = overdue[0] ? dueAtOf(overdue[0].key.sk) : now;
  let missing = 0;
  for (const { waiting } of persons.values()) missing += waiting.length;
  return {
    ...{ at: now, overdue: overdue.length, queued: program.fifo.waiting(), missing },
    longestOverdueSeconds: (now.getTime() - oldest.getTime()) / 1000,
  };
}

async function dueByMinute(program: Program, { clock }: VirtualTime, intervalMinutes: number): Promise<number[]> {
  const minutes = Array.from({ length: intervalMinutes }, () => 0);
  for (const { key } of await program.table.list(keys.schedule, { from: clock.now().toISOString() })) {
    const minute = Math.floor((dueAtOf(key.sk).getTime() - clock.now().getTime()) / 60_000);
    if (minute < intervalMinutes) minutes[minute] = (minutes[minute] ?? 0) + 1;
  }
  return minutes;
}

const dueAtOf = (sortKey: string) => new Date(sortKey.split("#")[0] ?? "");

function never(): never {
  throw new Error("nobody lives here");
}
