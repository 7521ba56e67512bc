import { ActionNeededError } from "../../lib/errors.ts";
import type { Tokens } from "../links/tokens.ts";
import type { Link, Vendor } from "../model/link.ts";
import { isIncomplete } from "../model/outcome.ts";

/**
 * Idleness must not end a link, and a dead one is better found before a reading waits for it. Each is renewed whatever the
 * other one's state is: a link that is missing for weeks must not cost the owner the one that they have.
 */
export async function keepAlive(
  tokens: Tokens,
  account: number,
): Promise<Partial<Record<Vendor, Link>> & { error?: unknown }> {
  const errors: unknown[] = [];
  const kept = (vendor: Vendor) => tokens.keepAlive(account, vendor).catch((error: unknown) => void errors.push(error));
  const withings = await kept("withings");
  const garmin = await kept("garmin");
  // A link that is missing hides nothing that went wrong with the other one.
  const error = errors.find((it) => !isLinkMissing(it)) ?? errors[0];
  return { ...(withings && { withings }), ...(garmin && { garmin }), error };
}

const isLinkMissing = (error: unknown) => error instanceof ActionNeededError && isIncomplete(error.action);
