import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Accounts } from "../model/account.ts";
import type { Leases } from "../model/leases.ts";
import type { Link, Links, PendingLink, PendingLinks, Vendor, VendorUsers } from "../model/link.ts";
import type { Schedule } from "../model/schedule.ts";
import type { SubscriptionMemory } from "../model/withings-link.ts";
import { withLease } from "./with-lease.ts";

/** One second apart. The code or ticket is used up by now, so a short wait is worth it. */
const TRIES = 15;

/** The right to make or remove the links of an account. Syncs don't take it, so the wait is short. */
export async function withLinksLease<T>(
  { leases, clock }: { leases: Leases; clock: Clock },
  account: number,
  work: () => Promise<T>,
): Promise<T> {
  let isBegun = false;
  for (let tries = 1; ; tries++) {
    try {
      return await withLease(leases, `account-links#${account}`, () => {
        isBegun = true;
        return work();
      });
    } catch (error) {
      if (isBegun || !(error instanceof RetryLaterError) || tries === TRIES) throw error;
      await clock.sleep(1);
    }
  }
}

interface LinkSaverDeps {
  accounts: Pick<Accounts, "find">;
  leases: Leases;
  links: Links;
  pendingLinks: PendingLinks;
  users: Record<Vendor, VendorUsers>;
  subscriptions: Pick<SubscriptionMemory, "forget">;
  schedule: Pick<Schedule, "set">;
  clock: Clock;
  log: Log;
}

/** `account_removed`: the account was removed while the vendor was asked, and nothing is saved. */
export class LinkSaver {
  readonly #deps: LinkSaverDeps;

  constructor(deps: LinkSaverDeps) {
    this.#deps = deps;
  }

  async isTaken(account: number, vendor: Vendor, vendorUserId: string): Promise<boolean> {
    const owner = await this.#deps.users[vendor].accountOf(vendorUserId);
    return owner !== undefined && owner !== account && (await this.#isLinkedTo(owner, vendor, vendorUserId));
  }

  /** Replaces the previous link and claims its person or profile. `taken`: that belongs to another account. */
  save(account: number, vendor: Vendor, link: Link): Promise<"saved" | "taken" | "account_removed"> {
    const { links, log } = this.#deps;
    return withLinksLease(this.#deps, account, async () => {
      // A link without an account is never used, and keeps everybody else from linking that person.
      if (!(await this.#isThere(account))) return "account_removed";
      if ((await this.#claim(account, vendor, link.vendorUserId)) !== account) return "taken";
      const before = await links.facts(account, vendor).catch(() => undefined);
      await links.replace(account, vendor, link);
      // The link is made. A failure from here on must not make it look as if it weren't.
      const person = { before: before?.vendorUserId, now: link.vendorUserId };
      await this.#tidy(account, vendor, person).catch((error: unknown) =>
        log.warn("old_link_not_tidied", { account, ...errorFacts(error) }),
      );
      return "saved";
    });
  }

  savePending(account: number, vendor: Vendor, pending: PendingLink): Promise<"saved" | "account_removed"> {
    return withLinksLease(this.#deps, account, async () => {
      if (!(await this.#isThere(account))) return "account_removed";
      await this.#deps.pendingLinks.save(account, vendor, pending);
      return "saved";
    });
  }

  async #isThere(account: number): Promise<boolean> {
    return (await this.#deps.accounts.find(account)) !== undefined;
  }

  /** False if the account that claimed it has no such link: a process died in between. A damaged link counts. */
  async #isLinkedTo(owner: number, vendor: Vendor, vendorUserId: string): Promise<boolean> {
    if (!(await this.#isThere(owner))) return false;
    try {
      return (await this.#deps.links.facts(owner, vendor))?.vendorUserId === vendorUserId;
    } catch (error) {
      if (error instanceof RetryLaterError) throw error;
      return true;
    }
  }

  async #claim(account: number, vendor: Vendor, vendorUserId: string): Promise<number> {
    const users = this.#deps.users[vendor];
    const owner = await users.claim(vendorUserId, account);
    if (owner === account) return owner;
    // Under the other account's lease, because it may be about to save the link.
    const isTheirs = await withLinksLease(this.#deps, owner, () => this.#isLinkedTo(owner, vendor, vendorUserId));
    if (isTheirs) return owner;
    await users.release(vendorUserId, owner);
    return users.claim(vendorUserId, account);
  }

  async #tidy(account: number, vendor: Vendor, person: { before: string | undefined; now: string }): Promise<void> {
    const { pendingLinks, users, subscriptions, schedule, clock } = this.#deps;
    await pendingLinks.forget(account, vendor);
    // Here, and not left to the chat or the terminal: otherwise a new account could wait for a day.
    await schedule.set(account, { dueAt: clock.now(), failures: 0 });
    if (vendor === "withings") await subscriptions.forget(account);
    if (person.before !== undefined && person.before !== person.now)
      await users[vendor].release(person.before, account);
  }
}
