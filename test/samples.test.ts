import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Decoder, Stream } from "@garmin/fitsdk";
import FitParser from "fit-file-parser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { createBloodPressureSink } from "../src/sync/garmin/blood-pressure.ts";
import { createGarminClient } from "../src/sync/garmin/client.ts";
import { encodeWeighIns } from "../src/sync/garmin/fit.ts";
import { createGarminSso } from "../src/sync/garmin/sso.ts";
import { createDiTokens } from "../src/sync/garmin/tokens.ts";
import { createWeightSink } from "../src/sync/garmin/weight.ts";
import type { WithAccess } from "../src/sync/model/link.ts";
import type { BloodPressure, WeighIn } from "../src/sync/model/reading.ts";
import type { SendContext } from "../src/sync/model/vendors.ts";
import { createWithingsCall } from "../src/sync/withings/client.ts";
import { getMeas, type MeasureGroup } from "../src/sync/withings/measure.ts";
import { toReadings } from "../src/sync/withings/to-reading.ts";
import { endOf, type Stub, startStub } from "./fixtures/stub-vendor.ts";
import { garminShapes, withingsShapes } from "./fixtures/vendor-shapes.ts";

/** The vendors' real answers aren't ours to publish, so they are outside this repository. */
const FOLDER = path.resolve(import.meta.dirname, "../../shared/samples");
const isThere = existsSync(FOLDER);

test("samples of the vendors' real answers are available", ({ skip }) => {
  if (!isThere) skip("There is no folder ../shared/samples beside this repository, so real answers are not checked.");
  expect(readdirSync(FOLDER)).toEqual(expect.arrayContaining(["garmin", "withings"]));
});

const filesOf = (vendor: string) => (isThere ? readdirSync(path.join(FOLDER, vendor)) : []);
const text = (file: string) => readFileSync(path.join(FOLDER, file), "utf8");
const json = (file: string) => JSON.parse(text(file));
const answer = (file: string, status = 200) =>
  new Response(text(file), { status, headers: { "content-type": "application/json" } });

describe.skipIf(!isThere)("the shapes that the sandbox has to follow", () => {
  const SHAPES = { garmin: garminShapes, withings: withingsShapes };
  const recorded = (["garmin", "withings"] as const).flatMap((vendor) =>
    filesOf(vendor)
      .filter((name) => name.endsWith(".json"))
      .map((name) => [vendor, name] as const),
  );

  test.each(recorded)("are those of the recorded answer %s/%s", (vendor, name) => {
    const shape = (SHAPES[vendor] as Record<string, z.ZodType>)[name];
    if (!shape) throw new Error(`nobody wrote down the shape of ${name}: test/fixtures/vendor-shapes.ts`);
    expect(shape.safeParse(json(`${vendor}/${name}`)).error?.issues).toBeUndefined();
  });
});

let stub: Stub;
beforeAll(async () => {
  stub = await startStub();
});
afterAll(() => stub.close());

describe.skipIf(!isThere)("Withings", () => {
  const call = () => createWithingsCall({ apiUrl: stub.url, send: stub.send, rateLimited: (task) => task() });
  const read = (body: unknown) => {
    stub.willAnswer(Response.json(body));
    return getMeas(call(), { accessToken: "bearer", lastUpdate: 1 });
  };
  const has = (group: MeasureGroup, ...types: number[]) =>
    types.every((type) => group.measures.some((it) => it.type === type));

  const measures = filesOf("withings").filter((name) => /^(getmeas|measuregrps)-/.test(name));
  test.each(measures)("%s is read completely", async (name) => {
    const raw = json(`withings/${name}`);
    // Some samples are only the list of groups.
    const body = Array.isArray(raw) ? { status: 0, body: { measuregrps: raw } } : raw;
    const { groups, unreadable } = await read(body);
    expect(unreadable).toEqual([]);
    expect(groups.length).toBe(body.body.measuregrps.length);
    expect(groups.length).toBeGreaterThan(0);

    const { readings } = toReadings(groups);
    const idsOf = (kind: string) => new Set(readings.filter((it) => it.kind === kind).map((it) => it.measureGroupId));
    const idsWith = (...types: number[]) => new Set(groups.filter((it) => has(it, ...types)).map((it) => it.grpid));
    expect(idsOf("weigh_in")).toEqual(idsWith(1));
    expect(idsOf("blood_pressure")).toEqual(idsWith(9, 10));
    expect(readings.length).toBe(idsWith(1).size + idsWith(9, 10).size);
    expect(readings.filter((it) => it.attribution === "unknown")).toEqual([]);

    for (const reading of readings) {
      if (reading.kind === "blood_pressure") {
        expect(reading.systolicMmHg).toBeGreaterThan(reading.diastolicMmHg);
        continue;
      }
      expect(reading.weightKg).toBeGreaterThan(1);
      expect(reading.weightKg).toBeLessThan(300);
      for (const percent of [reading.bodyFatPercent, reading.bodyWaterPercent]) {
        if (percent !== undefined) expect(percent > 2 && percent < 80, `${percent} %`).toBe(true);
      }
      const group = groups.find((it) => it.grpid === reading.measureGroupId);
      if (group?.measures.some((it) => it.type === 6 && it.value === 0)) {
        expect(Object.keys(reading).filter((it) => /fat|water|muscle|bone/i.test(it))).toEqual([]);
      }
    }
  });

  test.each(filesOf("withings").filter((name) => !measures.includes(name)))("%s is a success", async (name) => {
    stub.willAnswer(answer(`withings/${name}`));
    const params = { action: "any" };
    const body = await call()({ path: "notify", params, body: z.looseObject({}), accessToken: "bearer" });
    expect(body).toEqual(json(`withings/${name}`).body);
  });

  test("a segmental weigh-in becomes the FIT values that were worked out by hand", async () => {
    const { groups } = await read({
      status: 0,
      body: { measuregrps: json("withings/measuregrps-bodyscan-segmental.json") },
    });
    const weighIn = toReadings(groups).readings.find((it) => it.measureGroupId === 5_149_666_502);
    const { messages } = new Decoder(
      Stream.fromByteArray(await encodeWeighIns([weighIn as WeighIn], undefined)),
    ).read();
    expect(messages.weightScaleMesgs).toEqual([
      {
        timestamp: new Date((1_073_704_119 + 631_065_600) * 1000),
        weight: 95.85,
        percentFat: 19.47,
        percentHydration: 54.3,
        muscleMass: 73.38,
        boneMass: 3.8,
        visceralFatRating: 3,
        basalMet: 2263,
      },
    ]);
  });
});

describe.skipIf(!isThere)("Garmin", () => {
  const withAccess: WithAccess = (use) => use("access");
  const rateLimited = <T>(task: () => Promise<T>) => task();
  const garmin = () => createGarminClient({ connectapiUrl: stub.url, send: stub.send })(withAccess);
  const weights = () => createWeightSink({ call: garmin(), rateLimited });
  const pressures = () => createBloodPressureSink({ call: garmin(), rateLimited });
  const sso = () => createGarminSso({ ssoUrl: stub.url, send: stub.send, now: () => new Date() });
  const exchange = () =>
    createDiTokens({ diauthUrl: stub.url, clientId: "AN_APP", send: stub.send, now: () => new Date() }).exchangeTicket(
      "ST-1-a-cas",
      "x",
    );

  const at = new Date("2026-11-21T06:30:15Z");
  const measured = { measureGroupId: 1, takenAt: at, modifiedAt: at, attribution: "certain", imported: false } as const;
  const weighIn: WeighIn = { kind: "weigh_in", ...measured, weightKg: 80 };
  const pressure: BloodPressure = { kind: "blood_pressure", ...measured, systolicMmHg: 120, diastolicMmHg: 80 };
  const context: SendContext = {
    beforeEach: async () => {},
    heightM: undefined,
    timezone: "UTC",
    parts: { composition: true, muscle: true },
  };
  const key = { calendarDate: "2026-11-21", id: "1" };
  const serve = (name: string, status = 200) => stub.willAnswer(answer(`garmin/${name}`, status));
  /** The answer to a password, which follows the app's page. */
  const serveSignIn = (name: string, status = 200) =>
    stub.willAnswer(new Response(""), answer(`garmin/${name}`, status));

  type Composition = "bmi" | "bodyFat" | "bodyWater" | "boneMass" | "muscleMass";
  type Entry = { samplePk: number; calendarDate: string; weight: number; timestampGMT: number } & {
    [Name in Composition]?: number | null;
  };
  const standing = (entries: Entry[]) =>
    entries.map(({ samplePk, calendarDate, weight, timestampGMT, bmi, bodyFat, bodyWater, boneMass, muscleMass }) => ({
      key: { calendarDate, id: String(samplePk) },
      takenAt: new Date(timestampGMT),
      storedAt: new Date(samplePk),
      values: { kind: "weigh_in", weightKg: weight / 1000 },
      fields: {
        weightKg: weight / 1000,
        ...(bmi && { bmi }),
        ...(bodyFat && { bodyFatPercent: bodyFat }),
        ...(bodyWater && { bodyWaterPercent: bodyWater }),
        ...(boneMass && { boneMassKg: boneMass / 1000 }),
        ...(muscleMass && { muscleMassKg: muscleMass / 1000 }),
      },
    }));

  const CHECKS: Record<string, (name: string) => Promise<void>> = {
    "any-404.json": async (name) => {
      serve(name, 404);
      expect(await endOf(weights().remove(key))).toBe("success");
    },
    "any-412-eu-consent.json": async (name) => {
      serve(name, 412);
      expect((await weights().send([weighIn], context)).stoppedBy).toMatchObject({
        action: "grant_garmin_upload",
      });
    },
    "bp-post-200.json": async (name) => {
      serve(name);
      expect(await pressures().send([pressure], context)).toEqual({ outcomes: ["accepted"] });
    },
    "bp-range-200.json": async (name) => {
      serve(name);
      const [summary] = json(`garmin/${name}`).measurementSummaries;
      const [first] = summary.measurements;
      const fields = { systolicMmHg: first.systolic, diastolicMmHg: first.diastolic, pulseBpm: first.pulse };
      expect((await pressures().around(at, at)).entries).toEqual([
        {
          key: { calendarDate: summary.startDate, id: String(first.version) },
          takenAt: new Date(`${first.measurementTimestampGMT}Z`),
          storedAt: new Date(first.version),
          values: { kind: "blood_pressure", ...fields },
          fields,
        },
      ]);
    },
    "di-token-200.json": async (name) => {
      serve(name);
      const { access_token: accessToken, refresh_token: refreshToken } = json(`garmin/${name}`);
      expect(await exchange()).toMatchObject({ type: "tokens", tokens: { accessToken, refreshToken } });
    },
    "di-token-400-invalid-grant.json": async (name) => {
      serve(name, 400);
      expect(await exchange()).toEqual({ type: "refused" });
    },
    "sso-error-envelope-427.json": async (name) => {
      serveSignIn(name);
      expect(await sso().login("a", "b")).toEqual({ type: "client_refused" });
    },
    "sso-error-envelope-429.json": async (name) => {
      serveSignIn(name);
      expect(await sso().login("a", "b")).toEqual({ type: "rate_limited" });
    },
    "sso-login-200-mfa-required.json": async (name) => {
      serveSignIn(name);
      const { mfaLastMethodUsed: method, email: sentTo } = json(`garmin/${name}`).customerMfaInfo;
      expect(await sso().login("a", "b")).toMatchObject({ type: "mfa_required", pending: { method, sentTo } });
    },
    "sso-login-200-successful.json": async (name) => {
      serveSignIn(name);
      const ticket = json(`garmin/${name}`).serviceTicketId;
      expect(await sso().login("a", "b")).toMatchObject({ type: "ticket", ticket });
    },
    "sso-login-401-invalid.json": async (name) => {
      serveSignIn(name, 401);
      expect(await sso().login("a", "b")).toEqual({ type: "wrong_password" });
    },
    "sso-verifycode-200-successful.json": async (name) => {
      serve(name);
      const ticket = json(`garmin/${name}`).serviceTicketId;
      const pending = { cookies: {}, method: "email", startedAt: at };
      expect(await sso().verifyCode(pending, "1")).toMatchObject({ type: "ticket", ticket });
    },
    "upload-202-activity.json": async (name) => {
      serve(name, 202);
      expect(await weights().send([weighIn], context)).toEqual({ outcomes: ["accepted"] });
    },
    "weight-range-200.json": async (name) => {
      serve(name);
      const days: Array<{ allWeightMetrics: Entry[] }> = json(`garmin/${name}`).dailyWeightSummaries;
      const entries = days.flatMap((day) => day.allWeightMetrics);
      expect(entries.length).toBeGreaterThan(1);
      expect((await weights().around(at, at)).entries).toEqual(standing(entries));
    },
    // The program doesn't ask for these: a single day's entries in another wrapper.
    "weight-dayview-200.json": dayView,
    "weight-dayview-200-empty.json": dayView,
    "sdk.fit": readFit,
    "ws.fit": readFit,
    "wsbp.fit": readFit,
  };

  async function dayView(name: string) {
    const allWeightMetrics: Entry[] = json(`garmin/${name}`).dateWeightList;
    stub.willAnswer(Response.json({ dailyWeightSummaries: [{ allWeightMetrics }] }));
    expect((await weights().around(at, at)).entries).toEqual(standing(allWeightMetrics));
  }

  /** Files of other programs. If the tests' two readers agree on them, they can be trusted on ours. */
  async function readFit(name: string) {
    const file = readFileSync(path.join(FOLDER, "garmin", name));
    const { messages, errors } = new Decoder(Stream.fromBuffer(file)).read();
    expect(errors).toEqual([]);
    const { messages: independent } = await new FitParser({ mode: "list", force: false }).parseAsync(Buffer.from(file));
    expect(messages.fileIdMesgs).toMatchObject([{ type: "weight" }]);
    const weight = (kg: number) => [{ timestamp: at, weight: kg }];
    if (name === "wsbp.fit") {
      expect(messages.bloodPressureMesgs).toMatchObject([{ timestamp: at }]);
      expect(messages.weightScaleMesgs).toBeUndefined();
      return;
    }
    expect(messages.weightScaleMesgs).toMatchObject(weight(69.55));
    expect(independent?.weight_scale).toMatchObject([{ weight: 69.55, percent_fat: 18.37 }]);
  }

  test.each(filesOf("garmin"))("%s is understood as it should be", async (name) => {
    const check = CHECKS[name];
    if (!check) throw new Error(`nobody reads ${name}: add a check for it`);
    await check(name);
  });
});
