import { Encoder } from "@garmin/fitsdk";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FaultBoard } from "../../src/sandbox/faults.ts";
import { type Garmin, startGarmin } from "../../src/sandbox/garmin.ts";
import { createManualClock, type ManualClock } from "../../src/sandbox/manual-clock.ts";

const NOW = new Date("2026-03-02T07:00:00Z");
const EMAIL = "ada@example.org";
const FILE_ID = 0;
const WEIGHT_SCALE = 30;
const TAKEN = new Date("2026-03-01T23:30:15Z");

let clock: ManualClock;
let faults: FaultBoard;
let garmin: Garmin;
let accessToken: string;

beforeEach(async () => {
  clock = createManualClock(NOW);
  faults = new FaultBoard();
  garmin = await startGarmin({ clock, faults });
  const person = { displayName: "ada-1815", fullName: "Ada L.", timezone: "Europe/Berlin" };
  garmin.addAccount({ email: EMAIL, password: "right", ...person });
  accessToken = garmin.issueLink(EMAIL).accessToken;
});
afterEach(() => garmin.close());

function call(method: string, path: string, body?: RequestInit["body"], headers: RequestInit["headers"] = {}) {
  const all = new Headers(headers);
  all.set("authorization", `Bearer ${accessToken}`);
  return fetch(garmin.connectapiUrl + path, { method, headers: all, ...(body === undefined ? {} : { body }) });
}
const json = { "content-type": "application/json" };
const postJson = (path: string, body: object) => call("POST", path, JSON.stringify(body), json);

async function read<T>(path: string): Promise<T> {
  return (await (await call("GET", path)).json()) as T;
}

function fitFile(records: object[], type = "weight"): Uint8Array<ArrayBuffer> {
  const encoder = new Encoder();
  const fileId: object = { type, manufacturer: "garmin", product: 2429, timeCreated: NOW };
  encoder.onMesg(FILE_ID, fileId);
  for (const record of records) encoder.onMesg(WEIGHT_SCALE, record);
  return new Uint8Array(encoder.close());
}
const WEIGH_IN = { timestamp: TAKEN, weight: 69.55, percentFat: 18.37, boneMass: 3.54, bmi: 22.8, metabolicAge: 35 };

function upload(bytes: Uint8Array<ArrayBuffer>, name = "weight.fit") {
  const form = new FormData();
  form.append("file", new Blob([bytes]), name);
  return call("POST", "/upload-service/upload", form);
}

interface WeightRange {
  dailyWeightSummaries: {
    summaryDate: string;
    numOfWeightEntries: number;
    allWeightMetrics: { samplePk: number; timestampGMT: number; weight: number }[];
  }[];
  previousDateWeight: { weight: number | null } | null;
  nextDateWeight: { weight: number | null } | null;
}
const weightRange = (query = "?includeAll=true") =>
  read<WeightRange>(`/weight-service/weight/range/2026-03-01/2026-03-02${query}`);
const WEIGHT = {
  dateTimestamp: "2026-03-02T00:30:15.000",
  gmtTimestamp: "2026-03-01T23:30:15.000",
  unitKey: "kg",
  sourceType: "MANUAL",
  value: 69.55,
};
const BLOOD_PRESSURE = {
  measurementTimestampLocal: "2026-03-02T07:30:00.000",
  measurementTimestampGMT: "2026-03-02T06:30:00.000",
  systolic: 121,
  diastolic: 79,
  pulse: 61,
  sourceType: "MANUAL",
  notes: "",
};
const WEIGHT_PATH = "/weight-service/user-weight";
const BLOOD_PRESSURE_PATH = "/bloodpressure-service/bloodpressure";

describe("weight by FIT file", () => {
  test("is read back in Garmin's units, on the day in the account's zone, with the upload time as its key", async () => {
    const answer = await upload(fitFile([WEIGH_IN]));
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ detailedImportResult: { fileName: "weight.fit", failures: [] } });
    expect(await read("/weight-service/weight/dayview/2026-03-02")).toMatchObject({
      dateWeightList: [
        {
          samplePk: NOW.getTime(),
          date: Date.parse("2026-03-02T00:30:15Z"),
          calendarDate: "2026-03-02",
          weight: 69_550,
          bmi: 22.799999237060547,
          bodyFat: 18.37,
          bodyWater: null,
          boneMass: 3539,
          metabolicAge: 1_104_492_410_000,
          sourceType: "INDEX_SCALE",
          timestampGMT: TAKEN.getTime(),
        },
      ],
    });
    expect(garmin.weights(EMAIL)).toMatchObject([{ takenAt: TAKEN, weightKg: 69.55, bodyFatPercent: 18.37 }]);
  });

  test("is stored twice under two keys if it was sent twice", async () => {
    await upload(fitFile([WEIGH_IN]));
    await upload(fitFile([WEIGH_IN]));
    const keys = garmin.weights(EMAIL).map(({ samplePk }) => samplePk);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(2);
  });

  test("is refused if the file is broken, has no weight, or is of another kind", async () => {
    const good = fitFile([WEIGH_IN]);
    const withOtherBit = (index: number) => good.with(index, (good.at(index) ?? 0) ^ 1);
    expect((await upload(withOtherBit(-1))).status).toBe(400);
    expect((await upload(withOtherBit(-4))).status).toBe(400);
    expect((await upload(good.slice(0, 30))).status).toBe(400);
    expect((await upload(new TextEncoder().encode("not a fit file"))).status).toBe(400);
    expect((await upload(fitFile([{ timestamp: TAKEN, percentFat: 20 }]))).status).toBe(400);
    expect((await upload(fitFile([]))).status).toBe(400);
    expect((await upload(fitFile([WEIGH_IN], "activity"))).status).toBe(400);
    expect((await upload(good, "weight.txt")).status).toBe(406);
    expect((await call("POST", "/upload-service/upload", good)).status).toBe(400);
    expect(garmin.weights(EMAIL)).toEqual([]);
  });

  test("takes 200 records in one file; 201 get a gateway's 504, and none is kept", async () => {
    const records = Array.from({ length: 201 }, (_, i) => ({
      ...WEIGH_IN,
      timestamp: new Date(TAKEN.getTime() - i * 60_000),
    }));
    const tooLarge = await upload(fitFile(records));
    expect([tooLarge.status, tooLarge.headers.get("content-type")]).toEqual([504, "text/html; charset=UTF-8"]);
    expect(garmin.weights(EMAIL)).toEqual([]);
    expect((await upload(fitFile(records.slice(1)))).status).toBe(201);
    expect(garmin.weights(EMAIL)).toHaveLength(200);
  });

  test.each([200, 201, 202] as const)("is answered with HTTP %i if that is set", async (status) => {
    garmin.settings.uploadStatus = status;
    expect((await upload(fitFile([WEIGH_IN]))).status).toBe(status);
    expect(garmin.weights(EMAIL)).toHaveLength(1);
  });

  test("isn't stored if a 202 lists it as failed", async () => {
    faults.turnOn("garmin_upload_failed_in_202", { times: 1 });
    const answer = await upload(fitFile([WEIGH_IN]));
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({
      detailedImportResult: { successes: [], failures: [{ messages: [{ code: 202 }] }] },
    });
    expect(garmin.weights(EMAIL)).toEqual([]);
  });

  test("appears only after the read-back delay", async () => {
    garmin.settings.readBackDelaySeconds = 5;
    await upload(fitFile([WEIGH_IN]));
    clock.advance(4);
    expect((await weightRange()).dailyWeightSummaries).toEqual([]);
    clock.advance(1);
    expect((await weightRange()).dailyWeightSummaries).toHaveLength(1);
    faults.turnOn("garmin_slow_to_show");
    await upload(fitFile([{ ...WEIGH_IN, timestamp: new Date(WEIGH_IN.timestamp.getTime() - 3_600_000) }]));
    clock.advance(60);
    expect((await weightRange()).dailyWeightSummaries).toHaveLength(1);
  });

  test("is stored even if the answer was lost", async () => {
    faults.turnOn("garmin_upload_lost_answer", { times: 1 });
    await expect(upload(fitFile([WEIGH_IN]))).rejects.toThrow("fetch failed");
    expect(garmin.weights(EMAIL)).toHaveLength(1);
  });
});

describe("weight by JSON", () => {
  test("is taken once per GMT time", async () => {
    expect((await postJson(WEIGHT_PATH, WEIGHT)).status).toBe(204);
    expect((await postJson(WEIGHT_PATH, WEIGHT)).status).toBe(204);
    expect(garmin.weights(EMAIL)).toMatchObject([{ sourceType: "MANUAL", weightKg: 69.55, takenAt: TAKEN }]);
  });

  test("demands milliseconds, and answers 500 without", async () => {
    for (const gmtTimestamp of ["2026-03-01T23:30:15", "2026-03-01T23:30:15.000Z", 1]) {
      expect((await postJson(WEIGHT_PATH, { ...WEIGHT, gmtTimestamp })).status).toBe(500);
    }
  });

  test("demands that local time and GMT differ by a zone's offset", async () => {
    expect((await postJson(WEIGHT_PATH, { ...WEIGHT, dateTimestamp: "2026-03-02T00:31:15.000" })).status).toBe(400);
  });
});

describe("blood pressure", () => {
  const range = (query: string) =>
    read<{ measurementSummaries: { numOfMeasurements: number; measurements: object[] }[] }>(
      `${BLOOD_PRESSURE_PATH}/range/2026-03-01/2026-03-02${query}`,
    );

  test("is echoed with a version and shortened times", async () => {
    const answer = await postJson(BLOOD_PRESSURE_PATH, BLOOD_PRESSURE);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      version: NOW.getTime(),
      measurementTimestampLocal: "2026-03-02T07:30:00.0",
      measurementTimestampGMT: "2026-03-02T06:30:00.0",
      category: "NORMAL",
    });
  });

  test("gets the category of its higher value, as a word", async () => {
    const categories = [];
    for (const [systolic, diastolic] of [
      [129, 84],
      [130, 84],
      [129, 85],
      [140, 84],
      [129, 100],
    ]) {
      const answer = await postJson(BLOOD_PRESSURE_PATH, { ...BLOOD_PRESSURE, systolic, diastolic });
      categories.push(((await answer.json()) as { category: unknown }).category);
    }
    expect(categories).toEqual(["NORMAL", "HIGH_NORMAL", "HIGH_NORMAL", "STAGE_1_HIGH", "STAGE_2_HIGH"]);
  });

  test("an empty range has the same wrapper", async () => {
    expect(await range("?includeAll=true")).toEqual({
      from: "2026-03-01",
      until: "2026-03-02",
      measurementSummaries: [],
      categoryStats: null,
    });
  });

  test("has a different shape for one day, newest first, with the high ones counted", async () => {
    const dayView = () => read(`${BLOOD_PRESSURE_PATH}/dayview/2026-03-02`);
    const empty = { startDate: "2026-03-02", endDate: "2026-03-02", bloodPressureMeasurements: [] };
    expect(await dayView()).toEqual({ ...empty, totalMeasurementCount: 0, elevatedMeasurementCount: 0 });
    await postJson(BLOOD_PRESSURE_PATH, BLOOD_PRESSURE);
    const later = {
      measurementTimestampLocal: "2026-03-02T08:30:00.000",
      measurementTimestampGMT: "2026-03-02T07:30:00.000",
    };
    await postJson(BLOOD_PRESSURE_PATH, { ...BLOOD_PRESSURE, ...later, systolic: 150 });
    expect(await dayView()).toMatchObject({
      bloodPressureMeasurements: [{ systolic: 150, category: "STAGE_1_HIGH" }, { systolic: 121 }],
      totalMeasurementCount: 2,
      elevatedMeasurementCount: 1,
    });
  });

  test("is stored twice if it was sent twice", async () => {
    await postJson(BLOOD_PRESSURE_PATH, BLOOD_PRESSURE);
    await postJson(BLOOD_PRESSURE_PATH, BLOOD_PRESSURE);
    expect(garmin.bloodPressures(EMAIL)).toHaveLength(2);
  });

  test("shows single measurements only with includeAll, in upper or lower case", async () => {
    await postJson(BLOOD_PRESSURE_PATH, BLOOD_PRESSURE);
    expect((await range("")).measurementSummaries).toMatchObject([{ numOfMeasurements: 1, measurements: [] }]);
    for (const query of ["?includeAll=true", "?includeAll=True"]) {
      expect((await range(query)).measurementSummaries[0]?.measurements).toMatchObject([{ systolic: 121, pulse: 61 }]);
    }
  });

  test("is refused outside its limits, and without milliseconds", async () => {
    for (const wrong of [{ systolic: 69 }, { systolic: 261 }, { diastolic: 39 }, { diastolic: 151 }, { pulse: 19 }]) {
      expect((await postJson(BLOOD_PRESSURE_PATH, { ...BLOOD_PRESSURE, ...wrong })).status).toBe(400);
    }
    const measurementTimestampGMT = "2026-03-02T06:30:00";
    expect((await postJson(BLOOD_PRESSURE_PATH, { ...BLOOD_PRESSURE, measurementTimestampGMT })).status).toBe(500);
    expect(garmin.bloodPressures(EMAIL)).toEqual([]);
  });

  test("is deleted by its day and version, once", async () => {
    await postJson(BLOOD_PRESSURE_PATH, BLOOD_PRESSURE);
    const path = `${BLOOD_PRESSURE_PATH}/2026-03-02/${NOW.getTime()}`;
    expect((await call("DELETE", path)).status).toBe(204);
    expect((await call("DELETE", path)).status).toBe(404);
  });
});

describe("reading and deleting weights", () => {
  test("a range lists days newest first, its entries only with includeAll, and the neighbours outside", async () => {
    garmin.addManualWeight(EMAIL, { at: new Date("2026-03-01T08:00:00Z"), weightKg: 70 });
    garmin.addManualWeight(EMAIL, { at: new Date("2026-03-02T08:00:00Z"), weightKg: 71 });
    garmin.addManualWeight(EMAIL, { at: new Date("2026-03-05T08:00:00Z"), weightKg: 72 });
    const all = await weightRange("?includeAll=True");
    expect(all.dailyWeightSummaries.map((day) => [day.summaryDate, day.allWeightMetrics[0]?.weight])).toEqual([
      ["2026-03-02", 71_000],
      ["2026-03-01", 70_000],
    ]);
    expect(all.nextDateWeight?.weight).toBe(72_000);
    expect((await weightRange("")).dailyWeightSummaries.map((day) => day.allWeightMetrics)).toEqual([[], []]);
  });

  test("a range has every field of an entry, null where nothing was measured", async () => {
    const measured = { weight: 69.55, percentFat: 18.37, percentHydration: 58.2, boneMass: 3.54, muscleMass: 52.91 };
    const more = { bmi: 22.8, visceralFatRating: 6, physiqueRating: 5, metabolicAge: 35 };
    await upload(fitFile([{ timestamp: TAKEN, ...measured, ...more }]));
    garmin.addManualWeight(EMAIL, { at: new Date("2026-03-01T08:00:00Z"), weightKg: 70 });
    const entries = (await weightRange()).dailyWeightSummaries.flatMap((day) => day.allWeightMetrics);
    const whole = { bmi: 22.799999237060547, bodyFat: 18.37, bodyWater: 58.2, boneMass: 3539, muscleMass: 52_909 };
    const times = { date: Date.parse("2026-03-02T00:30:15Z"), timestampGMT: TAKEN.getTime() };
    expect(entries).toEqual([
      {
        ...{ samplePk: NOW.getTime(), calendarDate: "2026-03-02", weight: 69_550, sourceType: "INDEX_SCALE" },
        ...{ ...times, ...whole, physiqueRating: 5, visceralFat: 6, metabolicAge: 1_104_492_410_000 },
        weightDelta: expect.closeTo(-450),
      },
      expect.objectContaining({
        ...{ bodyFat: null, bodyWater: null, boneMass: null, muscleMass: null, physiqueRating: null },
        ...{ visceralFat: null, metabolicAge: null, sourceType: "MANUAL", weightDelta: null },
      }),
    ]);
  });

  test("a missing entry before or after a range is null or an entry of nulls", async () => {
    const neighbours = async () => {
      const { previousDateWeight, nextDateWeight } = await weightRange();
      return [previousDateWeight, nextDateWeight];
    };
    const ofNulls = { samplePk: null, weight: null, timestampGMT: null };
    expect(await neighbours()).toMatchObject([ofNulls, ofNulls]);
    garmin.settings.noNeighbour = "null";
    expect(await neighbours()).toEqual([null, null]);
  });

  test("a date range lists the entries of its days and nothing else", async () => {
    for (const day of ["2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03"]) {
      garmin.addManualWeight(EMAIL, { at: new Date(`${day}T08:00:00Z`), weightKg: 70 });
    }
    expect(await read("/weight-service/weight/dateRange?startDate=2026-03-01&endDate=2026-03-02")).toMatchObject({
      startDate: "2026-03-01",
      endDate: "2026-03-02",
      dateWeightList: [{ calendarDate: "2026-03-02" }, { calendarDate: "2026-03-01" }],
      totalAverage: { weight: 70_000 },
    });
  });

  test.each([
    "/weight-service/weight/range/2026-03-02/2026-03-01",
    "/weight-service/weight/range/2026-02-30/2026-03-01",
    "/weight-service/weight/dayview/2026-3-1",
    "/weight-service/weight/dateRange?startDate=2026-03-01",
    `${BLOOD_PRESSURE_PATH}/range/2026-03-02/2026-03-01`,
    `${BLOOD_PRESSURE_PATH}/dayview/2026-02-30`,
  ])("%s isn't a range, and is answered with 400", async (path) => {
    expect((await call("GET", path)).status).toBe(400);
  });

  test("an empty day has the same wrapper", async () => {
    expect(await read("/weight-service/weight/dayview/2020-01-01")).toMatchObject({
      startDate: "2020-01-01",
      dateWeightList: [],
      totalAverage: { from: 1_577_836_800_000, until: 1_577_923_199_999, weight: null },
    });
  });

  test("a weight is deleted by its day and samplePk, once, with DELETE or a POST that overrides the method", async () => {
    await upload(fitFile([WEIGH_IN, WEIGH_IN]));
    const path = (offset: number) => `/weight-service/weight/2026-03-02/byversion/${NOW.getTime() + offset}`;
    expect((await call("DELETE", path(0))).status).toBe(204);
    const again = await call("DELETE", path(0));
    expect([again.status, await again.json()]).toEqual([
      404,
      { message: "HTTP 404 Not Found", error: "NotFoundException" },
    ]);
    const disguised = await call("POST", path(1), undefined, { "x-http-method-override": "DELETE" });
    expect(disguised.status).toBe(204);
    expect(garmin.weights(EMAIL)).toEqual([]);
  });
});

describe("all writes", () => {
  test("answer 412 until the upload consent is given, and the consent can be read", async () => {
    garmin.setConsent(EMAIL, false);
    const feature = "/gdprconsent-service/feature/UPLOAD";
    expect(await read(feature)).toMatchObject({ userOption: "opt-out" });
    const answers = [
      await upload(fitFile([WEIGH_IN])),
      await postJson(WEIGHT_PATH, WEIGHT),
      await postJson(BLOOD_PRESSURE_PATH, BLOOD_PRESSURE),
    ];
    expect(answers.map(({ status }) => status)).toEqual([412, 412, 412]);
    expect(await answers[0]?.json()).toMatchObject({ reasonCode: 2, error: "PreconditionFailedException" });
    garmin.setConsent(EMAIL, true);
    expect(await read(feature)).toMatchObject({ userOption: "opt-in" });
    expect((await upload(fitFile([WEIGH_IN]))).status).toBe(201);
  });

  test("answer 400 without a reason if the content type is doubled", async () => {
    const doubled = new Headers(json);
    doubled.append("content-type", "application/json");
    for (const [path, body] of [
      [WEIGHT_PATH, WEIGHT],
      [BLOOD_PRESSURE_PATH, BLOOD_PRESSURE],
    ] as const) {
      const answer = await call("POST", path, JSON.stringify(body), doubled);
      expect([answer.status, await answer.text()]).toEqual([400, ""]);
    }
  });

  test("answer 401 without a valid token, and so do all reads", async () => {
    accessToken = "nonsense";
    expect((await upload(fitFile([WEIGH_IN]))).status).toBe(401);
    expect((await call("GET", "/userprofile-service/socialProfile")).status).toBe(401);
  });
});
