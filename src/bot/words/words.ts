import { type Account, LANGUAGES, type Language } from "../../sync/model/account.ts";
import { german } from "./de.ts";
import { english, type Words } from "./en.ts";
import { formatFor, type Reader } from "./format.ts";

export type { Words };

const CATALOGUE: Record<Language, (format: ReturnType<typeof formatFor>) => Words> = { en: english, de: german };

export function wordsFor(reader: Reader): Words {
  return CATALOGUE[reader.language](formatFor(reader));
}

/** For text without readings or times. */
export function wordsIn(language: Language): Words {
  return wordsFor({ language, units: "kg", timezone: "UTC", now: new Date(0) });
}

export function wordsOf(account: Account, { timezone, now }: { timezone: string; now: Date }): Words {
  return wordsFor({ language: account.language ?? "en", units: account.settings.units, timezone, now });
}

export function languageOf(code: string | undefined): Language {
  return LANGUAGES.find((language) => code?.toLowerCase().split("-")[0] === language) ?? "en";
}
