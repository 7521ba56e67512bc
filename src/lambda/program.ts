import { createApp } from "../app/app.ts";
import { createService, SERVICE_SECTIONS } from "../app/service.ts";
import { readConfig } from "../config/config.ts";
import { loadEnvironment } from "../config/environment.ts";
import { clock, environmentOf, logOf } from "./invocation.ts";
import { createSqsQueue, type SqsQueue } from "./sqs-queue.ts";

/** It needs no secret, and so is there also where the rest of the program cannot be had. */
export function openQueue(): SqsQueue {
  return createSqsQueue({ ...readConfig(loadEnvironment(), ["queue"]).queue, clock });
}

/** The whole program, as the functions that meet people have it. */
export async function startProgram(name: "http" | "worker", queue: SqsQueue) {
  const env = await environmentOf(name);
  const log = logOf(env);
  const config = readConfig(env, SERVICE_SECTIONS);
  let deadlineAt: Date | undefined;
  const app = await createApp(config, { clock, log, deadlineAt: () => deadlineAt });
  return {
    ...createService(config, app, { queue, clock, log }),
    log,
    /** Until when the invocation that has just begun may work. A process has one at a time. */
    workUntil(at: Date) {
      deadlineAt = at;
    },
    /** The last thing of an invocation: between two of them a process is frozen. */
    closeIdle: () => app.closeIdle(),
  };
}
