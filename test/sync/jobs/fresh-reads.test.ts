import { afterEach, expect, test } from "vitest";
import type { AppDeps } from "../../../src/app/app.ts";
import { ACCOUNT, startTestApp, type TestApp } from "../../support/test-app.ts";

/** A job keeps what it has read of its account. These are the changes of another process that it must still see. */
let harness: TestApp;
afterEach(() => harness.close());

const OTHER = "other@example.org";

/** A visit in a process of its own. `during` happens elsewhere, after the first answer of this server to it. */
async function visitWhile(isMoment: (url: URL) => boolean, during: () => Promise<unknown>) {
  let isOver = false;
  const wrapSend: AppDeps["wrapSend"] = (send) => async (request) => {
    const answer = await send(request);
    if (!isOver && isMoment(new URL(request.url))) {
      isOver = true;
      await during();
    }
    return answer;
  };
  const app = await harness.newApp({ wrapSend });
  const dueAt = (await app.store.schedule.read(ACCOUNT))?.dueAt ?? expect.fail("no run is scheduled");
  harness.clock.advance(Math.max(0, (dueAt.getTime() - harness.clock.now().getTime()) / 1000));
  await harness.newService(app).work({ account: ACCOUNT, reason: "scheduled", dueAt, attempts: 0 });
  expect(isOver).toBe(true);
  return app;
}

const measured = (url: URL) => url.pathname === "/measure";

test("a Garmin profile that is replaced while Withings answers gets nothing that was meant for the other one", async () => {
  harness = await startTestApp();
  harness.sandbox.garmin.addAccount({
    email: OTHER,
    password: "unused",
    displayName: "other",
    fullName: "Other",
    timezone: "Europe/Berlin",
  });
  harness.person.stepOnScale({ weightKg: 80.25 });
  await visitWhile(measured, () => harness.signInAs(OTHER));
  expect(harness.weights()).toEqual([]);
  expect(harness.sandbox.garmin.weights(OTHER)).toEqual([]);
  // The next run brings it to the profile that is linked now.
  expect(await harness.sync({ ledgerIsCurrent: false })).toMatchObject({ status: "success", synced: 1 });
  expect(harness.sandbox.garmin.weights(OTHER)).toHaveLength(1);
  expect(harness.weights()).toEqual([]);
});

test("a link that is removed while Withings answers gets nothing any more", async () => {
  harness = await startTestApp();
  harness.person.stepOnScale({ weightKg: 80.25 });
  await visitWhile(measured, () => harness.app.store.links.remove(ACCOUNT, "garmin"));
  expect(harness.weights()).toEqual([]);
});

test("a token that another process has renewed while Withings answers is used, and not renewed again", async () => {
  harness = await startTestApp();
  harness.person.stepOnScale({ weightKg: 80.25 });
  const { store } = harness.app;
  await visitWhile(measured, async () => {
    // This side's access token counts as ended, and is renewed elsewhere.
    const link = (await store.links.read(ACCOUNT, "garmin")) ?? expect.fail("Garmin isn't linked");
    const tokens = { ...link.value.tokens, accessExpiresAt: harness.clock.now() };
    await store.links.write(ACCOUNT, "garmin", { ...link.value, tokens }, link.version);
    await harness.app.tokens.withAccess(ACCOUNT, "garmin")(async () => undefined);
    harness.requests();
  });
  expect(harness.requests().filter((it) => it.includes("diauth"))).toEqual([]);
  expect(harness.weights()).toHaveLength(1);
  expect((await store.links.facts(ACCOUNT, "garmin"))?.state).toBe("linked");
});

test("an account that another process links again during its run is due at once, whatever the run had planned", async () => {
  harness = await startTestApp();
  await visitWhile(measured, async () => {
    harness.clock.advance(1);
    await harness.linkWithings();
  });
  const next = (await harness.app.store.schedule.read(ACCOUNT))?.dueAt.getTime() ?? 0;
  expect(next).toBeLessThanOrEqual(harness.clock.now().getTime());
});

test("an account that is removed while its owner is told something gets nothing back", async () => {
  harness = await startTestApp();
  const { sandbox, app } = harness;
  const owner = sandbox.telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });
  // Held: nothing is stored of that news before it is sent.
  harness.person.stepOnScale({ weightKg: 80.25, attrib: 1 });
  // Telegram takes its time, and meanwhile the account goes.
  sandbox.faults.add({
    ...{ server: "telegram", match: { path: /sendMessage$/ } },
    effect: { type: "delay", seconds: 0.3 },
  });
  const dueAt = (await app.store.schedule.read(ACCOUNT))?.dueAt ?? expect.fail("no run is scheduled");
  const working = harness.newService().work({ account: ACCOUNT, reason: "scheduled", dueAt, attempts: 0 });
  await expect.poll(() => sandbox.telegram.requests.some(({ path }) => path.endsWith("/sendMessage"))).toBe(true);
  await app.store.erasure.erase(ACCOUNT);
  await working;
  expect(owner.messages).toHaveLength(1);
  expect(await app.store.table.list(`account#${ACCOUNT}`)).toEqual([]);
});
