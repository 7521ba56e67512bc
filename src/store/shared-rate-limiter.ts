import { type Clock, epochSeconds } from "../lib/clock.ts";
import { OwnLimitError } from "../lib/errors.ts";
import type { SharedRateLimiter } from "../sync/model/leases.ts";
import { RateLimitItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Item, Table } from "./table.ts";
import { update } from "./update.ts";

/** As many writers may be ahead of us, one after the other, before we give up. */
const TRIES = 20;
const PAUSE_SECONDS = 0.02;
/** Longer than any clock that is believed is off: to all of them it ends at the same time. */
const KEPT_SECONDS = 3600;
/** A clock that is further off is broken, and is ignored. */
const BELIEVED_SECONDS = 600;

/**
 * A budget that all processes share through the table, each request a slot in one line: a slot comes every `everySeconds`,
 * and after a rest the first `burst` come at once. So no more than `burst + seconds / everySeconds` lie in any `seconds`.
 *
 * Clocks differ. All go by the fastest: who finds a slot taken later than it is by their own clock counts on from there.
 * One that is behind is never made to wait for the difference, and one that is ahead does not take the difference for a
 * rest, except the first time. A time that is too far ahead to be believed is replaced, without a burst: nobody waits
 * for it to come. Then the two sides disturb each other, and the vendor's own limit has the last word.
 */
export function createSharedRateLimiter(
  table: Table,
  clock: Clock,
  { name, everySeconds, burst }: { name: string; everySeconds: number; burst: number },
): SharedRateLimiter {
  const key = keys.rateLimit(name);
  const everyMs = everySeconds * 1000;
  /** How far the fastest clock is known to be ahead of ours. */
  let aheadMs = 0;

  return {
    async take(maxWaitSeconds) {
      const change = (item: Item | undefined) => {
        // A damaged one is worth no more than none.
        const before = item && RateLimitItem.safeParse(item.value).data;
        const ownMs = clock.now().getTime();
        const earlyMs = before ? before.takenAt.getTime() - ownMs : 0;
        const isBelieved = earlyMs <= BELIEVED_SECONDS * 1000;
        aheadMs = isBelieved ? Math.max(aheadMs, earlyMs) : 0;
        const nowMs = ownMs + aheadMs;

        const restedMs = isBelieved ? nowMs - (burst - 1) * everyMs : nowMs;
        const slotMs = Math.max(isBelieved && before ? before.nextAt.getTime() : restedMs, restedMs);
        const waitSeconds = Math.max(0, slotMs - nowMs) / 1000;
        if (waitSeconds > maxWaitSeconds) {
          throw new OwnLimitError(`the ${name} budget is spent`, { retryAfterSeconds: Math.ceil(waitSeconds) });
        }
        const taken = { takenAt: new Date(nowMs), nextAt: new Date(slotMs + everyMs) };
        return { value: taken, expiresAt: epochSeconds(taken.nextAt) + KEPT_SECONDS, result: waitSeconds };
      };
      // A little chance, so that the same two do not meet again.
      const pause = (tried: number) => clock.sleep(Math.random() * PAUSE_SECONDS * tried);
      return update(table, key, change, { what: `the ${name} budget`, tries: TRIES, pause });
    },
  };
}
