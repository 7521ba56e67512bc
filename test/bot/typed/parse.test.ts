import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseTyped, type Typed } from "../../../src/bot/typed/parse.ts";
import { localDateTime } from "../../../src/lib/local-time.ts";
import type { Units } from "../../../src/sync/model/account.ts";

const berlin = { units: "kg" as Units, timezone: "Europe/Berlin", now: new Date("2026-11-30T17:00:00Z") };
const said = (text: string, given: Partial<typeof berlin> = {}): string => {
  const all = { ...berlin, ...given };
  const typed = parseTyped(text, all);
  if (typed === undefined || typed.type === "in_the_future") return typed?.type ?? "nothing";
  const { values: it, takenAt, isGuess } = typed;
  const values =
    it.kind === "weigh_in"
      ? `${it.weightKg} kg`
      : `${it.systolicMmHg}/${it.diastolicMmHg}${it.pulseBpm === undefined ? "" : ` ${it.pulseBpm}`}`;
  return `${isGuess ? "perhaps " : ""}${values}, ${localDateTime(takenAt, all.timezone).slice(0, 16)}`;
};
const NOW = "2026-11-30T18:00";

test.each([
  ["72.4", `72.4 kg, ${NOW}`],
  ["72,4 kg", `72.4 kg, ${NOW}`],
  ["160 lb", `72.57 kg, ${NOW}`],
  ["146 Pfund", `73 kg, ${NOW}`],
  ["11st 4", `71.67 kg, ${NOW}`],
  ["120/80", `120/80, ${NOW}`],
  ["120/80 62", `120/80 62, ${NOW}`],
  ["120/80/62", `120/80 62, ${NOW}`],
  ["Blutdruck 120/80, Puls 62", `120/80 62, ${NOW}`],
  ["120/80 yesterday 7:30", "120/80, 2026-11-29T07:30"],
  ["gestern 7:30 72,4", "72.4 kg, 2026-11-29T07:30"],
  ["72,4 heute morgen", "72.4 kg, 2026-11-30T08:00"],
  ["72,4 gestern Abend um 8", "72.4 kg, 2026-11-29T20:00"],
  ["72.4 last night", "72.4 kg, 2026-11-29T20:00"],
  ["72.4 today", `72.4 kg, ${NOW}`],
  ["72.4 on Monday", `72.4 kg, ${NOW}`],
  ["72,4 am letzten Montag", "72.4 kg, 2026-11-23T12:00"],
  ["72,4 am 12.04.", "72.4 kg, 2026-04-12T12:00"],
  ["72,4 am 12.12.", "72.4 kg, 2025-12-12T12:00"],
  ["72.4 29 February", "72.4 kg, 2024-02-29T12:00"],
  ["72.4 23:30", "72.4 kg, 2026-11-29T23:30"],
  ["72.4 18:04", `72.4 kg, ${NOW}`],
])("%s is understood as %s", (text, understood) => expect(said(text)).toBe(understood));

test.each([
  ["7240", `perhaps 72.4 kg, ${NOW}`],
  ["724", `perhaps 72.4 kg, ${NOW}`],
  ["80/120", `perhaps 120/80, ${NOW}`],
])("%s is asked about: %s", (text, understood) => expect(said(text)).toBe(understood));

test("a number without a unit is in the unit of the account", () => {
  expect(said("160", { units: "lb" })).toBe(`72.57 kg, ${NOW}`);
  expect(said("160 Pfund", { units: "lb" })).toBe(`72.57 kg, ${NOW}`);
  expect(said("11", { units: "st" })).toBe(`69.85 kg, ${NOW}`);
  expect(said("11.4", { units: "st" })).toBe(`perhaps 71.67 kg, ${NOW}`);
  expect(said("158", { units: "st" })).toBe(`perhaps 71.67 kg, ${NOW}`);
});

test("12.04 is a date only with a word", () => {
  expect(said("12.04")).toBe(`12.04 kg, ${NOW}`);
  expect(said("72.4 12.04")).toBe("nothing");
  expect(said("12.04 12.04")).toBe("nothing");
  expect(said("12.04 on 12.04")).toBe("12.04 kg, 2026-04-12T12:00");
});

test.each([
  ...["on 12.04", "am 12.04.", "8 Uhr 30", "12 April 2026", "yesterday 7:30", "7:30", "Monday"],
  ...[
    "123456",
    "12345",
    "0123",
    "5",
    "12",
    "/72.4",
    "/sync 72",
    "72.4%",
    "-72.4",
    "~72",
    "72.4.1",
    "72,4,1",
    "1.234,5",
  ],
  ...["120/80 62 kg", "120/80 7", "12/04", "120/120", "400/80", "120/80/62/3", "120/80 12.04"],
  ...[
    "72.4 kg 80 kg",
    "72.4 tomorrow or today",
    "my mother weighs 72.4",
    "72.4 31 February",
    "72.4 25:00",
    "72.4 7:60",
  ],
  ...[
    "Bahnhofstraße 72",
    "72 people",
    "v1.2",
    "https://example.org/72.4",
    "+49 151 2345678",
    "2026-11-30",
    "１２０/８０",
    "٧٢",
  ],
])("%j is no reading", (text) => expect(said(text)).toBe("nothing"));

test.each(["72.4 tomorrow", "72,4 morgen um 7:30", "72.4 today at 23:30", "72.4 in the evening 2026-12-24"])(
  "%s lies in the future",
  (text) => expect(said(text, { now: new Date("2026-11-30T09:00:00Z") })).toBe("in_the_future"),
);

test("an hour that the clocks skip, or have twice, is taken once", () => {
  expect(said("72.4 on 29.03 at 2:30")).toBe("72.4 kg, 2026-03-29T03:30");
  expect(said("72.4 on 25.10 at 2:30")).toBe("72.4 kg, 2026-10-25T02:30");
});

/** Ten thousand readings as people may write them, and what each means, worked out without the code under test. */
describe("ten thousand generated readings", () => {
  const KG_PER_POUND = 0.45359237;
  const DAY = 24 * 3600 * 1000;
  const two = (value: number) => String(value).padStart(2, "0");
  const comma = (text: string, isGerman: boolean) => (isGerman ? text.replace(".", ",") : text);

  const kg = fc.record({
    tenths: fc.integer({ min: 250, max: 1999 }),
    digits: fc.constantFrom(0, 1, 2),
    german: fc.boolean(),
  });
  const weight = fc.oneof(
    fc.tuple(kg, fc.constantFrom(" kg", "kg", "", " Kilo", "KG")).map(([it, unit]) => {
      const number = (it.tenths / 10).toFixed(it.digits);
      return { text: comma(number, it.german) + unit, kg: Number(number), units: "kg" as Units };
    }),
    fc
      .tuple(
        fc.integer({ min: 60, max: 390 }),
        fc.integer({ min: 0, max: 9 }),
        fc.constantFrom(" lb", "lbs", " pounds", ""),
      )
      .map(([whole, tenth, unit]) => {
        const number = tenth === 0 ? `${whole}` : `${whole}.${tenth}`;
        return { text: number + unit, kg: Number(number) * KG_PER_POUND, units: "lb" as Units };
      }),
    fc
      .tuple(
        fc.integer({ min: 4, max: 30 }),
        fc.integer({ min: 0, max: 13 }),
        fc.constantFrom("st ", " st ", " stone "),
      )
      .map(([stones, pounds, unit]) => ({
        text: `${stones}${unit}${pounds}`,
        kg: (stones * 14 + pounds) * KG_PER_POUND,
        units: "kg" as Units,
      })),
  );
  const pressure = fc
    .record({
      systolic: fc.integer({ min: 90, max: 220 }),
      diastolic: fc.integer({ min: 40, max: 89 }),
      pulse: fc.option(fc.integer({ min: 30, max: 190 }), { nil: undefined }),
      between: fc.constantFrom(" ", "/", " pulse ", ", Puls ", " / "),
      slash: fc.constantFrom("/", " / ", " over ", " zu "),
      unit: fc.constantFrom("", " mmHg"),
    })
    .map(({ systolic, diastolic, pulse, between, slash, unit }) => ({
      text: `${systolic}${slash}${diastolic}${unit}${pulse === undefined ? "" : between + pulse}`,
      is: {
        kind: "blood_pressure",
        systolicMmHg: systolic,
        diastolicMmHg: diastolic,
        ...(pulse !== undefined && { pulseBpm: pulse }),
      },
    }));

  /** Minutes of yesterday or before, so that nothing depends on the time of day. */
  const clock = fc.integer({ min: 0, max: 1439 }).chain((minutes) => {
    const [hour, minute] = [Math.floor(minutes / 60), minutes % 60];
    const half = `${hour % 12 || 12}:${two(minute)} ${hour < 12 ? "am" : "PM"}`;
    const texts = [
      `${hour}:${two(minute)}`,
      `${two(hour)}:${two(minute)}`,
      `um ${hour}.${two(minute)} Uhr`,
      `at ${half}`,
      half,
    ];
    if (minute > 0) texts.push(`${hour} Uhr ${two(minute)}`);
    return fc.constantFrom(...texts).map((text) => ({ text, is: `${two(hour)}:${two(minute)}` }));
  });
  const MONTHS = [
    "January",
    "Februar",
    "Mar",
    "April",
    "May",
    "Juni",
    "Jul",
    "August",
    "Sept",
    "Oktober",
    "Nov",
    "Dezember",
  ];
  /** Each `toLocaleDateString` would make a formatter of its own. */
  const [inGerman, inEnglish] = ["de", "en"].map(
    (language) => new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" }),
  );
  const daysAgo = fc.integer({ min: 1, max: 300 });
  const dayTexts = (days: number, today: string) => {
    const date = new Date(Date.parse(`${today}T00:00:00Z`) - days * DAY);
    const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
    const weekday = (days % 2 ? inEnglish : inGerman)?.format(date);
    return [
      ...(days === 1 ? ["yesterday", "gestern"] : []),
      ...(days === 2 ? ["vorgestern", "the day before yesterday"] : []),
      ...(days < 7 ? [weekday, `last ${weekday}`, `am ${weekday}`] : []),
      ...(days < 60 && days > 1 ? [`${days} days ago`, `vor ${days} Tagen`] : []),
      ...[
        `am ${day}.${month}.`,
        `on ${two(day)}.${two(month)}`,
        `${day}.${month}.${year}`,
        `${day}.${two(month)}.${year - 2000}`,
      ],
      ...[`${year}-${two(month)}-${two(day)}`, `${day}. ${MONTHS[month - 1]}`, `${MONTHS[month - 1]} ${day}, ${year}`],
    ].map((text) => ({ text, date: `${year}-${two(month)}-${two(day)}` }));
  };

  const zones = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"];
  const typed = fc
    .record({
      what: fc.oneof(
        weight.map((it) => ({ ...it, is: undefined })),
        pressure.map((it) => ({ ...it, kg: 0, units: "kg" as Units })),
      ),
      ...{
        days: daysAgo,
        pick: fc.nat(),
        clock: fc.option(clock, { nil: undefined }),
        order: fc.nat(5),
        shout: fc.boolean(),
      },
      timezone: fc.constantFrom(...zones),
      now: fc.date({
        min: new Date("2024-06-01T00:00:00Z"),
        max: new Date("2030-01-01T00:00:00Z"),
        noInvalidDate: true,
      }),
    })
    .map(({ what, days, pick, clock, order, shout, timezone, now }) => {
      const texts = dayTexts(days, localDateTime(now, timezone).slice(0, 10));
      const day = texts[pick % texts.length] as (typeof texts)[number];
      const when = [day.text, ...(clock ? [clock.text] : [])];
      if (order % 2) when.reverse();
      const all = order < 3 ? [what.text, ...when] : [...when, what.text];
      const text = all.join(order === 2 ? ", " : " ");
      return { text: shout ? text.toUpperCase() : text, what, date: day.date, clock: clock?.is, timezone, now };
    });

  /** In German, "12:15 am 31.5." is a quarter past noon on that day; in English, a quarter past midnight. */
  const isAmbiguous = (text: string) => /\b12:\d\d am,? (?:\d+\.|\d{4}-|\p{L})/iu.test(text);

  test("none is misread", () => {
    fc.assert(
      fc.property(typed, ({ text, what, date, clock, timezone, now }) => {
        const understood = parseTyped(text, { units: what.units, timezone, now });
        if (isAmbiguous(text) && understood === undefined) return;
        expect(understood?.type, text).toBe("reading");
        const { values, takenAt, isGuess } = understood as Extract<Typed, { type: "reading" }>;
        expect(isGuess, text).toBe(false);
        if (values.kind === "weigh_in") expect(values.weightKg, text).toBeCloseTo(what.kg, 1.9);
        else expect(values, text).toEqual(what.is);
        const local = localDateTime(takenAt, timezone).slice(0, 16);
        expect(local.slice(0, 10), text).toBe(date);
        // An hour that a clock change skips is the only one that reads differently.
        if (clock && local.slice(11) !== clock)
          expect(Math.abs(minutesOf(local.slice(11)) - minutesOf(clock))).toBe(60);
      }),
      { numRuns: 10_000, seed: 13 },
    );
  });

  const minutesOf = (clock: string) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

  test("none is taken for anything else: a blood pressure is never a weight, nor the other way round", () => {
    fc.assert(
      fc.property(typed, fc.constantFrom<Units>("kg", "lb", "st"), ({ text, what, timezone, now }, units) => {
        const understood = parseTyped(text, { units, timezone, now });
        if (understood?.type === "reading") {
          expect(understood.values.kind, text).toBe(what.is ? "blood_pressure" : "weigh_in");
        }
      }),
      { numRuns: 2000, seed: 14 },
    );
  });

  test("no other text is taken for one: commands, codes, addresses, sentences", () => {
    const code = fc.integer({ min: 0, max: 99_999_999 }).map((it) => String(it).padStart(6, "0"));
    const spaced = code.map((it) => `${it.slice(0, 3)} ${it.slice(3)}`);
    const word = fc.constantFrom(
      "my",
      "code",
      "is",
      "ist",
      "the",
      "kg?",
      "und",
      "Zimmer",
      "people",
      "€",
      "min",
      "Flug",
    );
    const sentence = fc.tuple(word, fc.integer({ min: 1, max: 999 }), word).map((it) => it.join(" "));
    const command = fc
      .tuple(fc.constantFrom("/sync", "/status", "/start", "/goal"), fc.nat(999))
      .map((it) => it.join(" "));
    const phone = fc.integer({ min: 10_000, max: 99_999_999 }).map((it) => `+49 ${it}`);
    const price = fc
      .tuple(fc.nat(999), fc.constantFrom("€", "%", "cm", "km", "kcal", "°C", "kg/m²", "x"))
      .map((it) => it.join(" "));
    fc.assert(
      fc.property(fc.oneof(code, spaced, sentence, command, phone, price, fc.string(), fc.emailAddress()), (text) => {
        // A bare number may come out of fc.string(), and is a reading then.
        fc.pre(!/^\s*\d{2,4}([.,]\d{1,2})?\s*[.!]*\s*$/.test(text) && !/^\d{2,3}\/\d{2,3}$/.test(text));
        expect(parseTyped(text, berlin), text).toBeUndefined();
      }),
      { numRuns: 10_000, seed: 15 },
    );
  });
});
