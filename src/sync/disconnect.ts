import type { Account } from "./account.ts";
import { leaseName, withLease } from "./lease-keeper.ts";
import type { Erasure, Leases, Links, Vendor, WithingsUsers } from "./ports.ts";

export type Disconnected = Vendor | "everything";

/**
 * Takes a link away, or everything of an account. Throws `RetryLaterError` while a run is at work on it. The ledger outlives
 * a link: who links the same two again gets nothing twice.
 */
export function createDisconnect(deps: {
  leases: Leases;
  links: Links;
  users: WithingsUsers;
  erasure: Erasure;
  /** Tells Withings to call us no more, as far as it listens. Never throws. */
  unsubscribe: (account: number) => Promise<void>;
}) {
  const { leases, links, users, erasure, unsubscribe } = deps;

  async function removeWithings(account: number) {
    // A link that cannot be opened has to go all the same.
    const link = await links.read(account, "withings").catch(() => undefined);
    if (link?.value.state === "linked") await unsubscribe(account);
    await links.remove(account, "withings");
    if (link) await users.release(link.value.vendorUserId, account);
  }

  return (account: Account, what: Disconnected): Promise<void> => {
    const id = account.telegramUserId;
    return withLease(leases, leaseName(account), async () => {
      if (what === "garmin") return links.remove(id, "garmin");
      await removeWithings(id);
      if (what === "everything") await erasure.erase(id);
    });
  };
}
export type Disconnect = ReturnType<typeof createDisconnect>;
