import { type Clock, epochSeconds, isStillAhead } from "../lib/clock.ts";
import { RetryLaterError } from "../lib/errors.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { ChatTurn, ChatTurns } from "../sync/model/people.ts";
import { toJson } from "./item-json.ts";
import { TurnItem } from "./items.ts";
import { keys } from "./keys.ts";
import { expectation, type Table } from "./table.ts";

/** Telegram repeats an update for up to a day. */
const REMEMBERED_SECONDS = 2 * 24 * 3600;
/** Of one chat. Telegram repeats an update long before this many others have come. */
const REMEMBERED_UPDATES = 60;
/** How far clocks may differ. */
const SLACK_SECONDS = 3600;

/** The lease of a chat, and which updates were handled, in one item: an update costs one read and two writes of it. */
export function createChatTurns(table: Table, clock: Clock, log: Log): ChatTurns {
  return {
    async acquire(name, seconds) {
      const key = keys.turn(name);
      const item = await table.get(key);
      // A damaged one counts as absent: a chat that no longer answers would be worse than an update handled twice.
      const before = item && TurnItem().safeParse(item.value).data;
      if (before?.takenUntil && isStillAhead(before.takenUntil, clock.now(), seconds + SLACK_SECONDS)) return undefined;
      const handled = before?.handled ?? [];
      let version = item?.version;
      let until = clock.now();

      async function write(value: object): Promise<boolean> {
        const expiresAt = epochSeconds(clock.now()) + REMEMBERED_SECONDS;
        const outcome = await table.put(key, toJson(value), { expect: expectation(version), expiresAt });
        if (outcome.type === "written") version = outcome.version;
        return outcome.type === "written";
      }
      // Without `hasDialog`: if this process dies, nobody knows whether it has begun one.
      async function hold(forSeconds: number): Promise<boolean> {
        const next = new Date(clock.now().getTime() + forSeconds * 1000);
        const isHeld = await write({ takenUntil: next, handled });
        if (isHeld) until = next;
        return isHeld;
      }
      if (!(await hold(seconds))) return undefined;

      let settled: number | undefined;
      const turn: ChatTurn = {
        hasDialog: before?.hasDialog,
        isHandled: (updateId) => handled.includes(updateId),
        settle: (updateId) => {
          settled = updateId;
        },
        remainingSeconds: () => (until.getTime() - clock.now().getTime()) / 1000,
        async renew(renewSeconds) {
          if (!(await hold(renewSeconds))) throw new RetryLaterError(`the turn in ${name} was lost`);
        },
        async release() {
          const all = settled === undefined ? handled : [...handled, settled].slice(-REMEMBERED_UPDATES);
          const { hasDialog } = turn;
          const value = { handled: all, ...(hasDialog !== undefined && { hasDialog }) };
          // Failing now would make Telegram redeliver a handled update.
          const isWritten = await write(value).catch((error: unknown) =>
            log.warn("update_not_settled", errorFacts(error)),
          );
          if (isWritten === false) log.warn("update_not_settled", { message: `the turn in ${name} was lost` });
        },
      };
      return turn;
    },
  };
}
