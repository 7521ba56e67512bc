import { afterEach, describe, expect, test } from "vitest";
import { readingIn, tapOf } from "../../../src/bot/typed/tap.ts";
import { DEFAULT_SETTINGS } from "../../../src/sync/model/account.ts";
import type { NewJob } from "../../../src/sync/model/jobs.ts";
import { type TypedReading, typedId } from "../../../src/sync/model/typed.ts";
import type { SentValues } from "../../../src/sync/model/vendors.ts";
import { crashAt } from "../../support/crash.ts";
import { ACCOUNT } from "../../support/test-app.ts";
import { botTexts, hand, heard, labels, mailedCode, newUpdate, startBeforePassword, typePassword } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const weights = () => harness.weights().map((it) => it.weightKg);
const last = () => botTexts(harness).at(-1);
const kept = () => harness.app.store.typed.read(ACCOUNT);
const ago = (days: number) => new Date(harness.clock.now().getTime() - days * 24 * 3600_000);

/** Every update meets a new process, as on AWS. Four weigh-ins around 72 kg are in Garmin. It's 13:00 on a Saturday. */
async function start(options: Parameters<typeof startTestBot>[0] = {}) {
  harness = await startTestBot(options);
  if (options?.linked !== false) {
    for (let days = 4; days > 0; days--) harness.person.stepOnScale({ at: ago(days), weightKg: 72 + days / 100 });
    await harness.sync();
  }
  harness.serveEachAnew();
}

async function type(text: string) {
  const before = botTexts(harness).length;
  harness.owner.say(text);
  await expect.poll(() => botTexts(harness).length).toBeGreaterThan(before);
  await harness.quiet();
  return harness.owner.messages.at(-1) ?? expect.fail();
}

const tap = (label: string) => harness.tap(label);

describe("a typed reading", () => {
  test("is shown as it was understood, and goes to Garmin with one tap, in its own message", async () => {
    await start();
    const asked = await type("72,4 kg, gestern 7:30");
    expect(asked.text).toBe("72.40 kg, yesterday 07:30.");
    expect(labels(asked)).toEqual(["Save to Garmin", "Cancel"]);
    expect(await kept()).toEqual([]);
    await tap("Save to Garmin");
    expect(last()).toBe("72.40 kg, 20 Nov 07:30: it’s in Garmin.");
    expect(labels(harness.owner.messages.at(-1) ?? asked)).toEqual(["Undo", "Weight in Garmin"]);
    expect(harness.weights().find((it) => it.weightKg === 72.4)?.takenAt).toEqual(new Date("2026-11-20T06:30:00Z"));
  });

  test("speaks German to a German", async () => {
    await start();
    await harness.app.store.accounts.save(ACCOUNT, { language: "de" });
    const asked = await type("120/80 62 gestern abend um 8");
    expect(asked.text).toBe("120/80 mmHg, Puls 62, gestern 20:00.");
    await tap("In Garmin speichern");
    expect(last()).toBe("120/80 mmHg, Puls 62, 20. Nov. 20:00: ist in Garmin.");
    expect(harness.pressures()).toMatchObject([{ systolic: 120, diastolic: 80, pulse: 62 }]);
  });

  test("is read in the unit of the account", async () => {
    await start();
    await harness.app.store.accounts.save(ACCOUNT, { settings: { units: "lb" } });
    expect((await type("160")).text).toBe("160.0 lb, today 13:00.");
    await harness.app.store.accounts.save(ACCOUNT, { settings: { units: "st" } });
    expect((await type("11st 4")).text).toBe("11 st 4.0 lb, today 13:00.");
  });

  test("isn't saved after Cancel, and its buttons go", async () => {
    await start();
    await type("72.4");
    await tap("Cancel");
    expect(last()).toBe("72.40 kg, today 13:00: I haven’t saved it.");
    expect(await kept()).toEqual([]);
    expect(weights()).toHaveLength(4);
  });

  test("counts from when it was sent, however late the bot reads it", async () => {
    await start();
    await type("/help");
    const at = harness.clock.now();
    harness.clock.advance(2 * 3600);
    const message = { message_id: 77, date: Math.floor(at.getTime() / 1000), text: "72.4" };
    const chat = { id: ACCOUNT, type: "private" as const, first_name: "Owner" };
    const from = { id: ACCOUNT, is_bot: false, first_name: "Owner" };
    await hand(harness, newUpdate({ message: { ...message, chat, from } }));
    expect(last()).toBe("72.40 kg, today 13:00.");
  });

  test("that may have been mistyped is asked about", async () => {
    await start();
    expect((await type("7240")).text).toBe("Did you mean 72.40 kg, today 13:00?");
    expect((await type("80/120")).text).toBe("Did you mean 120/80 mmHg, today 13:00?");
    expect(await kept()).toEqual([]);
  });

  test.each([
    ["105", "105.00 kg, today 13:00. That’s far from your last weight, 72.01 kg. Is it right?"],
    ["12.04", "12.04 kg, today 13:00. That’s far from your last weight, 72.01 kg. Is it right?"],
    ["240/80", "240/80 mmHg, today 13:00. That’s an unusual blood pressure. Is it right?"],
  ])("that is far off is asked about twice: %s", async (text, question) => {
    await start();
    const asked = await type(text);
    expect(asked.text).toBe(question);
    expect(labels(asked)).toEqual(["Yes, it’s right", "Cancel"]);
    await tap("Yes, it’s right");
    expect(last()).toMatch(/\. Shall I really send it to Garmin\?$/);
    expect(await kept()).toEqual([]);
    await tap("Save to Garmin");
    expect(last()).toMatch(/: it’s in Garmin\.$/);
  });

  test("that Garmin can't store says so once it was saved all the same", async () => {
    await start();
    await type("280/80");
    await tap("Yes, it’s right");
    await tap("Save to Garmin");
    expect(last()).toContain("is not stored: Garmin can’t store these values");
    expect(await kept()).toEqual([]);
  });

  test.each([
    ["72.4 tomorrow", "That time is still to come, so I haven’t saved anything."],
    ["on 12.04", "I’m not sure what you mean."],
    ["my code is 123456", "I’m not sure what you mean."],
    ["123456", "I’m not sure what you mean."],
  ])("%s is none", async (text, answer) => {
    await start();
    expect((await type(text)).text).toContain(answer);
  });

  test("is refused while its kind is switched off", async () => {
    await start();
    const sends = { ...DEFAULT_SETTINGS.sends, bloodPressure: false };
    await harness.app.store.accounts.save(ACCOUNT, { settings: { sends } });
    expect((await type("120/80")).text).toContain("Blood pressure is switched off");
  });
});

describe("the same reading twice", () => {
  test("a second tap saves and sends nothing", async () => {
    await start();
    await type("72.4");
    const data = harness.owner.messages.at(-1)?.buttons.flat()[0]?.data ?? "";
    await tap("Save to Garmin");
    const asked = harness.owner.messages.at(-1) ?? expect.fail();
    const chat = { id: ACCOUNT, type: "private" as const, first_name: "Owner" };
    const from = { id: ACCOUNT, is_bot: false, first_name: "Owner" };
    const message = { chat, date: 1, message_id: asked.id, from: harness.telegram.bot, text: "?" };
    await hand(harness, newUpdate({ callback_query: { id: "1", from, chat_instance: "1", data, message } }));
    await harness.quiet();
    expect(weights().filter((it) => it === 72.4)).toHaveLength(1);
  });

  test("what was typed a second time is recognised", async () => {
    await start();
    await type("72.4");
    await tap("Save to Garmin");
    harness.clock.advance(60);
    await type("72.4");
    await tap("Save to Garmin");
    expect(last()).toBe("72.40 kg, today 13:01: you’ve given me that one already.");
    expect(weights().filter((it) => it === 72.4)).toHaveLength(1);
  });

  test("what the scale has brought before isn't sent again", async () => {
    await start();
    harness.person.stepOnScale({ weightKg: 72.36 });
    await harness.sync();
    harness.clock.advance(600);
    await type("72.4");
    await tap("Save to Garmin");
    expect(last()).toBe("72.40 kg, today 13:10: Garmin already has it, so I sent nothing.");
    expect(weights()).not.toContain(72.4);
  });
});

describe("when it can't go now", () => {
  test("it's kept while Withings is down, and says so", async () => {
    await start();
    harness.sandbox.faults.turnOn("withings_down");
    await type("72.4");
    await tap("Save to Garmin");
    expect(last()).toMatch(/^72\.40 kg, today 13:00: I’ve noted it, and I’ll send it to Garmin as soon as/);
    expect(await kept()).toHaveLength(1);
    harness.sandbox.faults.turnOff("withings_down");
    harness.clock.advance(60);
    await harness.sync();
    expect(weights().filter((it) => it === 72.4)).toHaveLength(1);
  });

  test("it's kept while Withings isn't linked, says why, and goes once it is", async () => {
    await start({ linked: false });
    await harness.app.store.accounts.save(ACCOUNT, { timezone: "Europe/Berlin" });
    await type("72.4");
    await tap("Save to Garmin");
    expect(last()).toBe(
      "72.40 kg, today 13:00: I’ve noted it, and I’ll send it to Garmin once you’ve linked Withings and Garmin. I look there first, so that the same reading doesn’t arrive twice.",
    );
    expect(labels(harness.owner.messages.at(-1) ?? expect.fail())).toEqual(["Link Withings", "Link Garmin"]);
    await harness.link();
    await harness.sync();
    expect(weights()).toEqual([72.4]);
  });

  test("the time zone comes first if nobody knows it", async () => {
    await start({ linked: false });
    const asked = await type("72.4 yesterday");
    expect(asked.text).toContain("I don’t know your time zone yet");
    expect(labels(asked)).toEqual(["Set my time zone"]);
  });
});

test("a code for Garmin goes to the open sign-in, and is never read as a weight", async () => {
  const started = await startBeforePassword();
  ({ harness } = started);
  await typePassword(harness);
  await heard(harness, "Garmin sent a code");
  for (const text of ["72.4", "7240", "120/80"]) {
    harness.owner.say(text);
    await heard(harness, "code");
  }
  await harness.quiet();
  expect(botTexts(harness).join("\n")).not.toMatch(/kg|mmHg/);
  harness.owner.say(mailedCode(harness));
  await heard(harness, "Signed in to Garmin");
});

test("stopped at any outside call after the tap, it's in Garmin once when the tap comes again", async () => {
  const reading = (on: TestBot): TypedReading => {
    const at = on.clock.now();
    const id = typedId({ date: Math.floor(at.getTime() / 1000), message_id: 5 });
    return {
      id,
      typedAt: at,
      takenAt: at,
      values: { kind: "weigh_in", weightKg: 72.4 },
      within: { seconds: 600, kg: 0.1 },
    };
  };
  /** The tap in a process that dies, and whatever was queued in one that lives. */
  async function play(crash: ReturnType<typeof crashAt> | undefined) {
    await start();
    const shown = await type("/help");
    const chat = { id: ACCOUNT, type: "private" as const, first_name: "Owner" };
    const from = { id: ACCOUNT, is_bot: false, first_name: "Owner" };
    const query = {
      ...{ id: "1", from, chat_instance: "1", data: tapOf("save", reading(harness)) },
      message: { chat, date: 1, message_id: shown.id, from: harness.telegram.bot, text: "?" },
    };
    const tapOn = async (app: Awaited<ReturnType<TestBot["newApp"]>>) => {
      const { accounts, links, leases, turns, once, dialogs, typed, jobs } = app.store;
      const queue = { put: (all: NewJob[]) => jobs.put(all).finally(harness.wake) };
      const stores = { accounts, links, leases, turns, once, dialogs, typed, queue, overview: app.overviews.of };
      await harness
        .newBot(stores)
        .handleUpdate(newUpdate({ callback_query: query }))
        .catch(() => undefined);
      await harness.quiet();
    };
    if (crash) await tapOn(await harness.newApp(crash));
    harness.clock.advance(121);
    await tapOn(harness.app);
    harness.clock.advance(121);
    await harness.sync();
    expect(weights().filter((it) => it === 72.4)).toHaveLength(1);
  }
  const counting = crashAt(Number.POSITIVE_INFINITY, "before");
  await play(counting);
  expect(counting.moments().length).toBeGreaterThan(4);
  for (const moment of counting.moments()) {
    await harness.close();
    await play(crashAt(...moment));
  }
});

test.each<SentValues>([
  { kind: "weigh_in", weightKg: 649.99 },
  { kind: "blood_pressure", systolicMmHg: 300, diastolicMmHg: 200, pulseBpm: 250 },
  { kind: "blood_pressure", systolicMmHg: 120, diastolicMmHg: 80 },
])("a button holds the whole reading in Telegram's 64 bytes: %j", async (values) => {
  harness = await startTestBot({ linked: false });
  const typedAt = new Date("2099-12-31T23:59:59Z");
  const id = typedId({ date: typedAt.getTime() / 1000, message_id: 999_999_999 });
  const reading = {
    id,
    typedAt,
    takenAt: new Date("2026-11-30T07:30:00Z"),
    values,
    within: { seconds: 86_400, kg: 1 },
  };
  const data = tapOf("save", reading);
  expect(Buffer.byteLength(data)).toBeLessThanOrEqual(64);
  expect(readingIn(data.slice("typed:save:".length))).toEqual(reading);
  for (const odd of ["", "w", "w:1", "x:1:2:3:4:5", "w:1:2:3:4:5:6", "w:1:2:3:4:-5", "p:1:2:3:4:5"]) {
    expect(readingIn(odd)).toBeUndefined();
  }
});
