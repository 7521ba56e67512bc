import { ActionNeededError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Links, VendorUsers } from "../model/link.ts";
import type { ReadingSource } from "../model/vendors.ts";
import type { SubscriptionMemory } from "../model/withings-link.ts";
import type { Tokens } from "./tokens.ts";

/**
 * Withings says that a person no longer shares with us. Anybody could say so: Withings itself is asked, and only if it
 * refuses is the link taken away. A link that still works is left alone.
 */
export async function confirmUnlink(
  deps: {
    links: Links;
    withingsUsers: VendorUsers;
    tokens: Tokens;
    source: ReadingSource;
    subscriptionMemory: SubscriptionMemory;
    onUnlinked: (account: number) => Promise<void>;
    now: Date;
    log: Log;
  },
  account: number,
): Promise<void> {
  const { links, withingsUsers, tokens, source, subscriptionMemory, onUnlinked, now, log } = deps;
  if (!(await links.read(account, "withings"))) return;
  try {
    await source.changedSince(tokens.withAccess(account, "withings"), now);
    log.info("unlinking_not_confirmed", { account });
    return;
  } catch (error) {
    if (!(error instanceof ActionNeededError)) throw error;
  }
  // A scope that is too small ends no link, and a link that was replaced meanwhile has not ended either.
  if ((await links.facts(account, "withings"))?.state !== "stale") return;
  // Told first: should the process die in between, the owner hears it twice rather than never.
  await onUnlinked(account);
  // Telling takes its time, and what it tells is to link again.
  const link = await links.facts(account, "withings");
  if (link?.state !== "stale") return;
  await subscriptionMemory.forget(account);
  await withingsUsers.release(link.vendorUserId, account);
  await links.remove(account, "withings");
  log.warn("withings_unlinked", { account });
}
