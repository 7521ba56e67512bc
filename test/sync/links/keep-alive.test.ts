import { afterEach, describe, expect, test } from "vitest";
import type { Vendor } from "../../../src/sync/model/link.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp, USERID } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const DAY = 24 * 3600;
const link = async (vendor: Vendor) => (await harness.app.store.links.read(ACCOUNT, vendor))?.value;

/** Idle runs, one a day. Resolves to how the last one ended. */
async function idleDays(count: number) {
  let report = await harness.sync();
  for (let days = 0; days < count; days++) {
    harness.clock.advance(DAY);
    report = await harness.sync();
  }
  return report;
}

describe("a Garmin link outlives its thirty days", () => {
  test("while Withings is signed out", async () => {
    harness = await startTestApp();
    harness.clock.advance(4 * 3600);
    harness.sandbox.withings.killRefreshToken(USERID);
    expect(await idleDays(70)).toMatchObject({ status: "action_needed", action: "relink_withings" });
    expect(await link("garmin")).toMatchObject({ state: "linked" });

    await harness.linkWithings();
    harness.person.stepOnScale({ weightKg: 80.25 });
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  });

  test("while Withings is not linked at all", async () => {
    harness = await startTestApp();
    await harness.app.store.links.remove(ACCOUNT, "withings");
    expect(await idleDays(70)).toMatchObject({ status: "action_needed", action: "link_withings" });
    const { tokens } = (await link("garmin")) ?? {};
    expect(tokens?.refreshExpiresAt.getTime()).toBeGreaterThan(harness.clock.now().getTime() + 20 * DAY * 1000);
  });

  test("while Withings refuses the application", async () => {
    harness = await startTestApp();
    harness.sandbox.faults.turnOn("withings_503_client_secret");
    expect(await idleDays(40)).toMatchObject({ status: "action_needed", action: "fix_withings_application" });
    expect(await link("garmin")).toMatchObject({ state: "linked" });
  });
});

test("a Withings link is renewed while Garmin is not linked", async () => {
  harness = await startTestApp();
  await harness.app.store.links.remove(ACCOUNT, "garmin");
  expect(await idleDays(20)).toMatchObject({ status: "action_needed", action: "link_garmin" });
  const { renewedAt } = (await link("withings")) ?? {};
  expect(renewedAt?.getTime()).toBeGreaterThan(harness.clock.now().getTime() - 8 * DAY * 1000);
});

test("a link that is missing doesn't hide that the other one has ended", async () => {
  harness = await startTestApp();
  await harness.app.store.links.remove(ACCOUNT, "withings");
  harness.sandbox.garmin.revoke(OWNER.email);
  expect(await idleDays(8)).toMatchObject({ status: "action_needed", action: "relink_garmin" });
});
