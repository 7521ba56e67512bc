import { randomUUID } from "node:crypto";
import { Reply } from "../reply.ts";
import type { Call, Route } from "../serve.ts";
import type { Account } from "./accounts.ts";
import type { Connect } from "./connect.ts";
import { readWeightFile } from "./fit-file.ts";
import { badRequest, gatewayTimeout, jsonError, jsonObject, notFound } from "./front.ts";
import { datesOf, dayOf, isZoneOffset, readTimestamp, wallClockMs } from "./local-time.ts";
import { listOf, range } from "./weights.ts";

const KG_PER_POUND = 0.45359237;
/** Other programs split their files there. */
const MAX_RECORDS = 200;

export function weightRoutes(connect: Connect): Route[] {
  const { reading, writing } = connect;
  const list = (datesIn: (call: Call) => [start: string | null | undefined, end: string | null | undefined]) =>
    reading(({ weights }, call) => {
      const dates = datesOf(...datesIn(call));
      return dates ? Reply.json(listOf(connect.visible(weights), ...dates)) : badRequest("Invalid date range");
    });
  return [
    { method: "POST", path: /^\/upload-service\/upload(\/\.fit)?$/, handle: writing(uploadFit(connect)) },
    { method: "POST", path: "/weight-service/user-weight", handle: writing(postWeight(connect)) },
    {
      method: "GET",
      path: /^\/weight-service\/weight\/dayview\/(?<day>[\d-]+)$/,
      handle: list(({ params }) => [params.day, params.day]),
    },
    {
      method: "GET",
      path: "/weight-service/weight/dateRange",
      handle: list(({ seen }) => [seen.query.get("startDate"), seen.query.get("endDate")]),
    },
    {
      method: "GET",
      path: /^\/weight-service\/weight\/range\/(?<start>[\d-]+)\/(?<end>[\d-]+)$/,
      handle: reading(({ weights }, { params, seen }) => {
        const dates = datesOf(params.start, params.end);
        if (!dates) return badRequest("Invalid date range");
        const [start, end] = dates;
        // Python clients write "True".
        const includeAll = seen.query.get("includeAll")?.toLowerCase() === "true";
        const { noNeighbour } = connect.settings;
        return Reply.json(range(connect.visible(weights), { start, end, includeAll, noNeighbour }));
      }),
    },
    {
      method: "DELETE",
      path: /^\/weight-service\/weight\/(?<day>[\d-]{10})\/byversion\/(?<samplePk>\d+)$/,
      handle: reading(({ weights }, { params }) => {
        const index = weights.findIndex(
          ({ samplePk, calendarDate }) => samplePk === Number(params.samplePk) && calendarDate === params.day,
        );
        if (index < 0) return notFound();
        weights.splice(index, 1);
        return new Reply(null, { status: 204 });
      }),
    },
  ];
}

/** Like Garmin, it never dedupes: every record becomes a new weight. */
function uploadFit(connect: Connect) {
  return async (account: Account, { request }: Call): Promise<Reply> => {
    const startedMs = connect.clock.now().getTime();
    const file = await filePart(request());
    if (!file) return badRequest("no part named file");
    if (!file.name.toLowerCase().endsWith(".fit")) return jsonError(406, "NotAcceptableException", "HTTP 406");
    const bytes = new Uint8Array(await file.arrayBuffer());
    const records = readWeightFile(bytes);
    if ("refused" in records) return badRequest(`Invalid file: ${records.refused}`);
    // Not 413: Garmin works on a large file until its gateway gives up.
    if (records.length > MAX_RECORDS) return gatewayTimeout();

    for (const record of records.map(connect.asStored)) {
      const wallClock = wallClockMs(record.takenAt, account.timezone);
      account.weights.push({
        ...record,
        samplePk: connect.nextKey(),
        uploadedAt: connect.clock.now(),
        wallClockMs: wallClock,
        calendarDate: dayOf(wallClock),
        sourceType: "INDEX_SCALE",
      });
    }
    const detailedImportResult = {
      uploadId: connect.nextKey(),
      uploadUuid: { uuid: randomUUID() },
      owner: account.profileId,
      fileSize: bytes.length,
      processingTime: 36,
      creationDate: `${new Date(startedMs).toISOString().replace("T", " ").slice(0, -1)} GMT`,
      ipAddress: null,
      fileName: file.name,
      report: null,
      successes: [],
      failures: [],
    };
    return Reply.json({ detailedImportResult }, { status: connect.settings.uploadStatus });
  };
}

async function filePart(request: Request): Promise<File | undefined> {
  const form = await request.formData().catch(() => undefined);
  const part = form?.get("file");
  return part instanceof File ? part : undefined;
}

/** Takes the weight alone, and the same GMT time only once. */
function postWeight(connect: Connect) {
  return (account: Account, { seen }: Call): Reply => {
    const body = jsonObject(seen.body);
    const localMs = readTimestamp(body?.dateTimestamp);
    const gmtMs = readTimestamp(body?.gmtTimestamp);
    if (!body || localMs === undefined || gmtMs === undefined) {
      return jsonError(500, "InternalServerErrorException", "HTTP 500 Internal Server Error");
    }
    const { value, unitKey } = body;
    if (typeof value !== "number" || !(value > 0) || (unitKey !== "kg" && unitKey !== "lbs")) {
      return badRequest("Invalid weight");
    }
    if (!isZoneOffset(localMs, gmtMs)) return badRequest("Invalid timestamps");
    const weightKg = unitKey === "kg" ? value : value * KG_PER_POUND;
    connect.addManualWeight(account, { takenAt: new Date(gmtMs), localMs, weightKg });
    return new Reply(null, { status: 204 });
  };
}
