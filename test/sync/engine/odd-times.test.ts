import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decisionButtons } from "../../../src/bot/ui/keyboards.ts";
import { wordsFor } from "../../../src/bot/words/words.ts";
import { readingId } from "../../../src/sync/model/reading.ts";
import { ACCOUNT, NOON, startTestApp, type TestApp } from "../../support/test-app.ts";

let house: TestApp;
beforeEach(async () => {
  house = await startTestApp();
});
afterEach(() => house.close());

const DAY_MS = 24 * 3600 * 1000;
const waiting = async () => (await house.ledger().progress())?.value.attention ?? [];
const reasons = async () => (await waiting()).map(({ fate }) => fate.reason);
const again = (seconds = 1800) => {
  house.clock.advance(seconds);
  return house.sync();
};

async function answer(decision: "mine" | "not_mine") {
  const [item] = await waiting();
  const account = await house.app.store.accounts.find(ACCOUNT);
  if (!item || !account) throw new Error("nothing waits");
  return (await house.app.sync.decideHeld(account, [readingId(item)], decision)).type;
}

describe("a blood pressure whose time zone nobody knows", () => {
  const NO_ZONES = ["", "Etc/Unknown", "GMT+2", "UTC+2", "   "];
  const measure = () => {
    house.person.stepOnScale({ weightKg: 80 });
    house.person.takeBloodPressure({ systolic: 121, diastolic: 79, pulse: 61 });
  };

  test.each(NO_ZONES)("is held where Withings says %j, and the weight goes on", async (timezone) => {
    house.person.timezone = timezone;
    measure();
    expect(await house.sync()).toMatchObject({ status: "success", synced: 1, held: 1 });
    expect(house.weights()).toHaveLength(1);
    expect(house.pressures()).toEqual([]);
    expect(await reasons()).toEqual(["no_timezone"]);
    const isNoted = house.logged.some((line) => line.includes(`"timezone ${timezone.trim()}"`));
    expect(isNoted).toBe(timezone.trim() !== "");
  });

  test("is sent by itself as soon as its owner has chosen a zone, days later", async () => {
    house.person.timezone = "";
    measure();
    await house.sync();
    for (let day = 0; day < 4; day++) {
      house.person.stepOnScale({ weightKg: 80 + day / 10 });
      expect(await again(24 * 3600)).toMatchObject({ status: "success", synced: 1, held: 1 });
    }
    await house.app.store.accounts.save(ACCOUNT, { timezone: "Asia/Tokyo" });
    expect(await again()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(house.pressures()).toMatchObject([{ takenAt: new Date(NOON.getTime() - 60_000) }]);
    const post = house.sandbox.garmin.requests.find((it) => it.method === "POST" && it.path.includes("bloodpressure"));
    expect(post?.body).toContain("2026-11-21T20:59:00.000");
    expect(await waiting()).toEqual([]);
    house.requests();
    expect(await again()).toMatchObject({ status: "success", held: 0 });
    expect(house.requests()).toEqual(["withings POST /measure"]);
  });

  test("is sent by itself as soon as Withings names a zone, even with a trailing blank", async () => {
    house.person.timezone = "GMT+2";
    measure();
    await house.sync();
    await again(3 * 24 * 3600);
    house.person.timezone = "Europe/Berlin ";
    await again();
    await again();
    expect(house.pressures()).toHaveLength(1);
    expect(await waiting()).toEqual([]);
  });

  test("stays where it is while blood pressures are off, and makes the lists of Withings no longer", async () => {
    house.person.timezone = "";
    measure();
    await house.sync();
    const account = (await house.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
    await house.app.store.accounts.save(ACCOUNT, {
      timezone: "Europe/Berlin",
      settings: { sends: { ...account.settings.sends, bloodPressure: false } },
    });
    await again(3 * 24 * 3600);
    const asked = () => house.sandbox.withings.requests.at(-1)?.body ?? "";
    await again(3 * 24 * 3600);
    const lastUpdate = Number(new URLSearchParams(asked()).get("lastupdate"));
    expect(lastUpdate * 1000).toBeGreaterThan(NOON.getTime() - 1.1 * DAY_MS);
    expect(house.pressures()).toEqual([]);
  });

  test("is also sent if more of them waited than the owner's list holds", async () => {
    house.person.timezone = "";
    const count = 230;
    const since = house.clock.now();
    for (let n = 0; n < count; n++) {
      house.clock.advance(12 * 3600);
      house.person.takeBloodPressure({ systolic: 121, diastolic: 79 });
    }
    await house.link();
    expect(await house.sync({ since })).toMatchObject({ held: count });
    expect(await waiting()).toHaveLength(200);
    await again(3 * 24 * 3600);
    house.person.timezone = "Europe/Berlin";
    await again();
    await again();
    expect(house.pressures()).toHaveLength(count);
  });

  test("needs no yes, but a zone: that is the button it comes with", async () => {
    house.person.timezone = "";
    measure();
    await house.sync();
    const words = wordsFor({ language: "en", units: "kg", timezone: "UTC", now: NOON });
    const buttons = decisionButtons(await waiting(), words).inline_keyboard.flat();
    expect(buttons.map((it) => ("callback_data" in it ? it.callback_data.replace(/\d+/, "n") : ""))).toEqual([
      "leave:n#blood_pressure",
      "set:zone",
    ]);
    expect(await answer("mine")).toBe("nothing_waits");
    expect(await answer("not_mine")).toBe("noted");
    await house.app.store.accounts.save(ACCOUNT, { timezone: "Europe/Berlin" });
    await again();
    expect(house.pressures()).toEqual([]);
  });
});

describe("a weigh-in of a device whose clock was reset", () => {
  const stepAt = (date: string, more = {}) =>
    house.person.stepOnScale({ at: new Date(date), createdAt: house.clock.now(), weightKg: 80, ...more });

  beforeEach(() => house.sync());

  test.each(["1970-01-02T00:00:00Z", "2000-01-01T00:03:00Z", "2008-12-31T00:00:00Z"])(
    "is held and told where it is dated %s",
    async (date) => {
      stepAt(date);
      expect(await again()).toMatchObject({ status: "success", synced: 0, held: 1 });
      expect(await reasons()).toEqual(["impossible_date"]);
      expect(house.weights()).toEqual([]);
      expect(await again()).toMatchObject({ held: 1 });
    },
  );

  test("is sent with its date if its owner says so", async () => {
    stepAt("2000-01-01T00:03:00Z");
    await again();
    expect(await answer("mine")).toBe("noted");
    expect(await again()).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(house.weights()).toMatchObject([{ takenAt: new Date("2000-01-01T00:03:00Z"), weightKg: 80 }]);
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
    house.person.group(id).date = Math.floor(house.clock.now().getTime() / 1000) - 3600;
    house.person.touch(id);
    expect(await again()).toMatchObject({ status: "success", synced: 1, held: 0 });
  });

  test("is the only kind with an impossible date: an old diary, another app or an offline scale has none", async () => {
    house.clock.advance(60);
    stepAt("1995-05-01T00:00:00Z", { attrib: 2 });
    stepAt("1996-05-01T00:00:00Z", { deviceid: null });
    stepAt("2020-05-01T00:00:00Z");
    expect(await again()).toMatchObject({ status: "success", synced: 0, held: 3 });
    expect(await reasons()).toEqual(["before_start", "before_start", "before_start"]);
  });
});

describe("a reading that is dated in the future", () => {
  const inDays = (days: number) => new Date(house.clock.now().getTime() + days * DAY_MS);
  const stepInFuture = (days: number, more = {}) =>
    house.person.stepOnScale({ at: inDays(days), createdAt: house.clock.now(), weightKg: 80, ...more });

  test("is held until its date has come, and then goes by itself, once", async () => {
    const takenAt = inDays(6);
    stepInFuture(6);
    expect(await house.sync()).toMatchObject({ status: "success", synced: 0, held: 1 });
    expect(await reasons()).toEqual(["in_the_future"]);
    for (let day = 1; day <= 5; day++) {
      house.clock.advance(24 * 3600 - 60);
      await house.link();
      house.person.stepOnScale({ weightKg: 80 + day / 10 });
      expect(await again(60)).toMatchObject({ status: "success", synced: 1, held: 1 });
    }
    // A second before it has come, and a second after.
    house.clock.advance(24 * 3600 - 1);
    expect(await house.sync()).toMatchObject({ status: "success", synced: 0, held: 1 });
    house.requests();
    expect(await again(2)).toMatchObject({ status: "success", synced: 1, held: 0 });
    expect(house.weights().filter((it) => it.takenAt.getTime() === takenAt.getTime())).toHaveLength(1);
    expect(await waiting()).toEqual([]);
    house.requests();
    expect(await again()).toMatchObject({ status: "success", synced: 0 });
    expect(house.requests()).toEqual(["withings POST /measure"]);
  });

  test("is asked about like any other when its date has come, if it may be somebody else's", async () => {
    stepInFuture(3, { attrib: 1 });
    await house.sync();
    expect(await reasons()).toEqual(["in_the_future"]);
    house.clock.advance(3.1 * 24 * 3600);
    await house.link();
    expect(await house.sync()).toMatchObject({ status: "success", synced: 0, held: 1 });
    expect(await reasons()).toEqual(["ambiguous_person"]);
  });

  test("makes the lists no longer while its kind is off, and goes when it is on again", async () => {
    stepInFuture(3);
    await house.sync();
    const { settings } = (await house.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
    const isOn = (weight: boolean) =>
      house.app.store.accounts.save(ACCOUNT, { settings: { sends: { ...settings.sends, weight } } });
    await isOn(false);
    house.clock.advance(9 * 24 * 3600);
    await house.link();
    expect(await house.sync()).toMatchObject({ status: "success", synced: 0 });
    await isOn(true);
    expect(await again()).toMatchObject({ status: "success", synced: 1, held: 0 });
  });

  test("is left for good when its owner ignores it", async () => {
    stepInFuture(3);
    await house.sync();
    expect(await answer("mine")).toBe("nothing_waits");
    expect(await answer("not_mine")).toBe("noted");
    house.clock.advance(4 * 24 * 3600);
    await house.link();
    expect(await house.sync()).toMatchObject({ status: "success", synced: 0, held: 0 });
    expect(house.weights()).toEqual([]);
  });
});
