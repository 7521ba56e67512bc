import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { DEMO_USER, startDemo } from "../../src/sandbox/demo.ts";
import type { ActionName } from "../../src/sandbox/panel-contract.ts";
import type { PanelState } from "../../src/sandbox/panel-state.ts";
import { DEMO_NAME } from "../../src/sandbox/people.ts";
import { stories } from "../../src/sandbox/stories.ts";

const EMAIL = "owner@example.org";

let demo: Awaited<ReturnType<typeof startDemo>>;

beforeAll(async () => {
  demo = await startDemo({ paced: false });
});
afterAll(() => demo.close());
/** Whether the last test's world can be used again, which saves linking. */
let isGood = false;
beforeEach(async () => {
  if (!isGood) {
    await act("startOver");
    await linkBoth();
  }
  isGood = false;
});

async function act(action: ActionName, input: object = {}): Promise<string> {
  const response = await fetch(`${demo.url}/panel/action/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(input),
  });
  const { message } = (await response.json()) as { message: string };
  expect(response.status, message).toBe(200);
  return message;
}

async function linkBoth() {
  await act("link");
  const state = (await (await fetch(`${demo.url}/panel/state`)).json()) as PanelState;
  expect(state.observed?.linked).toBe(true);
  await demo.pass(60);
}

const isLinked = async () =>
  ((await (await fetch(`${demo.url}/panel/state`)).json()) as PanelState).observed?.linked === true;

const inGarmin = () => {
  const { garmin } = demo.sandbox;
  return { weights: garmin.weights(EMAIL).length, pressures: garmin.bloodPressures(EMAIL).length };
};

const troubles = stories.flatMap(({ title, switches }) => switches.map((name) => [title, name] as const));

test.each(troubles)("%s: after %s, both readings are in Garmin exactly once", async (title, name) => {
  const before = inGarmin();
  expect(before.weights).toBeGreaterThan(0);
  await act("trouble", { name, on: true });
  await act("weighIn");
  await act("bloodPressure");
  // A hanging call blocks everything, in real time, until the trouble ends.
  if (name !== "withings_hangs") await act("passTime", { until: "hour" });
  await act("putRight");
  if (!(await isLinked())) await linkBoth();
  const { weights, pressures } = before;
  const once = { weights: weights + 1, pressures: pressures + 1 };
  // Garmin's refused readings are offered again the next day.
  if (name === "garmin_upload_failed_in_202") await act("passTime", { until: "three_days" });
  await act("passTime", { until: "hour" });
  expect(inGarmin()).toEqual(once);
  // There, the kind stays paused until the person has looked.
  isGood = title !== "Garmin refuses or changes a value";
});

const buttons = stories.flatMap(({ title, buttons: all = [] }) =>
  all.map((button) => [title, button.label, button] as const),
);

test.each(buttons)("%s: %s does what it says", async (_, __, { action, input = {} }) => {
  const chat = demo.sandbox.telegram.user({ id: DEMO_USER, firstName: DEMO_NAME });
  const known = chat.messages.length;
  const words = await act(action, input);
  expect(words).not.toBe("");
  await act("passTime", { until: "hour" });
  // The bot has nothing to report after these two.
  if (action !== "loseSubscription" && action !== "putOldDataBack")
    await chat.waitUntil(({ messages }) => messages.length > known);
});
