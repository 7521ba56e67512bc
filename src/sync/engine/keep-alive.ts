import { ActionNeededError } from "../../lib/errors.ts";
import type { Tokens } from "../links/tokens.ts";
import type { Link, Vendor } from "../model/link.ts";
import { isIncomplete } from "../model/outcome.ts";
import type { WentWell } from "./since.ts";

/**
 * Idleness must not end a link, and a dead one is better found before a reading waits for it. Each is renewed whatever the
 * other one's state is: a link that is missing for weeks must not cost the owner the one that they have.
 */
export async function keepAlive(
  tokens: Tokens,
  account: number,
  report: { begunWith?: WentWell["links"] },
): Promise<Record<Vendor, Link>> {
  const errors: unknown[] = [];
  const kept = async (vendor: Vendor) => {
    const link = await tokens.keepAlive(account, vendor).catch((error: unknown) => void errors.push(error));
    if (link) report.begunWith = { ...report.begunWith, [vendor]: { state: link.state, linkedAt: link.linkedAt } };
    return link;
  };
  const withings = await kept("withings");
  const garmin = await kept("garmin");
  if (withings && garmin) return { withings, garmin };
  // A link that is missing hides nothing that went wrong with the other one.
  throw errors.find((error) => !isLinkMissing(error)) ?? errors[0];
}

const isLinkMissing = (error: unknown) => error instanceof ActionNeededError && isIncomplete(error.action);
