import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStore, openTable } from "../../src/app/open-stores.ts";
import { readConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/lib/log.ts";
import { keys } from "../../src/store/keys.ts";
import { SCHEMA } from "../../src/store/schema-version.ts";
import type { Item, Key, Table } from "../../src/store/table.ts";
import { ACCOUNT, startTestApp, type TestApp, USERID } from "../support/test-app.ts";

const SENTENCE = `A newer version of Weighbridge has written to this store (schema ${SCHEMA + 1}; this version knows ${SCHEMA}). Update this one; until then it leaves newer items alone.`;

let harness: TestApp;
/** As the engine stores it. */
let raw: Table;
let ledger: string;
beforeEach(async () => {
  harness = await startTestApp();
  raw = await openTable(readConfig(harness.env, ["store"]).store, harness.clock);
  ledger = keys.ledger(
    ACCOUNT,
    String(USERID),
    String(harness.sandbox.garmin.accounts.get("owner@example.org").profileId),
  );
  harness.person.stepOnScale({ weightKg: 80.25 });
  await harness.sync();
});
afterEach(async () => {
  await raw.close();
  await harness.close();
});

async function write(key: Key, schema: number): Promise<Item> {
  const item = await raw.get(key);
  if (!item) throw new Error(`nothing is stored at ${key.sk}`);
  await raw.put(key, { ...item.value, schema }, { expect: { version: item.version } });
  return (await raw.get(key)) as Item;
}

test("every item carries the schema version that wrote it", async () => {
  const partitions = [keys.accounts, keys.accountPartition(ACCOUNT), ledger, keys.schedule, "rate-limit#withings"];
  for (const partition of partitions) {
    const items = await raw.list(partition);
    expect(items).not.toEqual([]);
    expect(items.map(({ value }) => value?.schema)).toEqual(items.map(() => SCHEMA));
  }
});

test.each([
  ["what of the ledger is settled", () => keys.progress(ledger)],
  ["a link", () => keys.link(ACCOUNT, "withings")],
])(
  "%s that a newer version wrote ends a run in one sentence, and stays as it is until this one is updated",
  async (_what, keyOf) => {
    const newer = await write(keyOf(), SCHEMA + 1);
    harness.clock.advance(60);
    harness.person.stepOnScale({ weightKg: 80.5 });
    expect(await harness.sync()).toMatchObject({ status: "error", problem: SENTENCE });
    expect(await raw.get(keyOf())).toEqual(newer);
    expect(harness.weights()).toHaveLength(1);

    await write(keyOf(), SCHEMA);
    expect((await harness.sync()).status).toBe("success");
    expect(harness.weights()).toHaveLength(2);
  },
);

describe("what may be forgotten, and is replaced when it is damaged, is not when a newer version wrote it:", () => {
  test.each<[string, () => Key, (store: Awaited<ReturnType<typeof openStore>>) => Promise<unknown>]>([
    ["an account", () => keys.account(ACCOUNT), (store) => store.accounts.save(ACCOUNT, { name: "Zoë" })],
    ["one of many accounts", () => keys.account(ACCOUNT), (store) => store.accounts.list()],
    [
      "the scheduled run",
      () => keys.runs(ACCOUNT),
      (store) => store.schedule.set(ACCOUNT, { dueAt: harness.clock.now(), failures: 0 }),
    ],
    ["the rate limit", () => keys.rateLimit("withings"), (store) => store.withingsRateLimiter.take(60)],
  ])("%s", async (_what, keyOf, use) => {
    const newer = await write(keyOf(), SCHEMA + 1);
    const log = createLog({ level: "silent" });
    const store = await openStore(readConfig(harness.env, ["store"]).store, { clock: harness.clock, log });
    await expect(use(store)).rejects.toThrow(SENTENCE);
    expect(await raw.get(keyOf())).toEqual(newer);
    await store.close();
  });
});
