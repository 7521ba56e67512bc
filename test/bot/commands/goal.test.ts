import { afterEach, expect, test } from "vitest";
import { ACCOUNT } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

async function say(text: string) {
  const { owner } = harness;
  owner.say(text);
  return (await owner.waitForMessage()).text;
}
const goal = async () => (await harness.app.store.accounts.find(ACCOUNT))?.settings.goalKg;

test("/goal sets a weight to reach, says how far it is, and removes it", async () => {
  harness = await startTestBot();
  harness.person.stepOnScale({ at: new Date(harness.clock.now().getTime() - 3_600_000), weightKg: 64.4 });
  await harness.sync();
  harness.serveEachAnew();
  expect(await say("/goal")).toMatch(/^You haven’t set a goal/);
  expect(await say("/goal 62 kg")).toBe("Goal 62.0 kg: 2.4 kg to go.");
  expect(await goal()).toBe(62);
  expect(await say("/goal hello")).toMatch(/^I didn’t understand that weight/);
  expect(await say("/Goal")).toBe("Goal 62.0 kg: 2.4 kg to go.");
  expect(await say("/goal off")).toBe("I’ve removed your goal.");
  expect(await goal()).toBeUndefined();
});

test.each([
  ["kg", "62,5", 62.5],
  ["lb", "137", 62.14],
  ["kg", "9st 11", 62.14],
] as const)("a goal is in the units of its owner unless it says others: %s, %s", async (units, typed, kg) => {
  harness = await startTestBot();
  await harness.app.store.accounts.save(ACCOUNT, { settings: { units } });
  harness.serveEachAnew();
  expect(await say(`/goal ${typed}`)).toMatch(/^Your goal is /);
  expect(await goal()).toBeCloseTo(kg, 2);
});
