import { type Clock, epochSeconds, isStillAhead } from "../lib/clock.ts";
import type { UpdateClaims } from "../sync/model/people.ts";
import { readItem, toJson } from "./item-json.ts";
import { ClaimItem } from "./items.ts";
import { keys } from "./keys.ts";
import { expectation, type Table } from "./table.ts";

/** Telegram repeats an update for up to a day. */
const REMEMBERED_SECONDS = 2 * 24 * 3600;
/** Longer than any handler may take: a claim that is still open after that means that its process died. */
const HANDLING_SECONDS = 60;
const LONGEST_SECONDS = 3600;

export function createUpdateClaims(table: Table, clock: Clock): UpdateClaims {
  return {
    async claim(updateId) {
      const key = keys.update(updateId);
      const now = clock.now();
      const until = new Date(now.getTime() + HANDLING_SECONDS * 1000);
      const expiresAt = epochSeconds(now) + REMEMBERED_SECONDS;
      const value = toJson({ state: "handling", until });
      // Claimed before it is read, because hardly any update comes twice.
      let claimed = await table.put(key, value, { expect: "absent", expiresAt });
      if (claimed.type === "conflict") {
        const before = await table.get(key);
        if (before) {
          const claim = readItem(before, ClaimItem);
          if (claim.state === "done") return { type: "done_before" };
          if (isStillAhead(claim.until, now, LONGEST_SECONDS)) return { type: "being_handled", until: claim.until };
        }
        claimed = await table.put(key, value, { expect: expectation(before?.version), expiresAt });
        if (claimed.type === "conflict") return { type: "being_handled", until };
      }
      const { version } = claimed;
      return {
        type: "claimed",
        done: async () => {
          await table.put(key, toJson({ state: "done", until }), { expect: { version }, expiresAt });
        },
      };
    },

    async once(name, seconds) {
      const expiresAt = epochSeconds(clock.now()) + seconds;
      const outcome = await table.put(keys.once(name), {}, { expect: "absent", expiresAt });
      return outcome.type === "written";
    },
  };
}
