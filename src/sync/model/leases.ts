export interface Leases {
  /** The right to work on `name` for `seconds`, or undefined while somebody else has it. */
  acquire(name: string, seconds: number): Promise<Lease | undefined>;
}

export interface Lease {
  /** Seconds that are left by our own clock. */
  remainingSeconds(): number;
  /** Extends it. Throws `RetryLaterError` when it was lost. */
  renew(seconds: number): Promise<void>;
  release(): Promise<void>;
}

/** How often a vendor may be asked, by all processes together. */
export interface SharedRateLimiter {
  /**
   * Takes the next free slot and answers in how many seconds it comes. Takes none and throws `RetryLaterError` when that
   * is more than `maxWaitSeconds`, or when the store is busy.
   */
  take(maxWaitSeconds: number): Promise<number>;
}
