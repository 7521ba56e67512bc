import { createHash, randomBytes } from "node:crypto";
import { type Clock, epochSeconds } from "../lib/clock.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { People, Person } from "../sync/model/people.ts";
import { readItem, toJson } from "./item-json.ts";
import { InviteItem, PersonItem } from "./items.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";
import { removeItem } from "./update.ts";

const INVITE_SECONDS = 24 * 3600;

/** Who was invited to the bot, beside those whom the configuration names. */
export function createPeople(table: Table, clock: Clock, log: Log): People {
  const inviteKey = (token: string) => keys.invite(createHash("sha256").update(token).digest("hex"));

  return {
    async isInvited(telegramUserId) {
      return (await table.get(keys.person(telegramUserId))) !== undefined;
    },

    async list() {
      return (await table.list(keys.people)).flatMap((item): Person[] => {
        try {
          return [readItem(item, PersonItem)];
        } catch (error) {
          // One damaged person must not hide the others, and must be reported.
          log.error("person_damaged", errorFacts(error));
          return [];
        }
      });
    },

    async invite() {
      const token = randomBytes(18).toString("base64url");
      // The token itself is nowhere in the store: reading the store must not be enough to get in.
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
      // Taken away first: of two people with the same link one comes in.
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
