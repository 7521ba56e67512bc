import { type Clock, epochSeconds } from "../lib/clock.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { PendingLinks } from "../sync/model/link.ts";
import { parseStored, readItem } from "./item-json.ts";
import { PendingLinkItem, PendingLinkSecrets } from "./items.ts";
import { keys } from "./keys.ts";
import type { Sealer } from "./seal.ts";
import type { Table } from "./table.ts";
import { overwrite, removeItem } from "./update.ts";

const PENDING_SECONDS = 10 * 60;

/** Sealed to the account and the vendor they are for. */
export function createPendingLinks(table: Table, sealer: Sealer, clock: Clock, log: Log): PendingLinks {
  return {
    async read(account, vendor) {
      const key = keys.pendingLink(account, vendor);
      const item = await table.get(key);
      if (!item) return undefined;
      try {
        const plain = sealer.open(readItem(item, PendingLinkItem).sealedLink, { key, field: "sealedLink" });
        return parseStored(JSON.parse(plain), key, PendingLinkSecrets);
      } catch (error) {
        // After a key change, for instance. That must not keep anybody from signing in again.
        log.error("pending_link_unreadable", errorFacts(error));
        return undefined;
      }
    },
    async save(account, vendor, pending) {
      const key = keys.pendingLink(account, vendor);
      const sealedLink = sealer.seal(JSON.stringify(pending), { key, field: "sealedLink" });
      const expiresAt = epochSeconds(clock.now()) + PENDING_SECONDS;
      await overwrite(table, key, { sealedLink }, { what: "the sign-in", expiresAt });
    },
    forget: (account, vendor) => removeItem(table, keys.pendingLink(account, vendor)),
  };
}
