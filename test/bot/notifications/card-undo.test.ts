import { afterEach, expect, test } from "vitest";
import { ACCOUNT, startTestApp, type TestApp } from "../../support/test-app.ts";
import { labels } from "../chat.ts";

let harness: TestApp;
let worker: ReturnType<TestApp["startServing"]> | undefined;
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await harness.close();
});

const owner = () => harness.sandbox.telegram.user({ id: ACCOUNT, firstName: "Owner" });
const weights = () => harness.weights().map(({ weightKg }) => weightKg);
const heard = (text: string) => owner().waitForMessage((it) => it.text.includes(text));

/** At nine in Berlin there is a card about these, which came an hour ago, ten minutes apart. */
async function card(language: "en" | "de", ...weightsKg: number[]) {
  harness = await startTestApp({ at: new Date("2026-11-24T07:00:00Z"), heightM: 1.75 });
  await harness.app.store.accounts.save(ACCOUNT, { language });
  await harness.app.store.summary.write(ACCOUNT, { firstSaidAt: harness.clock.now() }, undefined);
  for (const [index, weightKg] of weightsKg.entries()) {
    harness.person.stepOnScale({ at: new Date(harness.clock.now().getTime() - (100 - index * 10) * 60_000), weightKg });
  }
  harness.clock.advance(60);
  await harness.sync();
  harness.clock.advance(3600);
  worker = harness.startServing();
  await harness.service().chat.summarize((await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail());
  return owner().lastMessage ?? expect.fail("there is no card");
}

test.each([
  ["en", "80.3 kg ✓ in Garmin", "Undo", "80.3 kg, today 06:20: no longer in Garmin.", "Restore"],
  ["de", "80,3 kg ✓ in Garmin", "Rückgängig", "80,3 kg, heute 06:20: nicht mehr in Garmin.", "Wiederherstellen"],
] as const)("a card about one reading takes it out, in a message of its own, and stays (%s)", async (...given) => {
  const [language, text, undo, removed, restore] = given;
  const shown = await card(language, 80.25);
  expect(shown.text).toBe(text);
  expect(labels(shown)).toEqual([undo]);
  owner().tap(undo, shown.id);
  const answer = await heard(removed);
  expect(answer.id).not.toBe(shown.id);
  expect(labels(answer)).toEqual([restore]);
  expect(weights()).toEqual([]);
  const after = owner().messages.find(({ id }) => id === shown.id);
  expect(after).toMatchObject({ text, buttons: [] });
  owner().tap(restore, answer.id);
  await expect.poll(weights).toEqual([80.25]);
});

test.each([
  [
    "en",
    "Take one out…",
    "Which one shall I take out of Garmin?",
    "81.0 kg, today 06:30, is in Garmin. Take it out?",
    "Take it out",
  ],
  [
    "de",
    "Eine herausnehmen …",
    "Welche soll ich aus Garmin herausnehmen?",
    "81,0 kg, heute 06:30, ist in Garmin. Wieder herausnehmen?",
    "Herausnehmen",
  ],
] as const)("a card about several lists them, and each can be taken out (%s)", async (...given) => {
  const [language, button, which, question, takeOut] = given;
  const shown = await card(language, 80, 81, 82, 83, 84, 85);
  expect(labels(shown)).toEqual([button]);
  owner().tap(button, shown.id);
  const list = await heard(which);
  expect(labels(list)).toEqual(["1", "2", "3", "4", "5", "›"]);
  owner().tap("›", list.id);
  const second = await owner().waitForMessage((it) => it.id === list.id && labels(it).includes("‹"));
  expect(labels(second)).toEqual(["6", "‹"]);
  owner().tap("‹", list.id);
  await owner().waitForMessage((it) => it.id === list.id && labels(it).includes("2"));
  owner().tap("2", list.id);
  const asked = await heard(question);
  owner().tap(takeOut, asked.id);
  await expect.poll(weights).toEqual([80, 82, 83, 84, 85]);
  // It isn't offered again.
  owner().tap(button, shown.id);
  const rest = await owner().waitForMessage((it) => it.id > asked.id && it.text.startsWith(which));
  expect(rest.text).not.toMatch(/81[.,]0 kg/);
});
