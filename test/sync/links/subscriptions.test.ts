import { afterEach, beforeEach, expect, test } from "vitest";
import { openTable } from "../../../src/app/open-stores.ts";
import { readConfig } from "../../../src/config/config.ts";
import { type Served, serve } from "../../../src/sandbox/serve.ts";
import type { SubscriptionCheck } from "../../../src/sync/links/subscriptions.ts";
import { ACCOUNT, startTestApp, type TestApp, USERID } from "../../support/test-app.ts";

const DAY = 24 * 3600;
const ALL = [1, 4, 46];

/** Is where the bot would listen, and answers Withings' probe with `headStatus`. */
let here: Served;
let headStatus: number;
let harness: TestApp;
beforeEach(async () => {
  headStatus = 200;
  here = await serve((_request, { method }) => new Response(null, { status: method === "HEAD" ? headStatus : 200 }));
  harness = await startTestApp({ env: { PUBLIC_URL: here.url } });
  harness.requests();
});
afterEach(async () => {
  await harness.close();
  await here.close();
});

const keep = (on = harness.app): Promise<SubscriptionCheck> => on.subscriptions.keep(ACCOUNT);
const theirs = () => harness.sandbox.withings.notifications;
const standing = () => theirs().subscriptions.map(({ appli, callbackurl }) => ({ appli, callbackurl }));
const applis = () => theirs().subscriptions.map(({ appli }) => appli);
const address = () => `${here.url}/withings/notify?key=${harness.app.store.notifyKey}`;
const add = (appli: number, callbackurl: string) =>
  theirs().subscriptions.push({ userid: USERID, appli, callbackurl, comment: null });

test("weight, blood pressure and the profile are subscribed at our exact address, once each", async () => {
  expect(await keep()).toEqual({ type: "kept" });
  expect(standing()).toEqual(ALL.map((appli) => ({ appli, callbackurl: address() })));
  expect(address().length).toBeLessThan(256);
  expect(harness.app.store.notifyKey).toMatch(/^[\w-]{43}$/);
});

test("Withings is asked once a day, and a checked account costs nothing", async () => {
  await keep();
  harness.requests();
  expect(await keep()).toEqual({ type: "not_due" });
  harness.clock.advance(DAY - 1);
  expect(await keep()).toEqual({ type: "not_due" });
  expect(harness.requests()).toEqual([]);
  harness.clock.advance(1);
  expect(await keep()).toEqual({ type: "kept" });
  expect(harness.requests().filter((it) => it.endsWith("/notify"))).toHaveLength(1);
});

test.each(["active", "gone", "unknown", "callback_unreachable"] as const)(
  "a check that a clock a year ahead has dated does not put off the next one: %s",
  async (state) => {
    await keep();
    const seen = (await harness.app.store.subscriptionMemory.read(ACCOUNT)) ?? expect.fail("nothing was seen");
    const checkedAt = new Date(harness.clock.now().getTime() + 365 * DAY * 1000);
    await harness.app.store.subscriptionMemory.save(ACCOUNT, { ...seen, state, checkedAt });
    theirs().drop(USERID);
    await keep();
    expect(applis()).toEqual(ALL);
  },
);

test("what has vanished is set up again, and reported once", async () => {
  await keep();
  theirs().drop(USERID, 4);
  harness.clock.advance(DAY);
  expect(await keep()).toEqual({ type: "restored", applis: [4] });
  expect(applis().toSorted()).toEqual([1, 4, 46].toSorted());
  harness.clock.advance(DAY);
  expect(await keep()).toEqual({ type: "kept" });
});

test("what the owner ended by linking again is set up again at once, without a message", async () => {
  await keep();
  theirs().drop(USERID);
  await harness.link();
  expect(await keep()).toEqual({ type: "kept" });
  expect(applis()).toEqual(ALL);
});

test("duplicates and our older addresses are removed, and nobody else's", async () => {
  const others = [
    { appli: 1, callbackurl: "https://another.example.org/withings/notify?key=theirs" },
    { appli: 44, callbackurl: `${here.url}/another/program?key=${harness.app.store.notifyKey}` },
    { appli: 1, callbackurl: "no address at all" },
  ];
  for (const { appli, callbackurl } of others) add(appli, callbackurl);
  for (const appli of [1, 1, 44]) add(appli, address());
  for (const appli of [1, 4]) add(appli, `${here.url}/withings/notify?key=of-an-older-key`);
  expect(await keep()).toEqual({ type: "kept" });
  const ours = ALL.map((appli) => ({ appli, callbackurl: address() }));
  const order = (list: object[]) => list.map((it) => JSON.stringify(it)).toSorted();
  expect(order(standing())).toEqual(order([...others, ...ours]));
});

test("a replaced sealing key moves the subscriptions at once, without a message", async () => {
  const keys = ["MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="];
  harness.env.SEALING_KEY = keys[0];
  const before = await harness.newApp();
  const page = before.withingsLinking.begin(ACCOUNT);
  await before.withingsLinking.withPasted(ACCOUNT, harness.sandbox.withings.allow(USERID, page));
  await keep(before);
  harness.env.SEALING_KEY = keys.toReversed().join(",");
  const after = await harness.newApp();
  expect(await keep(after)).toEqual({ type: "kept" });
  expect(after.store.notifyKey).not.toBe(before.store.notifyKey);
  const callbackurl = `${here.url}/withings/notify?key=${after.store.notifyKey}`;
  expect(standing()).toEqual(ALL.map((appli) => ({ appli, callbackurl })));
});

test("an address that Withings can't reach is remembered as such, and tried again daily", async () => {
  headStatus = 404;
  expect(await keep()).toEqual({ type: "callback_unreachable", isNew: true });
  expect(await harness.app.store.subscriptionMemory.read(ACCOUNT)).toMatchObject({
    state: "callback_unreachable",
    active: [],
  });
  expect(await keep()).toEqual({ type: "not_due" });
  expect(here.requests).toHaveLength(1);
  headStatus = 200;
  harness.clock.advance(DAY);
  expect(await keep()).toEqual({ type: "reached" });
  expect(await harness.app.store.subscriptionMemory.read(ACCOUNT)).toMatchObject({ state: "active", active: ALL });
  harness.clock.advance(DAY);
  expect(await keep()).toEqual({ type: "kept" });
});

test("an address that stays unreachable is news once, even if Withings was busy in between", async () => {
  headStatus = 404;
  await keep();
  harness.clock.advance(DAY);
  expect(await keep()).toEqual({ type: "callback_unreachable", isNew: false });
  harness.clock.advance(DAY);
  const busy = { type: "body" as const, body: { status: 601, body: {}, error: "Too Many Requests" } };
  harness.sandbox.faults.add({ server: "withings", match: { path: "/notify" }, effect: busy });
  expect(await keep()).toEqual({ type: "later" });
  harness.clock.advance(DAY);
  expect(await keep()).toEqual({ type: "callback_unreachable", isNew: false });
});

test("a busy Withings is asked again in an hour, and what was set up is not forgotten over it", async () => {
  await keep();
  theirs().drop(USERID);
  harness.clock.advance(DAY);
  const busy = { type: "body" as const, body: { status: 601, body: {}, error: "Too Many Requests" } };
  harness.sandbox.faults.add({ server: "withings", match: { path: "/notify" }, effect: busy });
  expect(await keep()).toEqual({ type: "later" });
  harness.clock.advance(3599);
  expect(await keep()).toEqual({ type: "not_due" });
  harness.clock.advance(1);
  expect(await keep()).toEqual({ type: "restored", applis: ALL });
});

test("an unintelligible answer doesn't lead to a request every minute", async () => {
  harness.sandbox.faults.add({
    ...{ server: "withings", match: { path: "/notify" } },
    effect: { type: "body", body: { status: 0, body: {} } },
  });
  await expect(keep()).rejects.toThrow("unknown shape");
  expect(await keep()).toEqual({ type: "not_due" });
});

test("what the owner didn't allow is left out, and the rest is set up", async () => {
  harness.sandbox.faults.add({
    ...{ server: "withings", match: { path: "/notify", form: { action: "subscribe", appli: "46" } } },
    effect: { type: "body", body: { status: 403, error: "Insufficient_scope" } },
  });
  expect(await keep()).toEqual({ type: "kept" });
  expect(await harness.app.store.subscriptionMemory.read(ACCOUNT)).toMatchObject({ state: "active", active: [1, 4] });
});

test("without a usable link Withings isn't asked", async () => {
  expect(await harness.app.subscriptions.keep(ACCOUNT + 1)).toEqual({ type: "not_linked" });
  expect(harness.requests()).toEqual([]);
});

test("without a public address there is nothing to keep or to remove", async () => {
  harness.env.PUBLIC_URL = "";
  const app = await harness.newApp();
  expect(await keep(app)).toEqual({ type: "off" });
  await app.subscriptions.remove(ACCOUNT);
  expect(harness.requests()).toEqual([]);
});

test("after a disconnect no more notifications come, and an unreachable Withings doesn't prevent it", async () => {
  await keep();
  add(1, "https://another.example.org/hook");
  harness.sandbox.faults.add({ ...{ server: "withings", match: {} }, effect: { type: "drop_before" } });
  await harness.app.subscriptions.remove(ACCOUNT);
  expect(applis()).toEqual([...ALL, 1]);
  await harness.app.subscriptions.remove(ACCOUNT);
  expect(standing()).toEqual([{ appli: 1, callbackurl: "https://another.example.org/hook" }]);
  expect(await harness.app.store.subscriptionMemory.read(ACCOUNT)).toBeUndefined();
});

test("the key of our address is in no stored item and in no line of the log", async () => {
  await keep();
  await harness.app.subscriptions.remove(ACCOUNT);
  await keep();
  const table = await openTable(readConfig(harness.env, ["store"]).store, harness.clock);
  const items = await table.list(`account#${ACCOUNT}`);
  await table.close();
  expect(items.map(({ key }) => key.sk)).toContain("subscriptions");
  expect(JSON.stringify(items) + harness.logged.join()).not.toContain(harness.app.store.notifyKey);
});
