import { type Clock, isStillAhead } from "../lib/clock.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { DueEntry, Schedule } from "../sync/model/schedule.ts";
import { readItem, toJson } from "./item-json.ts";
import { DueEntryItem, ScheduleCheckItem, ScheduledRunItem } from "./items.ts";
import { keys } from "./keys.ts";
import { expectation, type Item, type Table } from "./table.ts";
import { removeItem, update } from "./update.ts";

/** Longer than a job waits in a queue that is not ill. One that was queued twice is seen through by its time. */
const QUEUED_SECONDS = 3600;
const PAGE = 1000;
/** By so much can a scheduled run only be overdue when nobody finds it, or its job was lost. */
const LOST_SECONDS = 2 * QUEUED_SECONDS;
/** None is made further ahead. */
const FAR_SECONDS = 2 * 24 * 3600;
/** Accounts looked at with one call of `lost`: few, because it costs the same with every sweep. */
const CHECKED_AT_ONCE = 25;

export function createSchedule(table: Table, clock: Clock, log: Log): Schedule {
  // A damaged one is worth no more than none: the next run sets it again.
  const scheduledRunIn = (item: Item | undefined) => item && ScheduledRunItem.safeParse(item.value).data;
  const read = async (account: number) => scheduledRunIn(await table.get(keys.scheduledRun(account)));

  async function list(account: number, dueAt: Date) {
    const key = keys.dueEntry(account, dueAt);
    const value = toJson({ account, dueAt });
    const outcome = await table.put(key, value, { expect: "absent" });
    if (outcome.type === "written") return;
    // It is listed already, perhaps as queued, which it no longer is.
    const item = await table.get(key);
    await table.put(key, value, { expect: expectation(item?.version) });
  }

  return {
    read,

    async set(account, next) {
      const change = async (item: Item | undefined) => {
        // Listed first: a scheduled run that nobody finds would be the end of the account.
        await list(account, next.dueAt);
        return { value: next, result: scheduledRunIn(item) };
      };
      const before = await update(table, keys.scheduledRun(account), change, { what: "the scheduled run" });
      if (before && before.dueAt.getTime() !== next.dueAt.getTime()) {
        await removeItem(table, keys.dueEntry(account, before.dueAt));
      }
    },

    async *due() {
      const now = clock.now();
      // "$" comes after "#", so this very millisecond is included.
      const to = `${now.toISOString()}$`;
      let from = "";
      for (;;) {
        const items = await table.list(keys.schedule, { from, to, limit: PAGE });
        const page = [];
        for (const item of items) {
          const listed = await readListed(item);
          if (listed && !(listed.queuedUntil && listed.queuedUntil > now))
            page.push({ ...listed, version: item.version });
        }
        if (page.length > 0) yield page;
        const last = items.at(-1);
        if (!last || items.length < PAGE) return;
        from = `${last.key.sk}\0`;
      }
    },

    async markQueued({ account, dueAt, version }) {
      const queuedUntil = new Date(clock.now().getTime() + QUEUED_SECONDS * 1000);
      // A conflict means that its run was faster, and has removed it already.
      await table.put(keys.dueEntry(account, dueAt), toJson({ account, dueAt, queuedUntil }), {
        expect: { version },
      });
    },

    drop: (account, dueAt) => removeItem(table, keys.dueEntry(account, dueAt)),

    async forget(account) {
      const scheduledRun = await read(account);
      await removeItem(table, keys.scheduledRun(account));
      if (scheduledRun) await removeItem(table, keys.dueEntry(account, scheduledRun.dueAt));
    },

    async findUnscheduled() {
      const item = await table.get(keys.scheduleCheck);
      const after = (item && ScheduleCheckItem.safeParse(item.value).data?.after) ?? "";
      const slice = await table.list(keys.accounts, { from: `${after}\0`, limit: CHECKED_AT_ONCE });
      const lostAt = new Date(clock.now().getTime() - LOST_SECONDS * 1000);
      const lost = [];
      for (const { key } of slice) {
        const account = Number(key.sk);
        const scheduledRun = await read(account);
        if (!scheduledRun || !isStillAhead(scheduledRun.dueAt, lostAt, LOST_SECONDS + FAR_SECONDS)) lost.push(account);
      }
      const next = slice.length < CHECKED_AT_ONCE ? "" : (slice.at(-1)?.key.sk ?? "");
      if (next !== after) {
        await table.put(keys.scheduleCheck, { after: next }, { expect: expectation(item?.version) });
      }
      return lost;
    },
  };

  async function readListed(item: Item): Promise<(Omit<DueEntry, "version"> & { queuedUntil?: Date }) | undefined> {
    try {
      return readItem(item, DueEntryItem);
    } catch (error) {
      // Whose it was is found by `lost` before long.
      log.error("scheduled_run_damaged", errorFacts(error));
      await removeItem(table, item.key);
      return undefined;
    }
  }
}
