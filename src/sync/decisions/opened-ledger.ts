import { type HeldLease, leaseName, withLease } from "../links/with-lease.ts";
import type { Account } from "../model/account.ts";
import type { Leases } from "../model/leases.ts";
import type { Ledger, Ledgers, Progress } from "../model/ledger.ts";
import type { Links, Versioned } from "../model/link.ts";

export type Owner = Pick<Account, "telegramUserId">;

/** The ledger of an account's current links, under its lease. */
export interface Opened {
  ledger: Ledger;
  progress: Versioned<Progress>;
  lease: HeldLease;
  garminProfileId: string;
}

interface OpenDeps {
  links: Links;
  ledgers: Ledgers;
  leases: Leases;
}

/** Undefined if there is none: the account isn't linked, or nothing ran yet. Throws `BusyError` while a run is at work. */
export function withLedger<T>(
  deps: OpenDeps,
  account: Owner,
  work: (opened: Opened) => Promise<T>,
): Promise<T | undefined> {
  return withLease(deps.leases, leaseName(account.telegramUserId), async (lease) => {
    const opened = await openedUnder(lease, deps, account);
    return opened && work(opened);
  });
}

export async function openedUnder(
  lease: HeldLease,
  { links, ledgers }: Omit<OpenDeps, "leases">,
  account: Owner,
): Promise<Opened | undefined> {
  const opened = await ledgerOf(links, ledgers, account);
  const progress = await opened?.ledger.progress();
  return opened && progress && { ...opened, progress, lease };
}

export async function ledgerOf(links: Links, ledgers: Ledgers, { telegramUserId }: Owner) {
  const withings = await links.facts(telegramUserId, "withings");
  const garmin = await links.facts(telegramUserId, "garmin");
  if (!withings || !garmin) return undefined;
  const ledger = ledgers.of(telegramUserId, withings.vendorUserId, garmin.vendorUserId);
  return { ledger, garminProfileId: garmin.vendorUserId };
}
