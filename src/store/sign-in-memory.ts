import * as z from "zod";
import { epochSeconds } from "../lib/clock.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { SignInMemory } from "../sync/model/garmin-sign-in.ts";
import { readAt, type Schema } from "./item-json.ts";
import { CooldownItem, PendingSignIn } from "./items.ts";
import { keys } from "./keys.ts";
import type { Sealer } from "./seal.ts";
import { openItem, sealItem } from "./sealed-item.ts";
import type { Key, Table } from "./table.ts";
import { overwrite, removeItem } from "./update.ts";

/** A code that comes later starts the sign-in over: Garmin's own session may still live, but nobody knows how long. */
const PENDING_SECONDS = 10 * 60;
const A_DAY_SECONDS = 24 * 3600;
const what = "the sign-in";

export function createSignInMemory(table: Table, sealer: Sealer, log: Log): SignInMemory {
  async function opened<T>(key: Key, schema: Schema<T>): Promise<T | undefined> {
    const item = await table.get(key);
    try {
      return item && openItem(sealer, item, schema);
    } catch (error) {
      // After a key change, for instance. That must not keep anybody from signing in again.
      log.error("sign_in_unreadable", errorFacts(error));
      return undefined;
    }
  }

  return {
    pending: (account) => opened(keys.pendingSignIn(account), PendingSignIn),
    savePending(account, pending) {
      const key = keys.pendingSignIn(account);
      const expiresAt = epochSeconds(pending.startedAt) + PENDING_SECONDS;
      return overwrite(table, key, sealItem(sealer, key, pending), { what, expiresAt });
    },
    forgetPending: (account) => removeItem(table, keys.pendingSignIn(account)),

    cooldown: (account) => readAt(table, keys.signInCooldown(account), CooldownItem),
    saveCooldown(account, cooldown) {
      // The strikes outlive the rest by a day, so that a limit soon after it counts as the next one.
      const expiresAt = epochSeconds(cooldown.until) + A_DAY_SECONDS;
      return overwrite(table, keys.signInCooldown(account), cooldown, { what, expiresAt });
    },
    forgetCooldown: (account) => removeItem(table, keys.signInCooldown(account)),

    email: (account) => opened(keys.garminEmail(account), z.string),
    saveEmail(account, email) {
      const key = keys.garminEmail(account);
      return overwrite(table, key, sealItem(sealer, key, email), { what });
    },
  };
}
