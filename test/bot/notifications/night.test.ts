import { afterEach, describe, expect, test } from "vitest";
import type { Service } from "../../../src/app/service.ts";
import type { AccountChanges } from "../../../src/sync/model/account.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const HOUR = 3600;
const owner = () => harness.sandbox.telegram.user({ id: ACCOUNT, firstName: "Owner" });
const texts = () => owner().messages.map(({ text }) => text);

/** In Berlin; the clock says when by UTC, an hour earlier. */
async function start(instant: string, changes: AccountChanges = {}) {
  harness = await startTestApp({ at: new Date(instant), heightM: 1.75 });
  await harness.app.store.accounts.save(ACCOUNT, { ...changes, settings: { cards: "needed", ...changes.settings } });
  return harness.service();
}

async function at(instant: string, service: Service) {
  harness.clock.advance((Date.parse(instant) - harness.clock.now().getTime()) / 1000);
  await service.work({ account: ACCOUNT, reason: "withings_notified", dueAt: harness.clock.now(), attempts: 0 });
}

/** Garmin is down from the afternoon on, the owner has heard of it, and it's over at half past ten in the evening. */
async function overAtNight(changes: AccountChanges = {}) {
  const service = await start("2026-11-21T11:00:00Z", changes);
  await at("2026-11-21T11:30:00Z", service);
  harness.sandbox.faults.turnOn("garmin_api_500");
  harness.person.stepOnScale({ weightKg: 80.25 });
  await at("2026-11-21T12:00:00Z", service);
  await at("2026-11-21T19:00:00Z", service);
  expect(texts()).toEqual([expect.stringMatching(/^Garmin (hasn’t answered properly|antwortet seit)/)]);
  harness.sandbox.faults.clear();
  await at("2026-11-21T21:30:00Z", service);
  return service;
}

describe("at night", () => {
  test.each([
    ["en", {}, "Garmin is answering again."],
    ["de", { language: "de" }, "Garmin antwortet wieder."],
  ] as const)("that an outage is over waits until seven (%s)", async (_, changes, text) => {
    const service = await overAtNight(changes);
    expect(harness.weights()).toHaveLength(1);
    await at("2026-11-22T05:59:00Z", service);
    expect(texts()).toHaveLength(1);
    await at("2026-11-22T06:00:00Z", service);
    await at("2026-11-22T06:30:00Z", service);
    expect(texts().slice(1)).toEqual([expect.stringContaining(text)]);
  });

  test("it isn’t said at all if it’s no longer true by then", async () => {
    const service = await overAtNight();
    harness.sandbox.faults.turnOn("garmin_api_500");
    harness.person.stepOnScale({ weightKg: 80.5 });
    await at("2026-11-22T03:00:00Z", service);
    await at("2026-11-22T06:00:00Z", service);
    expect(texts()).toHaveLength(1);
    harness.sandbox.faults.clear();
    await at("2026-11-22T09:00:00Z", service);
    expect(texts().slice(1)).toEqual([expect.stringContaining("Garmin is answering again.")]);
  });

  test("that an outage lasts waits until seven", async () => {
    const service = await start("2026-11-21T15:00:00Z");
    await at("2026-11-21T15:10:00Z", service);
    harness.sandbox.faults.turnOn("garmin_api_500");
    harness.person.stepOnScale({ weightKg: 80.25 });
    for (const time of ["2026-11-21T15:30:00Z", "2026-11-21T21:45:00Z", "2026-11-22T05:30:00Z"])
      await at(time, service);
    expect(texts()).toEqual([]);
    await at("2026-11-22T06:10:00Z", service);
    expect(texts()).toEqual([expect.stringMatching(/^Garmin hasn’t answered properly since/)]);
  });

  test("what needs the owner comes at once", async () => {
    const service = await start("2026-11-21T20:00:00Z");
    harness.person.stepOnScale({ weightKg: 80.25 });
    await at("2026-11-21T20:30:00Z", service);
    harness.person.stepOnScale({ weightKg: 41, attrib: 1 });
    await at("2026-11-21T22:30:00Z", service);
    expect(texts()).toEqual([expect.stringContaining("Was that you?")]);
    harness.sandbox.garmin.revoke(OWNER.email);
    harness.sandbox.garmin.expireAccessToken(OWNER.email);
    harness.person.stepOnScale({ weightKg: 80.3 });
    await at("2026-11-22T01:00:00Z", service);
    expect(texts().slice(1)).toEqual([expect.stringContaining("Garmin has signed me out")]);
  });

  test("that Withings tells us of readings again waits until seven, and then comes once", async () => {
    harness = await startTestApp({ at: new Date("2026-11-20T21:30:00Z"), hasAddress: true, heightM: 1.75 });
    await harness.app.store.accounts.save(ACCOUNT, { settings: { cards: "needed" } });
    const service = harness.service();
    const account = (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail();
    await service.chat.keepSubscriptions(account);
    harness.sandbox.withings.notifications.drop(account.telegramUserId);
    for (const userid of harness.sandbox.withings.people.keys()) harness.sandbox.withings.notifications.drop(userid);
    harness.clock.advance(25 * HOUR);
    await service.chat.keepSubscriptions(account);
    expect(texts()).toEqual([]);
    await at("2026-11-22T03:00:00Z", service);
    expect(texts()).toEqual([]);
    await at("2026-11-22T06:00:00Z", service);
    await at("2026-11-22T06:30:00Z", service);
    expect(texts()).toEqual([expect.stringContaining("Withings")]);
    expect(owner().lastMessage?.silent).toBe(true);
  });
});

test("what answers the owner’s /sync comes at any hour", async () => {
  await overAtNight();
  const worker = harness.startServing();
  owner().say("/sync");
  await owner().waitForMessage(({ text }) => text.includes("Garmin is answering again."));
  await worker.stop();
});
