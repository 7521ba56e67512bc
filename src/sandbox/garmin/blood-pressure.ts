import { Reply } from "../reply.ts";
import type { Call, Route } from "../serve.ts";
import type { Account, StoredBloodPressure } from "./accounts.ts";
import type { Connect } from "./connect.ts";
import { badRequest, jsonError, jsonObject, notFound } from "./front.ts";
import { datesOf, dayOf, isZoneOffset, readTimestamp, writeTimestamp } from "./local-time.ts";

const LIMITS = { systolic: [70, 260], diastolic: [40, 150], pulse: [20, 250] } as const;

export function bloodPressureRoutes(connect: Connect): Route[] {
  const { reading, writing } = connect;
  return [
    { method: "POST", path: "/bloodpressure-service/bloodpressure", handle: writing(post(connect)) },
    {
      method: "GET",
      path: /^\/bloodpressure-service\/bloodpressure\/range\/(?<start>[\d-]+)\/(?<end>[\d-]+)$/,
      handle: reading(({ bloodPressures }, { params, seen }) => {
        const dates = datesOf(params.start, params.end);
        if (!dates) return badRequest("Invalid date range");
        const includeAll = seen.query.get("includeAll")?.toLowerCase() === "true";
        return Reply.json(range(connect.visible(bloodPressures), ...dates, includeAll));
      }),
    },
    {
      method: "GET",
      path: /^\/bloodpressure-service\/bloodpressure\/dayview\/(?<day>[\d-]+)$/,
      handle: reading(({ bloodPressures }, { params }) => {
        const dates = datesOf(params.day, params.day);
        return dates
          ? Reply.json(dayView(connect.visible(bloodPressures), dates[0]))
          : badRequest("Invalid date range");
      }),
    },
    {
      method: "DELETE",
      path: /^\/bloodpressure-service\/bloodpressure\/(?<day>[\d-]{10})\/(?<version>\d+)$/,
      handle: reading(({ bloodPressures }, { params }) => {
        const index = bloodPressures.findIndex(
          ({ version, calendarDate }) => version === Number(params.version) && calendarDate === params.day,
        );
        if (index < 0) return notFound();
        bloodPressures.splice(index, 1);
        return new Reply(null, { status: 204 });
      }),
    },
  ];
}

/** Like Garmin, it never dedupes: every POST adds one. */
function post(connect: Connect) {
  return (account: Account, { seen }: Call): Reply => {
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
    return Reply.json(measurement(stored));
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

/** Newest day first. Without `includeAll`, the single measurements are missing. */
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

/** One day has its own shape: no summaries, and the single measurements come without `includeAll`. */
function dayView(readings: readonly StoredBloodPressure[], day: string) {
  const ofDay = readings
    .filter(({ calendarDate }) => calendarDate === day)
    .toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime());
  return {
    startDate: day,
    endDate: day,
    bloodPressureMeasurements: ofDay.map(measurement),
    totalMeasurementCount: ofDay.length,
    elevatedMeasurementCount: ofDay.filter((it) => category(it).category !== "NORMAL").length,
  };
}

function category({ systolic, diastolic }: { systolic: number; diastolic: number }) {
  const word = () => {
    if (systolic >= 160 || diastolic >= 100) return "STAGE_2_HIGH";
    if (systolic >= 140 || diastolic >= 90) return "STAGE_1_HIGH";
    if (systolic >= 130 || diastolic >= 85) return "HIGH_NORMAL";
    return "NORMAL";
  };
  return { category: word(), categoryName: word() };
}
