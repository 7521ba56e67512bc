import { epochSeconds } from "../lib/clock.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { SignInMemory } from "../sync/model/garmin-sign-in.ts";
import { parseStored, readItem } from "./item-json.ts";
import { CooldownItem, GarminEmailItem, PendingSignInItem, PendingSignInSecrets } from "./items.ts";
import { keys } from "./keys.ts";
import type { Sealer } from "./seal.ts";
import type { Item, Key, Table } from "./table.ts";
import { overwrite, removeItem } from "./update.ts";

/** A code that is typed later than this starts over: Garmin's own session may still live, but nobody knows how long. */
const PENDING_SECONDS = 10 * 60;
const SIGN_IN = { what: "the sign-in" };

export function createSignInMemory(table: Table, sealer: Sealer, log: Log): SignInMemory {
  const forget = (key: Key) => removeItem(table, key);

  /** What cannot be opened, after a change of the key for instance, is asked for again: it must not keep anybody from signing in. */
  async function opened<T>(key: Key, open: (item: Item) => T): Promise<T | undefined> {
    const item = await table.get(key);
    try {
      return item && open(item);
    } catch (error) {
      log.error("sign_in_unreadable", errorFacts(error));
      return undefined;
    }
  }

  return {
    pending(account) {
      const key = keys.pendingSignIn(account);
      return opened(key, (item) => {
        const { sealedState } = readItem(item, PendingSignInItem);
        const state = JSON.parse(sealer.open(sealedState, { key, field: "sealedState" }));
        return parseStored(state, key, PendingSignInSecrets);
      });
    },
    async savePending(account, pending) {
      const key = keys.pendingSignIn(account);
      const sealedState = sealer.seal(JSON.stringify(pending), { key, field: "sealedState" });
      const expiresAt = epochSeconds(pending.startedAt) + PENDING_SECONDS;
      await overwrite(table, key, { sealedState }, { ...SIGN_IN, expiresAt });
    },
    forgetPending: (account) => forget(keys.pendingSignIn(account)),

    async cooldown(account) {
      const item = await table.get(keys.signInCooldown(account));
      return item && readItem(item, CooldownItem);
    },
    // The strikes outlive the rest by a day, so that a limit soon after it counts as the next one.
    saveCooldown: (account, cooldown) =>
      overwrite(table, keys.signInCooldown(account), cooldown, {
        ...SIGN_IN,
        expiresAt: epochSeconds(cooldown.until) + 24 * 3600,
      }),
    forgetCooldown: (account) => forget(keys.signInCooldown(account)),

    email(account) {
      const key = keys.garminEmail(account);
      return opened(key, (item) =>
        sealer.open(readItem(item, GarminEmailItem).sealedEmail, { key, field: "sealedEmail" }),
      );
    },
    saveEmail(account, email) {
      const key = keys.garminEmail(account);
      return overwrite(table, key, { sealedEmail: sealer.seal(email, { key, field: "sealedEmail" }) }, SIGN_IN);
    },
  };
}
