import type { Around, Sink } from "../model/vendors.ts";

/** What Garmin had of these days when Withings was asked. */
export interface EarlyLook extends Around {
  from: Date;
  to: Date;
}

const MOST_DAYS_MS = 30 * 24 * 3600 * 1000;
/** A vendor that takes longer gives us the time to load what an upload needs. */
const SOON_MS = 50;

/** Undefined if it failed: what needs it looks again. Never rejects. */
export async function lookEarly(sink: Sink, since: Date, now: Date): Promise<EarlyLook | undefined> {
  const from = new Date(Math.max(since.getTime(), now.getTime() - MOST_DAYS_MS));
  const timer = setTimeout(() => void sink.prepare?.().catch(() => undefined), SOON_MS);
  try {
    return { ...(await sink.around(from, now)), from, to: now };
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
