import type { FaultBoard } from "../faults.ts";
import type { FitWeight } from "./fit-file.ts";

const HOUR_MS = 3_600_000;

/** What Garmin keeps of a weight while these faults are on. */
export function asStored(record: FitWeight, faults: FaultBoard): FitWeight {
  let { takenAt, weightKg } = record;
  const { takenAt: _at, weightKg: _kg, ...composition } = record;
  if (faults.isOn("garmin_rounds_weight")) weightKg = Math.round(weightKg * 10) / 10;
  if (faults.isOn("garmin_shifts_time")) takenAt = new Date(takenAt.getTime() + HOUR_MS);
  return { ...(faults.isOn("garmin_drops_composition") ? {} : composition), takenAt, weightKg };
}
