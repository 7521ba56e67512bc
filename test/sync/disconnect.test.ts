import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { syncAccount } from "../../src/sync/run.ts";
import { ACCOUNT, type Household, OWNER, startHousehold, USERID } from "../support/household.ts";
import { startWebHouse } from "../support/web-house.ts";

let house: Household;
beforeEach(async () => {
  house = await startHousehold();
});
afterEach(() => house.close());

/** What is stored, whatever it is, as "partition | sort key". */
function stored(): string[] {
  const database = new DatabaseSync(path.join(house.dataDir, "weighbridge.sqlite"), { readOnly: true });
  const items = database.prepare("SELECT pk, sk FROM weighbridge ORDER BY pk, sk").all();
  database.close();
  return items.map(({ pk, sk }) => `${pk} | ${sk}`);
}
/** What says of nobody who they are or what they measured: spent addresses, leases that have ended, how often we ask. */
const isTrace = (item: string) => /^(once#consent|lease|budget)#/.test(item);
const account = async () => (await house.app.accounts.find(ACCOUNT)) ?? expect.fail("the account is missing");

describe("everything of an account", () => {
  test("is gone when its owner says so, and both sides are free for others", async () => {
    house.person.stepOnScale({ weightKg: 80.25 });
    await house.sync();
    await house.app.garminSignIn.rememberEmail(ACCOUNT, OWNER.email);
    await house.app.dialogs.write(String(ACCOUNT), {});
    await house.app.disconnect(await account(), "everything");
    expect(stored().filter((item) => !isTrace(item))).toEqual([]);
  });

  test("stays gone when a round that began before comes to it", async () => {
    const before = await account();
    await house.app.disconnect(before, "everything");
    await syncAccount(house.app.run, before);
    expect(stored().filter((item) => !isTrace(item))).toEqual([]);
  });

  test("stays gone when the button of before is pressed: nobody is linked, and nobody is kept out", async () => {
    const { withingsLinking } = house.app;
    const answer = new URL(house.sandbox.withings.allow(USERID, withingsLinking.begin(ACCOUNT)));
    await house.app.disconnect(await account(), "everything");
    expect(await withingsLinking.withCallback(answer.searchParams)).toEqual({ result: { type: "wrong_state" } });
    expect(stored().filter((item) => !isTrace(item))).toEqual([]);
  });
});

test("nobody is said to tell us of new readings once the link is gone, even if it ended before", async () => {
  const web = await startWebHouse({ linked: true });
  const { app } = web;
  await app.subscriptions.keep(ACCOUNT);
  expect(await app.subscriptions.state(ACCOUNT)).toBe("on");
  web.sandbox.withings.revoke(USERID);
  expect(await web.sync()).toMatchObject({ action: "relink_withings" });
  await app.disconnect((await app.accounts.find(ACCOUNT)) ?? expect.fail("the account is missing"), "withings");
  expect(await app.subscriptions.state(ACCOUNT)).toBe("off");
  await web.close();
});
