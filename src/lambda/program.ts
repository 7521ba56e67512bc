import { createApp } from "../app/app.ts";
import { createService, SERVICE_SECTIONS } from "../app/service.ts";
import { readConfig } from "../config/config.ts";
import { loadEnvironment } from "../config/environment.ts";
import { clock, functionEnvironment, logOf } from "./invocation.ts";
import { createSqsQueue, type SqsQueue } from "./sqs-queue.ts";

/** Needs no secret, so it opens even if the rest of the program can't start. */
export function openQueue(): SqsQueue {
  return createSqsQueue({ ...readConfig(loadEnvironment(), ["queue"]).queue, clock });
}

export async function startProgram(name: "http" | "worker", queue: SqsQueue) {
  const env = await functionEnvironment(name);
  const log = logOf(env);
  const config = readConfig(env, SERVICE_SECTIONS);
  let deadlineAt: Date | undefined;
  const app = await createApp(config, { clock, log, deadlineAt: () => deadlineAt });
  return {
    ...createService(config, app, { queue }),
    log,
    /** Sets the deadline of the invocation that has just started. A process has one at a time. */
    workUntil(at: Date) {
      deadlineAt = at;
    },
    closeIdle: () => app.vendors.closeIdle(),
  };
}
