import type { Language } from "../../sync/model/account.ts";
import { ALARMS_IN_GERMAN } from "./de-alarms.ts";
import { ALARMS_IN_ENGLISH, type AlarmWords } from "./en-alarms.ts";

/** Apart from the words of the chat, because the function that sends alarms on AWS loads nothing else. */
export const ALARM_WORDS: Record<Language, AlarmWords> = { en: ALARMS_IN_ENGLISH, de: ALARMS_IN_GERMAN };
