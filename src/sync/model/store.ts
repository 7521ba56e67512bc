export interface Erasure {
  erase(account: number): Promise<void>;
}

/** Identifies a store, and tells a used one from an empty one. */
export interface StoreIdentity {
  /** Twelve hex digits, made once and kept for good, including through a backup. */
  id(): Promise<string>;
  isEmpty(): Promise<boolean>;
}
