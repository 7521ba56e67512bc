import { lookAfterStore } from "../bot/telegram/store-mark.ts";
import { ALARM_WORDS } from "../bot/words/alarms.ts";
import type { StoreConfig } from "../config/config.ts";
import { TABLE_NAME_VARIABLE } from "../config/table-name.ts";
import { UsageError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Account } from "../sync/model/account.ts";
import type { Once } from "../sync/model/people.ts";
import type { StoreIdentity } from "../sync/model/store.ts";
import type { OwnerAlarms } from "./owner-alarms.ts";

const STORE_SETTINGS = ["DATA_DIR", TABLE_NAME_VARIABLE];

/** Prevents using the bot with a new, empty store by mistake. */
export function createStoreGuard(
  store: StoreConfig,
  deps: {
    api: Parameters<typeof lookAfterStore>[0]["api"];
    identity: StoreIdentity;
    once: Once;
    isNew: boolean;
    ownerAccount: () => Promise<Account | undefined>;
    alarms: Pick<OwnerAlarms, "send" | "outside">;
    log: Log;
  },
) {
  const { api, identity, once, isNew, ownerAccount, alarms, log } = deps;
  const ownerLanguage = async () => (await ownerAccount())?.language;
  const place = `table ${store.tableName} in ${store.engine === "sqlite" ? store.dataDir : "DynamoDB"}`;
  let isUndecided = false;

  /** @throws UsageError when this store is empty and the bot was used with another one. */
  async function check(): Promise<void> {
    const verdict = await lookAfterStore({
      ...{ api, store: identity, isNew, ownerLanguage, once, log },
      tell: async (it) => {
        const text = ALARM_WORDS[(await ownerLanguage()) ?? "en"].store(it, place, STORE_SETTINGS);
        await Promise.all([alarms.send({ text, isQuiet: false }), alarms.outside.tell(text).catch(() => undefined)]);
      },
    });
    isUndecided = verdict === "empty" || verdict === undefined;
    if (verdict !== "empty_and_used_elsewhere") return;
    throw new UsageError(ALARM_WORDS.en.store(verdict, place, STORE_SETTINGS));
  }

  return {
    check,
    /** Lets Telegram remember this store as soon as it has its first account. */
    async checkAgain(): Promise<void> {
      if (isUndecided && !(await identity.isEmpty())) await check();
    },
  };
}
