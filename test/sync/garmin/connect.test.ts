import { Decoder, Stream } from "@garmin/fitsdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answer, RecordedRequest } from "../../../src/sandbox/serve.ts";
import { createBloodPressureSink } from "../../../src/sync/garmin/blood-pressure.ts";
import { createGarminClient, type GarminCall } from "../../../src/sync/garmin/client.ts";
import { socialProfile, uploadConsent } from "../../../src/sync/garmin/profile.ts";
import { createWeightSink } from "../../../src/sync/garmin/weight.ts";
import { AccessRefusedError, type WithAccess } from "../../../src/sync/model/link.ts";
import type { BloodPressure, WeighIn } from "../../../src/sync/model/reading.ts";
import type { UnknownAnswer } from "../../../src/sync/model/vendor-answers.ts";
import type { SendContext, Sink } from "../../../src/sync/model/vendors.ts";
import { endOf, headerLines, page, type Stub, startStub } from "../../fixtures/stub-vendor.ts";
import { ACCOUNT, NOON, OWNER, startTestApp } from "../../support/test-app.ts";

let stub: Stub;
let open: (withAccess: WithAccess) => GarminCall;
let call: GarminCall;
let weights: Sink<WeighIn>;
let pressures: Sink<BloodPressure>;
/** What was noted as not understood, the newest last. */
const noted: UnknownAnswer[] = [];
beforeAll(async () => {
  stub = await startStub();
  open = createGarminClient({ connectapiUrl: `${stub.url}/`, send: stub.send, onUnknown: (it) => void noted.push(it) });
  call = open(withAccess);
  weights = createWeightSink({ call, rateLimited });
  pressures = createBloodPressureSink({ call, rateLimited });
});
afterAll(() => stub.close());

const rateLimited = <T>(task: () => Promise<T>) => task();
const withAccess: WithAccess = (use) => use("access-1");
/** Like the program's own: once more with a renewed token. */
const renewing: WithAccess = async (use) => {
  try {
    return await use("access-1");
  } catch (error) {
    if (!(error instanceof AccessRefusedError)) throw error;
    return use("access-2");
  }
};
const context: SendContext = {
  beforeEach: async () => {},
  heightM: 1.75,
  timezone: "Europe/Berlin",
  parts: { composition: true, muscle: true },
};
/** The app's header set, by what several live clients send. */
const APP = {
  "user-agent": ["GCM-Android-5.23"],
  "x-garmin-user-agent": [
    "com.garmin.android.apps.connectmobile/5.23; ; Google/sdk_gphone64_arm64/google; Android/33; Dalvik/2.1.0",
  ],
  "x-garmin-paired-app-version": ["10861"],
  "x-garmin-client-platform": ["Android"],
  "x-app-ver": ["10861"],
  "x-lang": ["en"],
  "x-gcexperience": ["GC5"],
  "accept-language": ["en-US,en;q=0.9"],
};
const appHeadersOf = (request: RecordedRequest) =>
  Object.fromEntries(Object.keys(APP).map((name) => [name, headerLines(request, name)]));
const last = () => stub.requests.at(-1);

const measured = {
  measureGroupId: 1,
  takenAt: NOON,
  modifiedAt: NOON,
  attribution: "certain",
  imported: false,
} as const;
const weighIn = (values: Partial<WeighIn> = {}): WeighIn => ({
  kind: "weigh_in",
  ...measured,
  weightKg: 80.25,
  ...values,
});
const pressure = (values: Partial<BloodPressure> = {}): BloodPressure => ({
  kind: "blood_pressure",
  ...measured,
  systolicMmHg: 121,
  diastolicMmHg: 79,
  pulseBpm: 61,
  ...values,
});

const entry = (values: object = {}) => ({
  samplePk: 1_795_260_700_123,
  date: 1_795_266_000_000, // an hour on: the wall clock in Berlin, as if it were UTC
  calendarDate: "2026-11-21",
  weight: 80_250,
  bmi: 26.200000762939453,
  bodyFat: 18.3,
  bodyWater: null,
  boneMass: null,
  muscleMass: null,
  physiqueRating: null,
  visceralFat: null,
  metabolicAge: null,
  sourceType: "INDEX_SCALE",
  timestampGMT: 1_795_262_400_000,
  weightDelta: 50.00000000000284,
  ...values,
});
const weightRange = (...days: object[][]) =>
  Response.json({
    dailyWeightSummaries: days.map((allWeightMetrics) => ({
      summaryDate: "2026-11-21",
      latestWeight: {},
      allWeightMetrics,
    })),
    totalAverage: { weight: 80_250 },
    previousDateWeight: { samplePk: null, weight: null },
  });
const pressureRange = (...summaries: object[]) =>
  Response.json({ measurementSummaries: summaries, categoryStats: null });

describe("the weights in Garmin", () => {
  test("are in grams, at their true time, with the key to delete them by", async () => {
    const manual = entry({
      samplePk: 1_795_260_800_000,
      weight: 79_900.5,
      sourceType: "MANUAL",
      timestampGMT: 1_795_262_400_175,
    });
    stub.willAnswer(weightRange([entry(), manual], [entry({ samplePk: 3, calendarDate: "2026-11-20" })]));
    const { entries, unreadable } = await weights.around(NOON, NOON);
    expect(unreadable).toEqual([]);
    expect(entries).toEqual([
      {
        key: { calendarDate: "2026-11-21", id: "1795260700123" },
        takenAt: NOON,
        storedAt: new Date(1_795_260_700_123),
        values: { kind: "weigh_in", weightKg: 80.25 },
        fields: { weightKg: 80.25, bmi: 26.200000762939453, bodyFatPercent: 18.3 },
      },
      {
        key: { calendarDate: "2026-11-21", id: "1795260800000" },
        takenAt: new Date("2026-11-21T12:00:00.175Z"),
        storedAt: new Date(1_795_260_800_000),
        values: { kind: "weigh_in", weightKg: 79.9005 },
        fields: expect.objectContaining({ weightKg: 79.9005 }),
      },
      expect.objectContaining({ key: { calendarDate: "2026-11-20", id: "3" } }),
    ]);
    expect(last()).toMatchObject({ method: "GET", path: "/weight-service/weight/range/2026-11-20/2026-11-22" });
    expect(Object.fromEntries(last()?.query ?? [])).toEqual({ includeAll: "true" });
    expect(headerLines(last(), "authorization")).toEqual(["Bearer access-1"]);
    expect(headerLines(last(), "content-type")).toEqual([]);
  });

  test.each<[string, object, object]>([
    ["no weight", { weight: null }, { takenAt: NOON, calendarDate: "2026-11-21" }],
    ["a weight of nothing", { weight: 0 }, { takenAt: NOON, calendarDate: "2026-11-21" }],
    ["a weight that is an object", { weight: {} }, { takenAt: NOON, calendarDate: "2026-11-21" }],
    ["no time", { timestampGMT: null }, { calendarDate: "2026-11-21", weightKg: 80.25 }],
    ["a time of 0", { timestampGMT: 0 }, { calendarDate: "2026-11-21", weightKg: 80.25 }],
    ["a time that no date can hold", { timestampGMT: 9e15 }, { calendarDate: "2026-11-21", weightKg: 80.25 }],
    ["no key", { samplePk: null }, { takenAt: NOON, calendarDate: "2026-11-21", weightKg: 80.25 }],
    ["a key in words", { samplePk: "MFP-77" }, { takenAt: NOON, calendarDate: "2026-11-21", weightKg: 80.25 }],
    ["a key beyond what a number holds", { samplePk: 1e17 }, expect.anything()],
  ])(
    "with %s don't affect the others: they are passed over, noted, and known to be there",
    async (_what, odd, rest) => {
      stub.willAnswer(weightRange([entry(odd), entry({ samplePk: 2 })], [entry({ samplePk: 3 })]));
      const { entries, unreadable } = await weights.around(NOON, NOON);
      expect(entries.map((it) => it.key.id)).toEqual(["2", "3"]);
      expect(unreadable).toEqual([rest]);
      expect(noted.at(-1)).toMatchObject({
        ...{ vendor: "garmin", call: "Garmin GET /weight-service/weight/range", httpStatus: 200 },
        ...{ where: expect.stringMatching(/^(weight|timestampGMT|samplePk): unreadable$/), value: entry(odd) },
      });
    },
  );

  test("show every part of the composition in its own unit, and none that is null or 0", async () => {
    const whole = { bodyFat: "21.4", bodyWater: 55.1, boneMass: 3149, muscleMass: 59_899, visceralFat: 6 };
    stub.willAnswer(weightRange([entry({ ...whole, metabolicAge: 41 * 31_556_926_000 }), entry({ bmi: 0 })]));
    const { entries } = await weights.around(NOON, NOON);
    expect(entries.map(({ fields }) => fields)).toEqual([
      {
        ...{ weightKg: 80.25, bmi: 26.200000762939453, bodyFatPercent: 21.4, bodyWaterPercent: 55.1 },
        ...{ boneMassKg: 3.149, muscleMassKg: 59.899, visceralFatIndex: 6, metabolicAgeYears: 41 },
      },
      { weightKg: 80.25, bodyFatPercent: 18.3 },
    ]);
  });

  test("are read even if a key or a number is text, and only their day has a date", async () => {
    const texts = entry({ samplePk: "77", weight: "80250.0", timestampGMT: "1795262400000", calendarDate: null });
    stub.willAnswer(weightRange([texts]));
    expect((await weights.around(NOON, NOON)).entries).toMatchObject([
      {
        key: { calendarDate: "2026-11-21", id: "77" },
        takenAt: NOON,
        values: { kind: "weigh_in", weightKg: 80.25 },
      },
    ]);
  });

  test.each<[string, unknown, object[]]>([
    ["nothing, and counts nothing", { summaryDate: "2026-11-20", numOfWeightEntries: 0, allWeightMetrics: null }, []],
    [
      "nothing, though it counts one",
      { summaryDate: "2026-11-20", numOfWeightEntries: 1, allWeightMetrics: [] },
      [{ calendarDate: "2026-11-20" }],
    ],
    [
      "something else than a list",
      { summaryDate: "2026-11-20", allWeightMetrics: "x" },
      [{ calendarDate: "2026-11-20" }],
    ],
    ["words", { summaryDate: "2026-11-20", allWeightMetrics: ["x"] }, [{ calendarDate: "2026-11-20" }]],
  ])("of a day that lists %s don't affect another day", async (_what, day, unreadable) => {
    const good = { summaryDate: "2026-11-21", allWeightMetrics: [entry()] };
    stub.willAnswer(Response.json({ dailyWeightSummaries: [day, good] }));
    const around = await weights.around(NOON, NOON);
    expect(around).toMatchObject({ entries: [{ key: { id: "1795260700123" } }], unreadable });
    expect(around.unreadable).toHaveLength(unreadable.length);
  });

  test("of more than a year are asked for in several ranges, and put together", async () => {
    const from = stub.requests.length;
    stub.willAnswer(weightRange([entry({ samplePk: 1 })]), weightRange([]), weightRange([entry({ samplePk: 3 })]));
    const { entries } = await weights.around(new Date("2024-01-01T12:00:00Z"), NOON);
    expect(entries.map((it) => it.key.id)).toEqual(["1", "3"]);
    expect(stub.requests.slice(from).map((it) => it.path.replace("/weight-service/weight/range/", ""))).toEqual([
      "2023-12-31/2024-12-29",
      "2024-12-30/2025-12-29",
      "2025-12-30/2026-11-22",
    ]);
  });
});

describe("the pressures in Garmin", () => {
  const measurement = (values: object = {}) => ({
    version: 1_795_260_700_123,
    systolic: 121,
    diastolic: 79,
    pulse: 61,
    notes: "",
    sourceType: "MANUAL",
    measurementTimestampLocal: "2026-11-22T00:30:00.0",
    measurementTimestampGMT: "2026-11-21T23:30:00.0",
    ...values,
  });

  test("are at their true time, under their local date", async () => {
    stub.willAnswer(
      pressureRange(
        { startDate: "2026-11-22", measurements: [measurement(), measurement({ version: 2, pulse: null })] },
        { startDate: "2026-11-20", measurements: [] },
        { startDate: "2026-11-19" },
      ),
    );
    const { entries } = await pressures.around(NOON, NOON);
    const takenAt = new Date("2026-11-21T23:30:00Z");
    const calendarDate = "2026-11-22";
    const values = { kind: "blood_pressure", systolicMmHg: 121, diastolicMmHg: 79 };
    expect(entries).toMatchObject([
      { key: { calendarDate, id: "1795260700123" }, takenAt, values: { ...values, pulseBpm: 61 } },
      { key: { calendarDate, id: "2" }, takenAt, values, fields: { systolicMmHg: 121, diastolicMmHg: 79 } },
    ]);
    expect(last()).toMatchObject({
      method: "GET",
      path: "/bloodpressure-service/bloodpressure/range/2026-11-20/2026-11-22",
    });
    // Without it every list of measurements is empty.
    expect(Object.fromEntries(last()?.query ?? [])).toEqual({ includeAll: "true" });
  });

  test.each<[unknown]>([
    ["2026-11-21T23:30:00"],
    ["2026-11-21T23:30"],
    ["2026-11-21T23:30:00.000"],
    ["2026-11-21T23:30:00.000Z"],
    ["2026-11-21T23:30:00.0+00:00"],
    ["2026-11-22T00:30:00.0+0100"],
    ["2026-11-21 23:30:00.0"],
    [1_795_303_800_000],
    ["1795303800000"],
    [1_795_303_800],
  ])("are read if the time is written like %j", async (time) => {
    stub.willAnswer(pressureRange({ startDate: "x", measurements: [measurement({ measurementTimestampGMT: time })] }));
    const { entries } = await pressures.around(NOON, NOON);
    expect(entries[0]?.takenAt).toEqual(new Date("2026-11-21T23:30:00Z"));
  });

  test.each<[string, object]>([
    ["no systolic value", { systolic: null }],
    ["no diastolic value", { diastolic: null }],
    ["no key", { version: null }],
    ["no day that exists", { measurementTimestampGMT: "2026-13-41T23:30:00.0" }],
    ["a day alone", { measurementTimestampGMT: "2026-11-21" }],
    ["a time in words", { measurementTimestampGMT: "Sat Nov 21 2026" }],
    ["an empty time", { measurementTimestampGMT: "" }],
    ["no time", { measurementTimestampGMT: null }],
    ["words where the day to delete it by is read", { measurementTimestampLocal: "Nov 21, 2026" }],
  ])("with %s don't affect the others: they are passed over, noted, and known to be there", async (_what, odd) => {
    stub.willAnswer(pressureRange({ startDate: "x", measurements: [measurement(odd), measurement({ version: 2 })] }));
    const { entries, unreadable } = await pressures.around(NOON, NOON);
    expect(entries.map((it) => it.key.id)).toEqual(["2"]);
    expect(unreadable).toHaveLength(1);
    expect(noted.at(-1)).toMatchObject({
      ...{ call: "Garmin GET /bloodpressure-service/bloodpressure/range", value: measurement(odd) },
      where: expect.stringContaining("unreadable"),
    });
  });

  test("without a readable local time are deleted by the date of their day", async () => {
    const odd = measurement({ measurementTimestampLocal: null });
    stub.willAnswer(pressureRange({ startDate: "2026-11-22", measurements: [odd] }));
    expect((await pressures.around(NOON, NOON)).entries[0]?.key.calendarDate).toBe("2026-11-22");
  });

  test("of more than a year are asked for in several ranges", async () => {
    const from = stub.requests.length;
    stub.willAnswer(pressureRange(), pressureRange());
    await pressures.around(new Date("2025-11-20T12:00:00Z"), NOON);
    expect(stub.requests.slice(from).map((it) => it.path.slice(-21))).toEqual([
      "2025-11-19/2026-11-18",
      "2026-11-19/2026-11-22",
    ]);
  });
});

describe("an answer to a question", () => {
  test.each<[string, () => Answer, string]>([
    ["401", () => Response.json({ error: "NotAuthorizedException" }, { status: 401 }), "AccessRefusedError"],
    ["412", () => Response.json({ reasonCode: 2 }, { status: 412 }), "ActionNeededError grant_garmin_upload"],
    ["403 with a page, Cloudflare's wall", () => page(403), "RetryLaterError"],
    ["429", () => new Response("", { status: 429 }), "RetryLaterError"],
    [
      "429 that names a time",
      () => new Response("", { status: 429, headers: { "retry-after": "120" } }),
      "RetryLaterError 120",
    ],
    ["500", () => Response.json({ message: "HTTP 500" }, { status: 500 }), "RetryLaterError"],
    ["502 with a page", () => page(502), "RetryLaterError"],
    ["200 with a page", () => page(), "RetryLaterError"],
    ["a broken line", () => "drop", "RetryLaterError"],
    ["200 in another shape", () => Response.json({ somethingElse: [] }), "UnexpectedAnswerError"],
    [
      "403 of Cloudflare in JSON",
      () => Response.json({ cloudflare_error: true, error_code: 1020 }, { status: 403 }),
      "RetryLaterError",
    ],
    [
      "403 with JSON and Cloudflare's challenge",
      () => Response.json({}, { status: 403, headers: { "cf-mitigated": "challenge" } }),
      "RetryLaterError",
    ],
    ["403 without a word", () => new Response("", { status: 403 }), "RetryLaterError"],
    [
      "a way to somewhere else",
      () => new Response(null, { status: 302, headers: { location: "/elsewhere" } }),
      "UnexpectedAnswerError",
    ],
  ])("%s: who acts next", async (_what, answer, kind) => {
    stub.willAnswer(answer(), answer(), answer());
    const from = stub.requests.length;
    expect(await endOf(weights.around(NOON, NOON))).toBe(kind);
    expect(await endOf(pressures.around(NOON, NOON))).toBe(kind);
    expect(await endOf(socialProfile(call))).toBe(kind);
    expect(stub.requests.length - from).toBe(3); // nothing was asked twice, and nowhere else
  });

  test.each([
    ["403 in JSON", () => Response.json({ error: "ForbiddenException" }, { status: 403 })],
    ["404", () => Response.json({ error: "NotFoundException" }, { status: 404 })],
    ["402", () => Response.json({}, { status: 402 })],
    ["400", () => new Response("", { status: 400 })],
  ])("%s closes the kind that was asked about, and says nothing about the profile", async (_what, answer) => {
    stub.willAnswer(answer(), answer(), answer());
    expect(await endOf(weights.around(NOON, NOON))).toBe("KindClosedError");
    expect(await endOf(pressures.around(NOON, NOON))).toBe("KindClosedError");
    expect(await endOf(socialProfile(call))).toBe("UnexpectedAnswerError");
    expect(noted.at(-1)).toMatchObject({ call: "Garmin GET /userprofile-service/socialProfile" });
  });

  test("without content is an empty list: at once if its status says so, otherwise if it comes twice", async () => {
    const nothing = { entries: [], unreadable: [], isWithoutBody: true };
    const from = stub.requests.length;
    stub.willAnswer(new Response(null, { status: 204 }), new Response(null, { status: 204 }));
    expect(await weights.around(NOON, NOON)).toEqual(nothing);
    expect(await pressures.around(NOON, NOON)).toEqual(nothing);
    expect(stub.requests.length - from).toBe(2);
    stub.willAnswer(new Response(""), new Response(""));
    expect(await weights.around(NOON, NOON)).toEqual(nothing);
    stub.willAnswer(new Response(""), weightRange([entry()]));
    expect((await weights.around(NOON, NOON)).entries).toHaveLength(1);
  });

  test("an error says where, and never what was there", async () => {
    stub.willAnswer(Response.json({ dailyWeightSummaries: "words of the vendor" }));
    const error: unknown = await weights.around(NOON, NOON).catch((it: unknown) => it);
    expect(String(error)).toContain("dailyWeightSummaries");
    expect(String(error)).not.toMatch(/words of the vendor|access-1/);
  });
});

const failure = { internalId: null, externalId: "x", messages: [{ code: 404, content: "Unsupported file" }] };
const imported = (successes: object[] | null, failures: object[]) =>
  Response.json({ detailedImportResult: { uploadId: 1, successes, failures } }, { status: 202 });

describe("an upload of weights", () => {
  const upload = (access: WithAccess = withAccess) =>
    createWeightSink({ call: open(access), rateLimited }).send([weighIn(), weighIn({ measureGroupId: 2 })], context);

  test("is one form with one file of type FIT, and one content type", async () => {
    stub.willAnswer(new Response(null, { status: 201 }));
    expect(await upload()).toEqual({ outcomes: ["accepted", "accepted"] });
    expect(last()).toMatchObject({ method: "POST", path: "/upload-service/upload" });
    const [contentType = "", ...more] = headerLines(last(), "content-type");
    expect(more).toEqual([]);
    expect(contentType).toMatch(/^multipart\/form-data; ?boundary=\S+$/);
    expect(headerLines(last(), "authorization")).toEqual(["Bearer access-1"]);

    const form = await new Response(last()?.bytes.slice(), { headers: { "content-type": contentType } }).formData();
    expect([...form.keys()]).toEqual(["file"]);
    const file = form.get("file");
    if (!(file instanceof File)) throw new Error("the part is no file");
    expect(file.name).toBe("weight.fit");
    const { messages } = new Decoder(Stream.fromByteArray(new Uint8Array(await file.arrayBuffer()))).read();
    expect(messages.weightScaleMesgs).toMatchObject([{ weight: 80.25, bmi: 26.2 }, { weight: 80.25 }]);
  });

  test.each<[string, () => Answer, string, string | undefined]>([
    ["200", () => Response.json({}), "accepted", undefined],
    ["201", () => new Response(null, { status: 201 }), "accepted", undefined],
    ["202", () => Response.json({ detailedImportResult: {} }, { status: 202 }), "accepted", undefined],
    ["409, it is there already", () => Response.json({}, { status: 409 }), "accepted", undefined],
    ["400", () => new Response("", { status: 400 }), "refused", undefined],
    ["406", () => Response.json({}, { status: 406 }), "refused", undefined],
    ["500", () => Response.json({}, { status: 500 }), "unknown", "RetryLaterError"],
    ["502 with a page", () => page(502), "unknown", "RetryLaterError"],
    ["a line that breaks after it", () => "drop", "unknown", "NoAnswerError"],
    ["412", () => Response.json({ reasonCode: 2 }, { status: 412 }), "not_sent", "ActionNeededError"],
    ["401 again", () => new Response("", { status: 401 }), "not_sent", "AccessRefusedError"],
    ["403 with a page", () => page(403), "not_sent", "RetryLaterError"],
    ["429", () => new Response("", { status: 429 }), "not_sent", "RetryLaterError"],
    ["403 in JSON", () => Response.json({}, { status: 403 }), "unknown", "KindClosedError"],
    ["404", () => Response.json({}, { status: 404 }), "unknown", "KindClosedError"],
    ["418", () => Response.json({}, { status: 418 }), "unknown", "UnexpectedAnswerError"],
    ["302", () => new Response(null, { status: 302, headers: { location: "/" } }), "unknown", "UnexpectedAnswerError"],
    ["200 with a page", () => page(), "unknown", "RetryLaterError"],
    ["202 with failures alone", () => imported([], [failure]), "refused", undefined],
    ["202 with failures and no word of successes", () => imported(null, [failure]), "refused", undefined],
    ["202 with failures and successes", () => imported([{}], [failure]), "unknown", undefined],
    ["202 with successes", () => imported([{}], []), "accepted", undefined],
  ])("%s: what becomes of it", async (_what, answer, outcome, stoppedBy) => {
    const from = stub.requests.length;
    stub.willAnswer(answer());
    const sent = await upload();
    expect(sent.outcomes).toEqual([outcome, outcome]);
    expect(sent.stoppedBy?.constructor.name).toBe(stoppedBy);
    expect(stub.requests.length - from).toBe(1);
  });

  test("whose failures are inside its answer is noted with their code", async () => {
    stub.willAnswer(imported([], [failure]));
    await upload();
    expect(noted.at(-1)).toMatchObject({
      ...{ call: "Garmin POST /upload-service/upload", where: "detailedImportResult.failures" },
      value: { detailedImportResult: { failures: [{ messages: [{ code: 404 }] }] } },
    });
  });

  test("whose answer is data of another kind is accepted, and its shape noted; that of a blood pressure isn't", async () => {
    const before = noted.length;
    stub.willAnswer(Response.json({ importId: 1 }, { status: 201 }));
    expect((await upload()).outcomes).toEqual(["accepted", "accepted"]);
    expect(noted.slice(before)).toMatchObject([
      { call: "Garmin POST /upload-service/upload", httpStatus: 201, value: { importId: 1 } },
    ]);
    stub.willAnswer(imported([{}], []), Response.json({ version: 1 }));
    await upload();
    await pressures.send([pressure()], context);
    expect(noted).toHaveLength(before + 1);
  });

  test("with a renewed token builds the form again, whole and with the new token", async () => {
    const from = stub.requests.length;
    stub.willAnswer(new Response("", { status: 401 }), new Response(null, { status: 201 }));
    expect((await upload(renewing)).outcomes).toEqual(["accepted", "accepted"]);
    const [first, second] = stub.requests.slice(from);
    expect(headerLines(second, "authorization")).toEqual(["Bearer access-2"]);
    expect(headerLines(second, "content-type").length).toBe(1);
    expect(second?.bytes.length).toBe(first?.bytes.length);
  });

  test("isn't made when the last check before it fails", async () => {
    const from = stub.requests.length;
    const lost = new Error("the lease is gone");
    const sent = await weights.send([weighIn()], { ...context, beforeEach: () => Promise.reject(lost) });
    expect(sent).toEqual({ outcomes: ["not_sent"], stoppedBy: lost });
    expect(stub.requests.length).toBe(from);
  });
});

describe("an upload of pressures", () => {
  test("is JSON with both wall clocks to the millisecond, and one content type", async () => {
    stub.willAnswer(Response.json({ version: 1 }));
    expect(await pressures.send([pressure()], context)).toEqual({ outcomes: ["accepted"] });
    expect(last()).toMatchObject({ method: "POST", path: "/bloodpressure-service/bloodpressure" });
    expect(headerLines(last(), "content-type")).toEqual(["application/json"]);
    expect(JSON.parse(last()?.body ?? "")).toEqual({
      measurementTimestampLocal: "2026-11-21T13:00:00.000",
      measurementTimestampGMT: "2026-11-21T12:00:00.000",
      systolic: 121,
      diastolic: 79,
      pulse: 61,
      sourceType: "MANUAL",
      notes: "",
    });
  });

  test.each([
    ["winter", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59.000"],
    ["summer", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00.000"],
    ["the repeated hour, first", "2026-10-25T00:30:00Z", "2026-10-25T02:30:00.000"],
    ["the repeated hour, second", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00.000"],
  ])("keeps both sides of a clock change apart: %s", async (_when, at, local) => {
    stub.willAnswer(Response.json({}));
    await pressures.send([pressure({ takenAt: new Date(at) })], context);
    expect(JSON.parse(last()?.body ?? "")).toMatchObject({
      measurementTimestampLocal: local,
      measurementTimestampGMT: `${at.slice(0, -1)}.000`,
    });
  });

  test.each([
    ["no pulse", undefined],
    ["a pulse of 0", 0],
    ["a pulse of 251", 251],
    ["a pulse that is no number", Number.NaN],
  ])("goes without %s", async (_what, pulseBpm) => {
    stub.willAnswer(Response.json({}));
    const { pulseBpm: _pulse, ...bare } = pressure();
    await pressures.send([pulseBpm === undefined ? bare : { ...bare, pulseBpm }], context);
    expect(JSON.parse(last()?.body ?? "")).not.toHaveProperty("pulse");
  });

  test.each([
    [121, 79, undefined],
    [70, 40, undefined],
    [260, 150, undefined],
    [69, 40, "out_of_range"],
    [261, 90, "out_of_range"],
    [120, 39, "out_of_range"],
    [120, 151, "out_of_range"],
    [Number.NaN, 79, "out_of_range"],
    [120.6, 79.4, undefined],
  ])("of %d over %d: %s", (systolicMmHg, diastolicMmHg, refusal) => {
    expect(pressures.refusal(pressure({ systolicMmHg, diastolicMmHg }))).toBe(refusal);
  });

  test.each([
    ["1998-07-03T00:00:00Z", "out_of_range"],
    ["1998-07-05T00:00:00Z", undefined],
    ["2126-02-05T00:00:00Z", undefined],
    ["2126-02-07T00:00:00Z", "out_of_range"],
    ["5138-11-16T09:46:39Z", "out_of_range"],
    ["no date", "out_of_range"],
  ])("taken at %s: %s, as a weigh-in would be", (at, refusal) => {
    const takenAt = new Date(at);
    expect(pressures.refusal(pressure({ takenAt }))).toBe(refusal);
    expect(weights.refusal(weighIn({ takenAt }))).toBe(refusal);
  });

  test("one that Garmin refuses stops none of the others", async () => {
    stub.willAnswer(Response.json({}), new Response("", { status: 400 }), Response.json({}));
    expect(await pressures.send([pressure(), pressure(), pressure()], context)).toEqual({
      outcomes: ["accepted", "refused", "accepted"],
    });
  });

  test("after one whose outcome is unknown nothing more is sent", async () => {
    const from = stub.requests.length;
    stub.willAnswer(Response.json({}), "drop", Response.json({}));
    const { outcomes, stoppedBy } = await pressures.send([pressure(), pressure(), pressure()], context);
    expect(outcomes).toEqual(["accepted", "unknown", "not_sent"]);
    expect(stoppedBy).toBeInstanceOf(Error);
    expect(stub.requests.length - from).toBe(2);
  });
});

test("every request carries what Garmin's app sends, each header once", async () => {
  stub.willAnswer(
    weightRange(),
    Response.json({}),
    new Response(null, { status: 204 }),
    Response.json({ profileId: 1 }),
  );
  const from = stub.requests.length;
  await weights.around(NOON, NOON);
  await pressures.send([pressure()], context);
  await weights.remove({ calendarDate: "2026-11-21", id: "1" });
  await socialProfile(call);
  const requests = stub.requests.slice(from);
  expect(requests).toHaveLength(4);
  for (const request of requests) expect(appHeadersOf(request)).toEqual(APP);
});

describe("a removal", () => {
  const key = { calendarDate: "2026-11-21", id: "1795260700123" };

  test("names the day and the key, and is a true DELETE", async () => {
    stub.willAnswer(new Response(null, { status: 204 }), new Response(null, { status: 204 }));
    await weights.remove(key);
    expect(last()).toMatchObject({
      method: "DELETE",
      path: "/weight-service/weight/2026-11-21/byversion/1795260700123",
      body: "",
    });
    await pressures.remove(key);
    expect(last()).toMatchObject({
      method: "DELETE",
      path: "/bloodpressure-service/bloodpressure/2026-11-21/1795260700123",
      body: "",
    });
  });

  test.each<[string, () => Answer, string]>([
    [
      "of what is gone already does no harm",
      () => Response.json({ error: "NotFoundException" }, { status: 404 }),
      "success",
    ],
    ["that a page says is done", () => page(), "RetryLaterError"],
    ["that a page does not find", () => page(404), "RetryLaterError"],
    ["done, with data", () => Response.json({}), "success"],
    ["forbidden in JSON", () => Response.json({}, { status: 403 }), "UnexpectedAnswerError"],
    ["refused with 401", () => new Response("", { status: 401 }), "AccessRefusedError"],
    ["limited with 429", () => new Response("", { status: 429 }), "RetryLaterError"],
    ["that meets a wall", () => page(403), "RetryLaterError"],
    ["that meets an outage", () => page(503), "RetryLaterError"],
    ["refused with 400", () => new Response("", { status: 400 }), "UnexpectedAnswerError"],
    ["sent elsewhere", () => new Response(null, { status: 302, headers: { location: "/" } }), "UnexpectedAnswerError"],
  ])("%s", async (_what, answer, kind) => {
    stub.willAnswer(answer());
    expect(await endOf(weights.remove(key))).toBe(kind);
  });
});

describe("the profile and the consent", () => {
  test.each([
    [
      { profileId: 77, displayName: "u-77", fullName: "Kim Doe" },
      { profileId: "77", displayName: "Kim Doe" },
    ],
    [
      { profileId: "77", displayName: "u-77", fullName: "" },
      { profileId: "77", displayName: "u-77" },
    ],
    [
      { profileId: 77, displayName: null },
      { profileId: "77", displayName: "77" },
    ],
  ])("%j is shown as %j", async (body, profile) => {
    stub.willAnswer(Response.json(body));
    expect(await socialProfile(call)).toEqual(profile);
  });

  test.each<[string, () => Response, boolean | undefined]>([
    ["given", () => Response.json({ userOption: "opt-in" }), true],
    ["given, in capitals", () => Response.json({ userOption: "OPT-IN" }), true],
    ["refused", () => Response.json({ userOption: "opt-out" }), false],
    ["unknown without an option", () => Response.json({ userOption: null }), undefined],
    ["unknown where there is nothing to consent to", () => Response.json({}, { status: 404 }), undefined],
  ])("the consent is %s", async (_what, answer, consent) => {
    stub.willAnswer(answer());
    expect(await uploadConsent(call)).toBe(consent);
    expect(last()).toMatchObject({ method: "GET", path: "/gdprconsent-service/feature/UPLOAD" });
  });
});

describe("a link whose access token is refused", () => {
  test("is renewed once, and the call goes through", async () => {
    const harness = await startTestApp();
    harness.sandbox.garmin.expireAccessToken(OWNER.email);
    harness.requests();
    harness.person.stepOnScale({ weightKg: 80.25 });
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    const tokenCalls = harness.requests().filter((it) => it.startsWith("garmin_diauth"));
    expect(tokenCalls).toEqual(["garmin_diauth POST /di-oauth2-service/oauth/token"]);
    await harness.close();
  });

  test("ends when the renewed token is refused too for longer than doubt allows, and keeps its tokens", async () => {
    const harness = await startTestApp();
    harness.sandbox.faults.turnOn("garmin_token_not_active");
    harness.person.stepOnScale({ weightKg: 80.25 });
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
    harness.clock.advance(3600);
    expect(await harness.sync()).toMatchObject({ status: "action_needed", action: "relink_garmin" });
    expect((await harness.app.store.links.read(ACCOUNT, "garmin"))?.value).toMatchObject({
      state: "stale",
      tokens: { refreshToken: expect.any(String) },
    });
    await harness.close();
  });
});
