import { DeleteMessageCommand } from "@aws-sdk/client-sqs";
import { createApp } from "../../src/app/app.ts";
import { createService } from "../../src/app/service.ts";
import { createSqsQueue, readJob } from "../../src/lambda/sqs-queue.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { jobOf } from "../../src/sync/jobs/worker.ts";
import type { Job, NewJob } from "../../src/sync/model/jobs.ts";
import { startCloud } from "./cloud.ts";

const JOBS = 10_000;
const PEOPLE = 500;
/** Like `maximumConcurrency` in serverless.yml. */
const WORKERS = 5;
const TIMES_AS_FAST = 5;
const REAL_SECONDS = 170;
const WITHINGS_A_MINUTE = 120;

/** The workers share what Withings allows. */
export async function queueScene(): Promise<void> {
  const clock = fastClock(TIMES_AS_FAST);
  const cloud = await startCloud({ clock, people: PEOPLE });
  const { config, sqs, sandbox } = cloud;
  const queue = createSqsQueue({ queueUrl: sqs.queueUrl, clock });

  // In turns, so that neighbours in the queue belong to different accounts.
  const jobs: NewJob[] = Array.from({ length: JOBS }, (_, index) =>
    jobOf(1 + (index % PEOPLE), "withings_notified", new Date(clock.now().getTime() - 3600_000 * (1 + index / PEOPLE))),
  );
  await queue.put(jobs);
  if (sqs.waiting() !== JOBS) throw new Error(`the queue took ${sqs.waiting()} of ${JOBS} jobs`);

  const done = new Map<string, number>();
  /** Runs without success, for instance because the budget was spent. */
  let putOff = 0;
  const begunAt = clock.now();
  const startedMs = performance.now();
  const isOver = () => performance.now() - startedMs > REAL_SECONDS * 1000;

  async function worker() {
    // Each is a whole program; they share only the table and the queue.
    const runs = createLog({
      level: "info",
      write(line) {
        const { event, status } = JSON.parse(line) as { event: string; status?: string };
        if (event === "run_ended" && status !== "success") putOff++;
      },
    });
    const app = await createApp(config, { clock, log: runs, paced: false });
    const service = createService(config, app, { queue, paced: false });
    while (!isOver() && sqs.waiting() > 0) {
      const [message] = await sqs.receive(1);
      if (!message?.Body) {
        await clock.sleep(0.2);
        continue;
      }
      const job = readJob(message.Body);
      await service.work({ ...job, attempts: 0 } as Job);
      done.set(nameOf(job), (done.get(nameOf(job)) ?? 0) + 1);
      await sqs.client.send(new DeleteMessageCommand({ QueueUrl: sqs.queueUrl, ReceiptHandle: message.ReceiptHandle }));
    }
    await app.close();
  }
  await Promise.all(Array.from({ length: WORKERS }, worker));

  const minutes = (clock.now().getTime() - begunAt.getTime()) / 60_000;
  const doubledRuns = [...done.values()].reduce((sum, times) => sum + times - 1, 0);
  const lost = JOBS - done.size - sqs.waiting();
  const requests = sandbox.withings.requests.length;
  const most = sandbox.withings.maxInAnyMinute();
  const aMinute = done.size / minutes;
  console.log(
    `\nqueue: ${JOBS} jobs of ${PEOPLE} accounts, ${WORKERS} workers, all clocks ${TIMES_AS_FAST} times as fast`,
  );
  print("done", `${done.size} in ${minutes.toFixed(1)} minutes of that clock`);
  print("lost, doubled runs, put off", `${lost}, ${doubledRuns}, ${putOff}`);
  print("requests to Withings", `${requests}, at most ${most} in any 60 s (allowed: ${WITHINGS_A_MINUTE})`);
  print("jobs a minute", aMinute.toFixed(1));
  if (done.size < JOBS) print(`all ${JOBS}, at this rate`, `${(JOBS / aMinute).toFixed(0)} minutes (extrapolated)`);
  if (lost + doubledRuns > 0 || most > WITHINGS_A_MINUTE) process.exitCode = 1;

  queue.close();
  await cloud.close();
}

const nameOf = ({ account, dueAt }: NewJob) => `${account} ${dueAt.toISOString()}`;
const print = (name: string, value: string) => console.log(`  ${name.padEnd(32)}${value}`);

function fastClock(times: number): Clock {
  const startedMs = Date.now();
  return {
    now: () => new Date(startedMs + (Date.now() - startedMs) * times),
    sleep: (seconds) => new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / times)),
  };
}
