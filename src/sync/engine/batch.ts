import type { Clock } from "../../lib/clock.ts";
import type { HeldLease } from "../links/with-lease.ts";
import type { Ledger } from "../model/ledger.ts";
import type { Field, GarminEntry, GarminKey, SendContext, Sink } from "../model/vendors.ts";
import { isDecisive, type ReadBack } from "./read-back.ts";

/** One kind of reading in one run: what the work needs, and what it has learned of Garmin so far. */
export interface BatchContext {
  sink: Sink;
  ledger: Ledger;
  lease: HeldLease;
  clock: Clock;
  sendContext: Omit<SendContext, "beforeEach">;
  /** Before this run, readings of this kind are known to have come back as they were sent. */
  isProven: boolean;
  /** Fields whose differences the owner has accepted. */
  accepted: ReadonlySet<Field>;
  onStage: (stage: "sending" | "checking", readings: number) => void;

  /** Delete keys of entries that are known to be other readings. */
  claimed: Set<string>;
  /** What was read back, compared with what was sent, in that order. */
  readBacks: ReadBack[];
  /** Entries in Garmin that are not ours, by their key. */
  strangers: Map<string, GarminEntry>;
  /** What went wrong. The first one is what stopped the work on this kind before its end. */
  errors: unknown[];
}

/** A reading came back different. Nothing more is sent until the owner says so. */
export function isDiffering({ readBacks, accepted }: BatchContext): boolean {
  return readBacks.some(({ differences }) => differences.some((it) => isDecisive(it) && !accepted.has(it.field)));
}

/** A reading of this kind has come back as it was sent, or its owner has accepted it. */
export function isProvenNow(batch: BatchContext): boolean {
  return batch.isProven || (batch.readBacks.length > 0 && !isDiffering(batch));
}

export async function remove(key: GarminKey, { sink, lease }: BatchContext): Promise<void> {
  await lease.ensure();
  await sink.remove(key);
}
