import type { Context } from "aws-lambda";
import * as z from "zod";
import { readLogLevel } from "../config/config.ts";
import { type Environment, loadEnvironment } from "../config/environment.ts";
import { systemClock } from "../lib/clock.ts";
import { createLog } from "../lib/log.ts";
import { within } from "../lib/within.ts";
import { completeEnvironment } from "./environment.ts";
import { PARAMETERS } from "./parameters.ts";

// A schema would be compiled when it's first used, which pays off only for one that is used often.
z.config({ jitless: true });

export const clock = systemClock;

export const functionEnvironment = (name: keyof typeof PARAMETERS): Promise<Environment> =>
  completeEnvironment(loadEnvironment(), PARAMETERS[name]);

/** Alarms need warnings and errors, whatever LOG_LEVEL is. */
export function logOf(env: Environment) {
  const level = readLogLevel(env, "info");
  return createLog({ level: level === "error" || level === "silent" ? "warn" : level });
}

const LAST_WORDS_SECONDS = 5;

export function deadlineOf(context: Pick<Context, "getRemainingTimeInMillis">): Date {
  return new Date(clock.now().getTime() + context.getRemainingTimeInMillis() - LAST_WORDS_SECONDS * 1000);
}

/** Made at the first call and kept. If that fails, or the result isn't `complete`, the next call makes it again. */
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

/** AWS gives up on the start of a process after ten seconds, and begins again. */
const START_SECONDS = 8;

/**
 * Makes it while AWS starts the process, with a whole core. If that fails or takes too long, the first call waits for it, makes it
 * again and reports the error.
 */
export async function madeAtStart(made: () => Promise<unknown>): Promise<void> {
  const over = () => {};
  await within(START_SECONDS * 1000, made().then(over, over), over);
}
