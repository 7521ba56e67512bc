import { localDateTime } from "../../lib/local-time.ts";
import type { Language, Units } from "../../sync/model/account.ts";
import type { Vendor } from "../../sync/model/link.ts";
import type { Field, Measured, SentValues } from "../../sync/model/vendors.ts";

export interface Reader {
  language: Language;
  units: Units;
  /** IANA zone. */
  timezone: string;
  now: Date;
}

/** "1 day" or "3 days". */
export const plural = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

export const VENDOR_NAME: Record<Vendor, string> = { withings: "Withings", garmin: "Garmin" };

export type { Measured };
export type Format = ReturnType<typeof formatFor>;

export const LOCALE: Record<Language, string> = { en: "en-GB", de: "de-DE" };
const TODAY: Record<Language, string> = { en: "today", de: "heute" };
const YESTERDAY: Record<Language, string> = { en: "yesterday", de: "gestern" };
export const POUNDS_PER_KG = 2.204_622_621_8;
export const POUNDS_PER_STONE = 14;

export function formatFor(reader: Reader) {
  const { language, now } = reader;
  const measures = measuresFor(reader);
  const times = timesFor(reader);
  const { weight, number, percent, values, shortValues } = measures;
  const { time } = times;
  return {
    language,
    now,
    ...measures,
    ...times,
    fieldValue(field: Field, value: number): string {
      if (field === "takenAt") return time(new Date(value));
      if (field.endsWith("Kg")) return weight(value);
      if (field.endsWith("Percent")) return percent(value);
      if (field.endsWith("MmHg")) return `${value} mmHg`;
      return number(value, field === "bmi" ? 1 : 0);
    },
    reading: ({ values: of, takenAt }: Measured) => `${values(of)}, ${time(takenAt)}`,
    /** As people say it: a weight to 0.1 kg. */
    short: ({ values: of, takenAt }: Measured) => `${shortValues(of)}, ${time(takenAt)}`,
  };
}

function measuresFor({ language, units }: Reader) {
  const locale = LOCALE[language];
  const number = (value: number, digits: number) =>
    value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const percent = (value: number) => `${number(value, 1)}${language === "de" ? " %" : "%"}`;

  function weight(weightKg: number, kgDigits = 2): string {
    const pounds = Math.round(weightKg * POUNDS_PER_KG * 10) / 10;
    if (units === "kg") return `${number(weightKg, kgDigits)} kg`;
    if (units === "lb") return `${number(pounds, 1)} lb`;
    const stones = Math.floor(pounds / POUNDS_PER_STONE);
    return `${stones} st ${number(Math.round((pounds - stones * POUNDS_PER_STONE) * 10) / 10, 1)} lb`;
  }

  function values(of: SentValues, kgDigits = 2): string {
    if (of.kind === "weigh_in") return weight(of.weightKg, kgDigits);
    const pulse = language === "de" ? "Puls" : "pulse";
    return `${of.systolicMmHg}/${of.diastolicMmHg} mmHg${of.pulseBpm === undefined ? "" : `, ${pulse} ${of.pulseBpm}`}`;
  }

  return {
    number,
    percent,
    weight,
    /** Of a change, and whether it's a loss; in stones it's given in pounds. Empty if it rounds to nothing. */
    amountOf(changeKg: number): [amount: string, isLess: boolean] {
      const size = Math.abs(units === "kg" ? changeKg : changeKg * POUNDS_PER_KG);
      const rounded = Math.round(size * 10) / 10;
      return [rounded === 0 ? "" : `${number(rounded, 1)} ${units === "kg" ? "kg" : "lb"}`, changeKg < 0];
    },
    values,
    /** As people say it: a weight to 0.1 kg. */
    shortValues: (of: SentValues) => values(of, 1),
  };
}

function timesFor({ language, timezone, now }: Reader) {
  const locale = LOCALE[language];
  const isToday = (instant: Date) =>
    localDateTime(instant, timezone).slice(0, 10) === localDateTime(now, timezone).slice(0, 10);

  /** `today 07:12`, `21 Nov 07:12`, or with the year if it isn't this one. */
  function time(instant: Date): string {
    return isToday(instant) ? `${TODAY[language]} ${moment(instant)}` : moment(instant);
  }

  /** Also `yesterday 07:12`. */
  function lately(instant: Date): string {
    const dayBefore = new Date(Date.parse(`${localDateTime(now, timezone).slice(0, 10)}T00:00:00Z`) - 24 * 3600 * 1000);
    const [date, hour = ""] = localDateTime(instant, timezone).split("T");
    return date === dayBefore.toISOString().slice(0, 10) ? `${YESTERDAY[language]} ${hour.slice(0, 5)}` : time(instant);
  }

  /** The same within a sentence: `07:12` for today. */
  function moment(instant: Date): string {
    const hour = localDateTime(instant, timezone).slice(11, 16);
    return isToday(instant) ? hour : `${day(instant)} ${hour}`;
  }

  function day(instant: Date): string {
    const sameYear = localDateTime(instant, timezone).slice(0, 4) === localDateTime(now, timezone).slice(0, 4);
    const year = sameYear ? {} : { year: "numeric" as const };
    return instant.toLocaleDateString(locale, { timeZone: timezone, day: "numeric", month: "short", ...year });
  }

  return {
    time,
    lately,
    moment,
    isToday,
    day,
    month: (instant: Date) => instant.toLocaleDateString(locale, { timeZone: timezone, month: "long" }),
    dayOrToday: (instant: Date) => (isToday(instant) ? TODAY[language] : day(instant)),
  };
}

const SPANS = [
  ["day", 24 * 3600],
  ["hour", 3600],
  ["minute", 60],
] as const;

/** In the largest unit of which there are at least two; the sign is dropped. */
export function amountOf(seconds: number): [count: number, unit: "day" | "hour" | "minute" | "second"] {
  const all = Math.abs(seconds);
  const [unit, length] = SPANS.find(([, it]) => all >= 2 * it) ?? ["second", 1];
  return [Math.round(all / length), unit];
}
