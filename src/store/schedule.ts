import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { KeptRun, NextRun, Schedule } from "../sync/model/schedule.ts";
import { createDueList } from "./due-list.ts";
import { parseStored } from "./item-json.ts";
import { ScheduledRunItem } from "./items.ts";
import { keys } from "./keys.ts";
import { LastRunItem } from "./run-items.ts";
import type { Item, Table } from "./table.ts";
import { createUnscheduledSearch } from "./unscheduled.ts";
import { type Change, removeItem, update } from "./update.ts";

const what = "the scheduled run";

export function createSchedule(table: Table, clock: Clock, log: Log): Schedule {
  const { forget, ...dueList } = createDueList(table, clock, log);
  const read = async (account: number) => scheduledRunIn(await table.get(keys.runs(account)));

  /** What was listed before goes, if the scheduled run isn't that one any more. */
  async function unlistOld(account: number, { dueAt, listedAt }: NextRun) {
    if (listedAt && listedAt.getTime() !== dueAt.getTime()) await dueList.drop(account, listedAt);
  }

  return {
    read,
    ...dueList,
    findUnscheduled: createUnscheduledSearch(table, clock, read),

    async lastRun(account) {
      const item = await table.get(keys.runs(account));
      const last = item?.value?.last;
      return last === undefined ? undefined : parseStored(last, keys.runs(account), LastRunItem);
    },

    async set(account, { listedAt, ...next }) {
      const change = async (item: Item | undefined) => {
        // Listed first: if no sweep finds its scheduled run, the account never syncs again.
        await dueList.list(account, next.dueAt);
        return { value: { ...item?.value, next }, result: scheduledRunIn(item)?.dueAt };
      };
      const dueBefore = await update(table, keys.runs(account), change, { what });
      await unlistOld(account, { ...next, listedAt: listedAt ?? dueBefore });
    },

    async ended(account, { last, next }) {
      const change = async (item: Item | undefined): Promise<Change<{ kept: KeptRun; next?: NextRun } | undefined>> => {
        // Each account has one from its start: this one was removed in the meantime, and nothing of it may come back.
        if (!item) return { result: undefined };
        const before = scheduledRunIn(item);
        const lastRun = last(LastRunItem().safeParse(item.value?.last).data);
        const planned = next?.(before);
        if (!planned) return { value: { ...item.value, last: lastRun }, result: { kept: { lastRun } } };
        const { listedAt = before?.dueAt, ...scheduledRun } = planned;
        if (listedAt?.getTime() !== scheduledRun.dueAt.getTime()) await dueList.list(account, scheduledRun.dueAt);
        return {
          value: { last: lastRun, next: scheduledRun },
          result: { kept: { lastRun, scheduledRun }, next: { ...scheduledRun, listedAt } },
        };
      };
      const done = await update(table, keys.runs(account), change, { what });
      if (done?.next) await unlistOld(account, done.next);
      return done?.kept;
    },

    async forget(account) {
      await removeItem(table, keys.runs(account));
      await forget(account);
    },
  };
}

/** A damaged one counts as absent: the next run sets it again. */
function scheduledRunIn(item: Item | undefined) {
  return item && ScheduledRunItem().safeParse(item.value?.next).data;
}
