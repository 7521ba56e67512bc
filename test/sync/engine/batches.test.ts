import { afterEach, expect, test } from "vitest";
import type { JsonObject, Table, Write } from "../../../src/store/table.ts";
import { DEFAULT_SETTINGS } from "../../../src/sync/model/account.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

const DAY_MS = 24 * 3600 * 1000;

let harness: TestApp;
afterEach(() => harness.close());

const daysAgo = (days: number) => new Date(harness.clock.now().getTime() - days * DAY_MS);

/** One a day, the newest yesterday. */
function weighDaily(days: number) {
  for (let day = days; day > 0; day--) harness.person.stepOnScale({ at: daysAgo(day), weightKg: 80 + (day % 30) / 10 });
}

const stateOf = (value: JsonObject | null | undefined) => (value?.fate as { state: string } | undefined)?.state;

/** Counts commits: each call that writes something is one. */
function counting() {
  const commits: string[] = [];
  const wrapTable = (table: Table): Table => ({
    ...table,
    put: async (key, value, options) => {
      const outcome = await table.put(key, value, options);
      if (outcome.type === "written") commits.push(key.sk);
      return outcome;
    },
    putAll: (writes) => {
      commits.push(`${writes.length} ${stateOf(writes[0]?.value)}`);
      return table.putAll(writes);
    },
    delete: (key, options) => {
      commits.push(key.sk);
      return table.delete(key, options);
    },
  });
  return { commits, wrapTable, batches: () => commits.filter((it) => /^\d+ [a-z]+$/.test(it)) };
}

test("a year of weigh-ins takes three commits for each file, and at most eleven for all the rest", async () => {
  harness = await startTestApp();
  weighDaily(365);
  const { commits, wrapTable, batches } = counting();

  const report = await harness.sync({ since: daysAgo(367) }, await harness.newApp({ wrapTable }));

  expect(report).toMatchObject({ status: "success", synced: 365 });
  expect(batches()).toEqual([1, 99, 100, 100, 65].flatMap((it) => [`${it} sending`, `${it} sent`, `${it} seen`]));
  // The lease and the progress twice, the mark of the ledger, a slot for each of five requests to Withings, the last run.
  expect(commits.length - batches().length).toBeLessThanOrEqual(11);
});

test("what its owner doesn't want and what Garmin has already is one commit each", async () => {
  harness = await startTestApp();
  for (let day = 40; day > 0; day--) {
    harness.person.takeBloodPressure({ at: daysAgo(day), systolic: 120, diastolic: 80 });
    harness.person.stepOnScale({ at: daysAgo(day), weightKg: 80 });
    harness.sandbox.garmin.addManualWeight(OWNER.email, { at: daysAgo(day), weightKg: 80 });
  }
  const sends = { ...DEFAULT_SETTINGS.sends, bloodPressure: false };
  await harness.app.store.accounts.save(ACCOUNT, { settings: { sends } });
  const { wrapTable, batches } = counting();

  const report = await harness.sync({ since: daysAgo(50) }, await harness.newApp({ wrapTable }));

  expect(report).toMatchObject({ status: "success", skipped: 80 });
  expect(batches()).toEqual(["40 skipped", "40 skipped"]);
});

/** What the ledger says of all readings, as "1 seen, 19 sending". */
async function ledgerNow(): Promise<string> {
  const { profileId } = harness.sandbox.garmin.accounts.get(OWNER.email);
  const pk = `ledger#${ACCOUNT}#${harness.person.userid}#${profileId}`;
  const items = await harness.app.store.table.list(pk, { from: "reading#", to: "reading$" });
  const byState = Map.groupBy(items, ({ value }) => stateOf(value));
  return [...byState]
    .map(([state, all]) => `${all.length} ${state}`)
    .sort()
    .join(", ");
}

test("each step of a batch begins when the one before is stored for all of its readings", async () => {
  harness = await startTestApp();
  weighDaily(20);
  const steps: string[] = [];
  const app = await harness.newApp({
    wrapTable: (table) => ({
      ...table,
      async put(key, value, options) {
        if (key.sk === "progress") steps.push(`cursor: ${await ledgerNow()}`);
        return table.put(key, value, options);
      },
      async putAll(writes) {
        // Slow, so that code that doesn't wait for it fails.
        await new Promise((resolve) => setTimeout(resolve, 30));
        return table.putAll(writes);
      },
    }),
    wrapSend: (send) => async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith("/weight-service")) steps.push(`look: ${await ledgerNow()}`);
      if (pathname.startsWith("/upload-service")) steps.push(`upload: ${await ledgerNow()}`);
      return send(request);
    },
  });

  expect(await harness.sync({ ledgerIsCurrent: false }, app)).toMatchObject({ status: "success", synced: 20 });

  expect(steps).toEqual([
    "cursor: ",
    "look: ",
    "upload: 1 sending",
    "look: 1 sent",
    "upload: 1 seen, 19 sending",
    "look: 1 seen, 19 sent",
    "cursor: 20 seen",
  ]);
});

/** Another run, without a lease, is faster with the third reading when it reaches this state. */
function withRival(state: string) {
  let isDone = false;
  return (table: Table): Table => ({
    ...table,
    async putAll(writes: readonly Write[]) {
      const third = writes[2];
      if (third && !isDone && stateOf(third.value) === state) {
        isDone = true;
        expect(await table.put(third.key, third.value, third)).toMatchObject({ type: "written" });
      }
      return table.putAll(writes);
    },
  });
}

const uploads = () => harness.sandbox.garmin.requests.filter(({ path }) => path === "/upload-service/upload").length;

test.each([
  { state: "sending", sent: 0 },
  { state: "sent", sent: 1 },
  { state: "seen", sent: 1 },
])(
  "if another run is faster with one reading at “$state”, this one stops there, and each arrives once",
  async ({ state, sent }) => {
    harness = await startTestApp();
    weighDaily(1);
    await harness.sync();
    harness.clock.advance(DAY_MS / 1000);
    for (let minutes = 6; minutes > 0; minutes--)
      harness.person.stepOnScale({
        at: new Date(harness.clock.now().getTime() - minutes * 60_000),
        weightKg: 80 + minutes / 10,
      });
    const before = uploads();

    const report = await harness.sync({}, await harness.newApp({ wrapTable: withRival(state) }));

    expect(report.status).toBe("retry_later");
    expect(uploads() - before).toBe(sent);
    expect(await ledgerNow()).toBe(state === "seen" ? "7 seen" : `1 seen, 6 ${state}`);

    harness.clock.advance(121);
    expect((await harness.sync()).status).toBe("success");
    expect(uploads() - before).toBe(1);
    expect(await ledgerNow()).toBe("7 seen");
    expect(harness.weights()).toHaveLength(7);
  },
);
