import { ActionNeededError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Links, VendorUsers } from "../model/link.ts";
import type { ReadingSource } from "../model/vendors.ts";
import type { SubscriptionMemory } from "../model/withings-link.ts";
import type { Tokens } from "./tokens.ts";

/** Anybody could say that a person no longer shares with us: the link goes only if Withings itself refuses it. */
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
  // A scope that is too small ends no link, nor has a link ended that was replaced in the meantime.
  if ((await links.facts(account, "withings"))?.state !== "stale") return;
  // First the notification: if the process ends in between, the owner gets it twice rather than never.
  await onUnlinked(account);
  // The owner may have linked again since, as the message asks.
  const link = await links.facts(account, "withings");
  if (link?.state !== "stale") return;
  await subscriptionMemory.forget(account);
  await withingsUsers.release(link.vendorUserId, account);
  await links.remove(account, "withings");
  log.warn("withings_unlinked", { account });
}
