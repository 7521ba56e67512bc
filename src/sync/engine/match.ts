import type { Reading, Within } from "../model/reading.ts";
import type { Field, GarminEntry, Measured, SentValues, UnreadableEntry } from "../model/vendors.ts";

export function sentValues(reading: Reading): SentValues {
  if (reading.kind === "weigh_in") return { kind: "weigh_in", weightKg: Math.round(reading.weightKg * 100) / 100 };
  return {
    kind: "blood_pressure",
    systolicMmHg: Math.round(reading.systolicMmHg),
    diastolicMmHg: Math.round(reading.diastolicMmHg),
    ...(reading.pulseBpm !== undefined && { pulseBpm: Math.round(reading.pulseBpm) }),
  };
}

/** Ours comes back to the second, and a weight to ten grams. */
export function isOurs(wanted: Measured, inGarmin: GarminEntry): boolean {
  return matches(wanted, inGarmin, { seconds: 1, grams: 10 });
}

/** For a blood pressure whose seconds Garmin has cut off. Only if nothing matches to the second. */
export function isOursToTheMinute(wanted: Measured, inGarmin: GarminEntry): boolean {
  if (wanted.values.kind !== "blood_pressure" || inGarmin.takenAt.getTime() % 60_000 !== 0) return false;
  return matches(wanted, inGarmin, { seconds: 60, grams: 0 });
}

function isAtItsSecond(wanted: Measured, inGarmin: GarminEntry): boolean {
  return wanted.values.kind === inGarmin.values.kind && secondsApart(wanted, inGarmin) <= 1;
}

export type Sent = Measured & { attemptedAt?: Date | undefined };

/** It was in Garmin before we sent ours. Clocks differ a little. */
function isOlder({ attemptedAt }: Sent, { storedAt }: GarminEntry): boolean {
  return attemptedAt !== undefined && storedAt !== undefined && storedAt.getTime() < attemptedAt.getTime() - 60_000;
}

/** It's the same as what we sent, and came into Garmin after that. */
export function isJustSent(sent: Sent, inGarmin: GarminEntry): boolean {
  if (!sent.attemptedAt || !inGarmin.storedAt || isOlder(sent, inGarmin)) return false;
  return OURS.some((fits) => fits(sent, inGarmin));
}

function isShifted(wanted: Sent, inGarmin: GarminEntry): boolean {
  if (!wanted.attemptedAt || !inGarmin.storedAt || isOlder(wanted, inGarmin)) return false;
  const seconds = secondsApart(wanted, inGarmin);
  const beside = seconds % QUARTER_SECONDS;
  const isMoved = seconds <= DAY_SECONDS && Math.min(beside, QUARTER_SECONDS - beside) <= 1;
  return (seconds <= 120 || isMoved) && matches(wanted, inGarmin, { seconds: DAY_SECONDS, grams: 10 });
}

const QUARTER_SECONDS = 15 * 60;
const DAY_SECONDS = 26 * 3600;

/** How to recognise what Garmin has changed, best first. An older entry counts only if ours would otherwise be sent again. */
export function changed(given: { isProven: boolean; accepted: ReadonlySet<Field>; isToSend?: boolean }) {
  const { isProven, accepted, isToSend = false } = given;
  const isAtSecond = (wanted: Sent, inGarmin: GarminEntry) =>
    isAtItsSecond(wanted, inGarmin) && (isToSend || !isOlder(wanted, inGarmin));
  // If Garmin is known to shift times, every reading may be at the time of another one.
  if (accepted.has("takenAt")) return [isShifted, isAtSecond];
  return isProven && !isToSend ? [isAtSecond] : [isAtSecond, isShifted];
}

export const OURS = [isOurs, isOursToTheMinute];

export function isSameEvent(wanted: Measured, inGarmin: GarminEntry): boolean {
  return matches(wanted, inGarmin, { seconds: 120, grams: 100 });
}

/** What a device delivered, or somebody typed into Garmin, is what was typed into the chat. */
export function isAsTyped(typed: Measured & { within?: Within | undefined }, other: Measured): boolean {
  return (
    typed.within !== undefined &&
    matches(typed, other, { seconds: typed.within.seconds, grams: typed.within.kg * 1000 })
  );
}

/** A partly unreadable entry may be what we sent. A weight alone says little, so without a time its day has to be near. */
export function mayBeOurs({ takenAt, values }: Measured, entry: UnreadableEntry): boolean {
  const isThen = entry.takenAt
    ? Math.abs(entry.takenAt.getTime() - takenAt.getTime()) <= (values.kind === "weigh_in" ? 1000 : 60_000)
    : isNearDay(takenAt, entry.calendarDate);
  if (!isThen) return false;
  const differs = (read: number | undefined, sent: number, tolerance: number) =>
    read !== undefined && Math.abs(read - sent) > tolerance;
  return values.kind === "weigh_in"
    ? !differs(entry.weightKg, values.weightKg, 0.0105)
    : !differs(entry.systolicMmHg, values.systolicMmHg, 0) && !differs(entry.diastolicMmHg, values.diastolicMmHg, 0);
}

function isNearDay(takenAt: Date, calendarDate: string | undefined): boolean {
  if (calendarDate === undefined) return true;
  const noon = Date.parse(`${calendarDate}T12:00:00Z`);
  return Math.abs(noon - takenAt.getTime()) <= 36 * 3600 * 1000;
}

function matches(wanted: Measured, inGarmin: Measured, tolerance: { seconds: number; grams: number }): boolean {
  // Written this way round, an invalid time matches nothing.
  if (!(secondsApart(wanted, inGarmin) <= tolerance.seconds)) return false;
  const [a, b] = [wanted.values, inGarmin.values];
  if (a.kind === "weigh_in" && b.kind === "weigh_in") {
    // Half a gram for binary fractions: 80.1 - 80 is a little more than 0.1.
    return Math.abs(a.weightKg - b.weightKg) * 1000 <= tolerance.grams + 0.5;
  }
  if (a.kind === "blood_pressure" && b.kind === "blood_pressure") {
    const samePulse = a.pulseBpm === undefined || b.pulseBpm === undefined || a.pulseBpm === b.pulseBpm;
    return a.systolicMmHg === b.systolicMmHg && a.diastolicMmHg === b.diastolicMmHg && samePulse;
  }
  return false;
}

/** Garmin's entries, each of which can be the answer for one reading only. */
export class UnclaimedEntries {
  readonly #free: GarminEntry[];

  constructor(inGarmin: GarminEntry[], claimed: Pick<ReadonlySet<string>, "has">) {
    this.#free = inGarmin.filter((it) => !claimed.has(it.key.id));
  }

  takeByKey(id: string | undefined): GarminEntry | undefined {
    return this.#take(this.#free.filter((it) => it.key.id === id));
  }

  take<W extends Measured>(wanted: W, fits: (wanted: W, inGarmin: GarminEntry) => boolean): GarminEntry | undefined {
    const fitting = this.#free.filter((it) => fits(wanted, it));
    return this.#take(fitting.sort((a, b) => secondsApart(wanted, a) - secondsApart(wanted, b)));
  }

  takeAll(wanted: Measured[]): GarminEntry[] {
    const all: GarminEntry[] = [];
    for (const each of wanted) {
      for (const fits of OURS) {
        for (let found = this.take(each, fits); found; found = this.take(each, fits)) all.push(found);
      }
    }
    return all;
  }

  left(): GarminEntry[] {
    return [...this.#free];
  }

  #take([first]: GarminEntry[]): GarminEntry | undefined {
    if (first) this.#free.splice(this.#free.indexOf(first), 1);
    return first;
  }
}

export function secondsApart(wanted: Measured, inGarmin: Measured): number {
  return Math.abs(wanted.takenAt.getTime() - inGarmin.takenAt.getTime()) / 1000;
}
