import { type Clock, isStillAhead } from "../../lib/clock.ts";
import type { SignInMemory } from "../model/garmin-sign-in.ts";

/**
 * After Garmin limited a sign-in: two hours, then twice as long each time, or longer if Garmin asks for that; a day at most.
 * Every try before makes it longer.
 */
const FIRST_REST_SECONDS = 2 * 3600;
const LONGEST_REST_SECONDS = 24 * 3600;

/** We try no password or code, because every further try makes Garmin's limit longer. */
export interface Resting {
  type: "resting";
  until: Date;
}

/** Whether the sign-ins of an account rest. Asks nobody. */
export async function signInRest(
  { memory, clock }: { memory: Pick<SignInMemory, "cooldown">; clock: Clock },
  account: number,
): Promise<Resting | undefined> {
  const cooldown = await memory.cooldown(account);
  if (!cooldown) return undefined;
  const { until } = cooldown;
  return isStillAhead(until, clock.now(), 2 * LONGEST_REST_SECONDS) ? { type: "resting", until } : undefined;
}

/** How long to rest after so many limits in a row, the last of which asked for `askedSeconds`. */
export const restSeconds = (strikes: number, askedSeconds = 0) =>
  Math.min(Math.max(FIRST_REST_SECONDS * 2 ** (strikes - 1), askedSeconds), LONGEST_REST_SECONDS);
