import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { openTable } from "../../src/app/open-stores.ts";
import { readConfig } from "../../src/config/config.ts";
import { keys } from "../../src/store/keys.ts";
import type { Item, JsonObject, Table } from "../../src/store/table.ts";
import { ACCOUNT, startTestApp, type TestApp, USERID } from "../support/test-app.ts";
import { cases } from "./cases.ts";
import { mutated, mutation } from "./mutate.ts";

let harness: TestApp | undefined;
let table: Table | undefined;
afterEach(async () => {
  await table?.close();
  await harness?.close();
  table = undefined;
  harness = undefined;
});

test("a damaged stored item stops at most its own account, with one sentence, and nothing is sent twice after its repair", async () => {
  const home = await startTestApp();
  harness = home;
  const { clock, person, sandbox, app } = home;
  const store = await openTable(readConfig(home.env, ["store"]).store, clock);
  table = store;
  const profileId = String(sandbox.garmin.accounts.get("owner@example.org").profileId);
  const ledger = keys.ledger(ACCOUNT, String(USERID), profileId);
  const partitions = [`account#${ACCOUNT}`, ledger, ledger, keys.accounts, keys.schedule, "rate-limit#withings"];
  person.stepOnScale({ weightKg: 80 });
  await home.sync();
  let n = 0;

  const put = async ({ key, expiresAt }: Item, value: JsonObject) => {
    const version = (await store.get(key))?.version;
    const expect = version === undefined ? ("absent" as const) : { version };
    await store.put(key, value, { expect, ...(expiresAt !== undefined && { expiresAt }) });
  };

  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...partitions), fc.nat(), mutation, async (partition, which, how) => {
      n += 1;
      clock.advance(3600);
      const taken = { at: new Date(clock.now().getTime() - 120_000), weightKg: 80 + (n % 50) / 100 };
      person.stepOnScale(taken);
      const items = await store.list(partition);
      const item = items[which % items.length];
      if (!item?.value) return;
      const whole = item.value;
      // A value that is missing altogether cannot be stored.
      const damaged = mutated(whole, how) ?? null;
      await put(item, damaged as JsonObject);
      const { status, problem } = await home.sync().catch((error: unknown) => {
        // The item that identifies the account is unreadable: then there is no run.
        expect(item.key).toEqual(keys.account(ACCOUNT));
        return { status: "error" as const, problem: error instanceof Error ? error.message : "" };
      });
      if (status === "error" && problem) expect(problem).toMatch(/^[A-Z][^\n]{10,400}[.]$/);

      // Only items that are still damaged are put back: the run has since written the others.
      const now = await store.get(item.key);
      if (now && JSON.stringify(now.value) === JSON.stringify(damaged)) await put(item, whole);
      await app.store.accounts.save(ACCOUNT, {});
      await home.link();
      for (const seconds of [150, 3600, 25 * 3600]) {
        clock.advance(seconds);
        await home.sync();
      }
      expect((await home.sync()).status).toBe("success");
      const same = home.weights().filter(({ takenAt }) => Math.abs(takenAt.getTime() - taken.at.getTime()) < 1000);
      expect(same.map(({ weightKg }) => weightKg.toFixed(2))).toEqual([taken.weightKg.toFixed(2)]);
    }),
    { ...cases(15), endOnFailure: true },
  );
  expect(home.logged.join("")).not.toMatch(/sandbox-withings-secret|refreshToken/);
});
