import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "../lib/clock.ts";
import type { Forgettable, Snapshots } from "../sync/model/store.ts";
import { keys } from "./keys.ts";
import type { Item, Key, PutOutcome, Table } from "./table.ts";

/**
 * While a job works on an account, one read brings all that is stored of it, and its own writes go through. What must be fresh:
 *
 *  - after a lease was taken, everything: its last holder may have changed what it protects. So a token is renewed from the link
 *    as it is under the link's lease, and a run begins with the progress that the last run saved;
 *  - after a vendor answered, the links: a sign-in or a renewal needs no lease of the account, and an upload must not go on
 *    with a link that its owner has replaced or removed;
 *  - after the account's lease was given back, and after each message to its owner, all of the account: it may have been
 *    removed, and nothing of it may come back;
 *  - after a conflict or a failed write, everything.
 *
 * Nothing else needs it. Only the holder of the account's lease writes the ledger's progress, ends a run, or removes the account.
 * The rest is written at the version that was read, so a write that is based on an older one conflicts.
 */
export function withSnapshots(table: Table, clock: Clock): { table: Table; snapshots: Snapshots } {
  const jobs = new AsyncLocalStorage<Snapshot>();
  const current = (key: Key) => {
    const snapshot = jobs.getStore();
    return snapshot?.covers(key) ? snapshot : undefined;
  };

  return {
    snapshots: {
      async during(account, work) {
        const snapshot = new Snapshot(table, clock, account);
        // What outlives the job reads for itself.
        return jobs.run(snapshot, work).finally(() => snapshot.end());
      },
      forget: (what) => jobs.getStore()?.forget(what),
    },
    table: {
      ...table,
      async get(key) {
        const snapshot = current(key);
        return snapshot ? snapshot.get(key) : table.get(key);
      },
      async put(key, value, options) {
        const write = () => table.put(key, value, options);
        const snapshot = current(key);
        return snapshot ? snapshot.write({ ...options, key, value }, write) : write();
      },
      async putAll(writes) {
        for (const { key } of writes) current(key)?.forget("everything");
        return table.putAll(writes).finally(() => {
          for (const { key } of writes) current(key)?.forget("everything");
        });
      },
      async delete(key, options) {
        const write = () => table.delete(key, options);
        const snapshot = current(key);
        return snapshot ? snapshot.write({ key }, write) : write();
      },
    },
  };
}

class Snapshot {
  readonly #table: Table;
  readonly #clock: Clock;
  readonly #partition: string;
  readonly #ledgers: string;
  /** All of the account, once it was read. */
  #items: Promise<Map<string, Item>> | undefined;
  /** What is read by itself: a link after it was forgotten, and the progress of a ledger. */
  readonly #single = new Map<string, Promise<Item | undefined>>();
  #linksAreStale = false;
  /** What was begun before this changed isn't kept. */
  #generation = 0;
  #hasEnded = false;

  constructor(table: Table, clock: Clock, account: number) {
    this.#table = table;
    this.#clock = clock;
    this.#partition = keys.accountPartition(account);
    this.#ledgers = keys.ledgersOf(account);
  }

  covers({ pk, sk }: Key): boolean {
    if (this.#hasEnded) return false;
    return pk === this.#partition || (pk.startsWith(this.#ledgers) && sk === keys.progress(pk).sk);
  }

  async get(key: Key): Promise<Item | undefined> {
    const isSingle =
      key.pk !== this.#partition || (this.#linksAreStale && isLink(key)) || this.#single.has(nameOf(key));
    const item = isSingle ? await this.#readOne(key) : (await this.#readAll()).get(key.sk);
    const isExpired = item?.expiresAt !== undefined && item.expiresAt <= this.#clock.now().getTime() / 1000;
    return isExpired ? undefined : item;
  }

  /** A write that throws may have happened. */
  async write<O extends PutOutcome | "deleted" | "conflict">(
    { key, value, expiresAt }: { key: Key; value?: Item["value"]; expiresAt?: number | undefined },
    write: () => Promise<O>,
  ): Promise<O> {
    const begun = ++this.#generation;
    try {
      const outcome = await write();
      if (this.#generation !== begun) this.forget("everything");
      else if (typeof outcome === "object" && outcome.type === "written" && value) {
        const { version } = outcome;
        this.#keep(key, { key, version, value, ...(expiresAt !== undefined && { expiresAt }) });
      } else if (outcome === "deleted") this.#keep(key, undefined);
      else this.forget("everything");
      return outcome;
    } catch (error) {
      this.forget("everything");
      throw error;
    }
  }

  forget(what: Forgettable): void {
    this.#generation++;
    if (what === "links") {
      this.#linksAreStale = true;
      for (const name of this.#single.keys()) if (name.includes(LINK)) this.#single.delete(name);
      return;
    }
    this.#items = undefined;
    this.#linksAreStale = false;
    for (const name of this.#single.keys()) {
      if (what === "everything" || name.startsWith(this.#partition)) this.#single.delete(name);
    }
  }

  end(): void {
    this.#hasEnded = true;
  }

  #keep(key: Key, item: Item | undefined) {
    this.#generation++;
    this.#single.set(nameOf(key), Promise.resolve(item));
  }

  #readAll(): Promise<Map<string, Item>> {
    if (this.#items) return this.#items;
    const items = this.#table
      .list(this.#partition)
      .then((all) => new Map(all.map((item) => [item.key.sk, item] as const)));
    this.#items = items;
    items.catch(() => {
      if (this.#items === items) this.#items = undefined;
    });
    return items;
  }

  #readOne(key: Key): Promise<Item | undefined> {
    const name = nameOf(key);
    const known = this.#single.get(name);
    if (known) return known;
    const item = this.#table.get(key);
    this.#single.set(name, item);
    item.catch(() => {
      if (this.#single.get(name) === item) this.#single.delete(name);
    });
    return item;
  }
}

const LINK = "#link#";
const nameOf = ({ pk, sk }: Key) => `${pk}#${sk}`;
const isLink = (key: Key) => nameOf(key).includes(LINK);
