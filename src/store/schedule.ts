import { type Clock, isStillAhead } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Schedule } from "../sync/model/schedule.ts";
import { readItem, toJson } from "./item-json.ts";
import { DueEntryItem, ScheduleCheckItem, ScheduledRunItem } from "./items.ts";
import { keys } from "./keys.ts";
import { expectation, type Item, type Table } from "./table.ts";
import { readOrRemove, removeItem, update } from "./update.ts";

/** Longer than a job waits in a healthy queue. */
const QUEUED_SECONDS = 3600;
/** Longer than a run takes while a vendor is silent. After that, a job that is tried again, or was lost, keeps nobody waiting. */
const COUNTED_SECONDS = 120;
/** A scheduled run that is overdue by more isn't in the list, or its job was lost. */
const LOST_SECONDS = 2 * QUEUED_SECONDS;
const FAR_SECONDS = 2 * 24 * 3600;
const CHECKED_AT_ONCE = 150;

export function createSchedule(table: Table, clock: Clock, log: Log): Schedule {
  const read = async (account: number) => scheduledRunIn(await table.get(keys.scheduledRun(account)));
  return {
    read,

    async set(account, next) {
      const change = async (item: Item | undefined) => {
        // Listed first: if no sweep finds its scheduled run, the account never syncs again.
        await list(table, account, next.dueAt);
        return { value: next, result: scheduledRunIn(item) };
      };
      const before = await update(table, keys.scheduledRun(account), change, { what: "the scheduled run" });
      if (before && before.dueAt.getTime() !== next.dueAt.getTime()) {
        await removeItem(table, keys.dueEntry(account, before.dueAt));
      }
    },

    async due(most) {
      const now = clock.now();
      const countedMs = now.getTime() + (QUEUED_SECONDS - COUNTED_SECONDS) * 1000;
      const entries = [];
      let queued = 0;
      for await (const entry of dueEntries(table, now, most + 1, log)) {
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

    drop: (account, dueAt) => removeItem(table, keys.dueEntry(account, dueAt)),

    async forget(account) {
      const scheduledRun = await read(account);
      await removeItem(table, keys.scheduledRun(account));
      if (scheduledRun) await removeItem(table, keys.dueEntry(account, scheduledRun.dueAt));
    },

    async findUnscheduled() {
      const item = await table.get(keys.scheduleCheck);
      const after = (item && ScheduleCheckItem().safeParse(item.value).data?.after) ?? "";
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
}

/** A damaged one counts as absent: the next run sets it again. */
function scheduledRunIn(item: Item | undefined) {
  return item && ScheduledRunItem().safeParse(item.value).data;
}

async function list(table: Table, account: number, dueAt: Date): Promise<void> {
  const key = keys.dueEntry(account, dueAt);
  const value = toJson({ account, dueAt });
  const outcome = await table.put(key, value, { expect: "absent" });
  if (outcome.type === "written") return;
  const item = await table.get(key);
  await table.put(key, value, { expect: expectation(item?.version) });
}

async function* dueEntries(table: Table, now: Date, limit: number, log: Log) {
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
