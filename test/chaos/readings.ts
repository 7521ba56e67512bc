import type { Known } from "./model.ts";
import { mailOf, NEIGHBOUR, type Scene, USERIDS } from "./scene.ts";
import { type AccountId, GARMINS, type GarminName, type PersonName, type Step } from "./steps.ts";

const USUAL: Record<PersonName, number> = { ann: 80, bob: 61, cy: 95 };

/** What people measure, and what of it is in Garmin. */
export class Readings {
  readonly #scene: Scene;
  readonly #usedSeconds = new Set<number>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  measure(step: Extract<Step, { do: "measure" }>, at = this.freshSecond(step.agoSeconds)): Known {
    const { sandbox, turns, model } = this.#scene;
    const person = sandbox.withings.person(USERIDS[step.who]);
    const createdMs = Math.min(turns.nowMs, Math.max(at * 1000, turns.nowMs - step.lateSeconds * 1000));
    const when = { at: new Date(at * 1000), createdAt: new Date(createdMs), attrib: step.attrib };
    const { value, second, pulse, siblings = false } = step;
    const grpid =
      step.kind === "weigh_in"
        ? person.stepOnScale({ ...when, weightKg: value, fatRatioPercent: second, siblings })
        : person.takeBloodPressure({ ...when, systolic: value, diastolic: second, ...(pulse && { pulse }) });
    const isForeign = [1, 4, 99].includes(step.attrib);
    const known: Known = {
      ...{ id: step.id, person: step.who, grpid, kind: step.kind, date: at, earlier: [], createdMs: turns.nowMs },
      ...{ isOwn: !isForeign && !step.isFar, isForeign, versions: [], isDeleted: false },
      ...{ said: new Map(), takenOut: new Set<string>(), kept: new Set<string>(), restored: new Set<string>() },
      wasDoubted: step.attrib === 1,
      isEither: model.accountsOf(step.who).some((account) => !model.isOn(account, step.kind)),
      ...{ mayBeOutdated: false, mayStandInVersions: false },
    };
    known.versions.push(this.versionOf(known) ?? "");
    model.readings.push(known);
    return known;
  }

  edit({ id, what, to }: Extract<Step, { do: "edit" }>): void {
    const { sandbox, model } = this.#scene;
    const known = model.find(id);
    if (!known || known.isDeleted) return;
    const person = sandbox.withings.person(USERIDS[known.person]);
    if (model.accountsOf(known.person).some((account) => !model.isOn(account, known.kind))) known.mayBeOutdated = true;
    switch (what) {
      case "delete":
      case "give":
        if (what === "delete") person.remove(known.grpid);
        else person.giveTo(known.grpid, sandbox.withings.person(NEIGHBOUR));
        known.isDeleted = true;
        for (const typed of model.typed) if (typed.device === known) typed.isEither = true;
        return;
      case "attrib":
        person.edit(known.grpid, { attrib: to });
        if (to === 1) {
          known.wasDoubted = true;
          known.isEither ||= known.isOwn || !known.isForeign;
          known.isOwn = false;
        } else {
          known.isForeign = false;
          known.isOwn ||= to === 7;
        }
        return;
      case "touch":
        person.touch(known.grpid);
        return;
      case "time": {
        known.kept.clear();
        const at = this.freshSecond(to);
        known.earlier.push(known.date);
        known.date = at;
        person.group(known.grpid).date = at;
        person.touch(known.grpid);
        return;
      }
      default: {
        const isWeight = known.kind === "weigh_in";
        const kg = Math.round((USUAL[known.person] + (to / 299 - 0.5) * 3) * 100) / 100;
        if (what === "value") person.edit(known.grpid, isWeight ? { weightKg: kg } : { systolic: 110 + (to % 30) });
        else person.edit(known.grpid, isWeight ? { fatRatioPercent: 10 + (to % 9) } : { diastolic: 70 + (to % 15) });
        known.versions.push(this.versionOf(known) ?? "");
        known.kept.clear();
      }
    }
  }

  usualKg = (who: PersonName) => USUAL[who];

  freshSecond(agoSeconds: number, apart = this.#scene.schedule.twins ? 1 : 130): number {
    let at = Math.floor(this.#scene.turns.nowMs / 1000) - agoSeconds;
    while ([...this.#usedSeconds].some((other) => Math.abs(other - at) < apart)) at -= 7;
    this.#usedSeconds.add(at);
    return at;
  }

  groupsOf(person: PersonName) {
    return this.#scene.sandbox.withings.person(USERIDS[person]).groups;
  }

  groupOf(known: Known) {
    const { withings } = this.#scene.sandbox;
    return withings.person(USERIDS[known.person]).groups.find((it) => it.grpid === known.grpid);
  }

  /** Withings' values, as they should be in Garmin. */
  versionOf(known: Known): string | undefined {
    const group = this.groupOf(known);
    if (!group) return undefined;
    const value = (type: number) => {
      const found = group.measures.find((it) => it.type === type);
      return found && Number(`${found.value}e${found.unit}`);
    };
    if (known.kind === "blood_pressure") return `${value(10)}/${value(9)}`;
    return `${(Math.round(Number(((value(1) ?? 0) * 100).toPrecision(12))) / 100).toFixed(2)} kg`;
  }

  /** Whether the account's Garmin of today has it, as it is now. */
  isBrought(account: AccountId, known: Known): boolean {
    const garmin = this.#scene.model.current(account)?.garmin;
    return garmin !== undefined && this.#entriesFor(garmin, known).some(({ value }) => value === this.versionOf(known));
  }

  /** Whether it is in this account, possibly at an earlier time if `mayBeOutdated`. */
  isThere(garmin: GarminName, known: Known): boolean {
    const dates = [known.date, ...(known.mayBeOutdated ? known.earlier : [])];
    return dates.some((date) => this.#entriesFor(garmin, { kind: known.kind, date }).length > 0);
  }

  #entriesFor(garmin: GarminName, { kind, date }: Pick<Known, "kind" | "date">) {
    return this.entriesOf(garmin).filter((it) => it.kind === kind && it.date === date);
  }

  /** Everything in a Garmin account, shown or not. */
  entriesOf(garmin: GarminName) {
    const mail = mailOf(garmin);
    return [
      ...this.#scene.sandbox.garmin.weights(mail).map(({ takenAt, weightKg, uploadedAt, wallClockMs }) => ({
        ...{ kind: "weigh_in" as const, date: takenAt.getTime() / 1000, value: `${weightKg.toFixed(2)} kg` },
        ...{ uploadedMs: uploadedAt.getTime(), localMs: wallClockMs },
      })),
      ...this.#scene.sandbox.garmin
        .bloodPressures(mail)
        .map(({ takenAt, systolic, diastolic, uploadedAt, wallClockMs }) => ({
          ...{ kind: "blood_pressure" as const, date: takenAt.getTime() / 1000, value: `${systolic}/${diastolic}` },
          ...{ uploadedMs: uploadedAt.getTime(), localMs: wallClockMs },
        })),
    ];
  }

  isAllShown(): boolean {
    const { sandbox, turns } = this.#scene;
    const delayMs = sandbox.garmin.settings.readBackDelaySeconds * 1000;
    return GARMINS.every((it) => this.entriesOf(it).every(({ uploadedMs }) => uploadedMs + delayMs <= turns.nowMs));
  }
}
