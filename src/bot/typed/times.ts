import { atLocalTime, localDate, startOfDay } from "../../lib/local-time.ts";
import { type Day, dayIn, daysBefore } from "./days.ts";

export interface When {
  takenAt: Date;
  /** How far the time may be off from a device's. */
  withinSeconds: number;
}

interface PartOfDay {
  /** Local hours: from when on it may be meant, and what it counts as. */
  from: number;
  hour: number;
}

const AT = "(?:(?:at|um|gegen|around|about) )?";
const MORNING: PartOfDay = { from: 3, hour: 8 };
const NAMES_OF_PARTS: Array<[names: string, part: PartOfDay]> = [
  ["in the morning|this morning|morning|am morgen|morgens?|früh|in der früh|am vormittag|vormittags?", MORNING],
  ["at noon|noon|at midday|midday|mittags?|am mittag", { from: 11, hour: 12 }],
  ["in the afternoon|this afternoon|afternoon|nachmittags?|am nachmittag", { from: 12, hour: 15 }],
  ["in the evening|this evening|evening|abends?|am abend", { from: 16, hour: 20 }],
];
/** Alone, before a clock time, and after one. */
const PARTS = NAMES_OF_PARTS.map(([names, part]) => ({
  part,
  alone: new RegExp(`^(?:${names})$`),
  withClock: [new RegExp(`^(?:${names}) (.+)$`), new RegExp(`^(.+) (?:${names})$`)],
}));
const WITH_MINUTES = new RegExp(String.raw`^${AT}(\d{1,2}):(\d{2}) ?(am|pm)?(?: ?(?:uhr|h|o'clock))?$`);
const HOUR = new RegExp(String.raw`^${AT}(\d{1,2})(?:[.:](\d{2}))? ?(am|pm)$`);
const UHR = new RegExp(String.raw`^${AT}(\d{1,2})(?:[.:](\d{2}))? ?uhr(?: (\d{2}))?$`);
const AT_DOTTED = /^(?:at|um|gegen) (\d{1,2})\.(\d{2})$/;
/** Only with a part of the day: "at 8" may be either eight. */
const AT_HOUR = /^(?:at|um|gegen) (\d{1,2})(?: o'clock)?$/;
const NOW = /^(?:(?:just |right )?now|jetzt|gerade(?: eben)?|eben|soeben)$/;

const CLOCK_SECONDS = 600;
const JUST_NOW_SECONDS = 3600;
const PART_SECONDS = 4 * 3600;
const HALF_DAY_SECONDS = 12 * 3600;

interface Time {
  /** `07:30` */
  clock?: string;
  part?: PartOfDay;
  /** In German, "morgen" alone is tomorrow. */
  needsDay?: boolean;
}

/** When somebody says that they measured. `text`: in lower case, with single spaces; empty means now. */
export function whenIn(text: string, given: { timezone: string; now: Date }): When | "in_the_future" | undefined {
  const { timezone, now } = given;
  if (text === "" || NOW.test(text)) return { takenAt: now, withinSeconds: JUST_NOW_SECONDS };
  const today = localDate(now, timezone);
  const words = text.replace("last night", "yesterday evening").replace("tonight", "today evening").split(" ");
  return onlyOne(
    splits(words).flatMap(([one, other]) => {
      const day = one ? dayIn(one, today) : undefined;
      if (one && !day) return [];
      const time = other ? timeIn(other) : undefined;
      const isWhole = (!other || time) && !(time?.needsDay && !day);
      return isWhole ? resolved(day, time, today, given) : [];
    }),
  );
}

/** Every way to give some of the words, from the start or the end, to one reader and the rest to another. */
export function splits(words: string[]): Array<[string, string]> {
  const joined = (some: string[]) => some.join(" ").replace(/[,;:]$/, "");
  return words.flatMap((_, at): Array<[string, string]> => {
    const [before, after] = [joined(words.slice(0, at)), joined(words.slice(at))];
    return [
      [before, after],
      [after, before],
    ];
  });
}

/** Undefined if a text can be understood in several ways. */
export function onlyOne<T>(found: T[]): T | undefined {
  const [first, ...others] = found.map((it) => JSON.stringify(it));
  return others.every((it) => it === first) ? found[0] : undefined;
}

function resolved(
  day: Day | undefined,
  { clock, part }: Time = {},
  today: string,
  { timezone, now }: { timezone: string; now: Date },
): When | "in_the_future" {
  const at = (date: string, time: string) => atLocalTime(date, time, timezone);
  const isAhead = (instant: Date) => instant.getTime() - now.getTime() > CLOCK_SECONDS * 1000;
  const upToNow = (instant: Date, withinSeconds: number): When => ({
    takenAt: instant < now ? instant : now,
    withinSeconds,
  });
  const date = day?.date ?? today;
  if (clock) {
    const then = at(date, clock);
    if (!isAhead(then)) return upToNow(then, CLOCK_SECONDS);
    if (!day) return upToNow(at(daysBefore(today, 1), clock), CLOCK_SECONDS);
    return day.isWeekday && date === today ? upToNow(at(daysBefore(today, 7), clock), CLOCK_SECONDS) : "in_the_future";
  }
  if (part) {
    const [from, then] = [part.from, part.hour].map((hour) => at(date, `${String(hour).padStart(2, "0")}:00`));
    return from && then && from <= now ? upToNow(then, PART_SECONDS) : "in_the_future";
  }
  if (date > today) return "in_the_future";
  if (date < today) return upToNow(at(date, "12:00"), HALF_DAY_SECONDS);
  const sinceMidnight = (now.getTime() - startOfDay(today, timezone).getTime()) / 1000;
  return { takenAt: now, withinSeconds: Math.max(JUST_NOW_SECONDS, Math.round(sinceMidnight)) };
}

function timeIn(text: string): Time | undefined {
  const needsDay = /^morgen\b|(?<!am )\bmorgen$/.test(text);
  for (const { part, alone, withClock } of PARTS) {
    if (alone.test(text)) return { part, needsDay };
    for (const pattern of withClock) {
      const clock = clockIn(pattern.exec(text)?.[1] ?? "", part);
      if (clock) return { clock, needsDay };
    }
  }
  const clock = clockIn(text);
  return clock === undefined ? undefined : { clock };
}

function clockIn(text: string, part?: PartOfDay): string | undefined {
  for (const pattern of [WITH_MINUTES, HOUR]) {
    const [, hour, minute = "00", half] = pattern.exec(text) ?? [];
    if (hour) return clockOf(Number(hour), Number(minute), half, part);
  }
  const [, hour, dotted, spelt] = UHR.exec(text) ?? AT_DOTTED.exec(text) ?? (part && AT_HOUR.exec(text)) ?? [];
  if (!hour || (dotted && spelt)) return undefined;
  return clockOf(Number(hour), Number(dotted ?? spelt ?? 0), undefined, part);
}

function clockOf(hour: number, minute: number, half: string | undefined, part: PartOfDay | undefined) {
  if (minute > 59 || hour > 23 || (half && (hour < 1 || hour > 12))) return undefined;
  const isLate = half === "pm" || (!half && part !== undefined && part.hour >= 15 && hour < 12);
  const inDay = half ? (hour % 12) + (isLate ? 12 : 0) : hour + (isLate ? 12 : 0);
  if (part === MORNING && inDay >= 12) return undefined;
  return [inDay, minute].map((it) => String(it).padStart(2, "0")).join(":");
}
