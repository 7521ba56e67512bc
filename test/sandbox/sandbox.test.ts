import { afterEach, beforeEach, expect, test } from "vitest";
import { createManualClock } from "../../src/sandbox/manual-clock.ts";
import { addPeople } from "../../src/sandbox/people.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/sandbox.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ clock: createManualClock(new Date("2026-03-02T07:00:00Z")) });
});
afterEach(() => sandbox.close());

test("every vendor address in the environment has a running server", async () => {
  const env = sandbox.env();
  const urls = Object.entries(env).filter(([name]) => name.endsWith("_URL") && name !== "WITHINGS_REDIRECT_URL");
  expect(urls.map(([name]) => name).sort()).toEqual([
    "GARMIN_CONNECTAPI_URL",
    "GARMIN_DIAUTH_URL",
    "GARMIN_SSO_URL",
    "WITHINGS_ACCOUNT_URL",
    "WITHINGS_API_URL",
  ]);
  for (const [name, url] of urls) {
    const answer = await fetch(`${url}/nothing-here`);
    if (name.startsWith("WITHINGS_")) expect(await answer.json()).toMatchObject({ status: 2554 });
    else expect(answer.status).toBe(404);
  }
});

test("all vendors share one board of faults", async () => {
  sandbox.faults.add({ match: {}, effect: { type: "status", status: 503 }, times: 4 });
  const { withings, garmin } = sandbox;
  for (const url of [withings.apiUrl, garmin.ssoUrl, garmin.diauthUrl, garmin.connectapiUrl]) {
    expect((await fetch(url)).status).toBe(503);
  }
  expect((await fetch(withings.apiUrl)).status).toBe(200);
});

test("both people have weeks of readings, and none is from the future", () => {
  const { owner, housemate } = addPeople(sandbox, { days: 30 });
  const withWeight = (groups: typeof owner.person.groups) =>
    groups.filter(({ measures }) => measures.some(({ type }) => type === 1));
  expect([withWeight(owner.person.groups).length, withWeight(housemate.person.groups).length]).toEqual([30, 15]);
  expect([owner.account.mfa, housemate.account.uploadConsent]).toEqual(["email", false]);
  const nowSeconds = sandbox.clock.now().getTime() / 1000;
  expect(Math.max(...owner.person.groups.map(({ modified }) => modified))).toBeLessThanOrEqual(nowSeconds);
});
