import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT } from "../../support/test-app.ts";
import { botTexts, heard, labels } from "../chat.ts";
import { type NotifiedBot, startNotifiedBot } from "./notified-bot.ts";

let harness: NotifiedBot;
afterEach(() => harness.close());

const ASKED = { en: "How tall are you?", de: "Wie groß bist du?" };
const questions = () => botTexts(harness).filter((it) => it.startsWith(ASKED.en) || it.startsWith(ASKED.de));
const said = async () => (await harness.app.store.accounts.find(ACCOUNT))?.settings.height?.heightM;
const bmis = () => harness.weights().map(({ bmi }) => bmi);

async function weighIn(weightKg = 80.25) {
  harness.clock.advance(600);
  harness.person.stepOnScale({ weightKg });
  return harness.scheduledRun();
}

/** A weigh-in has gone without a BMI, and the question is in the chat. */
async function asked(account: Parameters<typeof startNotifiedBot>[0] = {}) {
  harness = await startNotifiedBot(account, { profileHeightCm: null });
  await weighIn();
  return heard(harness, ASKED[account.language ?? "en"]);
}

async function say(text: string) {
  harness.owner.say(text);
  return (await harness.owner.waitForMessage()).text;
}

/** A button of the newest message, which then shows something else. */
const tap = (label: string) => harness.tap(label);

describe("how tall the owner is", () => {
  test("is asked once, and the answer gives the next weigh-in its BMI", async () => {
    const question = await asked();
    expect(question.text).toBe(
      `How tall are you? I couldn’t find your height at Withings or in Garmin. Garmin needs it for your BMI, and without a BMI its web page hides your body composition. Send me, for example, 175, 1.75 m or 5'9".`,
    );
    expect(labels(question)).toEqual(["I’d rather not"]);
    expect(bmis()).toEqual([undefined]);
    expect(await say("17")).toBe(`That can’t be a height. Send me, for example, 175, 1.75 m or 5'9".`);
    expect(await say("5'9\"")).toBe(
      "1.75 m. From your next weigh-in on, Garmin gets your BMI too. You can change it in /settings.",
    );
    expect(await said()).toBe(1.753);
    await weighIn();
    await weighIn();
    expect(bmis()).toEqual([undefined, 26.1, 26.1]);
    expect(questions()).toHaveLength(1);
    // Answered, so a number is a weight again.
    expect(await say("175")).toMatch(/^175\.00 kg, today/);
  });

  test("in German, and one who would rather not say it isn’t asked again", async () => {
    const question = await asked({ language: "de" });
    expect(question.text).toBe(
      `Wie groß bist du? Weder bei Withings noch in Garmin habe ich deine Größe gefunden. Garmin braucht sie für deinen BMI, und ohne BMI blendet Garmins Webseite deine Körperzusammensetzung aus. Schick mir zum Beispiel 175, 1,75 m oder 5'9".`,
    );
    harness.owner.tap("Lieber nicht");
    await heard(harness, "Gut, ich frage nicht noch einmal.");
    await weighIn();
    expect(questions()).toHaveLength(0);
    expect(await said()).toBeUndefined();
    expect(await say("175")).toMatch(/^175,00 kg, heute/);
  });

  test("a text that is no height is what it would be without the question, which stays open", async () => {
    await asked();
    expect(await say("81.5")).toMatch(/^81\.50 kg, today/);
    expect(await say("120/80")).toMatch(/^120\/80 mmHg, today/);
    expect(await say("what is my weight")).toMatch(/^Your last weigh-in: 80\.3 kg/);
    expect(await say("1,75")).toMatch(/^1\.75 m\. /);
  });

  test("a bare number that is about what they weigh is a weight, not a height", async () => {
    harness = await startNotifiedBot({}, { profileHeightCm: null });
    await harness.app.store.accounts.save(ACCOUNT, { settings: { units: "lb" } });
    await weighIn();
    await heard(harness, ASKED.en);
    expect(await say("176")).toMatch(/^176\.0 lb, today/);
    expect(await said()).toBeUndefined();
    expect(await say("5 ft 9")).toMatch(/^5'9"\. From your next weigh-in/);
  });

  test("Withings’ own height wins, and the answer says so", async () => {
    await asked();
    harness.person.measureHeight({ metres: 1.8 });
    await harness.scheduledRun();
    expect(await say("175")).toBe("Withings says 1.80 m, so I use that. You can change it in the Withings app.");
    expect(await said()).toBeUndefined();
  });
});

test("/settings shows the height and where it’s from, and takes another one", async () => {
  harness = await startNotifiedBot({}, { profileHeightCm: 175 });
  const line = async () => /^Height.*$/m.exec(await say("/settings"))?.[0];
  expect(await line()).toBe("Height: I don’t know it");
  await weighIn();
  expect(await line()).toBe("Height: 1.75 m, from your Garmin profile");
  expect((await tap("Height")).text).toContain("Garmin gets your BMI from it");
  expect((await tap("Type my height")).text).toMatch(/^How tall are you\?/);
  expect((await tap("Cancel")).text).toBe("I’ve left your height as it was.");
  expect(await line()).toBe("Height: 1.75 m, from your Garmin profile");
  await tap("Height");
  await tap("Type my height");
  expect(await say("1.80")).toMatch(/^1\.80 m\. /);
  expect(await line()).toBe("Height: 1.80 m, as you told me");
  await weighIn();
  expect(bmis()).toEqual([26.2, 24.8]);
  await tap("Height");
  expect((await tap("Forget my height")).text).toMatch(/^Height: 1\.75 m, from your Garmin profile/);
  harness.person.measureHeight({ metres: 1.7 });
  await harness.scheduledRun();
  expect(await line()).toBe("Height: 1.70 m, from Withings");
  const screen = await tap("Height");
  expect(screen.text).toMatch(/^Height: 1\.70 m, from Withings/);
  expect(labels(screen)).toEqual(["Back"]);
});
