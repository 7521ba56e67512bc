import type { WithAccess } from "./link.ts";
import type { BloodPressure, ChosenParts, Reading, WeighIn } from "./reading.ts";

/** Garmin's own API says that it doesn't offer this kind of reading to this account. Everything else goes on. */
export class KindClosedError extends Error {
  override readonly name = "KindClosedError";
  readonly httpStatus: number;

  constructor(call: string, httpStatus: number) {
    super(`${call} answered HTTP ${httpStatus}: not for this account`);
    this.httpStatus = httpStatus;
  }
}

export interface ReadingSource {
  /** All readings that were created or changed since then, ascending by the time they were taken. */
  /** `knownTimezone` isn't checked again: that takes 11 ms and 7 MB. */
  changedSince(withAccess: WithAccess, since: Date, knownTimezone?: string): Promise<SourceAnswer>;
  latestHeight(withAccess: WithAccess): Promise<Height | undefined>;
}

export interface UnreadableRecord {
  id: string;
  takenAt?: Date;
}

/** What scales and cuffs measure, and Garmin has no field for. */
export const UNPLACED = [
  "scale_pulse",
  "vascular_age",
  "pulse_wave_velocity",
  "body_water_parts",
  "temperature",
  "oxygen",
] as const;
export type Unplaced = (typeof UNPLACED)[number];

export interface SourceAnswer {
  readings: Reading[];
  /** Of all readings together; absent: nothing. */
  unplaced?: Unplaced[];
  height: Height | undefined;
  timezone: string | undefined;
  /** The source's own time when it answered, if it said so. */
  answeredAt?: Date;
  unreadable: UnreadableRecord[];
  /** False if there is more that we couldn't get: the cursor must not pass what was not seen. */
  isComplete: boolean;
  unknown: string[];
}

export interface Height {
  takenAt: Date;
  heightM: number;
}

/** Nobody is shorter or taller. */
export const isHeight = (heightM: number) => heightM >= 0.5 && heightM <= 2.5;

/** One kind of reading in one Garmin Connect account. */
export interface Sink<R extends Reading = Reading> {
  batchSize: number;
  /** All readings of one `send` go in one file, and Garmin takes or refuses them together. */
  sendsAsOne: boolean;
  /** Why Garmin can never take this reading, or undefined. */
  refusal(reading: R): FailReason | undefined;
  /** What `send` puts into Garmin, on its grid, of the fields that Garmin shows again. */
  sentFields(reading: R, context: Pick<SendContext, "heightM" | "parts">): Fields;
  /** What is in Garmin around these instants (whole days, a day more on either side). Throws `KindClosedError`. */
  around(from: Date, to: Date): Promise<Around>;
  /** Not idempotent: what is sent twice is there twice. Answers for each reading, in order. */
  send(readings: R[], context: SendContext): Promise<SendAnswer>;
  /** Succeeds if it's gone already. */
  remove(key: GarminKey): Promise<void>;
}

export interface Sinks {
  weigh_in: Sink<WeighIn>;
  blood_pressure: Sink<BloodPressure>;
  /** What the account's profile says. Without a height if it says nothing that can be one; undefined if it can't be read now. */
  profileHeight(): Promise<{ heightM?: number } | undefined>;
}

export type OpenSinks = (withAccess: WithAccess) => Sinks;

export interface SendContext {
  /** Called right before each upload; if it throws, that upload is not made. */
  beforeEach: () => Promise<void>;
  heightM: number | undefined;
  /** The owner's zone. If it's unknown, nothing that Garmin keeps by local time is sent. */
  timezone: string | undefined;
  parts: ChosenParts;
}

export interface SendAnswer {
  /** `unknown`: no answer came, and it may be in Garmin. `not_sent`: it certainly isn't. */
  outcomes: Array<"accepted" | "refused" | "unknown" | "not_sent">;
  stoppedBy?: Error;
}

export interface GarminKey {
  /** Local date in the Garmin account's zone, `2026-11-21`. */
  calendarDate: string;
  id: string;
}

export interface Around {
  entries: GarminEntry[];
  /** Each may be any reading that it doesn't contradict. */
  unreadable: UnreadableEntry[];
  /** Garmin answered without a body, which counts as an empty list. */
  isWithoutBody?: true;
}

export interface UnreadableEntry {
  takenAt?: Date;
  calendarDate?: string;
  weightKg?: number;
  systolicMmHg?: number;
  diastolicMmHg?: number;
}

export interface GarminEntry extends Measured {
  key: GarminKey;
  storedAt?: Date;
  fields: Fields;
}

/** Fields that Garmin accepts and shows: `takenAt` in milliseconds since 1970, the others as their names say. */
export const FIELDS = [
  "takenAt",
  "weightKg",
  "systolicMmHg",
  "diastolicMmHg",
  "pulseBpm",
  "bmi",
  "bodyFatPercent",
  "bodyWaterPercent",
  "muscleMassKg",
  "boneMassKg",
  "visceralFatIndex",
  "metabolicAgeYears",
] as const;
export type Field = (typeof FIELDS)[number];

export type Fields = Partial<Record<Exclude<Field, "takenAt">, number>>;

/** A field that Garmin shows differently from what was sent. Without `shown` it is missing there. */
export interface Difference {
  field: Field;
  sent: number;
  shown?: number;
}

export type SentValues =
  | { kind: "weigh_in"; weightKg: number }
  | { kind: "blood_pressure"; systolicMmHg: number; diastolicMmHg: number; pulseBpm?: number };

export interface Measured {
  takenAt: Date;
  values: SentValues;
}

/** `unreadable_in_garmin`: something is there that can't be read and may be it. */
export const FAIL_REASONS = ["out_of_range", "refused_by_garmin", "never_appeared", "unreadable_in_garmin"] as const;
export type FailReason = (typeof FAIL_REASONS)[number];
