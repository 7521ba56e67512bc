const DAY_MS = 24 * 3600 * 1000;
/** Garmin's files know no earlier date. */
const FIRST_YEAR = 1990;

const ON = "(?:on|am|vom|from|of|for) ";
const WEEKDAYS = [
  "sunday|sun|sonntag",
  "monday|mon|montag",
  "tuesday|tues?|dienstag",
  "wednesday|wed|mittwoch",
  "thursday|thurs?|donnerstag",
  "friday|fri|freitag",
  "saturday|sat|samstag|sonnabend",
];
const MONTHS = [
  "january|januar|jänner|jan",
  "february|februar|feber|feb",
  "march|märz|maerz|mar|mär",
  "april|apr",
  "may|mai",
  "june|juni|jun",
  "july|juli|jul",
  "august|aug",
  "september|sept?",
  "october|oktober|oct|okt",
  "november|nov",
  "december|dezember|dec|dez",
];

const AGO: Array<[pattern: RegExp, days: number]> = [
  [/^(?:today|heute)$/, 0],
  [/^(?:yesterday|gestern)$/, 1],
  [/^(?:(?:the )?day before yesterday|vorgestern)$/, 2],
  [/^(?:tomorrow|morgen)$/, -1],
];
const DAYS_AGO = /^(?:(\d{1,2}) days? ago|vor (\d{1,2}) tag(?:en)?)$/;
const WEEKDAY = new RegExp(
  `^(?:(last|letzten|vergangenen|am letzten)? ?|on |am )(?:${WEEKDAYS.map((it) => `(${it})`).join("|")})$`,
);
/** Day and month alone are a date only with a word, because 12.04 may be a weight. */
const DAY_MONTH = new RegExp(String.raw`^${ON}(\d{1,2})\.(\d{1,2})\.?$`);
const DAY_MONTH_YEAR = new RegExp(String.raw`^(?:${ON})?(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})$`);
const ISO = new RegExp(String.raw`^(?:${ON})?(\d{4})-(\d{2})-(\d{2})$`);
const MONTH = `(?<month>${MONTHS.join("|")})`;
const NAMED = [
  new RegExp(
    String.raw`^(?:${ON})?(?:the )?(?<day>\d{1,2})(?:\.|st|nd|rd|th)?(?: of)? ?${MONTH}\.?(?:,? (?<year>\d{4}))?$`,
  ),
  new RegExp(String.raw`^(?:${ON})?${MONTH}\.? (?<day>\d{1,2})(?:st|nd|rd|th)?(?:,? (?<year>\d{4}))?$`),
];

export interface Day {
  /** `2026-11-21` */
  date: string;
  isWeekday: boolean;
}

/** The day that a text names, in English or German: the latest that isn't after `today`. `text` is in lower case. */
export function dayIn(text: string, today: string): Day | undefined {
  for (const [pattern, days] of AGO) if (pattern.test(text)) return onDate(daysBefore(today, days));
  const ago = DAYS_AGO.exec(text);
  if (ago) return onDate(daysBefore(today, Number(ago[1] ?? ago[2])));
  const weekday = WEEKDAY.exec(text);
  if (weekday) return { date: latestWeekday(weekday, today), isWeekday: true };
  const date = dateIn(text, today);
  return date === undefined ? undefined : onDate(date);
}

const onDate = (date: string): Day => ({ date, isWeekday: false });

function latestWeekday([, last, ...names]: RegExpExecArray, today: string): string {
  const days = (weekdayOf(today) - names.findIndex((it) => it !== undefined) + 7) % 7;
  return daysBefore(today, days === 0 && last ? 7 : days);
}

function dateIn(text: string, today: string): string | undefined {
  const [, day, month] = DAY_MONTH.exec(text) ?? [];
  if (day) return latest(Number(month), Number(day), today);
  const dotted = DAY_MONTH_YEAR.exec(text);
  if (dotted) {
    const [, dayThen, monthThen, year = ""] = dotted;
    return existing(Number(year.padStart(4, "20")), Number(monthThen), Number(dayThen));
  }
  const iso = ISO.exec(text);
  if (iso) return existing(Number(iso[1]), Number(iso[2]), Number(iso[3]));
  for (const pattern of NAMED) {
    const { day: named, month = "", year } = pattern.exec(text)?.groups ?? {};
    if (!named) continue;
    const index = MONTHS.findIndex((names) => names.split("|").some((it) => new RegExp(`^${it}$`).test(month)));
    return year ? existing(Number(year), index + 1, Number(named)) : latest(index + 1, Number(named), today);
  }
  return undefined;
}

/** The 29th of February was eight years ago at most. */
function latest(month: number, day: number, today: string): string | undefined {
  const thisYear = Number(today.slice(0, 4));
  const dates = Array.from({ length: 9 }, (_, ago) => existing(thisYear - ago, month, day));
  return dates.find((date) => date !== undefined && date <= today);
}

function existing(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  const isReal = year >= FIRST_YEAR && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal ? date.toISOString().slice(0, 10) : undefined;
}

export const daysBefore = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) - days * DAY_MS).toISOString().slice(0, 10);
const weekdayOf = (date: string) => new Date(`${date}T00:00:00Z`).getUTCDay();
