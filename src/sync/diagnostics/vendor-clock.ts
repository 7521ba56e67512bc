import type { Clock } from "../../lib/clock.ts";
import type { Transport } from "../../lib/http-client.ts";

/** Vendors' clocks are right to the second. A reading's day, and how long to wait for it, depend on ours. */
const TOLERANCE_MS = 24 * 3600 * 1000;

export function createVendorTime(clock: Clock) {
  let aheadMs: number | undefined;
  return {
    listening:
      (send: Transport): Transport =>
      async (request) => {
        const answer = await send(request);
        const { date } = answer.headers;
        const at = typeof date === "string" ? Date.parse(date) : Number.NaN;
        aheadMs = Number.isNaN(at) ? undefined : at - clock.now().getTime();
        return answer;
      },
    /** By the `Date` header of the last answer; undefined if it had none. */
    now: () => (aheadMs === undefined ? undefined : new Date(clock.now().getTime() + aheadMs)),
  };
}

/** Whether our clock is more than a day off. All sources have to agree: one alone may be wrong, a proxy for instance. */
export function isClockWrong(now: Date, witnesses: ReadonlyArray<Date | undefined>): boolean {
  const said = witnesses.filter((it) => it !== undefined && !Number.isNaN(it.getTime())) as Date[];
  return said.length > 0 && said.every((it) => Math.abs(it.getTime() - now.getTime()) > TOLERANCE_MS);
}
