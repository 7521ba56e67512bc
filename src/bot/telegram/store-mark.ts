import type { Api } from "grammy/web";
import { errorFacts, type Log } from "../../lib/log.ts";
import { LANGUAGES, type Language } from "../../sync/model/account.ts";
import type { StoreIdentity } from "../../sync/model/store.ts";
import type { StoreVerdict } from "../words/alarm-keys.ts";

/** The bot's short description in Latin holds the mark: no Telegram client offers that language, so people never see it. */
const MARK_LANGUAGE = "la";
const textOf = (storeId: string, language: Language) =>
  `Weighbridge keeps the data of this bot in the store ${storeId}. Its owner reads ${language}.`;
const MARK = /^Weighbridge keeps the data of this bot in the store ([0-9a-f]{12})\. Its owner reads ([a-z]+)\.$/;

async function readMark(api: Pick<Api, "getMyShortDescription">) {
  const { short_description: text } = await api.getMyShortDescription({ language_code: MARK_LANGUAGE });
  const [, storeId, read] = MARK.exec(text) ?? [];
  return { storeId, language: LANGUAGES.find((it) => it === read) };
}

/**
 * What language alarms are in, as of the last comparison with the store. For a process that doesn't open the store: it may be
 * what an alarm is about.
 */
export async function markedLanguage(api: Pick<Api, "getMyShortDescription">): Promise<Language | undefined> {
  return (await readMark(api)).language;
}

interface StoreComparison {
  api: Api;
  store: StoreIdentity;
  isNew: boolean;
  ownerLanguage: () => Promise<Language | undefined>;
}

/** A program on an empty store, because of a typo or a missing disk, looks healthy and syncs nobody. */
async function compareStore({ api, store, isNew, ownerLanguage }: StoreComparison): Promise<StoreVerdict> {
  const [id, mark, language = "en"] = await Promise.all([store.id(), readMark(api), ownerLanguage()]);
  const isKnown = mark.storeId === id;
  if (isKnown && mark.language === language) return "known";
  if (!isKnown && (await store.isEmpty()) && !isNew) {
    return mark.storeId === undefined ? "empty" : "empty_and_used_elsewhere";
  }
  await api.setMyShortDescription(textOf(id, language), { language_code: MARK_LANGUAGE });
  return isKnown || mark.storeId === undefined || isNew ? "known" : "used_elsewhere_too";
}

const REPEAT_SECONDS: Record<Exclude<StoreVerdict, "known">, number> = {
  empty: 365 * 24 * 3600,
  empty_and_used_elsewhere: 24 * 3600,
  used_elsewhere_too: 24 * 3600,
};

/** Notifies the owner unless the store is known. Undefined if Telegram or the store couldn't be asked. */
export async function lookAfterStore(
  deps: StoreComparison & {
    once: (name: string, seconds: number) => Promise<boolean>;
    tell: (verdict: Exclude<StoreVerdict, "known">) => Promise<unknown>;
    log: Log;
  },
): Promise<StoreVerdict | undefined> {
  const { once, tell, log } = deps;
  try {
    const verdict = await compareStore(deps);
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
