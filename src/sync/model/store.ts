export interface Erasure {
  /** Takes away everything that is stored of the account: links, ledger, settings. */
  erase(account: number): Promise<void>;
}

/** Identifies a store, and tells a used one from an empty one. */
export interface StoreIdentity {
  /** Twelve hex digits, made once and kept for the life of the store, including through a backup. */
  id(): Promise<string>;
  /** Whether it has no accounts. */
  isEmpty(): Promise<boolean>;
}
