import { entryOf } from "../../src/lambda/sqs-queue.ts";
import type { JobQueue, NewJob } from "../../src/sync/model/jobs.ts";
import type { VirtualTime } from "./scale-time.ts";

/** Of infra/queues.yml and of SQS itself. */
const SAME_SECONDS = 300;
const VISIBLE_AGAIN_SECONDS = 1800;
const MOST_DELIVERIES = 7;
const RECEIVED_AFTER_SECONDS = 0.05;

export interface Delivered {
  job: NewJob;
  deliveries: number;
  /** Which of the workers takes it. */
  worker: number;
}

/** Done, hidden for some seconds, or nothing, because the worker was killed. */
export type Delivery = { type: "done" } | { type: "failed"; hiddenSeconds: number } | { type: "killed" };

interface Message {
  id: string;
  job: NewJob;
  deliveries: number;
  place: number;
}

/**
 * A FIFO queue as SQS documents it, with Lambda's pollers: groups in order and one message of each at a time, the oldest first
 * across groups; equal messages within five minutes are one; at most `workers` at once.
 */
export function createFifoQueue(options: {
  time: VirtualTime;
  workers: number;
  work: (delivered: Delivered) => Promise<Delivery>;
}) {
  const { time, workers, work } = options;
  const groups = new Map<string, Message[]>();
  /** The first message of each group that may be delivered, in the order in which they came. */
  const ready: Message[] = [];
  const recent = new Set<string>();
  const free = Array.from({ length: workers }, (_, index) => index);
  const counts = { sent: 0, received: 0, same: 0, dead: 0, most: 0 };
  let waiting = 0;
  let places = 0;
  let isOn = true;

  const groupOf = (message: Message) => String(message.job.account);

  function offer(message: Message) {
    // Nearly always the last, so the search begins there.
    let at = ready.length;
    while (at > 0 && (ready[at - 1] as Message).place > message.place) at--;
    ready.splice(at, 0, message);
    deliver();
  }

  function deliver() {
    while (isOn && free.length > 0 && ready.length > 0) {
      const message = ready.shift() as Message;
      const worker = free.shift() as number;
      time.in(RECEIVED_AFTER_SECONDS, () => handle(message, worker));
    }
  }

  async function handle(message: Message, worker: number) {
    message.deliveries++;
    counts.received++;
    const { job, deliveries } = message;
    const delivery = await work({ job, deliveries, worker });
    free.push(worker);
    if (delivery.type === "done") remove(message);
    else {
      const hidden = delivery.type === "failed" ? delivery.hiddenSeconds : VISIBLE_AGAIN_SECONDS;
      time.in(hidden, () => {
        if (message.deliveries < MOST_DELIVERIES) return offer(message);
        counts.dead++;
        remove(message);
      });
    }
    deliver();
  }

  function remove(message: Message) {
    const group = groups.get(groupOf(message)) ?? [];
    group.shift();
    waiting--;
    const [next] = group;
    if (next) offer(next);
    else groups.delete(groupOf(message));
  }

  function send(job: NewJob) {
    const { MessageDeduplicationId: id = "" } = entryOf(job, 0);
    if (recent.has(id)) {
      counts.same++;
      return;
    }
    recent.add(id);
    time.in(SAME_SECONDS, () => recent.delete(id));
    const message: Message = { id, job, deliveries: 0, place: places++ };
    waiting++;
    counts.most = Math.max(counts.most, waiting);
    const group = groups.get(groupOf(message));
    if (group) group.push(message);
    else {
      groups.set(groupOf(message), [message]);
      offer(message);
    }
  }

  const queue: JobQueue = {
    async put(jobs) {
      counts.sent += Math.ceil(jobs.length / 10);
      for (const job of jobs) send(job);
    },
  };
  return {
    queue,
    counts,
    waiting: () => waiting,
    /** Off: nothing is delivered, as while no worker can start. */
    switchWorkers(on: boolean) {
      isOn = on;
      deliver();
    },
  };
}
export type FifoQueue = ReturnType<typeof createFifoQueue>;
