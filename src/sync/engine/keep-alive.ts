import { ActionNeededError } from "../../lib/errors.ts";
import type { Tokens } from "../links/tokens.ts";
import type { Link, Vendor } from "../model/link.ts";
import { isIncomplete } from "../model/outcome.ts";

/** A link must not end because it wasn't used. Each is renewed even if the other one is missing. */
export async function keepAlive(
  tokens: Tokens,
  account: number,
): Promise<Partial<Record<Vendor, Link>> & { error?: unknown }> {
  const errors: unknown[] = [];
  const kept = (vendor: Vendor) => tokens.keepAlive(account, vendor).catch((error: unknown) => void errors.push(error));
  const withings = await kept("withings");
  const garmin = await kept("garmin");
  // A missing link hides nothing that went wrong with the other one.
  const error = errors.find((it) => !isLinkMissing(it)) ?? errors[0];
  return { ...(withings && { withings }), ...(garmin && { garmin }), error };
}

const isLinkMissing = (error: unknown) => error instanceof ActionNeededError && isIncomplete(error.action);
