import { SETTINGS_IN_GERMAN } from "./de-settings.ts";
import { SETTINGS_IN_ENGLISH, type SettingsWords } from "./en-settings.ts";
import type { Words } from "./words.ts";

export type { SettingsWords };

const CATALOGUE: Record<Words["language"], SettingsWords> = { en: SETTINGS_IN_ENGLISH, de: SETTINGS_IN_GERMAN };

/** What only /settings needs, for the reader of `words`. */
export const settingsWords = ({ language }: Pick<Words, "language">): SettingsWords => CATALOGUE[language];
