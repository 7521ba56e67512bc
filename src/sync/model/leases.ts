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
  /** In how many seconds the next free slot comes. Throws `RetryLaterError` beyond `maxWaitSeconds`, or if the store is busy. */
  take(maxWaitSeconds: number): Promise<number>;
}
