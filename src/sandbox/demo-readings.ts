import type { PanelActions } from "./panel-contract.ts";
import type { Measure, MeasureGroup } from "./withings/groups.ts";
import type { Person } from "./withings/person.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3600 * 1000;
/** More than the bot lists on one page, and one of them is a child. */
const GUESTS_KG = [58, 71, 24, 66, 83, 62, 77];

/** The buttons of the scale and the cuff. `next` says how a reading gets to Garmin from there. */
export function readingActions({
  person,
  timezone,
  now,
  next,
}: {
  person: Person;
  timezone: string;
  now: () => Date;
  next: () => Promise<string>;
}): Pick<
  PanelActions,
  "weighIn" | "weighInDated" | "bloodPressure" | "guest" | "editLast" | "deleteLast" | "doubtLast"
> {
  return {
    async weighIn({ takenAt, ...own }) {
      const values = { ...randomBody(), ...present(own) };
      person.stepOnScale({ ...toWithings(values), siblings: true, ...when(takenAt) });
      return `${kg(values)} is at Withings now. ${await next()}`;
    },
    async weighInDated({ days }) {
      const values = randomBody();
      const at = new Date(now().getTime() + days * DAY_MS);
      person.stepOnScale({ ...toWithings(values), siblings: true, ...when(at.toISOString()) });
      const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone: timezone });
      return `${kg(values)}, dated ${day.format(at)}, is at Withings now. ${await next()}`;
    },
    async bloodPressure({ systolicMmHg, diastolicMmHg, pulseBpm, takenAt }) {
      const values = {
        systolic: systolicMmHg ?? between(110, 135),
        diastolic: diastolicMmHg ?? between(68, 88),
        pulse: pulseBpm ?? between(52, 76),
      };
      person.takeBloodPressure({ ...values, ...when(takenAt) });
      return `${values.systolic}/${values.diastolic} is at Withings now. ${await next()}`;
    },
    async guest({ weightKg, count = 1 }) {
      const weights = count === 1 ? [weightKg ?? between(45, 110)] : GUESTS_KG.slice(0, count);
      // A minute apart, the last one now.
      for (const [index, each] of weights.entries()) {
        const at = new Date(now().getTime() - (count - 1 - index) * MINUTE_MS);
        person.stepOnScale({ weightKg: each, attrib: 1, ...when(at.toISOString()) });
      }
      const who = count === 1 ? `Somebody weighing ${weights[0]} kg` : `${count} people`;
      return `${who} stepped on, and the scale isn’t sure who it was. ${await next()}`;
    },
    async editLast(own) {
      const last = lastOwn();
      if (!last) return NONE;
      const values = { ...randomBody(), ...present(own) };
      person.edit(last.grpid, toWithings(values));
      return `Your last weigh-in now says ${kg(values)}. ${await next()}`;
    },
    async deleteLast() {
      const last = lastOwn();
      if (!last) return NONE;
      person.remove(last.grpid);
      return `${kgOf(last)} is deleted at Withings, which marks no deletions. The bot asks once it has missed the reading twice, a day apart.`;
    },
    async doubtLast() {
      const last = lastOwn();
      if (!last) return NONE;
      person.edit(last.grpid, { attrib: 1 });
      return `Withings is no longer sure that ${kgOf(last)} is yours. ${await next()}`;
    },
  };

  function lastOwn() {
    const isOwnWeighIn = ({ attrib, measures }: MeasureGroup) => attrib === 0 && measures.some(isWeight);
    return person.groups
      .filter(isOwnWeighIn)
      .toSorted((a, b) => a.date - b.date)
      .at(-1);
  }

  /** A minute ago would be the default, but people look for the time at which they pressed the button. */
  function when(takenAt?: string) {
    const createdAt = now();
    return { at: takenAt === undefined ? createdAt : new Date(takenAt), createdAt };
  }
}

const NONE = "You have no weigh-in yet.";
const isWeight = ({ type }: Measure) => type === 1;

function kgOf({ measures }: MeasureGroup): string {
  const { value = 0, unit = 0 } = measures.find(isWeight) ?? {};
  return kg({ weightKg: value * 10 ** unit });
}

const kg = ({ weightKg }: Pick<Body, "weightKg">) => `${weightKg.toFixed(2)} kg`;

interface Body {
  weightKg: number;
  bodyFatPercent: number;
  muscleMassKg: number;
  boneMassKg: number;
  bodyWaterPercent: number;
}

function randomBody(): Body {
  // Hundredths between 2 and 8, so that it shows when Garmin keeps only tenths.
  const weightKg = (between(635, 649) * 10 + between(2, 8)) / 100;
  const bodyFatPercent = between(230, 250) / 10;
  const leanKg = weightKg * (1 - bodyFatPercent / 100);
  const boneMassKg = Math.round(leanKg * 5) / 100;
  return {
    weightKg,
    bodyFatPercent,
    boneMassKg,
    muscleMassKg: Math.round((leanKg - boneMassKg) * 100) / 100,
    bodyWaterPercent: Math.round((leanKg / weightKg) * 730) / 10,
  };
}

function toWithings({ weightKg, bodyFatPercent, muscleMassKg, boneMassKg, bodyWaterPercent }: Body) {
  return {
    weightKg,
    fatRatioPercent: bodyFatPercent,
    muscleKg: muscleMassKg,
    boneKg: boneMassKg,
    waterKg: Math.round(weightKg * bodyWaterPercent) / 100,
    visceralFat: 2.4,
  };
}

function present<T extends object>(values: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

function between(low: number, high: number): number {
  return low + Math.floor(Math.random() * (high - low + 1));
}
