import type { Call, Route } from "../serve.ts";
import type { Account } from "./accounts.ts";
import type { Connect } from "./connectapi.ts";
import { badRequest, jsonError, jsonObject, notFound } from "./front.ts";
import { dayOf, isZoneOffset, readTimestamp, writeTimestamp } from "./local-time.ts";

export interface StoredBloodPressure {
  /** The upload time in ms, never twice the same: the key to delete by. */
  version: number;
  uploadedAt: Date;
  takenAt: Date;
  wallClockMs: number;
  calendarDate: string;
  systolic: number;
  diastolic: number;
  pulse: number | undefined;
  notes: string;
}

const LIMITS = { systolic: [70, 260], diastolic: [40, 150], pulse: [20, 250] } as const;

export function bloodPressureRoutes(connect: Connect): Route[] {
  const { reading, writing } = connect;
  const days = /^\/bloodpressure-service\/bloodpressure\/range\/(?<start>[\d-]{10})\/(?<end>[\d-]{10})$/;
  const oneDay = /^\/bloodpressure-service\/bloodpressure\/dayview\/(?<day>[\d-]{10})$/;
  const read = reading(({ bloodPressures }, { params, seen }) => {
    const includeAll = seen.query.get("includeAll")?.toLowerCase() === "true";
    const [start = "", end = ""] = params.day ? [params.day, params.day] : [params.start, params.end];
    return Response.json(range(connect.visible(bloodPressures), start, end, includeAll));
  });
  return [
    { method: "POST", path: "/bloodpressure-service/bloodpressure", handle: writing(post(connect)) },
    { method: "GET", path: days, handle: read },
    { method: "GET", path: oneDay, handle: read },
    {
      method: "DELETE",
      path: /^\/bloodpressure-service\/bloodpressure\/(?<day>[\d-]{10})\/(?<version>\d+)$/,
      handle: reading(({ bloodPressures }, { params }) => {
        const index = bloodPressures.findIndex(
          ({ version, calendarDate }) => version === Number(params.version) && calendarDate === params.day,
        );
        if (index < 0) return notFound();
        bloodPressures.splice(index, 1);
        return new Response(null, { status: 204 });
      }),
    },
  ];
}

/** Every POST adds one, the same reading too: no dedupe, as at Garmin. */
function post(connect: Connect) {
  return (account: Account, { seen }: Call): Response => {
    const body = jsonObject(seen.body);
    const localMs = readTimestamp(body?.measurementTimestampLocal);
    const gmtMs = readTimestamp(body?.measurementTimestampGMT);
    if (!body || localMs === undefined || gmtMs === undefined) {
      return jsonError(500, "InternalServerErrorException", "HTTP 500 Internal Server Error");
    }
    const systolic = inRange(body.systolic, LIMITS.systolic);
    const diastolic = inRange(body.diastolic, LIMITS.diastolic);
    const pulse = inRange(body.pulse, LIMITS.pulse);
    const isPulseWrong = body.pulse !== undefined && body.pulse !== null && pulse === undefined;
    if (systolic === undefined || diastolic === undefined || isPulseWrong) return badRequest("value out of range");
    if (!isZoneOffset(localMs, gmtMs)) return badRequest("Invalid timestamps");

    const stored: StoredBloodPressure = {
      version: connect.nextKey(),
      uploadedAt: connect.clock.now(),
      takenAt: new Date(gmtMs),
      wallClockMs: localMs,
      calendarDate: dayOf(localMs),
      systolic,
      diastolic,
      pulse,
      notes: typeof body.notes === "string" ? body.notes : "",
    };
    account.bloodPressures.push(stored);
    return Response.json(measurement(stored));
  };
}

function inRange(value: unknown, [lowest, highest]: readonly [number, number]): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= lowest && value <= highest
    ? value
    : undefined;
}

function measurement(stored: StoredBloodPressure) {
  return {
    version: stored.version,
    systolic: stored.systolic,
    diastolic: stored.diastolic,
    pulse: stored.pulse ?? null,
    multiMeasurement: false,
    notes: stored.notes,
    sourceType: "MANUAL",
    measurementTimestampLocal: writeTimestamp(stored.wallClockMs),
    measurementTimestampGMT: writeTimestamp(stored.takenAt.getTime()),
    ...category(stored),
  };
}

/** Days newest first. Without includeAll the single measurements are missing. */
function range(readings: readonly StoredBloodPressure[], from: string, until: string, includeAll: boolean) {
  const inside = readings
    .filter(({ calendarDate }) => calendarDate >= from && calendarDate <= until)
    .toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
  const days = [...new Set(inside.map(({ calendarDate }) => calendarDate))];
  const measurementSummaries = days.map((day) => {
    const ofDay = inside.filter(({ calendarDate }) => calendarDate === day);
    const systolics = ofDay.map(({ systolic }) => systolic);
    const diastolics = ofDay.map(({ diastolic }) => diastolic);
    const worst = { systolic: Math.max(...systolics), diastolic: Math.max(...diastolics) };
    return {
      startDate: day,
      endDate: day,
      highSystolic: worst.systolic,
      lowSystolic: Math.min(...systolics),
      highDiastolic: worst.diastolic,
      lowDiastolic: Math.min(...diastolics),
      numOfMeasurements: ofDay.length,
      ...category(worst),
      measurements: includeAll ? ofDay.map(measurement) : [],
    };
  });
  return { from, until, measurementSummaries, categoryStats: null };
}

function category({ systolic, diastolic }: { systolic: number; diastolic: number }) {
  if (systolic >= 160 || diastolic >= 100) return { category: 4, categoryName: "STAGE_2_HIGH" };
  if (systolic >= 140 || diastolic >= 90) return { category: 3, categoryName: "STAGE_1_HIGH" };
  if (systolic >= 130 || diastolic >= 85) return { category: 2, categoryName: "HIGH_NORMAL" };
  return { category: 1, categoryName: "NORMAL" };
}
