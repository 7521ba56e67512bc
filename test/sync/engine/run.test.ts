import { afterEach, expect, test } from "vitest";
import type { RunProgress } from "../../../src/sync/engine/run.ts";
import { startTestApp, type TestApp } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

test("a weigh-in travels from the scale into Garmin and is seen there", async () => {
  harness = await startTestApp({ heightM: 1.75 });
  const { person, sync, weights, requests, clock } = harness;
  expect(await sync()).toEqual({ status: "success", synced: 0, skipped: 0, held: 0, failed: 0 });
  requests();

  person.stepOnScale({
    weightKg: 80.25,
    fatRatioPercent: 18.3,
    waterKg: 44.1,
    muscleKg: 61.2,
    boneKg: 3.2,
    visceralFat: 3.3,
    siblings: true,
  });
  clock.advance(60);
  const stages: RunProgress[] = [];
  expect(await sync({ onProgress: (stage) => stages.push(stage) })).toEqual({
    ...{ status: "success", synced: 1, skipped: 0, held: 0, failed: 0 },
  });
  expect(requests()).toEqual([
    "withings POST /measure",
    "garmin_connectapi POST /upload-service/upload",
    expect.stringMatching("garmin_connectapi GET /weight-service/weight/range/"),
  ]);
  expect(stages).toEqual([
    { stage: "reading" },
    { stage: "found", readings: 1 },
    { stage: "sending", readings: 1 },
    { stage: "checking", readings: 1 },
  ]);
  expect(weights()).toMatchObject([
    {
      takenAt: new Date("2026-11-21T11:59:00Z"),
      ...{ weightKg: 80.25, bmi: 26.2, bodyFatPercent: 18.3, bodyWaterPercent: 54.95 },
      ...{ muscleKg: 61.2, boneKg: 3.2, visceralFatRating: 3, sourceType: "INDEX_SCALE" },
    },
  ]);
  expect(await sync()).toEqual({ status: "success", synced: 0, skipped: 1, held: 0, failed: 0 });
  expect(requests()).toEqual(["withings POST /measure"]);
});
