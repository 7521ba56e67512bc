import { Decoder, Stream } from "@garmin/fitsdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createBloodPressureSink } from "../../../src/sync/garmin/blood-pressure.ts";
import { createGarminCall, type GarminCall } from "../../../src/sync/garmin/client.ts";
import { socialProfile, uploadConsent } from "../../../src/sync/garmin/profile.ts";
import { createWeightSink } from "../../../src/sync/garmin/weight.ts";
import { AccessRefusedError, type SendContext, type Sink, type WithAccess } from "../../../src/sync/ports.ts";
import type { BloodPressure, WeighIn } from "../../../src/sync/reading.ts";
import { endOf, headerLines, page, type Stub, startStub } from "../../fixtures/stub-vendor.ts";
import type { Answer } from "../../sandbox/serve.ts";
import { ACCOUNT, NOON, OWNER, startHousehold } from "../../support/household.ts";

let stub: Stub;
let call: GarminCall;
let weights: Sink<WeighIn>;
let pressures: Sink<BloodPressure>;
beforeAll(async () => {
  stub = await startStub();
  call = createGarminCall({ connectapiUrl: `${stub.url}/`, send: stub.send });
  const schedule = <T>(task: () => Promise<T>) => task();
  weights = createWeightSink({ call, schedule });
  pressures = createBloodPressureSink({ call, schedule });
});
afterAll(() => stub.close());

const withAccess: WithAccess = (use) => use("access-1");
/** As the program's own: once more with a renewed token. */
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

describe("the weights that stand there", () => {
  test("are in grams, at their true time, with the key to delete them by", async () => {
    const manual = entry({
      samplePk: 1_795_260_800_000,
      weight: 79_900.5,
      sourceType: "MANUAL",
      timestampGMT: 1_795_262_400_175,
    });
    stub.willAnswer(weightRange([entry(), manual], [entry({ samplePk: 3, calendarDate: "2026-11-20" })]));
    expect(await weights.around(withAccess, NOON, NOON)).toEqual([
      {
        key: { calendarDate: "2026-11-21", id: "1795260700123" },
        takenAt: NOON,
        values: { kind: "weigh_in", weightKg: 80.25 },
      },
      {
        key: { calendarDate: "2026-11-21", id: "1795260800000" },
        takenAt: new Date("2026-11-21T12:00:00.175Z"),
        values: { kind: "weigh_in", weightKg: 79.9005 },
      },
      expect.objectContaining({ key: { calendarDate: "2026-11-20", id: "3" } }),
    ]);
    expect(last()).toMatchObject({ method: "GET", path: "/weight-service/weight/range/2026-11-20/2026-11-22" });
    expect(Object.fromEntries(last()?.query ?? [])).toEqual({ includeAll: "true" });
    expect(headerLines(last(), "authorization")).toEqual(["Bearer access-1"]);
    expect(headerLines(last(), "content-type")).toEqual([]);
  });

  test("at a time that no date can hold are neither matched nor left out: it is a new shape, and ours to mend", async () => {
    stub.willAnswer(weightRange([entry(), entry({ timestampGMT: 9e15 })]));
    expect(await endOf(weights.around(withAccess, NOON, NOON))).toBe("UnexpectedAnswerError");
  });

  test("of more than a year are asked for in several ranges, and put together", async () => {
    const from = stub.requests.length;
    stub.willAnswer(weightRange([entry({ samplePk: 1 })]), weightRange([]), weightRange([entry({ samplePk: 3 })]));
    const standing = await weights.around(withAccess, new Date("2024-01-01T12:00:00Z"), NOON);
    expect(standing.map((it) => it.key.id)).toEqual(["1", "3"]);
    expect(stub.requests.slice(from).map((it) => it.path.replace("/weight-service/weight/range/", ""))).toEqual([
      "2023-12-31/2024-12-29",
      "2024-12-30/2025-12-29",
      "2025-12-30/2026-11-22",
    ]);
  });
});

describe("the pressures that stand there", () => {
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
    const standing = await pressures.around(withAccess, NOON, NOON);
    const takenAt = new Date("2026-11-21T23:30:00Z");
    const calendarDate = "2026-11-22";
    const values = { kind: "blood_pressure", systolicMmHg: 121, diastolicMmHg: 79 };
    expect(standing).toEqual([
      { key: { calendarDate, id: "1795260700123" }, takenAt, values: { ...values, pulseBpm: 61 } },
      { key: { calendarDate, id: "2" }, takenAt, values },
    ]);
    expect(last()).toMatchObject({
      method: "GET",
      path: "/bloodpressure-service/bloodpressure/range/2026-11-20/2026-11-22",
    });
    // Without it every list of measurements is empty.
    expect(Object.fromEntries(last()?.query ?? [])).toEqual({ includeAll: "true" });
  });

  test.each(["2026-11-21T23:30:00", "2026-11-21T23:30:00.000", "2026-11-21T23:30:00.000Z"])(
    "written like %s too",
    async (text) => {
      stub.willAnswer(
        pressureRange({ startDate: "x", measurements: [measurement({ measurementTimestampGMT: text })] }),
      );
      expect((await pressures.around(withAccess, NOON, NOON))[0]?.takenAt).toEqual(new Date("2026-11-21T23:30:00Z"));
    },
  );

  test.each([
    ["an offset", { measurementTimestampGMT: "2026-11-21T23:30:00.0+00:00" }],
    ["no day that exists", { measurementTimestampGMT: "2026-13-41T23:30:00.0" }],
    ["a day alone", { measurementTimestampGMT: "2026-11-21" }],
    ["words", { measurementTimestampGMT: "Sat Nov 21 2026" }],
    ["nothing", { measurementTimestampGMT: "" }],
    ["words where the day to delete it by is read", { measurementTimestampLocal: "Nov 21, 2026" }],
  ])("whose time is %s are neither matched nor left out: it is a new shape, and ours to mend", async (_what, time) => {
    stub.willAnswer(pressureRange({ startDate: "x", measurements: [measurement(), measurement(time)] }));
    expect(await endOf(pressures.around(withAccess, NOON, NOON))).toBe("UnexpectedAnswerError");
  });

  test("of more than a year are asked for in several ranges", async () => {
    const from = stub.requests.length;
    stub.willAnswer(pressureRange(), pressureRange());
    await pressures.around(withAccess, new Date("2025-11-20T12:00:00Z"), NOON);
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
    ["404", () => Response.json({ error: "NotFoundException" }, { status: 404 }), "UnexpectedAnswerError"],
    [
      "a way to somewhere else",
      () => new Response(null, { status: 302, headers: { location: "/elsewhere" } }),
      "UnexpectedAnswerError",
    ],
  ])("%s: who moves next", async (_what, answer, kind) => {
    stub.willAnswer(answer(), answer(), answer());
    const from = stub.requests.length;
    expect(await endOf(weights.around(withAccess, NOON, NOON))).toBe(kind);
    expect(await endOf(pressures.around(withAccess, NOON, NOON))).toBe(kind);
    expect(await endOf(socialProfile(call, withAccess))).toBe(kind);
    expect(stub.requests.length - from).toBe(3); // nothing was asked twice, and nowhere else
  });

  test("an error says where, and never what stood there", async () => {
    stub.willAnswer(Response.json({ dailyWeightSummaries: "words of the vendor" }));
    const error: unknown = await weights.around(withAccess, NOON, NOON).catch((it: unknown) => it);
    expect(String(error)).toContain("dailyWeightSummaries");
    expect(String(error)).not.toMatch(/words of the vendor|access-1/);
  });
});

describe("an upload of weights", () => {
  const upload = (access: WithAccess = withAccess) =>
    weights.send(access, [weighIn(), weighIn({ measureGroupId: 2 })], context);

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
    ["404", () => Response.json({}, { status: 404 }), "not_sent", "UnexpectedAnswerError"],
    ["302", () => new Response(null, { status: 302, headers: { location: "/" } }), "not_sent", "UnexpectedAnswerError"],
  ])("%s: what becomes of it", async (_what, answer, outcome, stoppedBy) => {
    const from = stub.requests.length;
    stub.willAnswer(answer());
    const sent = await upload();
    expect(sent.outcomes).toEqual([outcome, outcome]);
    expect(sent.stoppedBy?.constructor.name).toBe(stoppedBy);
    expect(stub.requests.length - from).toBe(1);
  });

  test("with a renewed token the form is built anew, whole and with the new token", async () => {
    const from = stub.requests.length;
    stub.willAnswer(new Response("", { status: 401 }), new Response(null, { status: 201 }));
    expect((await upload(renewing)).outcomes).toEqual(["accepted", "accepted"]);
    const [first, second] = stub.requests.slice(from);
    expect(headerLines(second, "authorization")).toEqual(["Bearer access-2"]);
    expect(headerLines(second, "content-type").length).toBe(1);
    expect(second?.bytes.length).toBe(first?.bytes.length);
  });

  test("is not made when the last check before it fails", async () => {
    const from = stub.requests.length;
    const lost = new Error("the lease is gone");
    const sent = await weights.send(withAccess, [weighIn()], { ...context, beforeEach: () => Promise.reject(lost) });
    expect(sent).toEqual({ outcomes: ["not_sent"], stoppedBy: lost });
    expect(stub.requests.length).toBe(from);
  });
});

describe("an upload of pressures", () => {
  test("is JSON with both wall clocks to the millisecond, and one content type", async () => {
    stub.willAnswer(Response.json({ version: 1 }));
    expect(await pressures.send(withAccess, [pressure()], context)).toEqual({ outcomes: ["accepted"] });
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
    await pressures.send(withAccess, [pressure({ takenAt: new Date(at) })], context);
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
    await pressures.send(withAccess, [pulseBpm === undefined ? bare : { ...bare, pulseBpm }], context);
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

  test("one that Garmin does not want stops none of the others", async () => {
    stub.willAnswer(Response.json({}), new Response("", { status: 400 }), Response.json({}));
    expect(await pressures.send(withAccess, [pressure(), pressure(), pressure()], context)).toEqual({
      outcomes: ["accepted", "refused", "accepted"],
    });
  });

  test("after one whose outcome is unknown nothing more is sent", async () => {
    const from = stub.requests.length;
    stub.willAnswer(Response.json({}), "drop", Response.json({}));
    const { outcomes, stoppedBy } = await pressures.send(withAccess, [pressure(), pressure(), pressure()], context);
    expect(outcomes).toEqual(["accepted", "unknown", "not_sent"]);
    expect(stoppedBy).toBeInstanceOf(Error);
    expect(stub.requests.length - from).toBe(2);
  });
});

describe("a removal", () => {
  const key = { calendarDate: "2026-11-21", id: "1795260700123" };

  test("names the day and the key, and is a true DELETE", async () => {
    stub.willAnswer(new Response(null, { status: 204 }), new Response(null, { status: 204 }));
    await weights.remove(withAccess, key);
    expect(last()).toMatchObject({
      method: "DELETE",
      path: "/weight-service/weight/2026-11-21/byversion/1795260700123",
      body: "",
    });
    await pressures.remove(withAccess, key);
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
    ["refused with 401", () => new Response("", { status: 401 }), "AccessRefusedError"],
    ["limited with 429", () => new Response("", { status: 429 }), "RetryLaterError"],
    ["that meets a wall", () => page(403), "RetryLaterError"],
    ["that meets an outage", () => page(503), "RetryLaterError"],
    ["refused with 400", () => new Response("", { status: 400 }), "UnexpectedAnswerError"],
    ["sent elsewhere", () => new Response(null, { status: 302, headers: { location: "/" } }), "UnexpectedAnswerError"],
  ])("%s", async (_what, answer, kind) => {
    stub.willAnswer(answer());
    expect(await endOf(weights.remove(withAccess, key))).toBe(kind);
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
    expect(await socialProfile(call, withAccess)).toEqual(profile);
  });

  test.each<[string, () => Response, boolean | undefined]>([
    ["given", () => Response.json({ userOption: "opt-in" }), true],
    ["given, in capitals", () => Response.json({ userOption: "OPT-IN" }), true],
    ["refused", () => Response.json({ userOption: "opt-out" }), false],
    ["unknown without an option", () => Response.json({ userOption: null }), undefined],
    ["unknown where there is nothing to consent to", () => Response.json({}, { status: 404 }), undefined],
  ])("the consent is %s", async (_what, answer, consent) => {
    stub.willAnswer(answer());
    expect(await uploadConsent(call, withAccess)).toBe(consent);
    expect(last()).toMatchObject({ method: "GET", path: "/gdprconsent-service/feature/UPLOAD" });
  });
});

describe("a link whose access token is refused", () => {
  test("is renewed once, and the call goes through", async () => {
    const house = await startHousehold();
    house.sandbox.garmin.expireAccessToken(OWNER.email);
    house.requests();
    house.person.stepOnScale({ weightKg: 80.25 });
    expect(await house.sync()).toMatchObject({ status: "success", synced: 1 });
    const tokenCalls = house.requests().filter((it) => it.startsWith("garmin_diauth"));
    expect(tokenCalls).toEqual(["garmin_diauth POST /di-oauth2-service/oauth/token"]);
    await house.close();
  });

  test("ends when the renewed token is refused too, and keeps its tokens", async () => {
    const house = await startHousehold();
    house.sandbox.faults.turnOn("garmin_token_not_active");
    house.person.stepOnScale({ weightKg: 80.25 });
    expect(await house.sync()).toMatchObject({ status: "action_needed", action: "relink_garmin" });
    expect((await house.app.links.read(ACCOUNT, "garmin"))?.value).toMatchObject({
      state: "stale",
      tokens: { refreshToken: expect.any(String) },
    });
    await house.close();
  });
});
