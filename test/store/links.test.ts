import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTable } from "../../src/app/open-stores.ts";
import { readConfig } from "../../src/config/config.ts";
import { RetryLaterError } from "../../src/lib/errors.ts";
import { keys } from "../../src/store/keys.ts";
import { createLinks } from "../../src/store/links.ts";
import { createSealer, parseSealingKeys } from "../../src/store/seal.ts";
import type { Table } from "../../src/store/table.ts";
import type { Link } from "../../src/sync/model/link.ts";
import { ACCOUNT, NOON, startTestApp, type TestApp } from "../support/test-app.ts";

let harness: TestApp;
let table: Table;
beforeEach(async () => {
  harness = await startTestApp({ linked: false });
  table = await openTable(readConfig(harness.env, ["store"]).store, harness.clock);
});
afterEach(async () => {
  await table.close();
  await harness.close();
});

const sealer = createSealer({
  keys: parseSealingKeys(Buffer.alloc(32, 1).toString("base64")),
  tableName: "weighbridge",
});
const linksOn = (on: Table) => createLinks(on, sealer, harness.clock);
const link = (refreshToken = "refresh-1"): Link => ({
  state: "linked",
  linkedAt: NOON,
  vendorUserId: "7",
  displayName: "owner",
  tokens: { accessToken: "access-1", accessExpiresAt: NOON, refreshToken, refreshExpiresAt: NOON },
});
const read = async () => (await linksOn(table).read(ACCOUNT, "garmin"))?.value;
const secondsSinceNoon = () => (harness.clock.now().getTime() - NOON.getTime()) / 1000;

describe("a stored link", () => {
  test.each<[string, Link]>([
    ["that was never renewed", link()],
    ["that was renewed", { ...link(), renewedAt: new Date("2026-11-20T12:00:00Z"), previousRefreshToken: "refresh-0" }],
  ])("a stored link, %s, is read as it was written", async (_which, written) => {
    await linksOn(table).replace(ACCOUNT, "garmin", written);
    expect(await read()).toEqual(written);
  });

  test("a link whose person was changed in the store doesn't open, so nothing is sent under another person's ledger", async () => {
    await linksOn(table).replace(ACCOUNT, "garmin", link());
    const item = await table.get(keys.link(ACCOUNT, "garmin"));
    const { version = "", value } = item ?? {};
    await table.put(keys.link(ACCOUNT, "garmin"), { ...value, vendorUserId: "8" }, { expect: { version } });
    await expect(read()).rejects.toThrow("The stored sealedTokens cannot be opened");
  });

  test("a link with an invalid date is not written, and the previous one is kept", async () => {
    await linksOn(table).replace(ACCOUNT, "garmin", link());
    const tokens = { ...link("refresh-2").tokens, accessExpiresAt: new Date(Number.NaN) };
    await expect(linksOn(table).replace(ACCOUNT, "garmin", { ...link(), tokens })).rejects.toThrow("accessExpiresAt");
    expect(await read()).toEqual(link());
  });
});

describe("a link that was just made, when the store does not take it", () => {
  const refusing = (times: number, error: Error, { at = "put" as "put" | "get" } = {}) => {
    const seen = { tries: 0 };
    const fail = () => {
      if (++seen.tries <= times) throw error;
    };
    const on: Table = {
      ...table,
      get: async (key) => {
        if (at === "get") fail();
        return table.get(key);
      },
      put: async (key, value, options) => {
        if (at === "put") fail();
        return table.put(key, value, options);
      },
    };
    return { seen, replace: () => linksOn(on).replace(ACCOUNT, "garmin", link()) };
  };
  const busy = new RetryLaterError("Another process is holding the database");

  test.each(["put", "get"] as const)("a new link whose %s fails is written again until it is stored", async (at) => {
    const { replace } = refusing(3, busy, { at });
    await replace();
    expect(await read()).toEqual(link());
    expect(secondsSinceNoon()).toBe(1 + 2 + 4);
  });

  test("a new link is given up after five tries and 15 seconds", async () => {
    const { replace, seen } = refusing(99, busy);
    await expect(replace()).rejects.toBe(busy);
    expect([seen.tries, secondsSinceNoon()]).toEqual([5, 1 + 2 + 4 + 8]);
  });

  test("a new link is given up at once if trying again can't help", async () => {
    const { replace, seen } = refusing(99, new Error("a bug"));
    await expect(replace()).rejects.toThrow("a bug");
    expect(seen.tries).toBe(1);
  });

  test("a new link is given up after five tries without a pause if others keep writing", async () => {
    let tries = 0;
    const on: Table = {
      ...table,
      put: async () => {
        tries++;
        return { type: "conflict" };
      },
    };
    await expect(linksOn(on).replace(ACCOUNT, "garmin", link())).rejects.toThrow("kept changing");
    expect([tries, secondsSinceNoon()]).toEqual([5, 0]);
    expect(await table.get(keys.link(ACCOUNT, "garmin"))).toBeUndefined();
  });
});
