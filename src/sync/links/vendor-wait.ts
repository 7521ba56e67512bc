import { type Clock, isStillAhead } from "../../lib/clock.ts";
import { asksToWait } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { LONGEST_RETRY_AFTER_SECONDS } from "../../lib/retry-after.ts";
import { type Link, type Links, type Vendor, VendorWaitError } from "../model/link.ts";
import { age } from "./stored-link.ts";

export function throwIfResting(vendor: Vendor, { restsUntil }: Link, clock: Clock): void {
  if (!restsUntil || !isStillAhead(restsUntil, clock.now(), LONGEST_RETRY_AFTER_SECONDS)) return;
  throw new VendorWaitError(vendor, restsUntil, { retryAfterSeconds: Math.ceil(-age(clock, restsUntil)) });
}

/** A `VendorWaitError`, which is remembered, if the vendor asked us to wait; otherwise the error itself. */
export async function noteRetryAfter(
  { links, clock, log }: { links: Links; clock: Clock; log: Log },
  { account, vendor }: { account: number; vendor: Vendor },
  error: unknown,
): Promise<unknown> {
  if (!asksToWait(error) || error instanceof VendorWaitError) return error;
  const seconds = Math.min(error.retryAfterSeconds, LONGEST_RETRY_AFTER_SECONDS);
  const restsUntil = new Date(clock.now().getTime() + seconds * 1000);
  log.warn("vendor_rests", { account, vendor, until: restsUntil.toISOString(), ...errorFacts(error) });
  try {
    const link = await links.read(account, vendor);
    if (link) await links.write(account, vendor, { ...link.value, restsUntil }, link.version);
  } catch (cause) {
    log.warn("vendor_rest_not_saved", { account, vendor, ...errorFacts(cause) });
  }
  return new VendorWaitError(vendor, restsUntil, { retryAfterSeconds: seconds, cause: error });
}
