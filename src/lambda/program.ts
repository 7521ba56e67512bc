import { createApp } from "../app.ts";
import { readConfig } from "../config.ts";
import { createService, SERVICE_SECTIONS } from "../service.ts";
import { createSqsQueue } from "../store/sqs.ts";
import { clock, environmentOf, logOf } from "./invocation.ts";

/** The whole program, as the functions that meet people have it. */
export async function startProgram(name: "http" | "worker") {
  const env = await environmentOf(name);
  const log = logOf(env);
  const config = readConfig(env, [...SERVICE_SECTIONS, "queue"]);
  let deadlineAt: Date | undefined;
  const app = await createApp(config, { clock, log, deadlineAt: () => deadlineAt });
  const queue = createSqsQueue({ ...config.queue, clock });
  return {
    ...createService(config, app, { queue, clock, log }),
    queue,
    log,
    /** Until when the invocation that has just begun may work. A process has one at a time. */
    workUntil(at: Date) {
      deadlineAt = at;
    },
    /** The last thing of an invocation: between two of them a process is frozen. */
    rest: () => app.rest(),
  };
}
