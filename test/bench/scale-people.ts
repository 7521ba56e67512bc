import { jobOf } from "../../src/sync/jobs/worker.ts";
import type { JobQueue } from "../../src/sync/model/jobs.ts";
import type { LifeOptions } from "./scale-life.ts";
import type { Person } from "./scale-run.ts";
import type { VirtualTime } from "./scale-time.ts";

const DAY_SECONDS = 24 * 3600;
/** Nine of ten people weigh themselves on a day; most between six and eight, some in the evening, all in one time zone. */
const WEIGHS = 0.9;
const MORNING = { share: 0.75, hour: 6.8, spreadHours: 0.8 };
const EVENING_HOUR = 21;
/** Withings loses some announcements, and makes the others twice. */
const LOST = 0.03;
const TWICE_SECONDS = 3;
/** People who ask for a sync on a day. */
const ASKS = 0.03;
const SUMMARY_HOUR = 9;
/** When ten years' imports are asked for: in the middle of the morning. */
const IMPORT_HOUR = 6.75;
/** In which Withings makes up for all announcements of an outage. */
const MADE_UP_SECONDS = 900;
const GATHER_MS = 8000;

interface PeopleDeps {
  time: VirtualTime;
  random: () => number;
  /** Gets everybody. */
  persons: Map<number, Person>;
  queue: JobQueue;
  /** Of an import. */
  files: number;
}

/** What people do, and what Withings tells us of it. */
export function createPeople({ accounts, hours, outage, imports }: LifeOptions, deps: PeopleDeps) {
  const { time, random, persons, queue } = deps;
  const { clock } = time;
  const days = Math.ceil(hours / 24);
  const counts = { notified: 0, asked: 0 };
  const startMs = clock.now().getTime();
  const announced = new Map<number, Date>();
  const hour = () => (clock.now().getTime() - startMs) / 3_600_000;
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

  function weighingSecond(): number {
    const middle = random() < MORNING.share ? MORNING.hour : EVENING_HOUR;
    return Math.min(Math.max((middle + MORNING.spreadHours * normal()) * 3600, 0), DAY_SECONDS - 1);
  }

  function weigh(person: Person) {
    const takenAt = clock.now();
    const isSilent = outage?.of === "withings" && hour() >= outage.fromHour && hour() < outage.toHour;
    // A scale that doesn't reach Withings keeps its readings.
    const untilSeconds = isSilent ? (outage.toHour - hour()) * 3600 + random() * MADE_UP_SECONDS : 0;
    time.in(untilSeconds, () => {
      person.waiting.push(takenAt);
      if (random() < LOST) return;
      return announce(person.id);
    });
  }

  async function announce(id: number) {
    if (!announced.has(id)) announced.set(id, clock.now());
    const notify = () => {
      counts.notified++;
      return queue.put([jobOf(id, "withings_notified", clock.now())]);
    };
    time.in(random() * TWICE_SECONDS, notify);
    await notify();
  }

  function ask(id: number) {
    counts.asked++;
    return queue.put([{ account: id, reason: "requested", messageId: counts.asked, dueAt: clock.now() }]);
  }

  for (let index = 0; index < accounts; index++) {
    const id = 100_000_000 + index * 7919;
    const checkedAtMs = startMs - random() * DAY_SECONDS * 1000;
    const person: Person = { id, waiting: [], tokenUntilMs: startMs, checkedAtMs };
    persons.set(id, person);
    for (let day = 0; day < days; day++) {
      if (random() < WEIGHS) time.in(day * DAY_SECONDS + weighingSecond(), () => weigh(person));
      if (random() < ASKS) time.in((day + random()) * DAY_SECONDS, () => ask(id));
    }
  }
  for (let index = 0; index < imports; index++) {
    const person = persons.get(100_000_000 + index * 7919);
    if (!person) continue;
    time.in((days - 1) * DAY_SECONDS + IMPORT_HOUR * 3600 + index, () => {
      person.backfill = { files: deps.files, askedAt: clock.now() };
      return ask(person.id);
    });
  }

  return {
    counts,
    /** When the first announcement of this job came. */
    announcedAt(id: number, dueAt: Date): Date {
      const first = announced.get(id) ?? new Date(dueAt.getTime() - GATHER_MS);
      announced.delete(id);
      return first;
    },
    nextSummaryAt(): Date {
      const next = new Date(clock.now());
      next.setUTCHours(SUMMARY_HOUR, 0, 0, 0);
      return next > clock.now() ? next : new Date(next.getTime() + DAY_SECONDS * 1000);
    },
  };
}
export type People = ReturnType<typeof createPeople>;
