import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Schedule } from "../sync/model/schedule.ts";
import { readItem, toJson } from "./item-json.ts";
import { DueEntryItem } from "./items.ts";
import { keys } from "./keys.ts";
import { expectation, type Table } from "./table.ts";
import { readOrRemove, removeItem } from "./update.ts";

/** Longer than a job waits in a healthy queue. */
export const QUEUED_SECONDS = 3600;
/** Longer than a run takes while a vendor is silent. After that, a job that is tried again, or was lost, keeps nobody waiting. */
const COUNTED_SECONDS = 120;

interface DueList extends Pick<Schedule, "due" | "markQueued" | "list" | "unlist" | "drop"> {
  /** Removes the account wherever it is listed. */
  forget(account: number): Promise<void>;
}

/** The scheduled runs of all accounts, listed by time. */
export function createDueList(table: Table, clock: Clock, log: Log): DueList {
  return {
    async list(account, dueAt) {
      const key = keys.dueEntry(account, dueAt);
      const value = toJson({ account, dueAt });
      const outcome = await table.put(key, value, { expect: "absent" });
      if (outcome.type === "written") return;
      const item = await table.get(key);
      await table.put(key, value, { expect: expectation(item?.version) });
    },

    async due(most) {
      const now = clock.now();
      const countedMs = now.getTime() + (QUEUED_SECONDS - COUNTED_SECONDS) * 1000;
      const entries = [];
      let queued = 0;
      for await (const entry of entriesUntil(now, most + 1)) {
        if (!entry.queuedUntil || entry.queuedUntil <= now) entries.push(entry);
        else if (entry.queuedUntil.getTime() > countedMs) queued++;
        if (entries.length + queued > most) {
          return { entries: entries.slice(0, Math.max(0, most - queued)), othersWait: true };
        }
      }
      return { entries, othersWait: false };
    },

    async markQueued({ account, dueAt, version }) {
      const queuedUntil = new Date(clock.now().getTime() + QUEUED_SECONDS * 1000);
      // On a conflict its run was faster, and has removed it already.
      const value = toJson({ account, dueAt, queuedUntil });
      await table.put(keys.dueEntry(account, dueAt), value, { expect: { version } });
    },

    async unlist({ account, dueAt, version }) {
      await table.delete(keys.dueEntry(account, dueAt), { version });
    },

    drop: (account, dueAt) => removeItem(table, keys.dueEntry(account, dueAt)),

    async forget(account) {
      for (const { key } of await table.list(keys.schedule)) {
        if (keys.accountOfDueEntry(key) === account) await removeItem(table, key);
      }
    },
  };

  async function* entriesUntil(now: Date, limit: number) {
    // "$" comes after "#", so this very millisecond is included.
    const to = `${now.toISOString()}$`;
    let from = "";
    for (;;) {
      const items = await table.list(keys.schedule, { from, to, limit });
      for (const item of items) {
        // `findUnscheduled` finds the account of a damaged one before long.
        const entry = await readOrRemove(table, item, (it) => readItem(it, DueEntryItem), log, "scheduled_run_damaged");
        if (entry) yield { ...entry, version: item.version };
      }
      const last = items.at(-1);
      if (!last || items.length < limit) return;
      from = `${last.key.sk}\0`;
    }
  }
}
