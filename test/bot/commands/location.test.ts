import { afterEach, expect, test } from "vitest";
import { ACCOUNT } from "../../support/test-app.ts";
import { botTexts, hand, inChat, labels, newUpdate } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const zone = async () => (await harness.app.store.accounts.find(ACCOUNT))?.timezone;
const newest = () => harness.owner.messages.at(-1) ?? expect.fail();

async function share(latitude: number, longitude: number) {
  harness = await startTestBot({ linked: false });
  harness.serveEachAnew();
  harness.owner.say("/help");
  await harness.owner.waitForMessage();
  const location = { latitude, longitude };
  await hand(harness, newUpdate({ message: { ...inChat, message_id: 9_000_000, location } }));
}

const tap = (label: string) => harness.tap(label);

test("a shared location sets the time zone after one question, and is kept nowhere", async () => {
  await share(48.137, 11.575);
  expect(newest().text).toBe("Where you are, it’s 13:00 now (Europe/Berlin). Shall I use that time zone?");
  expect(labels(newest())).toEqual(["Yes, use it", "Cancel"]);
  expect(await zone()).toBeUndefined();
  await tap("Yes, use it");
  expect(await zone()).toBe("Europe/Berlin");
  expect(newest().text).toContain("Europe/Berlin (13:00 now), set by you");
  expect(JSON.stringify([harness.logged, botTexts(harness)])).not.toMatch(/48\.1|11\.57/);
});

test("near a border the nearest three are offered, and nothing changes after Cancel", async () => {
  await share(38.88, -6.97);
  expect(newest().text).toBe("There’s more than one time zone near you. Which one is yours?");
  expect(labels(newest()).slice(0, 2)).toEqual(["Europe/Madrid (13:00)", "Europe/Lisbon (12:00)"]);
  expect(labels(newest())).toHaveLength(4);
  await tap("Cancel");
  expect(await zone()).toBeUndefined();
});

test("the question is closed by a newer one, whose buttons count", async () => {
  await share(48.137, 11.575);
  const first = newest().id;
  const location = { latitude: 40.71, longitude: -74.0 };
  await hand(harness, newUpdate({ message: { ...inChat, message_id: 9_000_001, location } }));
  expect(newest().text).toContain("America/New York");
  expect(harness.owner.messages.find(({ id }) => id === first)?.buttons).toEqual([]);
  await tap("Yes, use it");
  expect(await zone()).toBe("America/New_York");
});
