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
  [
    "en",
    "Goal 62.0 kg: 2.4 kg to go.",
    "Goal 62.0 kg: 1.4 kg to go, 1.0 kg done (41 %). Trend: 0.9 kg down a week, so about 2 weeks more.",
    "Goal 62.0 kg: reached.",
  ],
  [
    "de",
    "Ziel 62,0 kg: noch 2,4 kg.",
    "Ziel 62,0 kg: noch 1,4 kg, geschafft 1,0 kg (41 %). Trend: 0,9 kg weniger pro Woche, also noch etwa 2 Wochen.",
    "Ziel 62,0 kg: erreicht.",
  ],
] as const)("/goal says how much is done, and the trend; past it is reached too (%s)", async (language, ...lines) => {
  harness = await startTestBot();
  await harness.app.store.accounts.save(ACCOUNT, { language });
  const weigh = async (weightKg: number) => {
    harness.person.stepOnScale({ weightKg });
    await harness.sync();
  };
  await weigh(64.4);
  harness.serveEachAnew();
  const [set, halfway, reached] = lines;
  expect(await say("/goal 62 kg")).toBe(set);
  harness.clock.advance(8 * 24 * 3600);
  await harness.link();
  await weigh(63.6);
  harness.clock.advance(3600);
  await weigh(63.4);
  expect(await say("/goal")).toBe(halfway);
  harness.clock.advance(3600);
  await weigh(61.5);
  expect(await say("/goal")).toBe(reached);
  // The same one again doesn't begin anew.
  expect(await say("/goal 62")).toBe(reached);
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
