import { describe, expect, test } from "vitest";
import { machineAlarmText } from "../../../src/bot/views/alarm.ts";
import { newsText } from "../../../src/bot/views/news.ts";
import { MACHINE_ALARM_KEYS } from "../../../src/bot/words/alarm-keys.ts";
import { ALARM_WORDS } from "../../../src/bot/words/alarms.ts";
import { doctorWords } from "../../../src/bot/words/doctor.ts";
import { plainWords } from "../../../src/bot/words/plain.ts";
import { settingsWords } from "../../../src/bot/words/settings.ts";
import { typedWords } from "../../../src/bot/words/typed.ts";
import { wordsFor } from "../../../src/bot/words/words.ts";
import type { Action } from "../../../src/lib/errors.ts";
import { LANGUAGES } from "../../../src/sync/model/account.ts";
import type { AttentionItem } from "../../../src/sync/model/ledger.ts";
import { NOON } from "../../support/test-app.ts";

const ACTIONS = Object.keys({
  add_account: true,
  link_withings: true,
  link_garmin: true,
  relink_withings: true,
  relink_garmin: true,
  grant_garmin_upload: true,
  unlock_garmin_account: true,
  use_garmin_page: true,
  fix_withings_application: true,
  fix_withings_callback: true,
  fix_clock: true,
  fix_garmin_client_id: true,
} satisfies Record<Action, true>) as Action[];

const inLanguage = (language: (typeof LANGUAGES)[number]) =>
  wordsFor({ language, units: "kg", timezone: "UTC", now: NOON });

/** Every sentence without parameters. */
function sentencesIn(words: object): string[] {
  return Object.values(words).flatMap((it: unknown) => {
    if (typeof it === "string") return [it];
    return typeof it === "object" && it !== null ? sentencesIn(it) : [];
  });
}

describe.each(LANGUAGES)("the sentences in %s", (language) => {
  const words = inLanguage(language);

  test("no sentence of the chat names an environment variable, apart from the one about an unknown token", () => {
    // A bot that Telegram doesn’t know has no chat, so only the terminal says this.
    const { telegramUnknown: _, ...doctor } = doctorWords(words);
    const others = { settings: settingsWords(words), typed: typedWords(words), plain: plainWords(words) };
    const alarms = MACHINE_ALARM_KEYS.map((key) =>
      machineAlarmText({ key, cause: undefined }, undefined, ALARM_WORDS[language]),
    );
    const said = [
      ...sentencesIn({ ...words, doctor, ...others, pages: words.callbackPage({}), alarms }),
      ...ACTIONS.map(words.action),
    ];
    expect(said.length).toBeGreaterThan(200);
    expect(said.filter((it) => /[A-Z]{3,}_[A-Z]{2,}/.test(it))).toEqual([]);
  });

  test("a list of held readings says how many older ones it leaves out, one or several", () => {
    const item: AttentionItem = {
      kind: "weigh_in",
      takenAt: NOON,
      values: { kind: "weigh_in", weightKg: 41 },
      fate: { state: "held", reason: "ambiguous_person" },
    } as AttentionItem;
    const last = (count: number) =>
      newsText({ type: "attention", items: Array.from({ length: count }, () => item) }, words)
        .split("\n")
        .at(-1);
    const [one, two] = language === "en" ? ["and 1 older one", "and 2 older ones"] : ["und 1 ältere", "und 2 ältere"];
    expect(last(6)).toBe(one);
    expect(last(7)).toBe(two);
  });
});
