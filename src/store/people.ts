import { createHash, randomBytes } from "node:crypto";
import { type Clock, epochSeconds } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { People } from "../sync/model/people.ts";
import { readItem, readThoseIntact, toJson } from "./item-json.ts";
import { InviteItem, PersonItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";
import { removeItem } from "./update.ts";

const INVITE_SECONDS = 24 * 3600;

export function createPeople(table: Table, clock: Clock, log: Log): People {
  const inviteKey = (token: string) => keys.invite(createHash("sha256").update(token).digest("hex"));

  return {
    isInvited: async (telegramUserId) => (await table.get(keys.person(telegramUserId))) !== undefined,

    list: async () => readThoseIntact(await table.list(keys.people), PersonItem, log, "person_damaged"),

    async invite() {
      const token = randomBytes(18).toString("base64url");
      // Only its hash is stored: reading the store must not be enough to get in.
      await table.put(inviteKey(token), toJson({ madeAt: clock.now() }), {
        expect: "absent",
        expiresAt: epochSeconds(clock.now()) + INVITE_SECONDS,
      });
      return token;
    },

    async accept(token, person) {
      const item = await table.get(inviteKey(token));
      if (!item) return false;
      readItem(item, InviteItem);
      // Removed first, so that of two people with the same link only one gets in.
      if ((await table.delete(item.key, { version: item.version })) === "conflict") return false;
      await table.put(keys.person(person.telegramUserId), toJson({ ...person, invitedAt: clock.now() }), {
        expect: "absent",
      });
      return true;
    },

    async remove(telegramUserId) {
      await removeItem(table, keys.person(telegramUserId));
      await table.purge();
    },
  };
}
