import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { GrammyError } from "grammy/web";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createNotifier } from "../../../src/bot/notifications/notifier.ts";
import type { Clock } from "../../../src/lib/clock.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createManualClock } from "../../../src/sandbox/manual-clock.ts";
import { createAccounts } from "../../../src/store/accounts.ts";
import { createErasure } from "../../../src/store/erasure.ts";
import { createHealthStore } from "../../../src/store/health.ts";
import { keys } from "../../../src/store/keys.ts";
import { createSchedule } from "../../../src/store/schedule.ts";
import { openSqliteTable } from "../../../src/store/sqlite/table.ts";
import type { Table } from "../../../src/store/table.ts";
import type { RunReport } from "../../../src/sync/engine/run.ts";
import { type Account, DEFAULT_SETTINGS } from "../../../src/sync/model/account.ts";
import type { Health } from "../../../src/sync/model/health.ts";
import { factsOf } from "../../../src/sync/status/kind-notices.ts";

const account: Account = { telegramUserId: 1, createdAt: new Date(0), settings: DEFAULT_SETTINGS };
const signedOut: RunReport = {
  ...{ status: "action_needed", action: "relink_garmin" },
  ...{ synced: 0, skipped: 0, held: 0, failed: 0 },
};
const success: RunReport = { status: "success", synced: 2, skipped: 0, held: 0, failed: 0 };

let folder: string;
let table: Table;
let texts: string[];
let broken: { read: boolean; write: boolean };
beforeEach(async () => {
  const clock = createManualClock(new Date("2026-11-21T12:00:00Z"));
  folder = mkdtempSync(path.join(tmpdir(), "weighbridge-notifier-"));
  table = openSqliteTable({ file: path.join(folder, "tests.sqlite"), tableName: "tests", clock });
  await accountsAt(clock).save(account.telegramUserId, {});
  texts = [];
  broken = { read: false, write: false };
});
afterEach(async () => {
  await table.close();
  rmSync(folder, { recursive: true, force: true });
});

const scheduleAt = (clock: Clock) => createSchedule(table, clock, createLog({ level: "silent" }));
const accountsAt = (clock: Clock) =>
  createAccounts(table, scheduleAt(clock), clock.now, createLog({ level: "silent" }));

/** A new program on the same store. `between` runs between its read and its write. */
function newNotifier(send: (text: string) => Promise<void> = async () => {}, between = async () => {}) {
  const clock = createManualClock(new Date("2026-11-21T12:00:00Z"));
  const fail = () => Promise.reject(new Error("the disk is full"));
  const log = createLog({ level: "silent" });
  const health = createHealthStore(
    {
      ...table,
      get: (key) => (broken.read ? fail() : table.get(key)),
      put: async (...args) => {
        await between();
        return broken.write ? fail() : table.put(...args);
      },
    },
    log,
  );
  return createNotifier({
    accounts: accountsAt(clock),
    garminSignIn: { pageUrl: () => "https://sso.example.org/sign-in", ownPageUrl: undefined },
    ...{ others: async () => [], onUnanswered: async () => {} },
    health,
    summary: { read: async () => ({ value: {}, version: undefined }) },
    overview: async () => ({
      ...{ account, links: {}, lastReadings: {}, attention: [], unreadable: [] },
      facts: factsOf(undefined, account.settings),
      ...{ timezone: "UTC", isTimezoneKnown: false, lastRun: undefined },
    }),
    send: async (_to, text) => {
      await send(text);
      texts.push(text);
    },
    clock,
    log,
  });
}
const stored = async () => (await createHealthStore(table, createLog({ level: "silent" })).read(1)).value as Health;

test("news is stored before it is sent, and as sent only afterwards", async () => {
  let seen: Health | undefined;
  await newNotifier(async () => {
    seen = await stored();
  }).afterRun(account, signedOut);
  expect(seen?.outage).toMatchObject({ standing: [{ what: "relink_garmin" }], told: [] });
  expect((await stored()).outage?.told).toMatchObject([{ what: "relink_garmin", times: 1 }]);
});

test.each([
  ["a store that cannot be written", { read: false, write: true }],
  ["a store that cannot be read", { read: true, write: true }],
])("%s doesn’t stop a message, and doesn’t repeat it", async (_what, how) => {
  broken = how;
  const notifier = newNotifier();
  for (let runs = 0; runs < 3; runs++) await notifier.afterRun(account, signedOut);
  expect(texts).toHaveLength(1);
  broken = { read: false, write: false };
  await notifier.afterRun(account, signedOut);
  await newNotifier().afterRun(account, signedOut);
  expect(texts).toHaveLength(1);
  await newNotifier().afterRun(account, success);
  expect(texts).toHaveLength(2);
});

test("after a damaged item, a message is repeated rather than lost", async () => {
  await newNotifier().afterRun(account, signedOut);
  const item = await table.get(keys.health(1));
  await table.put(keys.health(1), { attentionTold: "?" }, { expect: { version: item?.version ?? "" } });
  await newNotifier().afterRun(account, signedOut);
  await newNotifier().afterRun(account, signedOut);
  expect(texts).toHaveLength(2);
});

test("two processes that write at the same moment don’t undo each other’s notes", async () => {
  const other = newNotifier();
  let writes = 0;
  const notifier = newNotifier(undefined, async () => {
    // Its second write notes that it sent something.
    if (++writes === 2) {
      const { answered } = await other.conclude(account, { ...signedOut, action: "grant_garmin_upload" });
      await answered(true);
    }
  });
  await notifier.afterRun(account, signedOut);
  expect((await stored()).outage?.told.map(({ what }) => what).toSorted()).toEqual([
    "grant_garmin_upload",
    "relink_garmin",
  ]);
});

test.each([
  [403, "Forbidden: bot was blocked by the user", 1],
  [403, "Forbidden: user is deactivated", 1],
  [403, "Forbidden: bot can't initiate conversation with a user", 1],
  [403, "Forbidden: something else", 3],
  [400, "Bad Request: chat not found", 1],
  [400, "Bad Request: message text is empty", 3],
  [429, "Too Many Requests: retry after 900", 3],
  [502, "Bad Gateway", 3],
])(
  "a message that Telegram answers with %i (%s) is tried as often as that makes sense",
  async (error_code, description, tries) => {
    let tried = 0;
    const notifier = newNotifier(async () => {
      tried++;
      throw new GrammyError("no", { ok: false, error_code, description }, "sendMessage", {});
    });
    const accounts = accountsAt(createManualClock(new Date(0)));
    for (let runs = 0; runs < 3; runs++) await notifier.afterRun(await accounts.save(1, {}), signedOut);
    expect(tried).toBe(tries);
  },
);

const blocked = new GrammyError(
  "no",
  { ok: false, error_code: 403, description: "Forbidden: bot was blocked by the user" },
  "sendMessage",
  {},
);

test("people who blocked the bot hear what they missed when they are back", async () => {
  const accounts = accountsAt(createManualClock(new Date(0)));
  await newNotifier(() => Promise.reject(blocked)).afterRun(await accounts.save(1, {}), signedOut);
  const silenced = await accounts.find(1);
  expect(silenced?.blockedAt).toEqual(new Date("2026-11-21T12:00:00Z"));
  await newNotifier().afterRun(silenced ?? account, signedOut);
  expect(texts).toEqual([]);
  await newNotifier().afterRun(await accounts.save(1, { blockedAt: null }), signedOut);
  expect(texts).toEqual([expect.stringMatching(/^Garmin has signed me out/)]);
});

test("people who blocked the bot are tried once a day, and get everything again once Telegram accepts a message", async () => {
  const accounts = accountsAt(createManualClock(new Date(0)));
  let tried = 0;
  const stillBlocked = newNotifier(() => {
    tried++;
    return Promise.reject(blocked);
  });
  const at = (hoursAgo: number) => new Date(Date.parse("2026-11-21T12:00:00Z") - hoursAgo * 3_600_000);
  for (const hours of [1, 23.9]) {
    await stillBlocked.afterRun(await accounts.save(1, { blockedAt: at(hours) }), signedOut);
  }
  expect(tried).toBe(0);
  await stillBlocked.afterRun(await accounts.save(1, { blockedAt: at(24) }), signedOut);
  expect(tried).toBe(1);
  expect((await accounts.find(1))?.blockedAt).toEqual(at(0));

  // Telegram’s notice that they unblocked the bot got lost.
  await newNotifier().afterRun(await accounts.save(1, { blockedAt: at(25) }), signedOut);
  expect(texts).toEqual([expect.stringMatching(/^Garmin has signed me out/)]);
  expect((await accounts.find(1))?.blockedAt).toBeUndefined();
  await newNotifier().afterRun(await accounts.save(1, {}), signedOut);
  expect(texts).toHaveLength(1);
});

test("a block that a wrong clock dated in the future doesn’t count", async () => {
  const accounts = accountsAt(createManualClock(new Date(0)));
  await newNotifier().afterRun(await accounts.save(1, { blockedAt: new Date("2027-11-21T12:00:00Z") }), signedOut);
  expect(texts).toHaveLength(1);
});

test("a message about an account that is being removed leaves no item of it behind", async () => {
  const notifier = newNotifier(() =>
    createErasure(table, scheduleAt(createManualClock(new Date(0)))).erase(account.telegramUserId),
  );
  await notifier.afterRun(account, signedOut);
  expect(texts).toHaveLength(1);
  await notifier.afterRun(account, signedOut);
  expect(texts).toHaveLength(1);
  expect(await table.get(keys.health(account.telegramUserId))).toBeUndefined();
});
