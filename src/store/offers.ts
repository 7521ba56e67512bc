import * as z from "zod";
import { type Clock, epochSeconds } from "../lib/clock.ts";
import { lazy } from "../lib/lazy.ts";
import type { Log } from "../lib/log.ts";
import { OFFER_STATES, type Offers } from "../sync/model/offers.ts";
import { instant, readThoseIntact, readVersioned, toJson } from "./item-json.ts";
import { keys } from "./keys.ts";
import { Kind, Taken } from "./ledger-items.ts";
import { expectation, type Item, type Key, type Table } from "./table.ts";
import { removeItem, update } from "./update.ts";

/** After its last change. Nothing of it can be taken back by then. */
const KEPT_SECONDS = 40 * 24 * 3600;

const OfferItem = lazy(() =>
  Taken().extend({
    from: z.number(),
    reading: z.string(),
    measureGroupId: z.number(),
    kind: Kind(),
    to: z.number(),
    state: z.enum(OFFER_STATES),
    at: instant(),
    fromMessageId: z.number(),
    toMessageId: z.number().exactOptional(),
    saidNo: z.array(z.number()).exactOptional(),
  }),
);
const Among = lazy(() => z.object({ from: z.number(), to: z.number(), saidNo: z.array(z.number()).optional() }));

/** All in one partition: there are only a few, and each belongs to two accounts. */
export function createOffers(table: Table, clock: Clock, log: Log): Offers {
  return {
    async find(from, reading) {
      const item = await table.get(keys.offer(from, reading));
      return item && readVersioned(item, OfferItem);
    },

    async of(account) {
      const all = readThoseIntact(await table.list(keys.offers), OfferItem, log, "offer_damaged");
      return all.filter(({ from, to }) => from === account || to === account);
    },

    async save(offer, version) {
      const outcome = await table.put(keys.offer(offer.from, offer.reading), toJson(offer), {
        expect: expectation(version),
        expiresAt: epochSeconds(clock.now()) + KEPT_SECONDS,
      });
      return outcome.type === "written" ? { value: offer, version: outcome.version } : undefined;
    },
  };
}

export async function removeOffers(table: Table, account: number): Promise<void> {
  for (const item of await table.list(keys.offers)) {
    const { from, to, saidNo } = Among().safeParse(item.value).data ?? {};
    if (from === account || to === account) await removeItem(table, item.key);
    else if (saidNo?.includes(account)) await forgetNo(table, item.key, account);
  }
}

function forgetNo(table: Table, key: Key, account: number): Promise<void> {
  const change = (item: Item | undefined) => {
    const saidNo = Among().safeParse(item?.value).data?.saidNo;
    if (!item || !saidNo) return { result: undefined };
    const value = { ...item.value, saidNo: saidNo.filter((it) => it !== account) };
    return { value, expiresAt: item.expiresAt, result: undefined };
  };
  return update(table, key, change, { what: "the offer" });
}
