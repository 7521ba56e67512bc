export interface Leases {
  /** The right to work on `name` for `seconds`, or undefined while somebody else has it. */
  acquire(name: string, seconds: number): Promise<Lease | undefined>;
}

export interface Lease {
  remainingSeconds(): number;
  /** Throws `RetryLaterError` if it was lost. */
  renew(seconds: number): Promise<void>;
  release(): Promise<void>;
}

export interface SharedRateLimiter {
  /**
   * Takes the next free slot and answers in how many seconds it comes. Takes none and throws `RetryLaterError` if that is more
   * than `maxWaitSeconds`, or if the store is busy.
   */
  take(maxWaitSeconds: number): Promise<number>;
}
