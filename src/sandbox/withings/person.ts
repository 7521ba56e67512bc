import { type Clock, epochSeconds } from "../../lib/clock.ts";
import {
  type BloodPressureValues,
  type Measure,
  type MeasureGroup,
  type MeasureValues,
  measuresOf,
  overwrite,
  type WeighInValues,
  weighInMeasures,
} from "./groups.ts";

export interface NewPerson {
  userid: number;
  name: string;
  timezone: string;
  heights?: { at: Date; metres: number }[];
}

export interface When {
  /** A minute ago by default. */
  at?: Date;
  /** A minute after `at` by default, never later than now. */
  createdAt?: Date;
  attrib?: number;
  /** null for what was typed in, which is the default for attrib 2 and 4. */
  deviceid?: string | null;
}

export type WeighIn = WeighInValues & When & { siblings?: boolean };
type NewGroup = Partial<MeasureGroup> & { measures: Measure[] };

const MINUTE_MS = 60_000;
const SCALE = { modelid: 6, model: "Body Cardio" };
const SEGMENTAL_SCALE = { modelid: 10, model: "Body Scan" };
const CUFF = { modelid: 45, model: "BPM Connect" };

/** One profile of a Withings account, with everything measured. */
export class Person {
  readonly userid: number;
  readonly name: string;
  timezone: string;
  readonly groups: MeasureGroup[] = [];
  readonly #clock: Clock;
  readonly #nextGrpid: () => number;
  readonly #changed: (person: Person, group: MeasureGroup) => void;

  constructor(
    about: NewPerson,
    inner: { clock: Clock; nextGrpid: () => number; changed: (person: Person, group: MeasureGroup) => void },
  ) {
    this.userid = about.userid;
    this.name = about.name;
    this.timezone = about.timezone;
    this.#clock = inner.clock;
    this.#nextGrpid = inner.nextGrpid;
    this.#changed = inner.changed;
    for (const { at, metres } of about.heights ?? []) this.measureHeight({ at, metres });
  }

  /** Returns the grpid of the weight. `siblings` adds the groups a scale sends with it. */
  stepOnScale(weighIn: WeighIn): number {
    const device = weighIn.visceralFat === undefined ? SCALE : SEGMENTAL_SCALE;
    const group = this.#measured(weighIn, device, weighInMeasures(weighIn));
    if (weighIn.siblings) {
      const { date, deviceid } = group;
      const created = group.created + 1;
      const beside = { ...device, date, created, modified: created, deviceid, hash_deviceid: deviceid };
      this.addGroup({ ...beside, attrib: 0, measures: measuresOf({ pulse: 64 }) });
      const arteries = measuresOf({ pulseWaveVelocity: 6.4, vascularAgeYears: 38 });
      this.addGroup({ ...beside, attrib: 8, measures: arteries });
    }
    return group.grpid;
  }

  takeBloodPressure(reading: BloodPressureValues & When): number {
    const { systolic, diastolic, pulse } = reading;
    const values = { systolic, diastolic, ...(pulse === undefined ? {} : { pulse }) };
    return this.#measured(reading, CUFF, measuresOf(values)).grpid;
  }

  measureHeight(height: { metres: number } & When): number {
    const entry = { attrib: 2, ...height };
    return this.#measured(entry, SCALE, measuresOf({ heightM: height.metres })).grpid;
  }

  forgetHeight(): void {
    const { type } = measuresOf({ heightM: 1 })[0] ?? {};
    const others = this.groups.filter(({ measures }) => !measures.some((it) => it.type === type));
    this.groups.splice(0, Infinity, ...others);
  }

  /** For what no scale should send. Missing fields get defaults. */
  addGroup(raw: NewGroup): MeasureGroup {
    const date = raw.date ?? epochSeconds(this.#clock.now()) - 60;
    const created = raw.created ?? date + 60;
    const group: MeasureGroup = {
      grpid: this.#nextGrpid(),
      attrib: 0,
      date,
      created,
      modified: raw.modified ?? created,
      category: 1,
      deviceid: null,
      hash_deviceid: null,
      modelid: null,
      model: null,
      comment: null,
      ...raw,
    };
    this.groups.push(group);
    this.#changed(this, group);
    return group;
  }

  group(grpid: number): MeasureGroup {
    const group = this.groups.find((other) => other.grpid === grpid);
    if (!group) throw new Error(`${this.name} has no group ${grpid}`);
    return group;
  }

  /** As in the app: same grpid, later `modified`. */
  edit(grpid: number, patch: MeasureValues & { attrib?: number }): void {
    const { attrib, ...values } = patch;
    const group = this.group(grpid);
    overwrite(group, values);
    if (attrib !== undefined) group.attrib = attrib;
    this.touch(grpid);
  }

  /** Moves only `modified`, as a late classification does. */
  touch(grpid: number): void {
    const group = this.group(grpid);
    group.modified = Math.max(group.modified + 1, epochSeconds(this.#clock.now()));
    this.#changed(this, group);
  }

  /** As in the app: later answers don't mention it. */
  remove(grpid: number): void {
    const group = this.group(grpid);
    this.groups.splice(this.groups.indexOf(group), 1);
    this.#changed(this, group);
  }

  /** As in the app: from then on it's in the other's list. */
  giveTo(grpid: number, other: Person): void {
    const group = this.group(grpid);
    this.remove(grpid);
    other.addGroup({ ...group, attrib: 7, modified: Math.max(group.modified + 1, epochSeconds(this.#clock.now())) });
  }

  #measured(when: When, device: { modelid: number; model: string }, measures: Measure[]): MeasureGroup {
    const nowMs = this.#clock.now().getTime();
    const takenMs = when.at?.getTime() ?? nowMs - MINUTE_MS;
    const createdMs = when.createdAt?.getTime() ?? Math.max(takenMs, Math.min(takenMs + MINUTE_MS, nowMs));
    const attrib = when.attrib ?? 0;
    const isTyped = attrib === 2 || attrib === 4;
    const deviceid = when.deviceid === undefined ? (isTyped ? null : this.#deviceOf(device.model)) : when.deviceid;
    const date = Math.floor(takenMs / 1000);
    const created = Math.floor(createdMs / 1000);
    const named = deviceid === null ? {} : device;
    return this.addGroup({ ...named, date, created, attrib, deviceid, hash_deviceid: deviceid, measures });
  }

  #deviceOf(model: string): string {
    return Buffer.from(`${model}/${this.userid}/${"device".repeat(4)}`)
      .toString("hex")
      .slice(0, 40);
  }
}
