import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decisionButtons } from "../../../src/bot/ui/keyboards.ts";
import { wordsFor } from "../../../src/bot/words/words.ts";
import { readingId } from "../../../src/sync/model/reading.ts";
import { ACCOUNT, NOON, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
beforeEach(async () => {
  harness = await startTestApp();
});
afterEach(() => harness.close());

const DAY_MS = 24 * 3600 * 1000;
const waiting = async () => (await harness.ledger().progress())?.value.attention ?? [];
const reasons = async () => (await waiting()).map(({ fate }) => fate.reason);
const again = (seconds = 1800) => {
  harness.clock.advance(seconds);
  return harness.sync();
};

async function answer(decision: "mine" | "not_mine") {
  const [item] = await waiting();
  const account = await harness.app.store.accounts.find(ACCOUNT);
  if (!item || !account) throw new Error("nothing waits");
  return (await harness.app.sync.decideHeld(account, [readingId(item)], decision)).type;
}

describe("a blood pressure whose time zone nobody knows", () => {
  const NO_ZONES = ["", "Etc/Unknown", "GMT+2", "UTC+2", "   "];
  const measure = () => {
    harness.person.stepOnScale({ weightKg: 80 });
    harness.person.takeBloodPressure({ systolic: 121, diastolic: 79, pulse: 61 });
  };

  test.each(NO_ZONES)("is held where Withings says %j, and the weight goes on", async (timezone) => {
    harness.person.timezone = timezone;
    measure();
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1, held: 1 });
    expect(harness.weights()).toHaveLength(1);
    expect(harness.pressures()).toEqual([]);
    expect(await reasons()).toEqual(["no_timezone"]);
    const isNoted = harness.logged.some((line) => line.includes(`"timezone ${timezone.trim()}"`));
    expect(isNoted).toBe(timezone.trim() !== "");
  });

  test("is sent by itself as soon as its owner has chosen a zone, days later", async () => {
    harness.person.timezone = "";
    measure();
    await harness.sync();
    for (let day = 0; day < 4; day++) {
      harness.person.stepOnScale({ weightKg: 80 + day / 10 });
      expect(await again(24 * 3600)).toMatchObject({ status: "success", synced: 1, held: 1 });
    }
    await harness.app.store.accounts.save(ACCOUNT, { timezone: "Asia/Tokyo" });
    expect(await again()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(harness.pressures()).toMatchObject([{ takenAt: new Date(NOON.getTime() - 60_000) }]);
    const post = harness.sandbox.garmin.requests.find(
      (it) => it.method === "POST" && it.path.includes("bloodpressure"),
    );
    expect(post?.body).toContain("2026-11-21T20:59:00.000");
    expect(await waiting()).toEqual([]);
    harness.requests();
    expect(await again()).toMatchObject({ status: "success", held: 0 });
    expect(harness.requests()).toEqual(["withings POST /measure"]);
  });

  test("is sent by itself as soon as Withings names a zone, even with a trailing blank", async () => {
    harness.person.timezone = "GMT+2";
    measure();
    await harness.sync();
    await again(3 * 24 * 3600);
    harness.person.timezone = "Europe/Berlin ";
    await again();
    await again();
    expect(harness.pressures()).toHaveLength(1);
    expect(await waiting()).toEqual([]);
  });

  test("stays where it is while blood pressures are off, and makes the lists of Withings no longer", async () => {
    harness.person.timezone = "";
    measure();
    await harness.sync();
    const account = (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
    await harness.app.store.accounts.save(ACCOUNT, {
      timezone: "Europe/Berlin",
      settings: { sends: { ...account.settings.sends, bloodPressure: false } },
    });
    await again(3 * 24 * 3600);
    const asked = () => harness.sandbox.withings.requests.at(-1)?.body ?? "";
    await again(3 * 24 * 3600);
    const lastUpdate = Number(new URLSearchParams(asked()).get("lastupdate"));
    expect(lastUpdate * 1000).toBeGreaterThan(NOON.getTime() - 1.1 * DAY_MS);
    expect(harness.pressures()).toEqual([]);
  });

  test("is also sent if more of them waited than the owner's list holds", async () => {
    harness.person.timezone = "";
    const count = 230;
    const since = harness.clock.now();
    for (let n = 0; n < count; n++) {
      harness.clock.advance(12 * 3600);
      harness.person.takeBloodPressure({ systolic: 121, diastolic: 79 });
    }
    await harness.link();
    expect(await harness.sync({ since })).toMatchObject({ held: count });
    expect(await waiting()).toHaveLength(200);
    await again(3 * 24 * 3600);
    harness.person.timezone = "Europe/Berlin";
    await again();
    await again();
    expect(harness.pressures()).toHaveLength(count);
  });

  test("needs no yes, but a zone: that is the button it comes with", async () => {
    harness.person.timezone = "";
    measure();
    await harness.sync();
    const words = wordsFor({ language: "en", units: "kg", timezone: "UTC", now: NOON });
    const buttons = decisionButtons(await waiting(), words).inline_keyboard.flat();
    expect(buttons.map((it) => ("callback_data" in it ? it.callback_data.replace(/\d+/, "n") : ""))).toEqual([
      "leave:n#blood_pressure",
      "set:zone",
    ]);
    expect(await answer("mine")).toBe("nothing_waits");
    expect(await answer("not_mine")).toBe("noted");
    await harness.app.store.accounts.save(ACCOUNT, { timezone: "Europe/Berlin" });
    await again();
    expect(harness.pressures()).toEqual([]);
  });
});

describe("a weigh-in of a device whose clock was reset", () => {
  const stepAt = (date: string, more = {}) =>
    harness.person.stepOnScale({ at: new Date(date), createdAt: harness.clock.now(), weightKg: 80, ...more });

  beforeEach(() => harness.sync());

  test.each(["1970-01-02T00:00:00Z", "2000-01-01T00:03:00Z", "2008-12-31T00:00:00Z"])(
    "is held and told where it is dated %s",
    async (date) => {
      stepAt(date);
      expect(await again()).toMatchObject({ status: "success", synced: 0, held: 1 });
      expect(await reasons()).toEqual(["impossible_date"]);
      expect(harness.weights()).toEqual([]);
      expect(await again()).toMatchObject({ held: 1 });
    },
  );

  test("is sent with its date if its owner says so", async () => {
    stepAt("2000-01-01T00:03:00Z");
    await again();
    expect(await answer("mine")).toBe("noted");
    expect(await again()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(harness.weights()).toMatchObject([{ takenAt: new Date("2000-01-01T00:03:00Z"), weightKg: 80 }]);
    expect(await again()).toMatchObject({ synced: 0 });
  });

  test("is reported as one that Garmin can't store if even that date is too early", async () => {
    stepAt("1970-01-02T00:00:00Z");
    await again();
    await answer("mine");
    expect(await again()).toMatchObject({ synced: 0, held: 0, failed: 1 });
    expect(await reasons()).toEqual(["out_of_range"]);
  });

  test("is sent with the date that was corrected at Withings", async () => {
    const id = stepAt("1970-01-02T00:00:00Z");
    await again();
    harness.person.group(id).date = Math.floor(harness.clock.now().getTime() / 1000) - 3600;
    harness.person.touch(id);
    expect(await again()).toMatchObject({ status: "success", synced: 1, held: 0 });
  });

  test("is the only kind with an impossible date: an old diary, another app or an offline scale has none", async () => {
    harness.clock.advance(60);
    stepAt("1995-05-01T00:00:00Z", { attrib: 2 });
    stepAt("1996-05-01T00:00:00Z", { deviceid: null });
    stepAt("2020-05-01T00:00:00Z");
    expect(await again()).toMatchObject({ status: "success", synced: 0, held: 3 });
    expect(await reasons()).toEqual(["before_start", "before_start", "before_start"]);
  });
});

describe("a reading that is dated in the future", () => {
  const inDays = (days: number) => new Date(harness.clock.now().getTime() + days * DAY_MS);
  const stepInFuture = (days: number, more = {}) =>
    harness.person.stepOnScale({ at: inDays(days), createdAt: harness.clock.now(), weightKg: 80, ...more });

  test("is held until its date has come, and then goes by itself, once", async () => {
    const takenAt = inDays(6);
    stepInFuture(6);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, held: 1 });
    expect(await reasons()).toEqual(["in_the_future"]);
    for (let day = 1; day <= 5; day++) {
      harness.clock.advance(24 * 3600 - 60);
      await harness.link();
      harness.person.stepOnScale({ weightKg: 80 + day / 10 });
      expect(await again(60)).toMatchObject({ status: "success", synced: 1, held: 1 });
    }
    // A second before it has come, and a second after.
    harness.clock.advance(24 * 3600 - 1);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, held: 1 });
    harness.requests();
    expect(await again(2)).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(harness.weights().filter((it) => it.takenAt.getTime() === takenAt.getTime())).toHaveLength(1);
    expect(await waiting()).toEqual([]);
    harness.requests();
    expect(await again()).toMatchObject({ status: "success", synced: 0 });
    expect(harness.requests()).toEqual(["withings POST /measure"]);
  });

  test("is asked about like any other when its date has come, if it may be somebody else's", async () => {
    stepInFuture(3, { attrib: 1 });
    await harness.sync();
    expect(await reasons()).toEqual(["in_the_future"]);
    harness.clock.advance(3.1 * 24 * 3600);
    await harness.link();
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, held: 1 });
    expect(await reasons()).toEqual(["ambiguous_person"]);
  });

  test("makes the lists no longer while its kind is off, and goes when it is on again", async () => {
    stepInFuture(3);
    await harness.sync();
    const { settings } = (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
    const isOn = (weight: boolean) =>
      harness.app.store.accounts.save(ACCOUNT, { settings: { sends: { ...settings.sends, weight } } });
    await isOn(false);
    harness.clock.advance(9 * 24 * 3600);
    await harness.link();
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0 });
    await isOn(true);
    expect(await again()).toMatchObject({ status: "success", synced: 1, held: 0 });
  });

  test("is left for good when its owner ignores it", async () => {
    stepInFuture(3);
    await harness.sync();
    expect(await answer("mine")).toBe("nothing_waits");
    expect(await answer("not_mine")).toBe("noted");
    harness.clock.advance(4 * 24 * 3600);
    await harness.link();
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 0, held: 0 });
    expect(harness.weights()).toEqual([]);
  });
});
