import * as z from "zod";
import { type Clock, epochSeconds } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { keys } from "./keys.ts";
import type { Sealer } from "./seal.ts";
import { openItem, sealItem } from "./sealed-item.ts";
import type { Table } from "./table.ts";
import { overwrite, readOrRemove, removeItem } from "./update.ts";

/** A password that is typed into a sign-in a day later is still recognised as one, and kept secret. */
const DIALOG_SECONDS = 24 * 3600;

/** How far a dialog in a chat has got, sealed: it may hold what a person typed. Read and written under the chat's lease. */
export function createDialogs(table: Table, sealer: Sealer, clock: Clock, log: Log) {
  return {
    async read(chatId: string): Promise<unknown> {
      const item = await table.get(keys.dialog(chatId));
      // A dialog can be started again; a chat that no longer answers couldn't be.
      return item && readOrRemove(table, item, (it) => openItem(sealer, it, z.unknown), log, "dialog_unreadable");
    },

    async write(chatId: string, state: unknown): Promise<void> {
      const key = keys.dialog(chatId);
      const expiresAt = epochSeconds(clock.now()) + DIALOG_SECONDS;
      // One try: if somebody else wrote, they have the lease of the chat now.
      await overwrite(table, key, sealItem(sealer, key, state), { what: "the dialog", expiresAt, tries: 1 });
    },

    delete: (chatId: string) => removeItem(table, keys.dialog(chatId)),
  };
}
