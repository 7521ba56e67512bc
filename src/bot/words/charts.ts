import { localDate } from "../../lib/local-time.ts";
import type { Language } from "../../sync/model/account.ts";
import { chartsInGerman } from "./de-charts.ts";
import { type BodyPart, type ChartDates, type ChartWords, chartsInEnglish } from "./en-charts.ts";
import { LOCALE, type Reader } from "./format.ts";

export type { BodyPart, ChartWords };

const CATALOGUE: Record<Language, (dates: ChartDates) => ChartWords> = {
  en: chartsInEnglish,
  de: chartsInGerman,
};

/** What only pictures say. Their times are local ones, as if they were UTC. */
export function chartWords({ language, timezone, now }: Omit<Reader, "units">): ChartWords {
  const dates = axisDates({ language });
  const year = localDate(now, timezone).slice(0, 4);
  const written = (within: (date: Date) => string, longAgo: (date: Date) => string) => (at: number) => {
    const date = new Date(at);
    return (String(date.getUTCFullYear()) === year ? within : longAgo)(date);
  };
  return CATALOGUE[language]({
    day: written(dates.day, dates.dayOfYear),
    since: written(dates.day, dates.monthOfYear),
  });
}

/** Dates along an axis: `2 Nov`, `Nov`, `2026`. A picture is looked at later, too, so none says "today". */
export function axisDates({ language }: Pick<Reader, "language">) {
  const written = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(LOCALE[language], { timeZone: "UTC", ...options });
    return (date: Date) => format.format(date);
  };
  return {
    day: written({ day: "numeric", month: "short" }),
    dayOfYear: written({ day: "numeric", month: "short", year: "numeric" }),
    month: written({ month: "short" }),
    monthOfYear: written({ month: "short", year: "numeric" }),
    year: written({ year: "numeric" }),
  };
}
