import type { Clock } from "../lib/clock.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { Job, Jobs, NewJob } from "../sync/model/jobs.ts";
import { readItem, toJson } from "./item-json.ts";
import { JobItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Item, Table } from "./table.ts";
import { removeItem, update } from "./update.ts";

export function createJobs(table: Table, clock: Clock, log: Log): Jobs {
  async function put(wanted: NewJob): Promise<void> {
    const job: Job = { ...wanted, attempts: 0 };
    const change = (item: Item | undefined) => {
      const waiting = item && JobItem.safeParse(item.value).data;
      // One that is due may have begun already, and have read Withings before this was asked for: it does not stand for it.
      const isSame = waiting && waiting.dueAt > clock.now() && waiting.dueAt <= wanted.dueAt;
      return { result: undefined, ...(!isSame && { value: job }) };
    };
    await update(table, keyOf(wanted), change, { what: "the job" });
  }

  return {
    async put(wanted) {
      for (const job of wanted) await put(job);
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
      await table.delete(keyOf(value), { version });
    },

    async postpone({ value, version }, dueAt) {
      const job: Job = { ...value, dueAt, attempts: value.attempts + 1 };
      await table.put(keyOf(value), toJson(job), { expect: { version } });
    },
  };
}

function keyOf(job: NewJob) {
  return keys.job(job.account, "messageId" in job ? `${job.reason}#${job.messageId}` : job.reason);
}
