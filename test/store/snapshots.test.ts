import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createManualClock, type ManualClock } from "../../src/sandbox/manual-clock.ts";
import { keys } from "../../src/store/keys.ts";
import { createLeases } from "../../src/store/leases.ts";
import { withSnapshots } from "../../src/store/snapshots.ts";
import { openSqliteTable } from "../../src/store/sqlite/table.ts";
import type { JsonObject, Key, Table } from "../../src/store/table.ts";
import { createMeter } from "../bench/meter.ts";
import { NOON } from "../support/test-app.ts";

const ONE = 4711;
const OTHER = 4712;
const LEDGER = keys.ledger(ONE, "1", "2");

let folder: string;
let clock: ManualClock;
/** As another process sees it. */
let elsewhere: Table;
let meter: ReturnType<typeof createMeter>;
let opened: ReturnType<typeof withSnapshots>;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "weighbridge-"));
  clock = createManualClock(NOON);
  elsewhere = openSqliteTable({ file: path.join(folder, "test.sqlite"), tableName: "tokens", clock });
  meter = createMeter();
  opened = withSnapshots(meter.wrapTable(elsewhere), clock);
  for (const key of [keys.account(ONE), keys.runs(ONE), keys.link(ONE, "garmin"), keys.progress(LEDGER)]) {
    await write(key, { from: "before" });
  }
});
afterEach(async () => {
  await elsewhere.close();
  rmSync(folder, { recursive: true });
});

async function write(key: Key, value: JsonObject, table = elsewhere, expiresAt?: number) {
  const before = await table.get(key);
  const expect = before ? { version: before.version } : ("absent" as const);
  return table.put(key, value, { expect, expiresAt });
}
const seen = async (key: Key) => (await opened.table.get(key))?.value?.from;
const inJob = <T>(work: () => Promise<T>) => opened.snapshots.during(ONE, work);
/** Another process writes everything of the account. */
async function changeElsewhere() {
  for (const key of [keys.account(ONE), keys.runs(ONE), keys.link(ONE, "garmin"), keys.progress(LEDGER)]) {
    await write(key, { from: "elsewhere" });
  }
}
const all = async () => ({
  account: await seen(keys.account(ONE)),
  runs: await seen(keys.runs(ONE)),
  link: await seen(keys.link(ONE, "garmin")),
  progress: await seen(keys.progress(LEDGER)),
});
const everything = (from: string) => ({ account: from, runs: from, link: from, progress: from });

test("a job reads its account once, and its progress once, however often it asks", async () => {
  await inJob(async () => {
    expect(await all()).toEqual(everything("before"));
    expect(await all()).toEqual(everything("before"));
    expect(await opened.table.get(keys.health(ONE))).toBeUndefined();
  });
  expect(meter.units).toMatchObject({ reads: 2, calls: 2 });
});

test("outside a job, and after its end, each read asks the store", async () => {
  let late: () => Promise<unknown> = async () => undefined;
  await inJob(async () => {
    await all();
    late = () => seen(keys.account(ONE));
  });
  await changeElsewhere();
  expect(await late()).toBe("elsewhere");
  expect(await all()).toEqual(everything("elsewhere"));
});

describe("what must be fresh is read again:", () => {
  test("after a vendor answered, the links and nothing else", async () => {
    await inJob(async () => {
      await all();
      await changeElsewhere();
      opened.snapshots.forget("links");
      expect(await all()).toEqual({ ...everything("before"), link: "elsewhere" });
      await write(keys.link(ONE, "garmin"), { from: "later" });
      expect(await seen(keys.link(ONE, "garmin"))).toBe("elsewhere");
      opened.snapshots.forget("links");
      expect(await seen(keys.link(ONE, "garmin"))).toBe("later");
    });
  });

  test("after a lease was taken, everything; after it was given back, all but the progress", async () => {
    const leases = createLeases(opened.table, clock, opened.snapshots);
    await inJob(async () => {
      await all();
      await changeElsewhere();
      const lease = await leases.acquire("link#garmin#2", 120);
      expect(await all()).toEqual(everything("elsewhere"));
      await changeElsewhereAgain();
      expect(await all()).toEqual(everything("elsewhere"));
      await lease?.release();
      expect(await all()).toEqual({ ...everything("again"), progress: "elsewhere" });
    });
  });

  test("after a lease was lost, everything", async () => {
    const leases = createLeases(opened.table, clock, opened.snapshots);
    await inJob(async () => {
      const lease = await leases.acquire(`account#${ONE}`, 120);
      await all();
      clock.advance(121);
      await changeElsewhere();
      await expect(lease?.renew(120)).rejects.toThrow("lost");
      expect(await all()).toEqual(everything("elsewhere"));
    });
  });

  test("after a write that conflicts, everything", async () => {
    await inJob(async () => {
      const before = await opened.table.get(keys.runs(ONE));
      await all();
      await changeElsewhere();
      const expected = { expect: { version: before?.version ?? "" } };
      expect(await opened.table.put(keys.runs(ONE), { from: "job" }, expected)).toEqual({ type: "conflict" });
      expect(await all()).toEqual(everything("elsewhere"));
    });
  });

  test("after a write that failed and may have happened, everything", async () => {
    const lost: Table = {
      ...elsewhere,
      put: async (...given) => {
        await elsewhere.put(...given);
        throw new Error("the answer was lost");
      },
    };
    const { table, snapshots } = withSnapshots(lost, clock);
    await snapshots.during(ONE, async () => {
      const { version = "" } = (await table.get(keys.runs(ONE))) ?? {};
      await expect(table.put(keys.runs(ONE), { from: "job" }, { expect: { version } })).rejects.toThrow("lost");
      expect((await table.get(keys.runs(ONE)))?.value?.from).toBe("job");
    });
  });

  async function changeElsewhereAgain() {
    for (const key of [keys.account(ONE), keys.runs(ONE), keys.link(ONE, "garmin"), keys.progress(LEDGER)]) {
      await write(key, { from: "again" });
    }
  }
});

test("a job sees what it has written and removed itself, without another read", async () => {
  await inJob(async () => {
    await all();
    const calls = meter.units.calls;
    for (const key of [keys.runs(ONE), keys.progress(LEDGER), keys.health(ONE)]) {
      await write(key, { from: "job" }, opened.table);
      await write(key, { from: "job again" }, opened.table);
      expect(await seen(key)).toBe("job again");
    }
    const { version = "" } = (await opened.table.get(keys.link(ONE, "garmin"))) ?? {};
    await opened.table.delete(keys.link(ONE, "garmin"), { version });
    expect(await seen(keys.link(ONE, "garmin"))).toBeUndefined();
    expect(meter.units.calls - calls).toBe(7);
  });
  expect((await elsewhere.get(keys.runs(ONE)))?.value).toEqual({ from: "job again" });
});

test("an item that expires during a job is absent from then on", async () => {
  await write(keys.pendingSignIn(ONE), { from: "before" }, elsewhere, NOON.getTime() / 1000 + 60);
  await inJob(async () => {
    expect(await seen(keys.pendingSignIn(ONE))).toBe("before");
    clock.advance(60);
    expect(await seen(keys.pendingSignIn(ONE))).toBeUndefined();
  });
});

test("jobs of two accounts at the same time don't see each other's account, and what a third writes is seen", async () => {
  await write(keys.account(OTHER), { from: "other" });
  let changed = () => {};
  const change = new Promise<void>((resolve) => {
    changed = resolve;
  });
  await Promise.all([
    inJob(async () => {
      await all();
      await changeElsewhere();
      await write(keys.account(OTHER), { from: "other, changed" });
      changed();
      expect(await seen(keys.account(ONE))).toBe("before");
      expect(await seen(keys.account(OTHER))).toBe("other, changed");
    }),
    opened.snapshots.during(OTHER, async () => {
      expect(await seen(keys.account(OTHER))).toBe("other");
      await change;
      expect(await seen(keys.account(OTHER))).toBe("other");
      expect(await seen(keys.account(ONE))).toBe("elsewhere");
    }),
  ]);
});
