import { ok, unknownAction } from "./envelope.ts";
import type { MeasureGroup } from "./groups.ts";
import type { Person } from "./person.ts";

/** POST /v2/user: what the person owns, and wants to reach. */
export function userCall(fields: URLSearchParams, person: Person): Response {
  switch (fields.get("action")) {
    case "getdevice":
      return ok({ devices: devicesOf(person) });
    case "getgoals":
      // Somebody without goals gets a list, others get an object.
      return ok({ goals: [] });
    default:
      return unknownAction();
  }
}

/** A cuff measures the pressure, which no scale does. */
const DIASTOLIC = 9;

/** One for each device that has measured something, in the order of its first measurement. */
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
    // Here it has an underscore; in a measure group it has none.
    model_id: ofDevice[0]?.modelid ?? 0,
    timezone,
    first_session_date: ofDevice[0]?.date ?? null,
    last_session_date: ofDevice.at(-1)?.date ?? null,
    deviceid,
    hash_deviceid: deviceid,
  }));
}
