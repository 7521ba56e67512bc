import type { Ledger } from "../model/ledger.ts";
import { readingId } from "../model/reading.ts";
import type { TypedReading, TypedReadings } from "../model/typed.ts";
import type { Item } from "./item.ts";
import { settledAs, writeAll } from "./record.ts";
import { settlementOf } from "./tally.ts";
import { isAlreadyThere, isInGarmin, sameOf } from "./typed.ts";

/** For how long after it was typed a device may still deliver the same reading. */
const KEPT_DAYS = 30;

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
  { typed, items, garminProfileId, now }: { typed: TypedReading[]; items: Item[]; garminProfileId: string; now: Date },
): Promise<void> {
  const next = new Map<number, TypedReading | undefined>();
  for (const each of typed) {
    const after = afterRun(each, items, garminProfileId, now);
    if (after !== each) next.set(each.id, after);
  }
  if (next.size > 0) await readings.settle(account, next);
}

function afterRun(typed: TypedReading, items: Item[], garminProfileId: string, now: Date): TypedReading | undefined {
  const device = sameOf(typed, items);
  if (typed.settledIn !== undefined) {
    const isOver = now.getTime() - typed.typedAt.getTime() > KEPT_DAYS * 24 * 3600 * 1000;
    return isOver || (device && isAlreadyThere(device.entry?.value)) ? undefined : typed;
  }
  const own = items.find(({ reading }) => reading.measureGroupId === typed.id);
  if (!own || !settlementOf(own).settled || !own.entry) return typed;
  switch (own.entry.value.fate.state) {
    case "seen":
      return device && isAlreadyThere(device.entry?.value) ? undefined : { ...typed, settledIn: garminProfileId };
    case "skipped":
    case "failed":
    case "removed":
      return undefined;
    default:
      // It's held: it goes when the zone is known, for instance.
      return typed;
  }
}
