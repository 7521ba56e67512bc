import type { Clock } from "../../lib/clock.ts";
import { ActionNeededError, RetryLaterError } from "../../lib/errors.ts";
import { type Link, type Links, RELINK, type Vendor, type Versioned } from "../model/link.ts";

export interface Wanted {
  account: number;
  vendor: Vendor;
  vendorUserId: string | undefined;
  onlyLooks: boolean;
}

/** Two clocks may differ, but not by a day: a time further ahead was written by a wrong clock. */
const CLOCK_TOLERANCE_SECONDS = 24 * 3600;

export async function readAnyLink(
  links: Links,
  { account, vendor, vendorUserId }: Pick<Wanted, "account" | "vendor"> & Partial<Wanted>,
): Promise<Versioned<Link>> {
  const link = await links.read(account, vendor);
  if (!link) throw new ActionNeededError(vendor === "withings" ? "link_withings" : "link_garmin");
  if (vendorUserId !== undefined && link.value.vendorUserId !== vendorUserId) {
    throw new RetryLaterError(`the ${vendor} link was changed while it was used`);
  }
  return link;
}

export async function readLink(links: Links, wanted: Parameters<typeof readAnyLink>[1]): Promise<Versioned<Link>> {
  const link = await readAnyLink(links, wanted);
  if (link.value.state === "stale") throw new ActionNeededError(RELINK[wanted.vendor]);
  return link;
}

/** Seconds. Negative for a time to come. */
export const age = (clock: Clock, at: Date): number => (clock.now().getTime() - at.getTime()) / 1000;

export function isWithin(clock: Clock, seconds: number, at: Date): boolean {
  const past = age(clock, at);
  return past <= seconds && past > -CLOCK_TOLERANCE_SECONDS;
}
