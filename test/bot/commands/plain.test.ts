import { afterEach, describe, expect, test } from "vitest";
import { whyMissing } from "../../../src/app/missing.ts";
import { ACCOUNT, OWNER, USERID } from "../../support/test-app.ts";
import { labels } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

async function open(options: Parameters<typeof startTestBot>[0] = {}) {
  harness = await startTestBot(options);
  // A new program on the same store takes every update, as on AWS.
  harness.serveEachAnew();
}

const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);

/** What the bot finally answers, and its buttons. */
async function asked(text: string) {
  const before = harness.owner.messages.length;
  harness.owner.say(text);
  const isAnswer = ({ text: it }: { text: string }) => !/^(Looking at|Ich sehe bei|Checking|Ich prüfe)/.test(it);
  await harness.owner.waitForMessage(isAnswer);
  await harness.quiet();
  const all = harness.owner.messages.slice(before).filter(({ from }) => from === "bot");
  const last = all.at(-1) ?? expect.fail("no answer");
  expect(all).toHaveLength(1);
  return { text: last.text, buttons: labels(last) };
}

const WHY = "why is my weight missing?";

describe("“Why is my weight missing?”", () => {
  test.each([false, true])(
    "says which side isn’t linked, with the button that links it (one linked: %s)",
    async (isOneLinked) => {
      await open({ linked: false });
      if (isOneLinked) await harness.linkWithings();
      const { text, buttons } = await asked(WHY);
      const vendor = isOneLinked ? "Garmin" : "Withings";
      expect(text).toContain(vendor);
      expect(buttons).toEqual([`Link ${vendor}`]);
    },
  );

  test("says that everything has arrived, and by what reading", async () => {
    await open();
    harness.person.stepOnScale({ at: minutesAgo(10), weightKg: 64.4 });
    await harness.sync();
    expect(await asked(WHY)).toEqual({
      text: "64.4 kg, today 12:50: that’s the newest at Withings, and it’s in Garmin. Anything newer hasn’t left your scale yet.",
      buttons: ["Check everything"],
    });
  });

  test("says it in German", async () => {
    await open();
    await harness.app.store.accounts.save(ACCOUNT, { language: "de" });
    harness.person.stepOnScale({ at: minutesAgo(10), weightKg: 64.4 });
    await harness.sync();
    const { text, buttons } = await asked("Warum fehlt mein Gewicht?");
    expect(text).toBe(
      "64,4 kg, heute 12:50: Das ist die neueste Messung bei Withings, und sie ist in Garmin. Die Waage hat noch nichts Neueres gesendet.",
    );
    expect(buttons).toEqual(["Alles prüfen"]);
  });

  test("finds at Withings what no run has seen yet, and the button brings it", async () => {
    await open();
    await harness.sync();
    harness.person.stepOnScale({ at: minutesAgo(10), weightKg: 64.4 });
    const { text, buttons } = await asked(WHY);
    expect(text).toBe("Withings has 64.4 kg, today 12:50, and it isn’t in Garmin yet. I’m about to copy it.");
    expect(buttons).toEqual(["Sync now"]);
    harness.owner.tap("Sync now");
    await harness.owner.waitForMessage((it) => it.text.includes("64.4 kg is in Garmin."));
    expect(harness.weights()).toHaveLength(1);
  });

  test("says that the scale has been silent for long", async () => {
    await open();
    for (const days of [4, 3, 2, 1]) harness.person.stepOnScale({ at: minutesAgo(days * 24 * 60), weightKg: 64 });
    await harness.sync();
    harness.clock.advance(9 * 24 * 3600);
    await harness.sync();
    expect((await asked(WHY)).text).toMatch(
      /^Your scale has sent nothing to Withings for 10 days\. The last one, 64\.0 kg, 20 Nov \d\d:\d\d, is in Garmin\. Check its battery/,
    );
  });

  test("says that Withings has none at all", async () => {
    await open();
    await harness.sync();
    expect((await asked(WHY)).text).toBe(
      "Withings has no weigh-in of yours from the last 60 days. Open the Withings app near your scale.",
    );
  });

  test("asks for the decision about one that is held", async () => {
    await open();
    harness.person.stepOnScale({ at: minutesAgo(10), weightKg: 47, attrib: 1 });
    await harness.sync();
    const { text, buttons } = await asked(WHY);
    expect(text).toBe("47.0 kg, today 12:50: not in Garmin yet, because you haven’t said whether it’s yours.");
    expect(buttons).toEqual(["Decide"]);
    harness.owner.tap("Decide");
    await harness.owner.waitForMessage((it) => labels(it).some((label) => label.includes("47.00 kg")));
  });

  test("says that the kind is switched off, and asks no vendor", async () => {
    await open();
    await harness.sync();
    const sends = { weight: false, composition: true, muscle: true, bloodPressure: true };
    await harness.app.store.accounts.save(ACCOUNT, { settings: { sends } });
    harness.requests();
    expect(await asked(WHY)).toEqual({
      text: "Weigh-ins are switched off, so I send none to Garmin.",
      buttons: ["What is sent"],
    });
    expect(harness.requests()).toEqual([]);
  });

  test("says that it was left out because its owner said so", async () => {
    await open();
    harness.person.stepOnScale({ at: minutesAgo(10), weightKg: 47, attrib: 1 });
    await harness.sync();
    const held = (await harness.app.overviews.of((await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail()))
      .attention;
    const ids = held.map((it) => `${String(it.measureGroupId).padStart(16, "0")}#${it.kind}`);
    await harness.app.sync.decideHeld(
      (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail(),
      ids,
      "not_mine",
    );
    await harness.sync();
    expect((await asked(WHY)).text).toBe("47.00 kg, today 12:50: I won’t send it.");
  });

  test("says that it was measured before the start", async () => {
    await open();
    await harness.sync();
    harness.person.stepOnScale({ at: new Date("2026-10-01T06:00:00Z"), weightKg: 64.4, createdAt: minutesAgo(5) });
    expect((await asked(WHY)).text).toMatch(/^64\.4 kg, 1 Oct 08:00: it’s older than what I copy, which starts on /);
  });

  test("says that Garmin doesn’t show it yet", async () => {
    await open();
    harness.sandbox.faults.turnOn("garmin_slow_to_show");
    harness.person.stepOnScale({ at: minutesAgo(10), weightKg: 64.4 });
    await harness.sync();
    expect(await asked(WHY)).toEqual({
      text: "64.4 kg, today 12:50: I’ve sent it, but Garmin doesn’t show it yet. I’ll keep checking.",
      buttons: ["Ask again"],
    });
  });

  test("says that it has gone from Garmin", async () => {
    await open();
    harness.person.stepOnScale({ at: minutesAgo(10), weightKg: 64.4 });
    await harness.sync();
    harness.sandbox.garmin.accounts.get(OWNER.email).weights.length = 0;
    expect((await asked(WHY)).text).toBe(
      "64.4 kg, today 12:50: Garmin had it, but no longer shows it. Was it deleted there?",
    );
  });

  test.each([
    ["withings_down", "Withings can’t be reached right now"],
    ["garmin_api_500", "Garmin can’t be reached right now"],
    ["withings_601", "Withings is limiting"],
    ["garmin_api_429", "Garmin asked me to wait until "],
    ["withings_field_renamed", "Withings is answering in a way"],
  ] as const)("names the vendor that doesn’t answer: %s", async (fault, answer) => {
    await open();
    harness.person.stepOnScale({ at: minutesAgo(10), weightKg: 64.4 });
    await harness.sync();
    harness.sandbox.faults.turnOn(fault);
    const { text, buttons } = await asked(WHY);
    expect(text).toContain(answer);
    expect(buttons).toEqual(["Ask again"]);
  });

  test("gives up on a vendor that takes too long, and names it", async () => {
    await open();
    harness.person.stepOnScale({ at: minutesAgo(10), weightKg: 64.4 });
    await harness.sync();
    const effect = { type: "delay", seconds: 2 } as const;
    harness.sandbox.faults.add({ server: "withings", match: {}, times: 10, effect });
    const account = (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
    const begunAt = performance.now();
    const { cause, ended } = await whyMissing(harness.app, account, "weigh_in", { answerSeconds: 0.5 });
    expect(performance.now() - begunAt).toBeLessThan(1800);
    expect(cause).toEqual({ type: "put_off", by: "withings_silent" });
    await ended;
  });

  test("says that a link has ended, with the button that renews it", async () => {
    await open();
    await harness.sync();
    harness.sandbox.withings.revoke(USERID);
    await harness.sync();
    const { buttons } = await asked(WHY);
    expect(buttons).toEqual(["Link Withings again"]);
  });

  test("is about blood pressure if that was asked", async () => {
    await open();
    harness.person.takeBloodPressure({ at: minutesAgo(10), systolic: 120, diastolic: 80, pulse: 60 });
    await harness.sync();
    expect((await asked("Where is my blood pressure")).text).toMatch(
      /^120\/80 mmHg, pulse 60, today 12:50: that’s the newest/,
    );
  });
});

describe("other plain questions", () => {
  test("“last weight” is answered with the value", async () => {
    await open();
    harness.person.stepOnScale({ at: minutesAgo(10), weightKg: 64.4 });
    await harness.sync();
    harness.requests();
    expect(await asked("Last weight?")).toEqual({
      text: "Your last weigh-in: 64.4 kg, today 12:50.",
      buttons: ["Sync now"],
    });
    expect(harness.requests()).toEqual([]);
  });

  test("“is it working” is the conclusion of /doctor, with what isn’t well", async () => {
    await open();
    await harness.sync();
    expect(await asked("Is it working?")).toMatchObject({
      text: "✅ All good.",
      buttons: expect.arrayContaining(["Show every check"]),
    });
    harness.sandbox.faults.turnOn("withings_down");
    const { text } = await asked("does it work");
    expect(text).toMatch(
      /^⚠️ 2 things aren’t working right now; check again later\.\n\nlater · Withings application: .*\nlater · Withings: /,
    );
    expect(text).not.toContain("store:");
  });

  test("“what is sent” lists it, as the settings are now", async () => {
    await open();
    expect(await asked("What is sent?")).toEqual({
      text: "What I send to Garmin: your weight; body fat, water, muscle, bone mass and visceral fat; blood pressure with the pulse.",
      buttons: ["Change this"],
    });
    const sends = { weight: true, composition: false, muscle: true, bloodPressure: false };
    await harness.app.store.accounts.save(ACCOUNT, { settings: { sends } });
    expect((await asked("what is sent")).text).toBe("What I send to Garmin: your weight.");
  });

  test("“stop messages” leads to the settings, and changes nothing by itself", async () => {
    await open();
    const before = await harness.app.store.accounts.find(ACCOUNT);
    const { buttons } = await asked("STOP messages!!");
    expect(buttons).toEqual(["When I write", "What is sent"]);
    expect((await harness.app.store.accounts.find(ACCOUNT))?.settings).toEqual(before?.settings);
    harness.owner.tap("When I write");
    await harness.owner.waitForMessage((it) => labels(it).includes("Back") && it.text.startsWith("Cards: "));
  });

  test.each([
    ["thanks!", "You’re welcome!", []],
    ["Hello", /^Hello! Ask me why/, ["Status", "Sync now", "Help"]],
    ["HILFE", /^I copy the readings/, ["Status", "Sync now", "Why is my weight missing?"]],
    ["blue cheese", /^I’m not sure what you mean/, ["Status", "Sync now", "Help"]],
  ])("“%s” gets its answer", async (said, answer, buttons) => {
    await open();
    await harness.sync();
    expect(await asked(said)).toEqual({ text: expect.stringMatching(answer), buttons });
  });

  test("every button does what it says, also when it is tapped twice", async () => {
    await open();
    await harness.sync();
    for (const [button, answer] of [
      ["Help", "I copy the readings"],
      ["Status", "Withings: linked"],
      ["Sync now", "Nothing new."],
    ] as const) {
      const { messageId } = harness.owner.say("blue cheese");
      const offer = await harness.owner.waitForMessage((it) => it.text.startsWith("I’m not sure"));
      expect(offer.id).toBeGreaterThan(messageId);
      for (let times = 0; times < 2; times++) {
        harness.owner.tap(button, offer.id);
        await harness.owner.waitForMessage((it) => it.text.startsWith(answer));
      }
    }
  });
});

test.each([
  [
    "en",
    /^What I keep: .*\n\nWhere: .* on their own machine\..*\n\n.* somebody else’s here, .*\n\nTo erase it all: \/disconnect/,
  ],
  [
    "de",
    /^Was ich aufbewahre: .*\n\nWo: .* auf ihrem eigenen Rechner\..*\n\n.* von jemand anderem hier war, .*\n\nAlles löschen: \/disconnect/,
  ],
] as const)("/privacy says what is kept, where, and how to erase it: %s", async (language, answer) => {
  await open({ linked: false });
  await harness.app.store.accounts.save(ACCOUNT, { language });
  expect((await asked("/PRIVACY")).text).toMatch(answer);
});
