import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Job, Jobs, NewJob } from "../sync/model/jobs.ts";
import { readVersioned, toJson } from "./item-json.ts";
import { JobItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Item, Table } from "./table.ts";
import { readOrRemove, update } from "./update.ts";

export function createJobs(table: Table, clock: Clock, log: Log): Jobs {
  async function put(wanted: NewJob): Promise<void> {
    const job: Job = { ...wanted, attempts: 0 };
    const change = (item: Item | undefined) => {
      const waiting = item && JobItem().safeParse(item.value).data;
      // A job that is due may have started already, and read Withings before this was asked for.
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
        const job = await readOrRemove(table, item, (it) => readVersioned(it, JobItem), log, "job_damaged");
        if (job) found.push(job);
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
  if (!("messageId" in job)) return keys.job(job.account, job.reason);
  // It must not replace a tap on the same message.
  const isBeside = job.reason === "handed_on" && job.act === "settled";
  return keys.job(job.account, `${job.reason}#${job.messageId}${isBeside ? "#settled" : ""}`);
}
