import { afterEach, expect, test } from "vitest";
import { historyOf } from "../../src/app/history.ts";
import { ACCOUNT, NOON, startTestApp } from "../support/test-app.ts";

let harness: Awaited<ReturnType<typeof startTestApp>>;
afterEach(() => harness.close());

const EVER = new Date(0);

test("the past of a person who is linked meanwhile isn’t kept as that of the one before", async () => {
  harness = await startTestApp();
  const { app, person } = harness;
  person.stepOnScale({ at: new Date(NOON.getTime() - 200 * 24 * 3600 * 1000), weightKg: 80 });
  await harness.sync();
  const account = (await app.store.accounts.find(ACCOUNT)) ?? expect.fail();
  const { links } = app.store;
  const before = (await links.facts(ACCOUNT, "withings")) ?? expect.fail();
  const facts: typeof links.facts = async (...of) => {
    const found = await links.facts(...of);
    const link = (await links.read(ACCOUNT, "withings"))?.value ?? expect.fail();
    await links.replace(ACCOUNT, "withings", { ...link, vendorUserId: "31400002" });
    return found;
  };
  const racing = { ...app, store: { ...app.store, links: { ...links, facts } } };
  const history = await historyOf(racing, account, EVER);
  expect(history).toMatchObject({ readings: [], missingBefore: expect.any(Date) });

  const link = (await links.read(ACCOUNT, "withings"))?.value ?? expect.fail();
  await links.replace(ACCOUNT, "withings", { ...link, vendorUserId: before.vendorUserId });
  const again = await historyOf(app, account, EVER);
  expect(again.readings).toMatchObject([{ reading: { weightKg: 80 } }]);
  expect(again.missingBefore).toBeUndefined();
});
