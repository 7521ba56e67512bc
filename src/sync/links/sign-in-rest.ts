import { type Clock, isStillAhead } from "../../lib/clock.ts";
import type { SignInMemory } from "../model/garmin-sign-in.ts";

/** After Garmin limited a sign-in: two hours, then twice as long each time, or longer if Garmin asks for that. */
const FIRST_REST_SECONDS = 2 * 3600;
const LONGEST_REST_SECONDS = 24 * 3600;

/** We try no password or code, because every further try makes Garmin's limit longer. */
export interface Resting {
  type: "resting";
  until: Date;
}

export async function signInRest(
  { memory, clock }: { memory: Pick<SignInMemory, "cooldown">; clock: Clock },
  account: number,
): Promise<Resting | undefined> {
  const cooldown = await memory.cooldown(account);
  if (!cooldown) return undefined;
  const { until } = cooldown;
  return isStillAhead(until, clock.now(), 2 * LONGEST_REST_SECONDS) ? { type: "resting", until } : undefined;
}

export const restSeconds = (strikes: number, askedSeconds = 0) =>
  Math.min(Math.max(FIRST_REST_SECONDS * 2 ** (strikes - 1), askedSeconds), LONGEST_REST_SECONDS);
