import { type Clock, epochSeconds } from "../lib/clock.ts";
import { parseJson } from "../lib/json.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import { readItem } from "./item-json.ts";
import { DialogItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Sealer } from "./seal.ts";
import type { Table } from "./table.ts";
import { overwrite, removeItem } from "./update.ts";

/** What is typed into a sign-in a day later is still known for what it is, and kept secret. */
const DIALOG_SECONDS = 24 * 3600;

/** How far a dialog in a chat has got, sealed: it may hold what a person typed. Read and written under the chat's lease. */
export function createDialogs(table: Table, sealer: Sealer, clock: Clock, log: Log) {
  return {
    async read(chatId: string): Promise<unknown> {
      const key = keys.dialog(chatId);
      const item = await table.get(key);
      if (!item) return undefined;
      try {
        const { sealedState } = readItem(item, DialogItem);
        return parseJson(sealer.open(sealedState, { key, field: "sealedState" }));
      } catch (error) {
        // A dialog can be begun again; a chat that answers nothing any more could not be.
        log.error("dialog_unreadable", errorFacts(error));
        await removeItem(table, key);
        return undefined;
      }
    },

    async write(chatId: string, state: unknown): Promise<void> {
      const key = keys.dialog(chatId);
      const sealedState = sealer.seal(JSON.stringify(state), { key, field: "sealedState" });
      const expiresAt = epochSeconds(clock.now()) + DIALOG_SECONDS;
      // One try: if somebody else wrote, they have the lease of the chat now.
      await overwrite(table, key, { sealedState }, { what: "the dialog", expiresAt, tries: 1 });
    },

    delete: (chatId: string) => removeItem(table, keys.dialog(chatId)),
  };
}
