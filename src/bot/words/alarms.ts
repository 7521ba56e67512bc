import type { Language } from "../../sync/model/account.ts";
import { alarmsInGerman } from "./de-alarms.ts";
import { type AlarmWords, alarmsInEnglish } from "./en-alarms.ts";

/** Apart from the words of the chat: on AWS, one function tells alarms and knows nothing else, and the others tell none. */
export const ALARM_WORDS: Record<Language, AlarmWords> = { en: alarmsInEnglish(), de: alarmsInGerman() };
