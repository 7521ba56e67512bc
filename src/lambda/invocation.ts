import type { Context } from "aws-lambda";
import { readLogLevel } from "../config/config.ts";
import { type Environment, loadEnvironment } from "../config/environment.ts";
import { systemClock } from "../lib/clock.ts";
import { createLog } from "../lib/log.ts";
import { completeEnvironment } from "./environment.ts";
import { PARAMETERS } from "./parameters.ts";

export const clock = systemClock;

/** What the configuration of a function is read from. */
export function environmentOf(name: keyof typeof PARAMETERS): Promise<Environment> {
  return completeEnvironment(loadEnvironment(), PARAMETERS[name]);
}

/** Alarms listen to warnings and errors, so these are said whatever LOG_LEVEL says. */
export function logOf(env: Environment) {
  const level = readLogLevel(env, "info");
  return createLog({ level: level === "error" || level === "silent" ? "warn" : level });
}

/** What is left of its time a function needs to say how it ended. */
const LAST_WORDS_SECONDS = 5;

/** When a function has to be done. */
export function deadlineOf(context: Pick<Context, "getRemainingTimeInMillis">): Date {
  return new Date(clock.now().getTime() + context.getRemainingTimeInMillis() - LAST_WORDS_SECONDS * 1000);
}

/**
 * Made with the first call of a process, and kept for those that follow. What could not be made, or is not `complete`, is made
 * again with the next call.
 */
export function kept<T>(make: () => Promise<T>, complete: (made: T) => boolean = () => true): () => Promise<T> {
  let made: Promise<T> | undefined;
  return async () => {
    made ??= make();
    const current = made;
    const isComplete = await current.then(complete, () => false);
    if (!isComplete && made === current) made = undefined;
    return current;
  };
}
