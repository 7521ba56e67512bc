import type { Clock } from "../../lib/clock.ts";
import type { HeldLease } from "../links/with-lease.ts";
import type { Ledger } from "../model/ledger.ts";
import type { Around, Field, GarminEntry, GarminKey, SendContext, Sink } from "../model/vendors.ts";
import type { Claims } from "./claims.ts";
import type { EarlyLook } from "./early-look.ts";
import { isDecisive, type ReadBack } from "./read-back.ts";

export interface BatchContext {
  sink: Sink;
  ledger: Ledger;
  lease: HeldLease;
  clock: Clock;
  sendContext: Omit<SendContext, "beforeEach">;
  /** What was sent before had no BMI, or another one. */
  heightSince: Date | undefined;
  isProven: boolean;
  accepted: ReadonlySet<Field>;
  /** Only where it's as good as a look made now. */
  early?: EarlyLook | undefined;
  onStage: (stage: "sending" | "checking", readings: number) => void;

  claimed: Claims;
  readBacks: ReadBack[];
  foreign: Map<string, GarminEntry>;
  /** What went wrong, in order. Some of it stopped this kind, some only one reading. */
  errors: unknown[];
}

export function isDiffering({ readBacks, accepted }: BatchContext): boolean {
  return readBacks.some(({ differences }) => differences.some((it) => isDecisive(it) && !accepted.has(it.field)));
}

export function isProvenNow(batch: BatchContext): boolean {
  return batch.isProven || (batch.readBacks.length > 0 && !isDiffering(batch));
}

export async function remove(key: GarminKey, { sink, lease }: Pick<BatchContext, "sink" | "lease">): Promise<void> {
  await lease.ensure();
  await sink.remove(key);
}

export async function aroundAll(sink: Sink, times: Date[], early?: EarlyLook): Promise<Around> {
  const sorted = times.toSorted((a, b) => a.getTime() - b.getTime());
  const [from, to] = [sorted[0], sorted.at(-1)];
  if (!from || !to) return { entries: [], unreadable: [] };
  return early && early.from <= from && to <= early.to ? early : sink.around(from, to);
}
