import { type Clock, epochSeconds } from "../lib/clock.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { PendingLinks } from "../sync/model/link.ts";
import { PendingLink } from "./items.ts";
import { keys } from "./keys.ts";
import type { Sealer } from "./seal.ts";
import { openItem, sealItem } from "./sealed-item.ts";
import type { Table } from "./table.ts";
import { overwrite, removeItem } from "./update.ts";

const PENDING_SECONDS = 10 * 60;

export function createPendingLinks(table: Table, sealer: Sealer, clock: Clock, log: Log): PendingLinks {
  return {
    async read(account, vendor) {
      const item = await table.get(keys.pendingLink(account, vendor));
      try {
        return item && openItem(sealer, item, PendingLink);
      } catch (error) {
        // After a key change, for instance. That must not keep anybody from signing in again.
        log.error("pending_link_unreadable", errorFacts(error));
        return undefined;
      }
    },
    async save(account, vendor, pending) {
      const key = keys.pendingLink(account, vendor);
      const expiresAt = epochSeconds(clock.now()) + PENDING_SECONDS;
      await overwrite(table, key, sealItem(sealer, key, pending), { what: "the sign-in", expiresAt });
    },
    forget: (account, vendor) => removeItem(table, keys.pendingLink(account, vendor)),
  };
}
