import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UnknownAnswer } from "../../../src/sync/model/vendor-answers.ts";
import { createWithingsCall } from "../../../src/sync/withings/client.ts";
import { getMeas } from "../../../src/sync/withings/measure.ts";
import { createWithingsSource } from "../../../src/sync/withings/source.ts";
import { endOf, formOf, type Stub, startStub } from "../../fixtures/stub-vendor.ts";
import { NOON, startTestApp } from "../../support/test-app.ts";

let stub: Stub;
beforeAll(async () => {
  stub = await startStub();
});
afterAll(() => stub.close());

const call = () => createWithingsCall({ apiUrl: stub.url, send: stub.send, rateLimited: (task) => task() });
const read = () => getMeas(call(), { accessToken: "bearer-1", lastUpdate: 1 });
const changed = () => createWithingsSource(call()).changedSince((use) => use("bearer-1"), new Date(1000));

const group = (grpid: unknown, more: object = {}) => ({
  grpid,
  attrib: 0,
  date: 1_795_000_000,
  created: 1_795_000_060,
  modified: 1_795_000_060,
  category: 1,
  deviceid: "d",
  measures: [{ type: 1, value: 80_250, unit: -3 }],
  ...more,
});
const TAKEN_AT = new Date(1_795_000_000_000);
const answer = (measuregrps: unknown[], more: object = {}) =>
  Response.json({ status: 0, body: { updatetime: 1_795_000_100, timezone: "Europe/Berlin", measuregrps, ...more } });
const ids = async () => (await read()).groups.map(({ grpid }) => grpid);

test("pages are asked for one after the other, each with the offset of the one before and everything else unchanged", async () => {
  const from = stub.requests.length;
  stub.willAnswer(
    answer([group(1)], { more: 1, offset: 200 }),
    answer([group(2)], { more: true, offset: 337 }),
    answer([group(3)], { more: 0, offset: 0 }),
  );
  expect(await ids()).toEqual([1, 2, 3]);
  const forms = stub.requests.slice(from).map(formOf);
  expect(forms.map(({ offset }) => offset)).toEqual([undefined, "200", "337"]);
  expect(forms.map(({ offset: _offset, ...rest }) => rest)).toEqual([forms[0], forms[0], forms[0]]);
});

test.each([
  ["absent", {}],
  ["0", { more: 0, offset: 0 }],
  ["false", { more: false, offset: 200 }],
  ["null", { more: null, offset: null }],
  ["zero as a text", { more: "0", offset: "" }],
  ["false as a text", { more: "false", offset: {} }],
  ["empty", { more: "", offset: 7.5 }],
])("a `more` that is %s ends the reading", async (_what, paging) => {
  stub.willAnswer(answer([group(1)], paging));
  expect(await ids()).toEqual([1]);
});

test.each([
  ["is missing", {}, {}],
  ["stays where it was", { offset: 200 }, { offset: 200 }],
  ["goes back", { offset: 200 }, { offset: 100 }],
])("an offset that %s leaves what came, and says that not everything did", async (_what, first, second) => {
  stub.willAnswer(answer([group(1)], { more: 1, ...first }), answer([group(2)], { more: 1, ...second }));
  const { groups, isComplete } = await read();
  expect(groups.map(({ grpid }) => grpid)).toEqual("offset" in first ? [1, 2] : [1]);
  expect(isComplete).toBe(false);
});

test("an offset without `more` is followed: Withings may have renamed that field", async () => {
  stub.willAnswer(
    answer([group(1)], { has_more: 1, offset: 200 }),
    answer([group(2)], { has_more: 1, offset: 337 }),
    answer([group(3)], { has_more: 0, offset: 0 }),
  );
  const { groups, isComplete } = await read();
  expect(groups.map(({ grpid }) => grpid)).toEqual([1, 2, 3]);
  expect(isComplete).toBe(true);
});

test("an offset of 0 with more to come does not ask for the first page again", async () => {
  const from = stub.requests.length;
  stub.willAnswer(answer([group(1)], { more: 1, offset: 0 }));
  expect(await read()).toMatchObject({ groups: [{ grpid: 1 }], isComplete: false });
  expect(stub.requests.length - from).toBe(1);
});

test("an unreadable group stops none of the others, and is counted with its id", async () => {
  stub.willAnswer(
    answer([
      group(1),
      group(2, { measures: [{ type: 1, value: null, unit: -3 }] }),
      group("no id"),
      null,
      "a string",
      group(6, { date: 1e18 }),
      group(7),
    ]),
  );
  const { groups, unreadable } = await read();
  expect(groups.map(({ grpid }) => grpid)).toEqual([1, 7]);
  expect(unreadable.map(({ id }) => id)).toEqual(["2", `at ${TAKEN_AT.toISOString()}`, "at ?", "at ?", "6"]);
});

test.each([
  ["a power of ten above 20", { value: 5, unit: 21 }],
  ["a power of ten below -20", { value: 5, unit: -21 }],
  ["a power of ten far beyond any number", { value: 5, unit: 400 }],
  ["more digits than a number holds", { value: "9".repeat(400), unit: -3 }],
  ["a value so large that no power can be put behind it", { value: 1e21, unit: 0 }],
  ["a broken power of ten", { value: 5, unit: 0.5 }],
])("a group with %s is unreadable, and no weight, height or error", async (_what, measured) => {
  stub.willAnswer(answer([group(1, { measures: [{ type: 1, ...measured }] }), group(2)]));
  const { groups, unreadable } = await read();
  expect([groups.map(({ grpid }) => grpid), unreadable]).toEqual([[2], [{ id: "1", takenAt: TAKEN_AT }]]);
});

test.each([
  ["more digits than a number holds", "9".repeat(400)],
  ["1e308", 1e308],
  ["a negative number", -1],
  ["a broken number", 1.5],
  ["a broken number as a text", "1.5"],
  ["nothing", null],
  ["a number that is not exact", 2 ** 53],
])("an id that is %s is none", async (_what, id) => {
  stub.willAnswer(answer([group(id), group(2)]));
  const { groups, unreadable } = await read();
  expect(groups.map(({ grpid }) => grpid)).toEqual([2]);
  expect(unreadable).toEqual([{ id: `at ${TAKEN_AT.toISOString()}`, takenAt: TAKEN_AT }]);
});

test.each([20, -20])("a power of ten of %d is read", async (unit) => {
  stub.willAnswer(answer([group(1, { measures: [{ type: 1, value: 5, unit }] })]));
  expect(await ids()).toEqual([1]);
});

describe("a list that moves while its pages are read", () => {
  const UPDATETIME = 1_795_000_100;
  const touched = (grpid: number, modified: unknown = UPDATETIME) => group(grpid, { modified });
  const twoPages = (first: unknown[], second: unknown[], more: object = {}) => [
    answer(first, { more: 1, offset: 1, ...more }),
    answer(second, more),
  ];

  test("is read again from the top, and what was pushed over the border is there", async () => {
    const from = stub.requests.length;
    stub.willAnswer(...twoPages([group(1), group(2)], [touched(1)]), ...twoPages([group(2), group(3)], [touched(1)]));
    expect((await ids()).toSorted()).toEqual([1, 2, 3]);
    const forms = stub.requests.slice(from).map(formOf);
    expect(forms.map(({ offset }) => offset)).toEqual([undefined, "1", undefined, "1"]);
  });

  test("is asked for slightly differently, because Withings refuses the same call within ten seconds, and for no less", async () => {
    const from = stub.requests.length;
    stub.willAnswer(...twoPages([], [touched(1)]), ...twoPages([], [touched(1)]));
    await getMeas(call(), { accessToken: "bearer-1", lastUpdate: 5000 });
    const asked = stub.requests.slice(from).map((it) => formOf(it).lastupdate);
    expect(asked).toEqual(["5000", "5000", "4999", "4999"]);
  });

  test("that doesn't come to rest is left for later after three more readings", async () => {
    const from = stub.requests.length;
    stub.willAnswer(...[0, 1, 2, 3, 4].flatMap((n) => twoPages([group(1)], [touched(2, UPDATETIME + n)])));
    expect(await endOf(read())).toBe("RetryLaterError");
    expect(stub.requests.length - from).toBe(8);
  });

  test("is noticed by an unreadable group, and when times come as strings", async () => {
    const unreadable = { ...touched(2, String(UPDATETIME)), measures: "?" };
    const pages = () => twoPages([group(1)], [unreadable], { updatetime: String(UPDATETIME) });
    stub.willAnswer(...pages(), ...pages());
    const from = stub.requests.length;
    await read();
    expect(stub.requests.length - from).toBe(4);
  });

  test.each<[string, () => Response[]]>([
    ["nothing was touched", () => twoPages([group(1)], [touched(2, UPDATETIME - 1)])],
    ["all is on one page", () => [answer([touched(1)])]],
    ["Withings does not say when it answered", () => twoPages([group(1)], [touched(2)], { updatetime: undefined })],
    ["Withings says so in words", () => twoPages([group(1)], [touched(2)], { updatetime: "now" })],
  ])("is not suspected when %s", async (_when, pages) => {
    const from = stub.requests.length;
    stub.willAnswer(...pages());
    await read();
    expect(stub.requests.length - from).toBe(pages().length);
  });

  test("is not suspected for ever because of a change that lies in the future", async () => {
    const from = stub.requests.length;
    const pages = () => twoPages([group(1)], [touched(2, UPDATETIME + 90 * 86_400)]);
    stub.willAnswer(...pages(), ...pages());
    expect(await ids()).toEqual([1, 2]);
    expect(stub.requests.length - from).toBe(4);
  });

  test("loses no weigh-in on its way to Garmin", async () => {
    const harness = await startTestApp();
    const { person, sandbox, sync } = harness;
    sandbox.withings.settings.pageSize = 4;
    const days = Array.from({ length: 8 }, (_, day) => new Date(NOON.getTime() - (20 - day) * 86_400_000));
    const grpids = days.map((at, n) => person.stepOnScale({ at, weightKg: 80 + n / 10 }));
    let pages = 0;
    const app = await harness.newApp({
      wrapSend: (send) => async (request) => {
        const page = await send(request);
        if (String(request.url).endsWith("/measure") && ++pages === 1) person.touch(grpids[0] ?? 0);
        return page;
      },
    });
    await sync({}, app);
    await harness.close();
    expect(harness.weights().map((it) => it.weightKg)).toEqual([80, 80.1, 80.2, 80.3, 80.4, 80.5, 80.6, 80.7]);
  });
});

test("integers may come as strings, and unknown fields and null ones do no harm", async () => {
  stub.willAnswer(
    answer([group("5543254354", { attrib: "0", date: "1795000000", deviceid: null, is_new: { deep: [1] }, model: 7 })]),
  );
  const { groups } = await read();
  expect(groups).toMatchObject([{ grpid: 5_543_254_354, attrib: 0, date: 1_795_000_000, deviceid: null }]);
});

test("a group without measures is read, and is no reading", async () => {
  stub.willAnswer(answer([group(1, { measures: [] })]));
  expect(await changed()).toMatchObject({ readings: [], unreadable: [] });
});

test.each([
  ["null", null],
  ["missing", undefined],
  ["empty", ""],
  ["no zone that exists", "Mars/Olympus_Mons"],
])("a timezone that is %s is unknown, and the readings come through", async (_what, timezone) => {
  stub.willAnswer(answer([group(1)], { timezone }));
  const { readings, timezone: read } = await changed();
  expect([readings.length, read]).toEqual([1, undefined]);
});

test("a timezone that is known already is read again, and another one in its place too", async () => {
  const source = createWithingsSource(call());
  const zone = async (known: string) =>
    (await source.changedSince((use) => use("bearer-1"), new Date(1000), known)).timezone;
  stub.willAnswer(answer([group(1)]), answer([group(1)], { timezone: "America/New_York" }));
  expect([await zone("Europe/Berlin"), await zone("Europe/Berlin")]).toEqual(["Europe/Berlin", "America/New_York"]);
});

test("a last page without a timezone doesn't remove what an earlier one said", async () => {
  stub.willAnswer(answer([group(1)], { more: 1, offset: 1 }), answer([group(2)], { timezone: undefined }));
  expect((await read()).timezone).toBe("Europe/Berlin");
});

test("a segmental weigh-in is read completely", async () => {
  const raw: unknown = JSON.parse(
    readFileSync(new URL("../../fixtures/withings/segmental-weigh-in.json", import.meta.url), "utf8"),
  );
  stub.willAnswer(answer([raw]));
  const { groups, unreadable } = await read();
  expect([groups.length, groups[0]?.measures.length, unreadable.length]).toEqual([1, 20, 0]);
});

test("450 groups in pages of 200 all come through, each once", async () => {
  const harness = await startTestApp();
  harness.sandbox.withings.settings.pageSize = 200;
  for (let n = 0; n < 450; n++) {
    harness.person.stepOnScale({ at: new Date(NOON.getTime() - (n + 1) * 3600_000), weightKg: 80 + (n % 100) / 100 });
  }
  const source = createWithingsSource(
    createWithingsCall({ apiUrl: harness.sandbox.withings.apiUrl, send: stub.send, rateLimited: (task) => task() }),
  );
  const withAccess = harness.app.tokens.withAccess(4711, "withings");
  harness.requests();
  const { readings, unreadable } = await source.changedSince(withAccess, new Date(0));
  expect(new Set(readings.map((it) => it.measureGroupId)).size).toBe(450);
  expect([readings.length, unreadable]).toEqual([450, []]);
  expect(harness.requests()).toEqual(Array(3).fill("withings POST /measure"));
  const times = readings.map((it) => it.takenAt.getTime());
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  await harness.close();
});

test("the height is asked for alone, over all time", async () => {
  const from = stub.requests.length;
  stub.willAnswer(answer([group(1, { measures: [{ type: 4, value: 1684, unit: -3 }] })]));
  const height = await createWithingsSource(call()).latestHeight((use) => use("bearer-1"));
  expect(height).toEqual({ takenAt: new Date(1_795_000_000_000), heightM: 1.684 });
  expect(formOf(stub.requests[from])).toEqual({ action: "getmeas", meastypes: "4", category: "1", lastupdate: "1" });
});

describe("odd things in an answer", () => {
  const noted: UnknownAnswer[] = [];
  const source = () => createWithingsSource(call(), (it) => noted.push(it));
  const readings = async () => {
    noted.length = 0;
    return source().changedSince((use) => use("bearer-1"), new Date(1000));
  };
  const withMeasures = (...measures: unknown[]) =>
    group(1, { measures: [{ type: 1, value: 80_300, unit: -3 }, ...measures] });

  test.each<[string, object]>([
    ["body fat without a value", withMeasures({ type: 6, value: null, unit: -3 })],
    ["an unused type without a value", withMeasures({ type: 226, value: null, unit: 0 })],
    ["an object for a value", withMeasures({ type: 227, value: {}, unit: 0 })],
    ["a measure without a unit", withMeasures({ type: 77, value: 40_000 })],
    ["a unit beyond any", withMeasures({ type: 88, value: 3, unit: -40 })],
    ["a measure that is none", withMeasures(null, "x", 7, [])],
    ["a measure without a type", withMeasures({ value: 3, unit: 0 })],
    ["a position in words, on another measure", withMeasures({ type: 76, value: 5, unit: 0, position: "left" })],
    [
      "a position in words, on the weight",
      group(1, { measures: [{ type: 1, value: 80_300, unit: -3, position: "left" }] }),
    ],
    ["no time of creation", withMeasuresOf({ created: null })],
    ["no time of change", withMeasuresOf({ modified: null })],
    ["a device that is a number", withMeasuresOf({ deviceid: 12_345 })],
    ["a category in words", withMeasuresOf({ category: "real" })],
  ])("%s takes nothing else away, and is noted", async (_what, odd) => {
    stub.willAnswer(answer([odd, group(2)]));
    const { readings: found, unreadable } = await readings();
    expect(found).toMatchObject([
      { kind: "weigh_in", weightKg: 80.3, attribution: "certain", imported: false },
      { kind: "weigh_in", weightKg: 80.25 },
    ]);
    expect(found[0]).not.toHaveProperty("bodyFatPercent");
    expect(unreadable).toEqual([]);
    expect(noted.length).toBeGreaterThan(0);
    expect(noted.every(({ vendor, where }) => vendor === "withings" && !/80.?300|12.?345/.test(where))).toBe(true);
  });

  function withMeasuresOf(fields: object) {
    return { ...withMeasures(), ...fields };
  }

  test("an unreadable attribution says nothing: the reading is held", async () => {
    stub.willAnswer(answer([group(1, { attrib: null })]));
    expect((await readings()).readings).toMatchObject([{ attribution: "unknown" }]);
  });

  test("a reading of an unknown category is held too, and a goal is not a reading", async () => {
    stub.willAnswer(answer([group(1, { category: 3 }), group(2, { category: 2 }), group(3, { category: "2" })]));
    const { readings: found, unreadable } = await readings();
    expect([found, unreadable]).toMatchObject([[{ measureGroupId: 1, attribution: "unknown" }], []]);
    expect(noted.map(({ where }) => where)).toContainEqual(expect.stringContaining("goal"));
  });

  test.each<[string, object]>([
    ["no weight", group(7, { measures: [{ type: 1, value: null, unit: -3 }] })],
    [
      "half of a pressure",
      group(7, {
        measures: [
          { type: 10, value: 120, unit: 0 },
          { type: 9, value: "?", unit: 0 },
        ],
      }),
    ],
    ["no measures", group(7, { measures: null })],
    ["nothing that has a type", group(7, { measures: [{ value: 1, unit: 1 }] })],
  ])("a group with %s is one that cannot be read", async (_what, odd) => {
    stub.willAnswer(answer([odd, group(2)]));
    expect(await readings()).toMatchObject({
      readings: [{ measureGroupId: 2 }],
      unreadable: [{ id: "7", takenAt: TAKEN_AT }],
    });
  });

  test("a group with only an unreadable pulse is not a reading", async () => {
    stub.willAnswer(answer([group(7, { measures: [{ type: 11, value: null, unit: 0 }] })]));
    expect(await readings()).toMatchObject({ readings: [], unreadable: [] });
  });

  test("a timezone that is a number is unknown, and the readings come through", async () => {
    stub.willAnswer(answer([group(1)], { timezone: 2 }));
    expect(await readings()).toMatchObject({ readings: [{ measureGroupId: 1 }], timezone: undefined });
  });

  test("an unreadable `more` counts as more: the list is not taken as complete", async () => {
    stub.willAnswer(answer([group(1)], { more: { next: true } }));
    expect(await readings()).toMatchObject({ readings: [{ measureGroupId: 1 }], isComplete: false });
  });
});
