import type { Clock } from "../clock.ts";
import type { Transport } from "../transport.ts";

/** Vendors' clocks are right to seconds. A reading's day, and how long to wait for it, come from ours. */
const TOLERANCE_MS = 24 * 3600 * 1000;

export interface VendorTime {
  /** The same transport, listened to. */
  listening: (send: Transport) => Transport;
  /** The time by the `Date` header of the answer that came last; undefined where it had none. */
  now(): Date | undefined;
}

/** Remembers what time it is by the vendors' answers. */
export function createVendorTime(clock: Clock): VendorTime {
  let aheadMs: number | undefined;
  return {
    listening: (send) => async (request) => {
      const answer = await send(request);
      const { date } = answer.headers;
      const at = typeof date === "string" ? Date.parse(date) : Number.NaN;
      aheadMs = Number.isNaN(at) ? undefined : at - clock.now().getTime();
      return answer;
    },
    now: () => (aheadMs === undefined ? undefined : new Date(clock.now().getTime() + aheadMs)),
  };
}

/**
 * Whether our clock is off by more than a day: everybody who told the time says so. One alone may be wrong: a proxy in
 * between, or a field whose meaning has changed.
 */
export function isClockWrong(now: Date, witnesses: ReadonlyArray<Date | undefined>): boolean {
  const said = witnesses.filter((it) => it !== undefined && !Number.isNaN(it.getTime())) as Date[];
  return said.length > 0 && said.every((it) => Math.abs(it.getTime() - now.getTime()) > TOLERANCE_MS);
}
