import type { Clock } from "../clock.ts";
import { RetryLaterError } from "../errors.ts";
import { errorFacts, type Log } from "../log.ts";
import type { Job, Jobs } from "../sync/web-ports.ts";
import { JobItem, keys, readItem, toJson } from "./items.ts";
import { removeItem } from "./remove.ts";
import type { Table } from "./table.ts";

const TRIES = 5;

export function createJobs(table: Table, clock: Clock, log: Log): Jobs {
  return {
    async put({ account, reason, dueAt }) {
      const key = keys.job(account, reason);
      for (let tries = 1; tries <= TRIES; tries++) {
        const item = await table.get(key);
        const waiting = item && JobItem.safeParse(item.value).data;
        // One that is due may have begun already, and have read Withings before this was asked for: it does not stand for it.
        if (waiting && waiting.dueAt > clock.now() && waiting.dueAt <= dueAt) return;
        const job: Job = { account, reason, dueAt, attempts: 0 };
        const expect = item ? { version: item.version } : ("absent" as const);
        if ((await table.put(key, toJson(job), { expect })).type === "written") return;
      }
      throw new RetryLaterError("the job kept changing while it was asked for");
    },

    async list() {
      const found = [];
      for (const item of await table.list(keys.jobs)) {
        try {
          found.push({ value: readItem(item, JobItem), version: item.version });
        } catch (error) {
          // It only says that something is to be looked at, and the next round looks anyway.
          log.error("job_damaged", errorFacts(error));
          await removeItem(table, item.key);
        }
      }
      return found;
    },

    async finish({ value, version }) {
      await table.delete(keys.job(value.account, value.reason), { version });
    },

    async postpone({ value, version }, dueAt) {
      const job: Job = { ...value, dueAt, attempts: value.attempts + 1 };
      await table.put(keys.job(value.account, value.reason), toJson(job), { expect: { version } });
    },
  };
}
