import type { Clock } from "../../lib/clock.ts";
import { OwnLimitError, RetryLaterError } from "../../lib/errors.ts";
import type { Lease, Leases } from "../model/leases.ts";

export class BusyError extends RetryLaterError {}

/** A killed run blocks its account no longer than this. */
const LEASE_SECONDS = 120;
/** More than one outside call can take: an upload has 60 seconds and 10 to connect. */
const ENOUGH_SECONDS = 90;
const HEARTBEAT_SECONDS = 20;
/** Half an hour without `ensure`. A hanging run must not keep its account for good. */
const MOST_HEARTBEATS = 90;

export const leaseName = (account: number) => `account#${account}`;

export interface HeldLease {
  /** Call before everything that must not happen twice. Throws `RetryLaterError` when the lease was lost, or time is up. */
  ensure(): Promise<void>;
}

/** The lease is kept alive while the work waits, and ends with the process. Throws `BusyError` while somebody else has it. */
export async function withLease<T, L extends Lease>(
  leases: { acquire(name: string, seconds: number): Promise<L | undefined> },
  name: string,
  work: (held: HeldLease, lease: L) => Promise<T>,
): Promise<T> {
  const lease = await leases.acquire(name, LEASE_SECONDS);
  if (!lease) throw new BusyError("another run is at work on this account");
  // One renewal after the other: two at once would each take the lease for lost.
  let last: Promise<void> = Promise.resolve();
  let heartbeats = 0;
  const renewIfDue = () => {
    last = last.then(async () => {
      if (lease.remainingSeconds() < ENOUGH_SECONDS) await lease.renew(LEASE_SECONDS);
    });
    return last;
  };
  // Every later `ensure` fails with the error of this heartbeat.
  const heartbeat = setInterval(() => {
    if (heartbeats++ < MOST_HEARTBEATS) renewIfDue().catch(() => undefined);
  }, HEARTBEAT_SECONDS * 1000).unref();
  const ensure = () => {
    heartbeats = 0;
    return renewIfDue();
  };
  try {
    return await work({ ensure }, lease);
  } finally {
    clearInterval(heartbeat);
    await last.catch(() => undefined);
    await lease.release().catch(() => undefined);
  }
}

/** `busy` while somebody else has the lease of the account. */
export async function aloneOn<T>(
  leases: Leases,
  account: number,
  work: (held: HeldLease) => Promise<T>,
): Promise<T | "busy"> {
  let hasBegun = false;
  const begin = (held: HeldLease) => {
    hasBegun = true;
    return work(held);
  };
  return withLease(leases, leaseName(account), begin).catch((error: unknown) => {
    if (!hasBegun && error instanceof BusyError) return "busy";
    throw error;
  });
}

/** Whether a process that is stopped at `deadlineAt` has too little time left to start anything. */
export function isTimeUp(deadlineAt: Date | undefined, clock: Clock): boolean {
  return deadlineAt !== undefined && deadlineAt.getTime() - clock.now().getTime() < ENOUGH_SECONDS * 1000;
}

/** For a process that is stopped at `deadlineAt`: what could be cut off then isn't started. */
export function endingAt(held: HeldLease, deadlineAt: Date | undefined, clock: Clock): HeldLease {
  if (!deadlineAt) return held;
  return {
    async ensure() {
      if (isTimeUp(deadlineAt, clock)) {
        throw new OwnLimitError("the time for this run is up; it goes on in the next one", { retryAfterSeconds: 1 });
      }
      await held.ensure();
    },
  };
}
