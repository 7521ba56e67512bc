import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const DAY_MS = 24 * 3600 * 1000;
const daysAgo = (days: number) => new Date(harness.clock.now().getTime() - days * DAY_MS);
const pngOf = (fileId: string | undefined) =>
  harness.telegram.file(fileId ?? "")?.bytes ?? expect.fail("there is no picture");
const width = (png: Uint8Array) => Buffer.from(png).readUInt32BE(16);

/** Somebody who weighs in daily and was linked a month ago; a year of it is at Withings. */
async function start(language: "en" | "de" = "en") {
  harness = await startTestBot();
  await harness.app.store.accounts.save(ACCOUNT, { language });
  const { person } = harness;
  for (let days = 360; days >= 0; days -= 5) {
    person.stepOnScale({ at: daysAgo(days + 0.1), weightKg: 80 + days / 60, fatRatioPercent: 20 + days / 100 });
  }
  person.takeBloodPressure({ at: daysAgo(2), systolic: 128, diastolic: 81 });
  await harness.sync();
  harness.serveEachAnew();
}

async function ask(command: string) {
  const { owner } = harness;
  owner.say(command);
  await expect.poll(() => owner.lastMessage?.photo).toBeDefined();
  return owner.lastMessage ?? expect.fail();
}

/** Taps, and waits until the same message shows something else. */
async function tap(label: string) {
  const { owner } = harness;
  const before = owner.lastMessage?.photo?.fileId;
  const count = owner.messages.length;
  owner.tap(label);
  await expect.poll(() => owner.lastMessage?.photo?.fileId).not.toBe(before);
  expect(owner.messages).toHaveLength(count);
  return owner.lastMessage ?? expect.fail();
}

test.each([
  ["/weight", "Weight, 30 days: 80.0 kg on 21 Nov."],
  ["/bp", "Blood pressure, 30 days: 128/81 mmHg on 19 Nov."],
  ["/body", "Body composition, 30 days: "],
])("%s is a picture with its numbers below it", async (command, caption) => {
  await start();
  const message = await ask(command);
  expect(message.text).toMatch(new RegExp(`^${caption}`));
  expect(width(pngOf(message.photo?.fileId))).toBeGreaterThan(600);
  expect(message.buttons.flat().map(({ text }) => text)).toEqual(["· 30 days ·", "90 days", "1 year", "All"]);
});

describe("a tap", () => {
  test("changes the picture in place; what the ledger doesn’t have is read from Withings once", async () => {
    await start();
    await ask("/weight");
    harness.requests();
    const year = await tap("1 year");
    expect(year.text).toMatch(/^Weight, 1 year: 80.0 kg on 21 Nov\. Trend .* less than on \d+ Nov/);
    expect(harness.requests().filter((it) => it.includes("/measure"))).toHaveLength(1);
    await tap("All");
    await tap("30 days");
    expect(harness.requests().filter((it) => it.includes("/measure"))).toEqual([]);
  });

  test("shows what there is while Withings is down, and says what is missing", async () => {
    await start("de");
    await ask("/weight");
    harness.sandbox.faults.add({ server: "withings", match: {}, effect: { type: "status", status: 503 }, times: 3 });
    expect((await tap("1 Jahr")).text).toMatch(
      /\nÜber die Zeit vor dem 22\. Okt\. hat Withings nicht geantwortet; sie fehlt deshalb im Bild\.$/,
    );
  });
});

test("without a reading of that time, it says so, and the buttons stay", async () => {
  harness = await startTestBot();
  harness.person.stepOnScale({ at: daysAgo(100), weightKg: 80 });
  await harness.app.store.accounts.save(ACCOUNT, {});
  await harness.sync({ since: daysAgo(200) });
  harness.serveEachAnew();
  const { owner } = harness;
  owner.say("/weight");
  await expect.poll(() => owner.lastMessage?.text).toBe("No weigh-in in the last 30 days. The newest is from 13 Aug.");
  owner.tap("1 year");
  await expect.poll(() => owner.lastMessage?.text).toMatch(/^Weight, 1 year: 80.0 kg on 13 Aug/);
  owner.say("/bp");
  await expect.poll(() => owner.lastMessage?.text).toBe("No blood pressure reading yet.");
});
