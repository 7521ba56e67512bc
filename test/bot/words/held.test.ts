import { expect, test } from "vitest";
import { newsText } from "../../../src/bot/views/news.ts";
import { wordsFor } from "../../../src/bot/words/words.ts";
import type { Language } from "../../../src/sync/model/account.ts";
import type { AttentionItem } from "../../../src/sync/model/ledger.ts";

const DAY_MS = 24 * 3600 * 1000;

test("a notice about old readings that turned up counts them in both languages, and says “at least” for a list that was cut", () => {
  const now = new Date("2026-11-21T12:00:00Z");
  const item = (number: number): AttentionItem => ({
    ...{ measureGroupId: number, kind: "weigh_in", values: { kind: "weigh_in", weightKg: 80 }, modifiedAt: now },
    ...{ takenAt: new Date(Date.parse("2026-10-01T12:00:00Z") - number * DAY_MS) },
    fate: { state: "held", reason: "before_start" },
  });
  const of = (language: Language, count: number) => {
    const items = Array.from({ length: count }, (_, number) => item(number));
    const startAt = new Date("2026-10-22T12:00:00Z");
    const words = wordsFor({ language, units: "kg", timezone: "Europe/Berlin", now });
    return newsText({ type: "before_start", items, startAt }, words);
  };
  expect(of("de", 1)).toBe(
    "Bei Withings ist 1 Gewichtsmessung vom 1. Okt. dazugekommen. Ich übertrage ab dem 22. Okt., darum habe ich sie ausgelassen.",
  );
  expect(of("de", 200)).toMatch(
    /^Bei Withings sind mindestens 200 Gewichtsmessungen vom 16\. März bis zum 1\. Okt\. dazugekommen\./,
  );
  expect(of("en", 199)).toMatch(/^199 weigh-ins from/);
  expect(of("en", 200)).toMatch(/^At least 200 weigh-ins from/);
});
