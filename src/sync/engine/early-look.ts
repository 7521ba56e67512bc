import type { Around, Sink } from "../model/vendors.ts";

/** What Garmin had of these days when Withings was asked. */
export interface EarlyLook extends Around {
  from: Date;
  to: Date;
}

const MOST_DAYS_MS = 30 * 24 * 3600 * 1000;

/** Undefined if it failed: what needs it looks again. Never rejects. */
export async function lookEarly(sink: Sink, since: Date, now: Date): Promise<EarlyLook | undefined> {
  const from = new Date(Math.max(since.getTime(), now.getTime() - MOST_DAYS_MS));
  const around = await sink.around(from, now).catch(() => undefined);
  return around && { ...around, from, to: now };
}
