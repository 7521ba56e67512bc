import { type Clock, isStillAhead } from "../lib/clock.ts";
import type { Schedule, ScheduledRun } from "../sync/model/schedule.ts";
import { QUEUED_SECONDS } from "./due-list.ts";
import { ScheduleCheckItem } from "./items.ts";
import { keys } from "./keys.ts";
import { expectation, type Table } from "./table.ts";

/** A scheduled run that is overdue by more isn't in the list, or its job was lost. */
const LOST_SECONDS = 2 * QUEUED_SECONDS;
const FAR_SECONDS = 2 * 24 * 3600;
const CHECKED_AT_ONCE = 150;
/** Half an hour, and some sweeps come early. */
const CHECK_SECONDS = 28 * 60;

export function createUnscheduledSearch(
  table: Table,
  clock: Clock,
  read: (account: number) => Promise<ScheduledRun | undefined>,
): Schedule["findUnscheduled"] {
  let checkedAt: Date | undefined;

  return async () => {
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
  };
}

const secondsBefore = (at: Date, seconds: number) => new Date(at.getTime() - seconds * 1000);
