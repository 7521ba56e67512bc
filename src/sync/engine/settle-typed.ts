import type { Ledger } from "../model/ledger.ts";
import { readingId } from "../model/reading.ts";
import { isHandedId, type Pair, readingOf, type TypedReading, type TypedReadings } from "../model/typed.ts";
import type { Item } from "./item.ts";
import { settledAs, writeAll } from "./record.ts";
import { settlementOf } from "./tally.ts";
import { isAlreadyThere, isBegunBy, isInGarmin, sameOf } from "./typed.ts";

/** For how long after it was typed a device may still deliver the same reading. */
const KEPT_DAYS = 30;

/** Before anything is sent: if the links change now, the next run has to know that it may be under way. */
export async function markBegun(
  readings: Pick<TypedReadings, "settle">,
  account: number,
  { typed, items, pair, now }: { typed: TypedReading[]; items: Item[]; pair: Pair; now: Date },
): Promise<void> {
  const isSent = ({ reading, step }: Item) => reading.within && (step.type === "send" || step.type === "verify");
  const sent = new Set(items.filter(isSent).map(({ reading }) => reading.measureGroupId));
  const news = typed.filter((it) => sent.has(it.id) && !isBegunBy(pair, it));
  const marked = (it: TypedReading): TypedReading => ({ ...it, begun: [...(it.begun ?? []), { ...pair, at: now }] });
  if (news.length > 0) await readings.settle(account, new Map(news.map((it) => [it.id, marked(it)])));
}

/** Settles what waited for another reading that is in Garmin now. */
export async function settleWaiting(items: Item[], ledger: Ledger): Promise<void> {
  const byId = new Map(items.map((it) => [readingId(it.reading), it]));
  await writeAll(
    items.map((item) =>
      item.step.type === "wait" && isInGarmin(byId.get(item.step.on)?.entry?.value)
        ? settledAs(item, { state: "skipped", reason: "already_in_garmin" })
        : undefined,
    ),
    ledger,
  );
}

/** After the ledger knows: what is settled waits no longer. */
export async function settleTyped(
  readings: Pick<TypedReadings, "settle">,
  account: number,
  { typed, items, pair, now }: { typed: TypedReading[]; items: Item[]; pair: Pair; now: Date },
): Promise<void> {
  const next = new Map<number, TypedReading | undefined>();
  for (const each of typed) {
    const after = afterRun(each, items, pair, now);
    if (after !== each) next.set(each.id, after);
  }
  if (next.size > 0) await readings.settle(account, next);
}

const IS_OVER: ReadonlySet<string> = new Set(["seen", "skipped", "failed"]);

/**
 * Of what was handed on to this account, by `readingId`: what this run has settled, and what an earlier one has brought to Garmin
 * without both chats being told.
 */
export function handedNews(typed: TypedReading[], items: Item[], { garminProfileId }: Pair): string[] {
  const untold = typed
    .filter((it) => isHandedId(it.id) && it.settledIn === garminProfileId && !it.isTold)
    .map(readingOf);
  const isNews = ({ reading, entry, before }: Item) => {
    const state = entry?.value.fate.state;
    return isHandedId(reading.measureGroupId) && state && IS_OVER.has(state) && state !== before?.fate.state;
  };
  return [...new Set([...untold, ...items.filter(isNews).map(({ reading }) => reading)].map(readingId))];
}

function afterRun(typed: TypedReading, items: Item[], pair: Pair, now: Date): TypedReading | undefined {
  const device = sameOf(typed, items);
  const isAdopted = isAlreadyThere(device?.entry?.value);
  const own = items.find(({ reading }) => reading.measureGroupId === typed.id);
  if (!own) {
    const isOver = now.getTime() - typed.typedAt.getTime() > KEPT_DAYS * 24 * 3600 * 1000;
    return typed.settledIn !== undefined && (isOver || (isAdopted && !typed.begun)) ? undefined : typed;
  }
  const state = own.entry?.value.fate.state;
  // What is held goes when the zone is known, for instance.
  if (!settlementOf(own).settled || !state || state === "held") return typed;
  const { begun = [], ...rest } = typed;
  // Another profile's ledger may still have it open.
  const open = begun.filter((it) => it.garminProfileId !== pair.garminProfileId);
  const isThere = isInGarmin(own.entry?.value);
  // However it came into Garmin, the scale may still deliver the same one.
  if (open.length === 0 && (!isThere || isInGarmin(device?.entry?.value))) return undefined;
  const settledIn = isThere ? pair.garminProfileId : (typed.settledIn ?? "");
  return { ...rest, settledIn, ...(open.length > 0 && { begun: open }) };
}
