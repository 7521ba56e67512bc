import type { Ledger, LedgerEntry, Progress } from "../model/ledger.ts";
import { readingId } from "../model/reading.ts";
import type { GarminEntry } from "../model/vendors.ts";
import { isJustSent, type Sent } from "./match.ts";

/** An entry in Garmin that was taken for a reading, and what we sent of that reading, if anything. */
export interface Taken {
  inGarmin: GarminEntry;
  sent?: Sent | undefined;
}

/**
 * Which of Garmin's entries are ours, by delete key. Those of the readings at hand and of recent arrivals are known from the
 * start. Of all others only the ledger knows, and after ten years it is the dearest read of a run. So it's read once, and only
 * before something is done with an entry that isn't known.
 */
export class Claims {
  readonly #ledger: Pick<Ledger, "garminKeys">;
  readonly #known: Set<string>;
  #isComplete = false;

  constructor(ledger: Pick<Ledger, "garminKeys">, { arrived }: Pick<Progress, "arrived">, atHand: LedgerEntry[]) {
    const ids = new Set(atHand.map(readingId));
    // Of a reading at hand, only its entry counts: what it says of an earlier version may have to be removed.
    const others = arrived.filter(({ id }) => !ids.has(id)).map(({ garminKeyId }) => garminKeyId);
    const own = atHand.map(({ garminKey }) => garminKey?.id);
    this.#ledger = ledger;
    this.#known = new Set([...others, ...own].filter((it) => it !== undefined));
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  add(id: string): void {
    this.#known.add(id);
  }

  /**
   * What `look` finds by what is known; and if it takes an entry that may be another reading's, what it finds by the whole
   * ledger. What came into Garmin after we had sent the same is sure: only a recent arrival could be in its place.
   */
  async settled<T>(look: () => T, takenBy: (found: T) => Taken[]): Promise<T> {
    const found = look();
    const isSure = takenBy(found).every(({ sent, inGarmin }) => sent && isJustSent(sent, inGarmin));
    if (isSure || this.#isComplete) return found;
    await this.complete();
    return look();
  }

  async complete(): Promise<void> {
    if (this.#isComplete) return;
    for (const key of (await this.#ledger.garminKeys()).values()) this.#known.add(key);
    this.#isComplete = true;
  }
}
