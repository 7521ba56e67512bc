import type { Reply } from "../reply.ts";
import { ok, unknownAction } from "./envelope.ts";
import type { MeasureGroup } from "./groups.ts";
import type { Person } from "./person.ts";

/** POST /v2/user: devices and goals. */
export function userCall(fields: URLSearchParams, person: Person): Reply {
  switch (fields.get("action")) {
    case "getdevice":
      return ok({ devices: devicesOf(person) });
    case "getgoals":
      // Without goals it's a list, otherwise an object.
      return ok({ goals: [] });
    default:
      return unknownAction();
  }
}

/** Only a cuff measures it. */
const DIASTOLIC = 9;

/** In the order of their first measurement. */
function devicesOf({ groups, timezone }: Person) {
  const byDevice = new Map<string, MeasureGroup[]>();
  for (const group of groups.toSorted((a, b) => a.date - b.date)) {
    if (group.deviceid === null) continue;
    byDevice.set(group.deviceid, [...(byDevice.get(group.deviceid) ?? []), group]);
  }
  return [...byDevice].map(([deviceid, ofDevice]) => ({
    type: ofDevice.some(({ measures }) => measures.some(({ type }) => type === DIASTOLIC))
      ? "Blood Pressure Monitor"
      : "Scale",
    battery: "high",
    model: ofDevice[0]?.model ?? "",
    // With an underscore here, without one in a measure group.
    model_id: ofDevice[0]?.modelid ?? 0,
    timezone,
    first_session_date: ofDevice[0]?.date ?? null,
    last_session_date: ofDevice.at(-1)?.date ?? null,
    deviceid,
    hash_deviceid: deviceid,
  }));
}
