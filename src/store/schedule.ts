import { type Clock, isStillAhead } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { KeptRun, Schedule, ScheduledRun } from "../sync/model/schedule.ts";
import { parseStored, readItem, toJson } from "./item-json.ts";
import { DueEntryItem, ScheduleCheckItem, ScheduledRunItem } from "./items.ts";
import { keys } from "./keys.ts";
import { LastRunItem } from "./run-items.ts";
import { expectation, type Item, type Table } from "./table.ts";
import { type Change, readOrRemove, removeItem, update } from "./update.ts";

/** Longer than a job waits in a healthy queue. */
const QUEUED_SECONDS = 3600;
/** Longer than a run takes while a vendor is silent. After that, a job that is tried again, or was lost, keeps nobody waiting. */
const COUNTED_SECONDS = 120;
/** A scheduled run that is overdue by more isn't in the list, or its job was lost. */
const LOST_SECONDS = 2 * QUEUED_SECONDS;
const FAR_SECONDS = 2 * 24 * 3600;
const CHECKED_AT_ONCE = 150;
/** Half an hour, and some sweeps come early. */
const CHECK_SECONDS = 28 * 60;

export function createSchedule(table: Table, clock: Clock, log: Log): Schedule {
  const read = async (account: number) => scheduledRunIn(await table.get(keys.runs(account)));
  const what = "the scheduled run";
  let checkedAt: Date | undefined;

  /** What was listed before goes, if the scheduled run isn't that one any more. */
  async function unlist(account: number, listedAt: Date | undefined, next: ScheduledRun) {
    if (!listedAt || listedAt.getTime() === next.dueAt.getTime()) return;
    await removeItem(table, keys.dueEntry(account, listedAt));
  }

  return {
    read,

    async lastRun(account) {
      const item = await table.get(keys.runs(account));
      const last = item?.value?.last;
      return last === undefined ? undefined : parseStored(last, keys.runs(account), LastRunItem);
    },

    async set(account, next) {
      const change = async (item: Item | undefined) => {
        // Listed first: if no sweep finds its scheduled run, the account never syncs again.
        await list(table, account, next.dueAt);
        return { value: { ...item?.value, next }, result: scheduledRunIn(item)?.dueAt };
      };
      await unlist(account, await update(table, keys.runs(account), change, { what }), next);
    },

    async ended(account, { last, next }) {
      const change = async (
        item: Item | undefined,
      ): Promise<Change<{ kept: KeptRun; listedAt?: Date | undefined } | undefined>> => {
        // Each account has one from its start: this one was removed in the meantime, and nothing of it may come back.
        if (!item) return { result: undefined };
        const before = scheduledRunIn(item);
        const lastRun = last(LastRunItem().safeParse(item.value?.last).data);
        const scheduledRun = next?.(before);
        if (!scheduledRun) return { value: { ...item.value, last: lastRun }, result: { kept: { lastRun } } };
        if (before?.dueAt.getTime() !== scheduledRun.dueAt.getTime()) await list(table, account, scheduledRun.dueAt);
        return {
          value: { last: lastRun, next: scheduledRun },
          result: { kept: { lastRun, scheduledRun }, listedAt: before?.dueAt },
        };
      };
      const done = await update(table, keys.runs(account), change, { what });
      if (done?.kept.scheduledRun) await unlist(account, done.listedAt, done.kept.scheduledRun);
      return done?.kept;
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
      await removeItem(table, keys.runs(account));
      if (scheduledRun) await removeItem(table, keys.dueEntry(account, scheduledRun.dueAt));
    },

    async findUnscheduled() {
      const now = clock.now();
      if (checkedAt && isStillAhead(checkedAt, secondsBefore(now, CHECK_SECONDS), CHECK_SECONDS)) return [];
      const item = await table.get(keys.scheduleCheck);
      const after = (item && ScheduleCheckItem().safeParse(item.value).data?.after) ?? "";
      const slice = await table.list(keys.accounts, { from: `${after}\0`, limit: CHECKED_AT_ONCE });
      const lostAt = secondsBefore(now, LOST_SECONDS);
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
      checkedAt = now;
      return lost;
    },
  };
}

const secondsBefore = (at: Date, seconds: number) => new Date(at.getTime() - seconds * 1000);

/** A damaged one counts as absent: the next run sets it again. */
function scheduledRunIn(item: Item | undefined) {
  return item && ScheduledRunItem().safeParse(item.value?.next).data;
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
