/** While a job works on an account, one read brings all that is stored of it. */
export interface Snapshots {
  during<T>(account: number, work: () => Promise<T>): Promise<T>;
  /** What the job reads next of these is read again. */
  forget(what: Forgettable): void;
}

export type Forgettable = "links" | "account" | "everything";

export interface Erasure {
  erase(account: number): Promise<void>;
}

/** Identifies a store, and tells a used one from an empty one. */
export interface StoreIdentity {
  /** Twelve hex digits, made once and kept for good, including through a backup. */
  id(): Promise<string>;
  isEmpty(): Promise<boolean>;
}

/** One value of an account, which is replaced only by a writer that knows its newest version. */
export interface VersionedMemory<T> {
  read(account: number): Promise<{ value: T; version: string | undefined }>;
  /** False if somebody else wrote first. */
  write(account: number, value: T, version: string | undefined): Promise<boolean>;
}
