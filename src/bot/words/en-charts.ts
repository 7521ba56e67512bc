import type { Picture, Range } from "../../sync/model/jobs.ts";
import { plural } from "./format.ts";

const PERIOD = { "30d": "30 days", "90d": "90 days", "1y": "1 year", all: "all readings" };
const PART = { fat: "Fat", muscle: "Muscle", water: "Water", bone: "Bone" };
const NAME: Record<Picture, string> = {
  weight: "weigh-in",
  blood_pressure: "blood pressure reading",
  body: "weigh-in with body composition",
};
const BACK: Record<Exclude<Range, "all">, string> = { "30d": "30 days", "90d": "90 days", "1y": "year" };
export type BodyPart = keyof typeof PART;
/** Times of pictures are local ones: `onDate` writes them. */
type OnDate = (at: number) => string;
export interface Value {
  value: string;
  at: number;
}
export interface WeightAlt {
  held: number;
  newest?: Value;
  trend?: { value: string; amount: string; isLess: boolean; since: number };
}
export interface PressureAlt {
  held: number;
  newest?: Value;
  morning?: string;
  evening?: string;
}

export interface BodyAlt {
  held: number;
  /** Three at most, each with its newest value. */
  parts: Array<{ part: BodyPart; value: string }>;
  at: number;
}
/** `since` leaves the day out if it was in another year: it has little room. */
export interface ChartDates {
  day: OnDate;
  since: OnDate;
}

export function chartsInEnglish({ day, since }: ChartDates) {
  const onlyHeld = (held: number) => `only ${plural(held, "held reading")}.`;
  const newestOf = ({ value, at }: Value) => `${value} on ${day(at)}.`;
  return {
    /** Of buttons: the one that is shown has a mark. */
    button: { "30d": "30 days", "90d": "90 days", "1y": "1 year", all: "All" },
    drawing: "Drawing…",
    /** Nothing of this period, and when the newest was, if ever. */
    nothing: (picture: Picture, range: Range, newest: number | undefined) => {
      if (newest === undefined || range === "all") return `No ${NAME[picture]} yet.`;
      return `No ${NAME[picture]} in the last ${BACK[range]}. The newest is from ${day(newest)}.`;
    },
    isMissing: (at: number) => `Withings didn’t answer, so what is from before ${day(at)} is missing.`,
    period: PERIOD,
    weight: "Weight",
    pressure: "Blood pressure",
    body: "Body composition",
    part: PART,
    trend: "Trend",
    on: day,
    since: (at: number) => `since ${since(at)}`,
    trendSince: (at: number) => `Trend, and how it changed since ${since(at)}`,
    onMmHg: (at: number) => `mmHg, ${day(at)}`,
    heldMmHg: (at: number) => `mmHg, held, ${day(at)}`,
    isHeld: "held",
    heldOn: (at: number) => `held, ${day(at)}`,
    goal: (goal: string) => `Goal ${goal}`,
    reading: "Reading",
    span: { day: "Day’s range", week: "Week’s range", month: "Month’s range" },
    spanAndMean: { week: "Week’s range and average", month: "Month’s range and average" },
    held: "Held, not counted",
    morning: "Morning (4:00–12:00)",
    evening: "Evening (12:00–4:00)",
    mean: { morning: "morning average", evening: "evening average" },
    limit: "Limit at home (ESC 2024)",
    points: (amount: string) => `${amount} points`,
    altWeight: (period: string, { held, newest, trend }: WeightAlt) =>
      [
        `Weight, ${period}: ${newest ? newestOf(newest) : onlyHeld(held)}`,
        ...(trend
          ? [
              `Trend ${trend.value}, ${trend.amount ? `${trend.amount} ${trend.isLess ? "less" : "more"} than` : "the same as"} on ${day(trend.since)}.`,
            ]
          : []),
      ].join(" "),
    altPressure: (period: string, { held, newest, morning, evening }: PressureAlt) => {
      const means = [
        ...(morning ? [`${morning} in the morning`] : []),
        ...(evening ? [`${evening} in the evening`] : []),
      ];
      return [
        `Blood pressure, ${period}: ${newest ? newestOf(newest) : onlyHeld(held)}`,
        ...(means.length > 0 ? [`On average ${means.join(", ")}.`] : []),
      ].join(" ");
    },
    altBody: (period: string, { held, parts, at }: BodyAlt) => {
      const values = parts.map(({ part, value }) => `${PART[part].toLowerCase()} ${value}`).join(", ");
      return `Body composition, ${period}: ${parts.length > 0 ? newestOf({ value: values, at }) : onlyHeld(held)}`;
    },
  };
}
export type ChartWords = ReturnType<typeof chartsInEnglish>;
