import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const ago = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const DAY = 24 * 60;

async function ask(language: "en" | "de" = "en") {
  await harness.app.store.accounts.save(ACCOUNT, { language });
  const before = harness.owner.messages.length;
  harness.owner.say("/sync");
  await harness.owner.waitUntil(({ messages }) =>
    messages.slice(before).some(({ from, text }) => from === "bot" && /in Garmin\.|→/.test(text)),
  );
  await harness.quiet();
  return harness.owner.messages.at(-1) ?? expect.fail("no answer");
}

describe("after the first readings have come", () => {
  test.each([
    [
      "en",
      [
        "2 weigh-ins and 1 blood pressure reading, 28 Oct – today, are in Garmin.",
        "Newest: 64.4 kg, today 12:30; 121/79 mmHg, pulse 61, today 12:40.",
        "Garmin now has your weight, blood pressure and body fat. It has no field for the pulse from your scale, vascular age and pulse wave velocity.",
      ],
      ["Weight in Garmin", "Blood pressure in Garmin", "Take one out…"],
    ],
    [
      "de",
      [
        "2 Gewichtsmessungen und 1 Blutdruckmessung, 28. Okt. – heute, sind in Garmin.",
        "Die neuesten Werte: 64,4 kg, heute 12:30; 121/79 mmHg, Puls 61, heute 12:40.",
        "In Garmin stehen jetzt: Gewicht, Blutdruck und Körperfett. Kein Feld gibt es dort für den Puls von der Waage, das Gefäßalter und die Pulswellengeschwindigkeit.",
      ],
      ["Gewicht in Garmin", "Blutdruck in Garmin", "Eine herausnehmen …"],
    ],
  ] as const)(
    "the answer says which, their newest values, and where to see them (%s)",
    async (language, lines, labels) => {
      harness = await startTestBot();
      harness.startBot();
      harness.person.stepOnScale({ at: ago(24 * DAY), weightKg: 65 });
      harness.person.stepOnScale({ at: ago(30), weightKg: 64.35, fatRatioPercent: 18, siblings: true });
      harness.person.takeBloodPressure({ at: ago(20), systolic: 121, diastolic: 79, pulse: 61 });
      const { text, buttons } = await ask(language);
      expect(text.split("\n").slice(0, 3)).toEqual(lines);
      expect(buttons.flat()).toMatchObject([
        { text: labels[0], url: "https://connect.garmin.com/app/weight" },
        { text: labels[1], url: "https://connect.garmin.com/app/blood-pressure" },
        { text: labels[2], data: expect.stringMatching(/^reading:came:/) },
      ]);
      // The next card begins after them.
      const { value } = await harness.app.store.summary.read(ACCOUNT);
      expect(value.lastSummaryAt).toEqual(harness.clock.now());
      harness.person.stepOnScale({ at: ago(1), weightKg: 64.1 });
      harness.clock.advance(60);
      expect((await ask(language)).text).toBe(language === "en" ? "64.1 kg is in Garmin." : "64,1 kg ist in Garmin.");
    },
  );
});

test("a corrected reading is named with both values, and a late one with its day", async () => {
  harness = await startTestBot();
  harness.startBot();
  const id = harness.person.stepOnScale({ at: ago(30), weightKg: 64.4 });
  await harness.sync();
  harness.clock.advance(120);
  harness.person.edit(id, { weightKg: 64.1 });
  const corrected = await ask();
  expect(corrected.text).toBe("Corrected: 64.4 → 64.1 kg.");
  expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([64.1]);
  harness.clock.advance(60);
  harness.person.stepOnScale({ at: ago(3 * DAY), createdAt: harness.clock.now(), weightKg: 63.9 });
  expect((await ask()).text).toBe("63.9 kg (18 Nov) is in Garmin.");
});
