import { afterEach, describe, expect, test } from "vitest";
import { createNotifier } from "../../../src/bot/notifications/notifier.ts";
import type { Account } from "../../../src/sync/model/account.ts";
import type { ReadingKind } from "../../../src/sync/model/reading.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const DAY = 24 * 3600;
const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);
const weights = () => harness.weights().map((it) => it.weightKg);
const progress = async () => (await harness.ledger().progress())?.value;
const isUpload = (it: string) => it.includes("POST /upload-service") || it.includes("POST /bloodpressure-service");
/** All that a current scale measures. */
const WHOLE = {
  ...{ weightKg: 80.25, fatRatioPercent: 21.4, waterKg: 44.2, muscleKg: 59.9, boneKg: 3.15, visceralFat: 6 },
  ...{ bmrKcal: 1700, metabolicAgeYears: 41 },
};

async function account(): Promise<Account> {
  const found = await harness.app.store.accounts.find(ACCOUNT);
  if (!found) throw new Error("the account is missing");
  return found;
}
const overview = async () => harness.app.overviews.of(await account());

/** Runs, and sends the owner the news. Resolves to the messages with their buttons. */
async function syncAndTell(app = harness.app) {
  const told: Array<{ text: string; buttons: string[]; isQuiet: boolean }> = [];
  const notifier = createNotifier({
    ...{ accounts: harness.app.store.accounts, health: harness.app.store.health, overview },
    summary: harness.app.store.summary,
    send: async (_to, text, { keyboard, isQuiet }) => {
      const buttons = (keyboard?.inline_keyboard ?? []).flat();
      told.push({ text, isQuiet, buttons: buttons.map((it) => ("callback_data" in it ? it.callback_data : "")) });
    },
    garminSignIn: { pageUrl: () => "https://sso.example.org/sign-in", ownPageUrl: undefined },
    ...{ others: async () => [], onUnanswered: async () => {} },
    ...{ clock: harness.clock, log: harness.app.log },
  });
  const report = await harness.sync({}, app);
  await notifier.afterRun(await account(), report);
  return { report, told };
}
const decide = async (kind: ReadingKind = "weigh_in") => harness.app.sync.resume(await account(), kind);

/** Weigh-ins of the last hours, and pressures, before anything was sent. */
async function setUp(count = 4) {
  harness = await startTestApp({ heightM: 1.75 });
  for (let hour = count; hour > 0; hour--) {
    harness.person.stepOnScale({ ...WHOLE, at: minutesAgo(hour * 60), weightKg: 80.25 + hour / 10 });
  }
}

describe("the first readings of a new link", () => {
  test("are one that goes alone and comes back as it was sent, and then all the others at once", async () => {
    await setUp(60);
    harness.requests();
    expect(await syncAndTell()).toEqual({
      report: { status: "success", synced: 60, skipped: 0, held: 0, failed: 0 },
      told: [],
    });
    const requests = harness.requests().filter((it) => it.startsWith("garmin_connectapi"));
    expect(requests.filter(isUpload)).toHaveLength(2);
    // A look before, one after the first, one after the rest.
    expect(requests.filter((it) => it.includes("/range/"))).toHaveLength(3);
    expect(harness.weights().map(({ uploadedAt, takenAt }) => [uploadedAt.getTime(), takenAt.getTime()])).toHaveLength(
      60,
    );
    expect((await progress())?.proven).toEqual(["weigh_in"]);

    // From then on as usual: one upload for all, and one look.
    for (const minute of [50, 40, 30]) harness.person.stepOnScale({ ...WHOLE, at: minutesAgo(minute), weightKg: 80.3 });
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 3 });
    const later = harness.requests().filter((it) => it.startsWith("garmin_connectapi"));
    expect([later.filter(isUpload).length, later.filter((it) => it.includes("/range/")).length]).toEqual([1, 1]);
  });

  test("wait until the one that went alone shows in Garmin, no matter how many runs that takes, and then follow", async () => {
    await setUp();
    harness.sandbox.garmin.settings.readBackDelaySeconds = 6 * 3600;
    const shownAfterRun: number[] = [];
    for (let run = 0; run < 4; run++) {
      expect(await harness.sync()).toMatchObject({ status: "retry_later", synced: 0 });
      shownAfterRun.push(harness.weights().length);
      harness.clock.advance(3600);
    }
    expect(shownAfterRun).toEqual([1, 1, 1, 1]);
    // A reading taken in the meantime waits like the others.
    harness.person.stepOnScale({ ...WHOLE, at: minutesAgo(10), weightKg: 80.2 });
    await harness.sync();
    expect(weights()).toHaveLength(1);
    harness.clock.advance(2 * 3600 + 60);
    harness.sandbox.garmin.settings.readBackDelaySeconds = 0;
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 5 });
    expect(weights()).toHaveLength(5);
  });

  test("wait for it a day at most: then another one takes its place, and each arrives once", async () => {
    await setUp();
    harness.sandbox.faults.add({
      ...{ server: "garmin_connectapi", match: { path: "/upload-service/upload" } },
      effect: { type: "status", status: 201, body: { detailedImportResult: { failures: [] } } },
    });
    for (let hour = 0; hour < 24; hour++) {
      expect(await harness.sync()).toMatchObject({ status: "retry_later", synced: 0 });
      harness.clock.advance(3600);
    }
    expect(harness.requests().filter(isUpload)).toHaveLength(1);
    await harness.link();
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 4 });
    expect(weights().toSorted()).toEqual([80.35, 80.45, 80.55, 80.65]);
  });

  test("also wait if the one that went alone got no answer and may be stored after all", async () => {
    await setUp();
    harness.sandbox.garmin.settings.readBackDelaySeconds = 60;
    harness.sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    await harness.sync();
    harness.clock.advance(30);
    await harness.sync();
    expect(weights()).toHaveLength(1);
    harness.clock.advance(60);
    harness.sandbox.garmin.settings.readBackDelaySeconds = 0;
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 4 });
    expect(weights()).toHaveLength(4);
  });

  test("are joined by an edit of the one that went alone once it shows, and nothing is removed before", async () => {
    await setUp();
    const { garmin } = harness.sandbox;
    garmin.settings.readBackDelaySeconds = 7200;
    await harness.sync();
    const first = harness.person.groups.at(-1)?.grpid ?? expect.fail("nothing was measured");
    harness.clock.advance(60);
    harness.person.edit(first, { weightKg: 79.9 });
    await harness.sync();
    expect(weights()).toEqual([80.35]);
    harness.clock.advance(7200);
    garmin.settings.readBackDelaySeconds = 0;
    await harness.sync();
    await harness.sync();
    expect(weights().toSorted()).toEqual([79.9, 80.45, 80.55, 80.65]);
  });

  test("don't wait for one that Garmin refuses: another one goes first", async () => {
    await setUp(3);
    harness.sandbox.faults.add({
      ...{ server: "garmin_connectapi", match: { path: "/upload-service/upload" } },
      effect: { type: "status", status: 400 },
    });
    expect(await harness.sync()).toMatchObject({ status: "error", synced: 2, failed: 1 });
    expect(weights()).toHaveLength(2);
  });
});

describe.each([
  ["garmin_rounds_weight", "Weight: 80.35 kg sent, 80.40 kg shown.", [80.4]],
  ["garmin_shifts_time", "Time: today 12:00 sent, today 13:00 shown.", [80.35]],
] as const)("at a Garmin that does this: %s", (fault, sentence, shown) => {
  test("the first reading is compared, the rest waits for the owner's decision, and nothing is sent twice", async () => {
    await setUp();
    harness.sandbox.faults.turnOn(fault);
    const { report, told } = await syncAndTell();
    expect(report).toMatchObject({ status: "success", synced: 1, paused: ["weigh_in"] });
    expect(told).toEqual([
      {
        text: expect.stringContaining(sentence),
        isQuiet: false,
        buttons: ["goon:weigh_in", "set:sends:weight:off"],
      },
    ]);
    expect(told[0]?.text).toContain("3 readings are waiting");
    for (let day = 0; day < 5; day++) {
      harness.clock.advance(DAY);
      await harness.link();
      expect((await syncAndTell()).told).toEqual([]);
    }
    expect(weights()).toEqual(shown);
    // A kind that waits isn't said to be in order.
    expect((await overview()).facts.differs).toMatchObject([{ kind: "weigh_in" }]);
  });

  test("all waiting readings follow after the owner's answer, once, without another question", async () => {
    await setUp();
    harness.sandbox.faults.turnOn(fault);
    await syncAndTell();
    harness.clock.advance(2 * DAY);
    await harness.link();
    await syncAndTell();
    expect(await decide()).toBe("noted");
    expect(await decide()).toBe("nothing_waits");
    harness.clock.advance(60);
    expect(await syncAndTell()).toMatchObject({ report: { status: "success", synced: 3 }, told: [] });
    harness.clock.advance(600);
    harness.person.stepOnScale({ ...WHOLE, at: minutesAgo(5), weightKg: 80.35 });
    expect(await syncAndTell()).toMatchObject({ report: { status: "success", synced: 1 }, told: [] });
    expect(harness.weights()).toHaveLength(5);
  });
});

test("a weight that Garmin starts to change later isn't sent again: the owner is asked, and sees what Garmin shows", async () => {
  await setUp(1);
  await syncAndTell();
  harness.sandbox.faults.turnOn("garmin_rounds_weight");
  for (let day = 0; day < 4; day++) {
    harness.clock.advance(DAY);
    await harness.link();
    harness.person.stepOnScale({ ...WHOLE, at: minutesAgo(10), weightKg: 80.33 });
    const { told } = await syncAndTell();
    expect(told.map(({ buttons }) => buttons[0])).toEqual(day === 0 ? ["goon:weigh_in"] : []);
  }
  expect(weights()).toEqual([80.35, 80.3]);
  expect((await progress())?.lastReadings.weigh_in?.values).toEqual({ kind: "weigh_in", weightKg: 80.3 });
  await decide();
  harness.clock.advance(60);
  expect((await harness.sync()).synced).toBe(3);
  expect(weights()).toEqual([80.35, 80.3, 80.3, 80.3, 80.3]);
});

describe("a composition that Garmin drops", () => {
  test("is mentioned once, field by field, and the rest follows in the same run", async () => {
    await setUp();
    harness.sandbox.faults.turnOn("garmin_drops_composition");
    const { report, told } = await syncAndTell();
    expect(report).toEqual({ status: "success", synced: 4, skipped: 0, held: 0, failed: 0 });
    expect(told).toMatchObject([{ isQuiet: true, buttons: [] }]);
    for (const line of [
      "BMI: 26.3 sent, nothing shown.",
      "Body fat: 21.4% sent, nothing shown.",
      "Body water: 54.9% sent, nothing shown.",
      "Muscle: 59.90 kg sent, nothing shown.",
      "Bone: 3.15 kg sent, nothing shown.",
      "Visceral fat: 6 sent, nothing shown.",
      "Metabolic age: 41 sent, nothing shown.",
    ]) {
      expect(told[0]?.text).toContain(line);
    }
    harness.clock.advance(DAY);
    harness.person.stepOnScale({ ...WHOLE, at: minutesAgo(10) });
    expect(await syncAndTell()).toMatchObject({ report: { synced: 1 }, told: [] });
    for (const { composition } of (await progress())?.arrived ?? []) expect(composition).toBeUndefined();
  });

  test("is also noticed after months of being shown, and again when it is dropped after a return", async () => {
    await setUp();
    expect((await syncAndTell()).told).toEqual([]);
    const measured = async () => {
      harness.clock.advance(DAY);
      await harness.link();
      harness.person.stepOnScale({ ...WHOLE, at: minutesAgo(10) });
      return (await syncAndTell()).told.length;
    };
    harness.sandbox.faults.turnOn("garmin_drops_composition");
    expect([await measured(), await measured()]).toEqual([1, 0]);
    expect((await progress())?.arrived.at(-1)?.composition).toBeUndefined();
    harness.sandbox.faults.turnOff("garmin_drops_composition");
    expect(await measured()).toBe(0);
    expect((await progress())?.arrived.at(-1)?.composition).toMatchObject({ bodyFatPercent: 21.4 });
    harness.sandbox.faults.turnOn("garmin_drops_composition");
    expect(await measured()).toBe(1);
  });

  test("doesn't matter if the owner sends none", async () => {
    await setUp();
    const { settings } = await account();
    await harness.app.store.accounts.save(ACCOUNT, { settings: { sends: { ...settings.sends, composition: false } } });
    expect((await syncAndTell()).told).toEqual([]);
  });
});

describe("a part of the composition that Garmin shows with another value", () => {
  /** Garmin shows this field of each entry higher by this much: masses in grams, an age in milliseconds. */
  async function shownBy(field: string, more: number) {
    await setUp();
    const app = await harness.newApp({
      wrapSend: (send) => async (request) => {
        const answer = await send(request);
        if (!String(request.url).includes("/weight-service/weight/range/")) return answer;
        const text = answer.text.replaceAll(
          new RegExp(`"${field}":([\\d.]+)`, "g"),
          (_, value) => `"${field}":${Number(value) + more}`,
        );
        return { ...answer, text };
      },
    });
    return syncAndTell(app);
  }
  const YEAR_MS = 31_556_926_000;

  test.each([
    ["bmi", 0.1, "BMI: 26.3 sent, 26.4 shown."],
    ["bodyFat", 0.1, "Body fat: 21.4% sent, 21.5% shown."],
    ["bodyWater", 0.1, "Body water: 54.9% sent, 55.0% shown."],
    ["muscleMass", 20, "Muscle: 59.90 kg sent, 59.92 kg shown."],
    ["boneMass", 20, "Bone: 3.15 kg sent, 3.17 kg shown."],
    ["visceralFat", 1, "Visceral fat: 6 sent, 7 shown."],
    ["metabolicAge", 2 * YEAR_MS, "Metabolic age: 41 sent, 43 shown."],
  ])("%s by %d is mentioned, that part alone, and the rest follows in the same run", async (field, more, line) => {
    const { report, told } = await shownBy(field, more);
    expect(report).toMatchObject({ status: "success", synced: 4 });
    expect(told).toMatchObject([{ isQuiet: true, buttons: [] }]);
    expect(told[0]?.text.split("\n").filter((it) => it.includes(" sent, "))).toEqual([line]);
  });

  test.each([
    ["bmi", 0.05],
    ["bodyFat", 0.05],
    ["bodyWater", 0.05],
    ["muscleMass", -1],
    ["boneMass", -1],
    ["metabolicAge", 0.4 * YEAR_MS],
  ])("%s by %d is rounding, and is not mentioned", async (field, more) => {
    expect((await shownBy(field, more)).told).toEqual([]);
  });
});

describe("a reading that also came to Garmin from elsewhere", () => {
  test("is mentioned once, whether the other entry is there before ours or comes a day later", async () => {
    await setUp(1);
    await syncAndTell();
    harness.clock.advance(DAY);
    harness.person.stepOnScale({ ...WHOLE, at: minutesAgo(10), weightKg: 80.25 });
    harness.sandbox.garmin.addManualWeight(OWNER.email, { at: minutesAgo(9.5), weightKg: 80.3 });
    const { told } = await syncAndTell();
    expect(told).toMatchObject([
      { isQuiet: true, text: expect.stringContaining("2 entries in Garmin for one reading") },
    ]);
    harness.clock.advance(DAY);
    harness.person.stepOnScale({ ...WHOLE, at: minutesAgo(10), weightKg: 80.4 });
    harness.sandbox.garmin.addManualWeight(OWNER.email, { at: minutesAgo(9.5), weightKg: 80.4 });
    expect((await syncAndTell()).told).toEqual([]);
  });

  test("that comes after ours is noticed with the next reading", async () => {
    await setUp(1);
    await syncAndTell();
    harness.sandbox.garmin.addManualWeight(OWNER.email, { at: minutesAgo(59.5), weightKg: 80.3 });
    harness.clock.advance(3600);
    harness.person.stepOnScale({ ...WHOLE, at: minutesAgo(10), weightKg: 80.9 });
    expect((await syncAndTell()).told).toMatchObject([{ text: expect.stringContaining("2 entries") }]);
  });

  test("at the same second, with another weight, isn't taken for ours while Garmin doesn't show ours yet", async () => {
    harness = await startTestApp();
    harness.person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
    await harness.sync();
    harness.clock.advance(1800);
    const at = minutesAgo(10);
    harness.sandbox.garmin.addManualWeight(OWNER.email, { at, weightKg: 80.3 });
    harness.clock.advance(300);
    harness.person.stepOnScale({ at, weightKg: 80.25 });
    harness.sandbox.garmin.settings.readBackDelaySeconds = 3;
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect((await progress())?.paused).toBeUndefined();
    expect(weights().toSorted()).toEqual([80, 80.25, 80.3]);
    // An edit replaces ours, and leaves the other one.
    const grpid = harness.person.groups.at(-1)?.grpid ?? expect.fail("nothing was measured");
    harness.clock.advance(60);
    harness.person.edit(grpid, { weightKg: 80.2 });
    await harness.sync();
    expect(weights().toSorted()).toEqual([80, 80.2, 80.3]);
  });

  test("isn't confused with our own late copy", async () => {
    await setUp(1);
    await syncAndTell();
    harness.clock.advance(DAY);
    harness.person.stepOnScale({ ...WHOLE, at: minutesAgo(10) });
    harness.sandbox.faults.turnOn("garmin_slow_to_show");
    harness.sandbox.faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    for (let run = 0; run < 12; run++) {
      expect((await syncAndTell()).told).toEqual([]);
      harness.clock.advance(121);
    }
    expect(harness.weights()).toHaveLength(2);
    expect((await progress())?.twin).toBeUndefined();
  });
});

describe("blood pressure that Garmin doesn't take for this account", () => {
  const closing = (status: number) =>
    harness.sandbox.faults.add({
      ...{ name: "closed", server: "garmin_connectapi", match: { path: /^\/bloodpressure-service\// } },
      ...{ times: Infinity, effect: { type: "status", status, body: { error: "ForbiddenException" } } },
    });
  const measure = (minute: number) => {
    harness.person.stepOnScale({ at: minutesAgo(minute), weightKg: 80.25 });
    harness.person.takeBloodPressure({ at: minutesAgo(minute), systolic: 121, diastolic: 79 });
  };

  test.each([403, 404, 402, 400])(
    "HTTP %d: weights go on, the owner hears of it by its name, and it heals",
    async (status) => {
      harness = await startTestApp();
      closing(status);
      measure(30);
      expect(await syncAndTell()).toMatchObject({
        report: { status: "success", synced: 1, failed: 0, paused: ["blood_pressure"] },
        told: [],
      });
      harness.clock.advance(7 * 3600);
      measure(30);
      const { report, told } = await syncAndTell();
      expect(report).toMatchObject({ status: "success", synced: 1, paused: ["blood_pressure"] });
      expect(told).toEqual([
        {
          text: expect.stringMatching(
            `^Garmin hasn’t accepted blood pressure for this account since .* \\(HTTP ${status}\\)`,
          ),
          isQuiet: false,
          buttons: ["set:sends:bloodPressure:off"],
        },
      ]);
      expect(told[0]?.text).toContain("2 readings are waiting");
      // It holds up neither the cursor nor the look of a first run.
      expect((await progress())?.adopting).toBeUndefined();
      expect((await progress())?.cursorAt.getTime()).toBeGreaterThan(minutesAgo(60).getTime());

      // A day later it's asked about once, however often a sync runs.
      harness.clock.advance(DAY);
      await harness.link();
      harness.requests();
      for (let run = 0; run < 5; run++) {
        expect((await syncAndTell()).told).toEqual([]);
        harness.clock.advance(1800);
      }
      expect(harness.requests().filter((it) => it.includes("bloodpressure-service"))).toHaveLength(1);

      harness.sandbox.faults.clear();
      // By day: at night that it's over waits.
      harness.clock.advance(DAY + 9 * 3600);
      await harness.link();
      const healed = await syncAndTell();
      expect(healed.report).toMatchObject({ status: "success", synced: 2 });
      expect(healed.told.map(({ text }) => text)).toEqual([
        "Garmin accepts blood pressure for this account again. The waiting readings will follow.",
      ]);
      expect(harness.pressures()).toHaveLength(2);
      expect((await syncAndTell()).told).toEqual([]);
    },
  );

  test("is forgotten when the owner switches it off, and asked about when they switch it on again", async () => {
    harness = await startTestApp();
    closing(403);
    measure(30);
    await syncAndTell();
    harness.clock.advance(7 * 3600);
    expect((await syncAndTell()).told).toHaveLength(1);
    const { settings } = await account();
    const sending = (bloodPressure: boolean) =>
      harness.app.store.accounts.save(ACCOUNT, { settings: { sends: { ...settings.sends, bloodPressure } } });
    await sending(false);
    harness.clock.advance(3600);
    const off = await syncAndTell();
    expect([off.told, off.report.paused]).toEqual([[], undefined]);
    harness.clock.advance(2 * DAY);
    await harness.link();
    await sending(true);
    harness.sandbox.faults.clear();
    expect((await syncAndTell()).report).toMatchObject({ status: "success", synced: 1 });
    expect(harness.pressures()).toHaveLength(1);
  });

  test("once it is offered, brings what the owner had asked for and what was left while it was off", async () => {
    harness = await startTestApp();
    const { settings } = await account();
    const sending = (bloodPressure: boolean) =>
      harness.app.store.accounts.save(ACCOUNT, { settings: { sends: { ...settings.sends, bloodPressure } } });
    await sending(false);
    measure(60);
    measure(30);
    await syncAndTell();
    await sending(true);
    closing(403);
    const since = minutesAgo(24 * 60);
    expect(await harness.sync({ since })).toMatchObject({ status: "success", paused: ["blood_pressure"] });
    for (let hours = 0; hours < 48; hours += 12) {
      harness.clock.advance(12 * 3600);
      await harness.link();
      expect((await harness.sync()).paused).toEqual(["blood_pressure"]);
    }
    harness.sandbox.faults.clear();
    harness.clock.advance(DAY);
    await harness.link();
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 2 });
    expect(harness.pressures()).toHaveLength(2);
    expect((await progress())?.askedSince).toBeUndefined();
  });

  test("refused only at the upload is closed too: what was sent is looked for first when it opens", async () => {
    harness = await startTestApp();
    harness.sandbox.faults.add({
      ...{ name: "closed", server: "garmin_connectapi" },
      match: { method: "POST", path: "/bloodpressure-service/bloodpressure" },
      ...{ times: Infinity, effect: { type: "status", status: 403, body: { error: "ForbiddenException" } } },
    });
    measure(30);
    expect(await harness.sync()).toMatchObject({ synced: 1, paused: ["blood_pressure"] });
    harness.sandbox.faults.clear();
    harness.clock.advance(600);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(harness.pressures()).toHaveLength(1);
  });
});
