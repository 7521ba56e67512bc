import { type Clock, epochSeconds } from "../lib/clock.ts";
import { OwnLimitError } from "../lib/errors.ts";
import type { SharedRateLimiter } from "../sync/model/leases.ts";
import { toJson } from "./item-json.ts";
import { RateLimitItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Item, Table } from "./table.ts";
import { ContendedError, update } from "./update.ts";

const RETRY_SECONDS = 10;
const SHORTEST_TRY_SECONDS = 0.02;
/** A pause is as long as this many tries at most. */
const LONGEST_PAUSE_TRIES = 8;
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
  const what = `the rate limit for ${name}`;
  const everyMs = everySeconds * 1000;
  const burstSeconds = Math.ceil(burst * everySeconds);
  /** How far the fastest known clock is ahead of ours. */
  let aheadMs = 0;
  /** Until then, what this process has written or met still counts. */
  let countsUntilSeconds = 0;

  return {
    async take(maxWaitSeconds) {
      const startedMs = clock.now().getTime();
      const change = (item: Item | undefined) => {
        const before = item && RateLimitItem().safeParse(item.value).data;
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
        // From then on it would change nothing: all of the burst is free again.
        const expiresAt = epochSeconds(taken.nextAt) + 1 + burstSeconds;
        countsUntilSeconds = expiresAt;
        return { value: taken, expiresAt, result: waitSeconds };
      };
      // Hardly anybody else has asked lately, unless we have: so it is written without a read.
      if (startedMs / 1000 >= countsUntilSeconds) {
        const { value, expiresAt, result } = change(undefined);
        const first = await table.put(key, toJson(value), { expect: "absent", expiresAt });
        if (first.type === "written") return result;
      }
      const pause = createPause(clock, startedMs, what);
      return update(table, key, change, { what, tries: Number.POSITIVE_INFINITY, pause });
    },
  };
}

/** Random, so that the same two don't collide again, and longer where the store is slow: a try takes longer there. */
function createPause(clock: Clock, startedMs: number, what: string) {
  let triedMs = startedMs;
  return async (tried: number) => {
    const nowMs = clock.now().getTime();
    if (nowMs - startedMs >= RETRY_SECONDS * 1000) throw new ContendedError(`${what} kept changing`);
    const trySeconds = Math.max(SHORTEST_TRY_SECONDS, (nowMs - triedMs) / 1000);
    await clock.sleep(Math.random() * trySeconds * Math.min(tried, LONGEST_PAUSE_TRIES));
    triedMs = clock.now().getTime();
  };
}
