import { type Clock, epochSeconds } from "../lib/clock.ts";
import { OwnLimitError } from "../lib/errors.ts";
import type { SharedRateLimiter } from "../sync/model/leases.ts";
import { RateLimitItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Item, Table } from "./table.ts";
import { update } from "./update.ts";

const TRIES = 20;
const PAUSE_SECONDS = 0.02;
const KEPT_SECONDS = 3600;
/** A clock that is further off is broken, and is ignored. */
const BELIEVED_SECONDS = 600;

/**
 * All processes share the limit through the table. Each request takes a slot: there is one every `everySeconds`, and after a pause
 * the first `burst` are free at once. So any `seconds` hold at most `burst + seconds / everySeconds` requests.
 *
 * Clocks differ, and the fastest counts: a process that finds a slot taken later than its own time counts on from there. So a slow
 * clock never waits for the difference, and a fast one takes it for a pause only once. A time too far ahead to be trusted is
 * replaced, without a burst. Then the two sides disturb each other, and the vendor's own limit decides.
 */
export function createSharedRateLimiter(
  table: Table,
  clock: Clock,
  { name, everySeconds, burst }: { name: string; everySeconds: number; burst: number },
): SharedRateLimiter {
  const key = keys.rateLimit(name);
  const everyMs = everySeconds * 1000;
  /** How far the fastest known clock is ahead of ours. */
  let aheadMs = 0;

  return {
    async take(maxWaitSeconds) {
      const change = (item: Item | undefined) => {
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
          throw new OwnLimitError(`our own limit for ${name} is reached`, {
            retryAfterSeconds: Math.ceil(waitSeconds),
          });
        }
        const taken = { takenAt: new Date(nowMs), nextAt: new Date(slotMs + everyMs) };
        return { value: taken, expiresAt: epochSeconds(taken.nextAt) + KEPT_SECONDS, result: waitSeconds };
      };
      // Random, so that the same two don't collide again.
      const pause = (tried: number) => clock.sleep(Math.random() * PAUSE_SECONDS * tried);
      return update(table, key, change, { what: `the rate limit for ${name}`, tries: TRIES, pause });
    },
  };
}
