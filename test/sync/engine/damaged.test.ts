import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTable } from "../../../src/app/open-stores.ts";
import { readConfig } from "../../../src/config/config.ts";
import { keys } from "../../../src/store/keys.ts";
import { packed } from "../../../src/store/packed-item.ts";
import type { JsonObject, Key, Table } from "../../../src/store/table.ts";
import { ACCOUNT, startTestApp, type TestApp } from "../../support/test-app.ts";

const NEIGHBOUR = 4712;
const NEIGHBOURS = { email: "neighbour@example.org", password: "a-password-for-tests" };
const NEIGHBOURS_USERID = 31_400_002;

let harness: TestApp;
let table: Table;

/** Two accounts in one table, each with a weigh-in in Garmin already and another one waiting. */
beforeEach(async () => {
  harness = await startTestApp();
  const { sandbox, app } = harness;
  const neighbour = sandbox.withings.addPerson({
    userid: NEIGHBOURS_USERID,
    name: "neighbour",
    timezone: "Europe/Berlin",
  });
  sandbox.garmin.addAccount({
    ...NEIGHBOURS,
    displayName: "neighbour",
    fullName: "Neighbour",
    timezone: "Europe/Berlin",
  });
  await app.store.accounts.save(NEIGHBOUR, {});
  await app.withingsLinking.withPasted(
    NEIGHBOUR,
    sandbox.withings.allow(NEIGHBOURS_USERID, app.withingsLinking.begin(NEIGHBOUR)),
  );
  await app.garminSignIn.withPasted(NEIGHBOUR, sandbox.garmin.mintTicket(NEIGHBOURS.email));
  harness.person.stepOnScale({ weightKg: 80.25 });
  await harness.sync();
  harness.clock.advance(60);
  harness.person.stepOnScale({ weightKg: 80.5 });
  neighbour.stepOnScale({ weightKg: 65 });
  table = await openTable(readConfig(harness.env, ["store"]).store, harness.clock);
});
afterEach(async () => {
  await table.close();
  await harness.close();
});

async function syncNeighbour(app = harness.app) {
  const account = await app.store.accounts.find(NEIGHBOUR);
  if (!account) throw new Error("the neighbour is missing");
  return app.sync.run(account);
}

async function overwrite(key: Key, change: JsonObject) {
  const item = await table.get(key);
  if (!item) throw new Error(`nothing is stored at ${key.sk}`);
  await table.put(key, { ...item.value, ...change }, { expect: { version: item.version } });
}

const ledger = () =>
  keys.ledger(
    ACCOUNT,
    String(harness.person.userid),
    String(harness.sandbox.garmin.accounts.get("owner@example.org").profileId),
  );
async function ledgerKey(): Promise<Key> {
  const [item] = await table.list(ledger(), { from: "reading#" });
  return item?.key ?? { pk: "", sk: "" };
}

/** All that is stored of the account, except how its last run ended. */
async function everything() {
  const [account, progress] = [await table.list(`account#${ACCOUNT}`), await table.list(ledger())];
  return [...account.filter((it) => it.key.sk !== "runs"), ...progress];
}

const SENTENCE = /^The stored [^\n]+\.$/;

const damages: Record<string, () => Promise<void>> = {
  "a link with a field missing": () => overwrite(keys.link(ACCOUNT, "withings"), { vendorUserId: null }),
  "a link whose sealed tokens were changed": () =>
    overwrite(keys.link(ACCOUNT, "garmin"), { sealedTokens: "v1.nonsense" }),
  "a link with the sealed tokens of another account": async () => {
    const foreign = await table.get(keys.link(NEIGHBOUR, "garmin"));
    await overwrite(keys.link(ACCOUNT, "garmin"), { sealedTokens: String(foreign?.value?.sealedTokens) });
  },
  "a link with the sealed tokens of the other vendor": async () => {
    const foreign = await table.get(keys.link(ACCOUNT, "withings"));
    await overwrite(keys.link(ACCOUNT, "garmin"), { sealedTokens: String(foreign?.value?.sealedTokens) });
  },
  "a progress without a cursor": () => overwrite(keys.progress(ledger()), packed({ cursorAt: "yesterday" })),
  "a progress that can't be unpacked": () => overwrite(keys.progress(ledger()), { packed: "nonsense" }),
  "a ledger entry with a fate nobody knows": async () => overwrite(await ledgerKey(), { fate: "lost" }),
};

describe.each(Object.entries(damages))("%s", (_what, damage) => {
  test("ends the run in one sentence, changes nothing, and doesn't affect another account", async () => {
    await damage();
    const before = await everything();
    harness.requests();
    const report = await harness.sync();
    expect(report).toMatchObject({ status: "error", synced: 0, problem: expect.stringMatching(SENTENCE) });
    expect(report.problem).not.toMatch(/v1\./);
    expect(await everything()).toEqual(before);
    expect(harness.requests().filter((it) => / (POST|DELETE) \/(upload|weight|blood|v2)/.test(it))).toEqual([]);
    expect(harness.weights()).toHaveLength(1);
    expect(await syncNeighbour()).toMatchObject({ status: "success", synced: 1 });
  });
});

test("the wrong sealing key ends a run in one sentence that names it, and with the right one the next run goes on", async () => {
  const rightKey = harness.env.SEALING_KEY;
  harness.env.SEALING_KEY = randomBytes(32).toString("base64");
  const before = await everything();
  const report = await harness.sync({}, await harness.newApp());
  expect(report).toMatchObject({ status: "error", problem: expect.stringMatching(SENTENCE) });
  expect(report.problem).toContain("SEALING_KEY");
  expect(await everything()).toEqual(before);
  harness.env.SEALING_KEY = rightKey;
  expect(await harness.sync({}, await harness.newApp())).toMatchObject({ status: "success", synced: 1 });
});

test("a link that can't be opened is replaced by a new sign-in", async () => {
  await overwrite(keys.link(ACCOUNT, "garmin"), { sealedTokens: "v1.nonsense" });
  await harness.sync();
  await harness.link();
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
});
