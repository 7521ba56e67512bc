import { expect, test } from "vitest";
import { digestText } from "../../../src/bot/views/digest.ts";
import type { Goal } from "../../../src/bot/views/goal.ts";
import { wordsFor } from "../../../src/bot/words/words.ts";
import { type Account, DEFAULT_SETTINGS } from "../../../src/sync/model/account.ts";
import type { Progress } from "../../../src/sync/model/ledger.ts";
import { readingId } from "../../../src/sync/model/reading.ts";
import { digestOf, digestsDue } from "../../../src/sync/status/digest.ts";

const BERLIN = "Europe/Berlin";
const account: Account = { telegramUserId: 1, createdAt: new Date("2026-01-01"), settings: DEFAULT_SETTINGS };
const due = (now: string, digests = {}) =>
  digestsDue(account, BERLIN, { digests }, new Date(now)).map(({ of, key }) => `${of} ${key}`);

test("a digest is due on Monday and on the first, at the hour of the cards, once", () => {
  expect(due("2026-11-23T07:59:00Z")).toEqual([]);
  expect(due("2026-11-23T08:00:00Z")).toEqual(["week 2026-11-23"]);
  expect(due("2026-11-23T08:00:00Z", { week: "2026-11-23" })).toEqual([]);
  expect(due("2026-12-01T08:00:00Z", { week: "2026-11-30" })).toEqual(["month 2026-12-01"]);
  // Both on one day.
  expect(due("2027-02-01T08:00:00Z")).toEqual(["week 2027-02-01", "month 2027-02-01"]);
});

test("a digest that couldn’t be sent for days is left out, and so is one from before the account", () => {
  expect(due("2026-11-25T12:00:00Z")).toEqual(["week 2026-11-23"]);
  expect(due("2026-11-27T12:00:00Z")).toEqual([]);
  const created = { ...account, createdAt: new Date("2026-11-23T06:00:00Z") };
  expect(digestsDue(created, BERLIN, {}, new Date("2026-11-23T08:00:00Z"))).toEqual([]);
});

function progressWith(more: Partial<Progress>): Progress {
  const at = new Date("2026-01-01");
  return {
    ...{ startAt: at, cursorAt: at, recentWeighIns: [], lastReadings: {}, attention: [], arrived: [] },
    ...{ reportedUnknown: [], ...more },
  };
}
const weighed = (date: string, weightKg: number) => ({ takenAt: new Date(`${date}T06:00:00Z`), weightKg });
const pressure = (date: string, systolicMmHg: number, diastolicMmHg: number) => ({
  ...{ takenAt: new Date(`${date}T06:00:00Z`), systolicMmHg, diastolicMmHg },
});

function digest(progress: Progress, language: "en" | "de", goal: Goal = {}) {
  const now = new Date("2026-11-23T08:00:00Z");
  const [week] = digestsDue(account, BERLIN, {}, now);
  const found = week && digestOf(week, progress);
  return found && digestText(found, goal, wordsFor({ language, units: "kg", timezone: BERLIN, now }));
}

test.each([
  [
    "en",
    [
      "Your week, 16 Nov – 22 Nov",
      "Weight: 64.5 kg on average (2 weigh-ins), 0.5 kg less than the week before.",
      "Blood pressure: 121/80 mmHg on average (2 measurements).",
      "That’s below 135/85, the limit for measurements at home in the European guidelines (ESC 2024). This is information, not medical advice.",
      "Held: 2. Not stored: 1. Still waiting for you: 1, see /status.",
      "Goal 62.0 kg: 2.5 kg to go, 1.5 kg done (37 %). Trend: 0.5 kg down a week, so about 5 weeks more.",
    ],
  ],
  [
    "de",
    [
      "Deine Woche, 16. Nov. – 22. Nov.",
      "Gewicht: im Schnitt 64,5 kg (2 Messungen), 0,5 kg weniger als in der Vorwoche.",
      "Blutdruck: im Schnitt 121/80 mmHg (2 Messungen).",
      "Das liegt unter 135/85, dem Grenzwert der europäischen Leitlinien (ESC 2024) für Messungen zu Hause. Das ist eine Information, kein ärztlicher Rat.",
      "Zurückgehalten: 2. Nicht gespeichert: 1. Davon noch offen: 1, siehe /status.",
      "Ziel 62,0 kg: noch 2,5 kg, geschafft 1,5 kg (37 %). Trend: 0,5 kg weniger pro Woche, also noch etwa 5 Wochen.",
    ],
  ],
] as const)("a digest has the change, the averages and the numbers of its week (%s)", (language, lines) => {
  const progress = progressWith({
    recentWeighIns: [
      weighed("2026-11-14", 65),
      weighed("2026-11-16", 64),
      weighed("2026-11-22", 65),
      weighed("2026-11-23", 60),
    ],
    recentPressures: [
      pressure("2026-11-15", 180, 99),
      pressure("2026-11-17", 120, 79),
      pressure("2026-11-18", 122, 81),
    ],
    ...heldAndFailed(),
  });
  expect(digest(progress, language, { goalKg: 62, goalFromKg: 66 })?.split("\n")).toEqual(lines);
});

/** Two were held in that week, one of which still is; one wasn't stored; the others are from before and after. */
function heldAndFailed(): Pick<Progress, "attention" | "setAside"> {
  const at = (date: string) => new Date(`${date}T06:00:00Z`);
  const item = (measureGroupId: number, date: string) => ({
    ...{ measureGroupId, kind: "weigh_in" as const, takenAt: at(date), modifiedAt: at(date), waitsSince: at(date) },
    values: { kind: "weigh_in" as const, weightKg: 41 },
    fate: { state: "held" as const, reason: "ambiguous_person" as const },
  });
  const idOf = (measureGroupId: number) => readingId({ measureGroupId, kind: "weigh_in" });
  return {
    attention: [item(1, "2026-11-10"), item(3, "2026-11-17"), item(5, "2026-11-23")],
    setAside: [
      { id: idOf(1), state: "held", at: at("2026-11-10") },
      { id: idOf(2), state: "held", at: at("2026-11-16") },
      { id: idOf(3), state: "held", at: at("2026-11-17") },
      { id: idOf(4), state: "held", at: at("2026-11-18") },
      { id: idOf(4), state: "failed", at: at("2026-11-18") },
      { id: idOf(5), state: "held", at: at("2026-11-23") },
    ],
  };
}

test("a week in which readings were only held has a digest, and what was held before it isn’t counted again", () => {
  expect(digest(progressWith(heldAndFailed()), "en")).toBe(
    "Your week, 16 Nov – 22 Nov\nHeld: 2. Not stored: 1. Still waiting for you: 1, see /status.",
  );
  const { attention, setAside = [] } = heldAndFailed();
  expect(digest(progressWith({ attention, setAside: setAside.slice(0, 1) }), "en")).toBeUndefined();
});

test("at the limit, a mean blood pressure isn’t below it", () => {
  const of = (systolic: number, diastolic: number) =>
    digest(progressWith({ recentPressures: [pressure("2026-11-17", systolic, diastolic)] }), "en");
  expect(of(134, 84)).toContain("That’s below 135/85");
  expect(of(135, 84)).toContain("That’s not below 135/85");
  expect(of(134, 85)).toContain("That’s not below 135/85");
});

test("there is no digest of a week without readings", () => {
  expect(digest(progressWith({ recentWeighIns: [weighed("2026-11-14", 65)] }), "en")).toBeUndefined();
});
