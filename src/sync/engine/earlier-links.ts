import type { Ledger, LedgerEntry, Ledgers, Progress } from "../model/ledger.ts";
import type { Link, Vendor, Versioned } from "../model/link.ts";
import { type Reading, type ReadingKind, readingId } from "../model/reading.ts";
import { isTypedId, type Pair, withinOf } from "../model/typed.ts";
import type { Measured } from "../model/vendors.ts";
import type { BatchContext } from "./batch.ts";
import { Claims } from "./claims.ts";
import { followUp, isAwaited } from "./follow-up.ts";
import type { Item } from "./item.ts";
import { isAsTyped, sentValues } from "./match.ts";

/** One person's readings in the Garmin profile, from when the account had other links to Withings. */
export interface EarlierLedger {
  withingsUserId: string;
  ledger: Ledger;
  /** What Garmin may show yet. */
  open: Array<Versioned<LedgerEntry>>;
}

export interface EarlierLinks {
  ledgers: EarlierLedger[];
  /** Some of it may have turned up since the last run. */
  looksFirst: boolean;
  known: NonNullable<Progress["earlierLinks"]>;
}

/**
 * When somebody links another person at Withings, uploads may be under way that only the ledger of the earlier links knows. Its
 * runs have ended, so those of the new links follow them up. All ledgers are read once for each link.
 */
export async function openEarlierLinks(
  ledgers: Ledgers,
  account: number,
  pair: Pair,
  { links, progress, now }: { links: Record<Vendor, Link>; progress: Progress; now: Date },
): Promise<EarlierLinks> {
  const linkedAt = new Date(Math.max(links.withings.linkedAt.getTime(), links.garmin.linkedAt.getTime()));
  const { earlierLinks } = progress;
  const known = earlierLinks?.linkedAt.getTime() === linkedAt.getTime() ? earlierLinks.open : undefined;
  const users = known?.map((it) => it.withingsUserId) ?? (await ledgers.othersIn(account, pair));
  const found: EarlierLedger[] = [];
  for (const withingsUserId of users) {
    const ledger = ledgers.of(account, withingsUserId, pair.garminProfileId);
    const ids = known?.find((it) => it.withingsUserId === withingsUserId)?.ids;
    const entries = ids ? [...(await ledger.entries(ids)).values()] : await ledger.all();
    const open = entries.filter(({ value }) => isAwaited(value, now));
    if (open.length > 0) found.push({ withingsUserId, ledger, open });
  }
  const open = found.map((it) => ({
    withingsUserId: it.withingsUserId,
    ids: it.open.map(({ value }) => readingId(value)),
  }));
  return {
    ledgers: found,
    looksFirst: open.length > 0 || (known?.length ?? 0) > 0,
    known: { linkedAt, open },
  };
}

/** What may be such an upload waits until that is in Garmin, or has been given up. */
export function withoutUnderWay(items: Item[], { ledgers }: EarlierLinks): Item[] {
  const underWay = ledgers
    .flatMap(({ open }) => open.map(({ value }) => value))
    .filter((it) => it.fate.state !== "seen");
  if (underWay.length === 0) return items;
  return items.map((item) => {
    const same = isNew(item) ? underWay.find((it) => isSame(item.reading, it)) : undefined;
    return same ? { ...item, step: { type: "wait", on: readingId(same) }, underWay: same } : item;
  });
}

function isNew({ step, entry }: Item): boolean {
  const { attemptedAt, garminKey } = entry?.value ?? {};
  return (step.type === "send" || step.type === "verify") && !attemptedAt && !garminKey;
}

/** As near as what one look into Garmin takes for the same event. */
const SAME_EVENT = { seconds: 120, kg: 0.1 };

function isSame(reading: Reading, entry: LedgerEntry): boolean {
  const id = entry.measureGroupId;
  const within = reading.within ?? (isTypedId(id) ? withinOf(id) : SAME_EVENT);
  const wanted = { takenAt: reading.takenAt, values: sentValues(reading), within };
  const versions: Measured[] = [entry, ...(entry.possibleCopies ?? [])];
  return versions.some((it) => isAsTyped(wanted, it));
}

/** Of one kind. Resolves to what went wrong, which stops nothing else. */
export async function followUpEarlier(
  { ledgers }: EarlierLinks,
  kind: ReadingKind,
  batch: BatchContext,
): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const { ledger, open } of ledgers) {
    const entries = open.filter(({ value }) => value.kind === kind);
    if (entries.length === 0) continue;
    try {
      // What either ledger knows as its own is no late copy.
      const claimed = new Claims({ garminKeys: () => keysOf(batch.ledger, ledger) }, { arrived: [] }, []);
      await claimed.complete();
      const { error, removed } = await followUp(entries, { ...batch, ledger, claimed });
      // Garmin may show for a while what was deleted.
      for (const id of removed) batch.claimed.add(id);
      errors.push(error);
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}

/** By ledger, because what was typed has the same id in both. */
async function keysOf(...ledgers: Ledger[]): Promise<Map<string, string>> {
  const all = await Promise.all(ledgers.map((it) => it.garminKeys()));
  return new Map(all.flatMap((keys, index) => [...keys].map(([id, key]) => [`${index}#${id}`, key] as const)));
}
