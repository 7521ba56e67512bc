import { lookAfterStore } from "../bot/telegram/store-mark.ts";
import { ALARM_WORDS } from "../bot/words/alarms.ts";
import type { StoreConfig } from "../config/config.ts";
import { TABLE_NAME_VARIABLE } from "../config/variables.ts";
import { UsageError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Account } from "../sync/model/account.ts";
import type { UpdateClaims } from "../sync/model/people.ts";
import type { StoreIdentity } from "../sync/model/store.ts";
import type { OwnerAlarms } from "./owner-alarms.ts";

const STORE_SETTINGS = `DATA_DIR, ${TABLE_NAME_VARIABLE}`;

/** Prevents using the bot with a new, empty store by mistake. */
export class StoreGuard {
  readonly #store: StoreConfig;
  readonly #deps: Parameters<typeof lookAfterStore>[0];
  #isKnown = false;

  constructor(
    store: StoreConfig,
    deps: {
      api: Parameters<typeof lookAfterStore>[0]["api"];
      identity: StoreIdentity;
      claims: Pick<UpdateClaims, "once">;
      isNew: boolean;
      ownerAccount: () => Promise<Account | undefined>;
      alarms: Pick<OwnerAlarms, "send" | "outside">;
      log: Log;
    },
  ) {
    const { api, identity, claims, isNew, ownerAccount, alarms, log } = deps;
    this.#store = store;
    this.#deps = {
      ...{ api, store: identity, isNew, once: claims.once, log },
      tell: async (it) => {
        const words = ALARM_WORDS[(await ownerAccount())?.language ?? "en"];
        const text = words.store(it, placeOf(store), STORE_SETTINGS);
        await Promise.all([alarms.send({ text, isQuiet: false }), alarms.outside.tell(text).catch(() => undefined)]);
      },
    };
  }

  /** Telegram remembers this store for the bot, or it has accounts. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** @throws UsageError when this store is empty and the bot was used with another one. */
  async look(): Promise<void> {
    const verdict = await lookAfterStore(this.#deps);
    this.#isKnown = verdict === "known" || verdict === "used_elsewhere_too";
    if (verdict !== "empty_and_used_elsewhere") return;
    throw new UsageError(ALARM_WORDS.en.store(verdict, placeOf(this.#store), STORE_SETTINGS));
  }
}

const placeOf = (store: StoreConfig) =>
  `table ${store.tableName} in ${store.engine === "sqlite" ? store.dataDir : "DynamoDB"}`;
