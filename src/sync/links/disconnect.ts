import type { Clock } from "../../lib/clock.ts";
import type { Account } from "../model/account.ts";
import type { Leases } from "../model/leases.ts";
import { type Links, type PendingLinks, VENDORS, type Vendor, type VendorUsers } from "../model/link.ts";
import type { Erasure } from "../model/store.ts";
import { withLinksLease } from "./save-link.ts";
import { leaseName, withLease } from "./with-lease.ts";

export type Disconnected = Vendor | "everything";

/** Throws `RetryLaterError` while a run is at work. The ledger stays: linking the same two again sends nothing twice. */
export function createDisconnect(deps: {
  leases: Leases;
  links: Links;
  pendingLinks: Pick<PendingLinks, "forget">;
  users: Record<Vendor, VendorUsers>;
  erasure: Erasure;
  /** Tells Withings to stop calling us, if it can be reached. */
  unsubscribe: (account: number) => Promise<void>;
  clock: Clock;
}) {
  const { leases, links, pendingLinks, users, erasure, unsubscribe } = deps;

  async function remove(account: number, vendor: Vendor) {
    const link = await links.facts(account, vendor).catch(() => undefined);
    // An old button must not bring back a link that was just removed.
    await pendingLinks.forget(account, vendor);
    await links.remove(account, vendor);
    if (link) await users[vendor].release(link.vendorUserId, account);
  }

  return (account: Account, what: Disconnected): Promise<void> => {
    const id = account.telegramUserId;
    return withLease(leases, leaseName(id), async () => {
      if (what !== "garmin") await unsubscribe(id);
      // A link being made right now either comes first and is removed too, or comes later and finds no account.
      await withLinksLease(deps, id, async () => {
        for (const vendor of what === "everything" ? VENDORS : [what]) await remove(id, vendor);
        if (what === "everything") await erasure.erase(id);
      });
    });
  };
}
export type Disconnect = ReturnType<typeof createDisconnect>;
