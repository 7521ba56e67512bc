import type { Api } from "grammy/web";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { StoreIdentity } from "../../sync/model/store.ts";
import type { StoreVerdict } from "../words/alarm-keys.ts";

/** The bot's short description in Latin holds the mark: no Telegram client offers that language, so people never see it. */
const MARK_LANGUAGE = "la";
const textOf = (storeId: string) => `Weighbridge keeps the data of this bot in the store ${storeId}.`;
const STORE_ID = /^Weighbridge keeps the data of this bot in the store ([0-9a-f]{12})\.$/;

/** A program on an empty store, because of a typo or a missing disk, looks healthy and syncs nobody. */
async function compareStore(api: Api, store: StoreIdentity, isNew: boolean): Promise<StoreVerdict> {
  const [id, { short_description: text }] = await Promise.all([
    store.id(),
    api.getMyShortDescription({ language_code: MARK_LANGUAGE }),
  ]);
  const [, marked] = STORE_ID.exec(text) ?? [];
  if (marked === id) return "known";
  if ((await store.isEmpty()) && !isNew) return marked === undefined ? "empty" : "empty_and_used_elsewhere";
  await api.setMyShortDescription(textOf(id), { language_code: MARK_LANGUAGE });
  return marked === undefined || isNew ? "known" : "used_elsewhere_too";
}

const REPEAT_SECONDS: Record<Exclude<StoreVerdict, "known">, number> = {
  empty: 365 * 24 * 3600,
  empty_and_used_elsewhere: 24 * 3600,
  used_elsewhere_too: 24 * 3600,
};

/** Notifies the owner unless the store is known. Undefined if Telegram or the store couldn't be asked. */
export async function lookAfterStore(deps: {
  api: Api;
  store: StoreIdentity;
  isNew: boolean;
  once: (name: string, seconds: number) => Promise<boolean>;
  tell: (verdict: Exclude<StoreVerdict, "known">) => Promise<unknown>;
  log: Log;
}): Promise<StoreVerdict | undefined> {
  const { api, store, isNew, once, tell, log } = deps;
  try {
    const verdict = await compareStore(api, store, isNew);
    if (verdict === "known") return verdict;
    log.warn("store_not_known", { verdict });
    if (await once(`store-told#${verdict}`, REPEAT_SECONDS[verdict])) {
      await tell(verdict).catch((error: unknown) => log.warn("store_not_told", errorFacts(error)));
    }
    return verdict;
  } catch (error) {
    log.warn("store_not_compared", errorFacts(error));
    return undefined;
  }
}
