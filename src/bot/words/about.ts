import type { Language } from "../../sync/model/account.ts";
import { ABOUT_IN_GERMAN } from "./de-about.ts";
import { ABOUT_IN_ENGLISH, type AboutWords } from "./en-about.ts";

/** Loaded for the few messages that need it. */
export const ABOUT: Record<Language, AboutWords> = { en: ABOUT_IN_ENGLISH, de: ABOUT_IN_GERMAN };
