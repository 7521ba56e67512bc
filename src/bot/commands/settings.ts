import { Composer, InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { isTimezone } from "../../lib/local-time.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import {
  type Account,
  type AccountChanges,
  type Accounts,
  LANGUAGES,
  type Settings,
  SUMMARY_MODES,
  UNITS,
} from "../../sync/model/account.ts";
import { KINDS as READING_KINDS } from "../../sync/model/reading.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { cityOf, clockTime, zonesAround } from "../conversations/time-zones.ts";
import { createTimezoneDialog, TIMEZONE_DIALOG } from "../conversations/timezone.ts";
import { showMenu } from "../telegram/command-menu.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback, editOrReply } from "../ui/edit-message.ts";
import type { Questions } from "../ui/questions.ts";
import {
  choosableKinds,
  durationIn,
  type SettingsTopic,
  type SettingsView,
  settingsScreen,
  settingsText,
  TOPICS,
} from "../views/settings.ts";
import { type Words, wordsIn, wordsOf } from "../words/words.ts";

export interface SettingsDeps {
  accounts: Accounts;
  overview: (account: Account) => Promise<Overview>;
  questions: Questions;
  clock: Clock;
  log: Log;
}

/** Settings of one value, and what can be chosen for each. */
const VALUES = {
  units: [...UNITS],
  summaryHour: Array.from({ length: 24 }, (_, hour) => hour),
  summaryMode: [...SUMMARY_MODES],
  patienceHours: [1, 6, 12, 24],
} satisfies { [F in Exclude<keyof Settings, "sends" | "tellsSilence">]: Array<Settings[F]> };
type Field = keyof typeof VALUES;
const FIELDS = Object.keys(VALUES) as Field[];
const TOPIC_OF: Record<Field, SettingsTopic> = {
  units: "units",
  summaryHour: "summary",
  summaryMode: "summary",
  patienceHours: "patience",
};
const HOURS_A_ROW = 6;

/** What a tap wants: to see a screen, or to see it after a change. `top` is the screen with everything on it. */
interface Wish {
  screen: SettingsTopic | "top";
  changes?: AccountChanges;
}

/**
 * /settings: one message that is redrawn in place. A button names the value that it sets, never "the other one": a second
 * tap, and one on a keyboard of yesterday, does what stands on it and nothing else.
 */
export function createSettings({ accounts, overview, questions, clock, log }: SettingsDeps) {
  async function draw(account: Account, screen: Wish["screen"]) {
    const { timezone: chosen, ...unchosen } = account;
    // What cannot be read must not keep anybody from their settings.
    const seen = await overview(unchosen).catch(() => undefined);
    const withingsZone = seen?.timezone ?? "UTC";
    const timezone = chosen ?? withingsZone;
    const now = clock.now();
    const words = wordsOf(account, { timezone, now });
    const view: SettingsView = {
      settings: account.settings,
      timezone,
      clockTime: clockTime(now, timezone),
      zoneFrom: zoneFrom(chosen, seen),
    };
    if (screen === "top") {
      const keyboard = new InlineKeyboard();
      for (const [index, topic] of TOPICS.entries()) {
        keyboard.text(words.settings.topic[topic], `set:${topic}`);
        if (index % 2 === 1) keyboard.row();
      }
      return { text: settingsText(view, words), keyboard };
    }
    const keyboard = buttons(screen, account, words, zonesAround([timezone, withingsZone], now));
    return {
      text: settingsScreen(screen, view, words),
      keyboard: keyboard.row().text(words.settings.back, "set"),
    };
  }

  function buttons(topic: SettingsTopic, account: Account, { settings: words, language }: Words, zones: string[]) {
    const { timezone, settings } = account;
    const keyboard = new InlineKeyboard();
    const choice = (label: string, data: string, isChosen: boolean) =>
      keyboard.text(isChosen ? `✓ ${label}` : label, `set:${data}`);
    const choices = <F extends Field>(field: F, label: (value: Settings[F]) => string, perRow: number) => {
      for (const [index, value] of (VALUES[field] as Array<Settings[F]>).entries()) {
        if (index % perRow === 0) keyboard.row();
        choice(label(value), `${field}:${value}`, settings[field] === value);
      }
    };
    switch (topic) {
      case "units":
        choices("units", (unit) => words.units[unit], 1);
        break;
      case "zone":
        for (const [index, zone] of zones.entries()) {
          if (index % 2 === 0) keyboard.row();
          choice(`${cityOf(zone)} ${clockTime(clock.now(), zone)}`, `zone:${zone}`, zone === timezone);
        }
        keyboard.row();
        choice(words.asWithings, "zone:withings", timezone === undefined);
        keyboard.text(words.typeZone, "set:zone:type");
        break;
      case "summary":
        choices("summaryHour", String, HOURS_A_ROW);
        choices("summaryMode", (mode) => words.mode[mode], 1);
        break;
      case "silence":
        for (const kind of READING_KINDS) {
          const isOn = settings.tellsSilence[kind];
          choice(words.device[kind], `silence:${kind}:${isOn ? "off" : "on"}`, isOn).row();
        }
        break;
      case "patience":
        choices("patienceHours", (hours) => durationIn(words.duration, hours), 2);
        break;
      case "sends":
        for (const kind of choosableKinds(settings.sends)) {
          choice(words.kind[kind], `sends:${kind}:${settings.sends[kind] ? "off" : "on"}`, settings.sends[kind]).row();
        }
        break;
      case "language":
        for (const each of LANGUAGES)
          choice(wordsIn(each).settings.languageName, `language:${each}`, language === each);
        break;
    }
    return keyboard;
  }

  /** A language applies to Telegram's menu too, whatever the phone speaks. That it cannot be set now is no reason to say no. */
  async function showChosenMenu({ api, isOwner }: BotContext, { telegramUserId, language }: Account) {
    await showMenu(api, telegramUserId, { language, isOwner }).catch((error: unknown) =>
      log.warn("menu_not_set", errorFacts(error)),
    );
  }

  const dialog = createTimezoneDialog({
    choose: async (ctx, timezone) => {
      const { text, keyboard } = await draw(await accounts.save(ctx.account.telegramUserId, { timezone }), "zone");
      await ctx.reply(text, { reply_markup: keyboard });
    },
    clock,
    questions,
  });

  const commands = new Composer<BotContext>();
  commands.command("settings", async (ctx) => {
    const { text, keyboard } = await draw(ctx.account, "top");
    await ctx.reply(text, { reply_markup: keyboard });
  });

  commands.callbackQuery("set:zone:type", async (ctx) => {
    await ctx.conversation.exitAll();
    await ctx.conversation.enter(TIMEZONE_DIALOG);
  });

  /** The answer to the question that was typed for: a zone, or none. */
  commands.callbackQuery(/^zone:(.*)$/, async (ctx) => {
    await questions.close(ctx.account, "zone", { redrawn: true });
    await take(ctx, ctx.match[1] ? `zone:${ctx.match[1]}` : "zone");
  });
  commands.callbackQuery(/^set(?::(.+))?$/, async (ctx) => {
    if (ctx.conversation.active(TIMEZONE_DIALOG) > 0) await questions.close(ctx.account, "zone");
    await take(ctx, ctx.match[1] ?? "top");
  });

  async function take(ctx: BotContext, data: string) {
    await ctx.conversation.exit(TIMEZONE_DIALOG);
    const wish = parseSettingsCallback(data, ctx.account);
    let { account } = ctx;
    try {
      if (wish?.changes) account = await accounts.save(account.telegramUserId, wish.changes);
      if (!wish) await answerCallback(ctx, ctx.words.oldButton);
    } catch (error) {
      if (!(error instanceof RetryLaterError)) throw error;
      await answerCallback(ctx, ctx.words.later);
    }
    const { text, keyboard } = await draw(account, wish?.screen ?? "top");
    await editOrReply(ctx, text, keyboard);
    if (account !== ctx.account && wish?.changes?.language) await showChosenMenu(ctx, account);
  }

  return { dialog, commands };
}

function zoneFrom(chosen: string | undefined, seen: Overview | undefined): SettingsView["zoneFrom"] {
  if (chosen !== undefined) return "owner";
  if (!seen?.isTimezoneKnown) return "nobody";
  return seen.links.withings ? "withings" : "withings_before";
}

/** What the data of a button means now. Undefined when it is of a time that knew other settings. */
function parseSettingsCallback(data: string, { settings }: Account): Wish | undefined {
  const screen = (["top", ...TOPICS] as const).find((it) => it === data);
  if (screen) return { screen };
  const [name = "", ...rest] = data.split(":");
  const value = rest.join(":");
  switch (name) {
    case "zone":
      if (value === "withings") return { screen: "zone", changes: { timezone: null } };
      return isTimezone(value) ? { screen: "zone", changes: { timezone: value } } : undefined;
    case "language": {
      const language = LANGUAGES.find((it) => it === value);
      return language && { screen: "language", changes: { language } };
    }
    case "silence": {
      const [kind, state = ""] = rest;
      const about = READING_KINDS.filter((it) => it === kind || kind === "all");
      if (about.length === 0 || !["on", "off"].includes(state)) return undefined;
      const tellsSilence = { ...settings.tellsSilence };
      for (const each of about) tellsSilence[each] = state === "on";
      return { screen: "silence", changes: { settings: { tellsSilence } } };
    }
    case "sends": {
      const [kind, state = ""] = rest;
      const known = (Object.keys(settings.sends) as Array<keyof typeof settings.sends>).find((it) => it === kind);
      if (!known || !["on", "off"].includes(state)) return undefined;
      return { screen: "sends", changes: { settings: { sends: { ...settings.sends, [known]: state === "on" } } } };
    }
  }
  const field = FIELDS.find((it) => it === name);
  const chosen = field && VALUES[field].find((it) => String(it) === value);
  return field && chosen !== undefined
    ? { screen: TOPIC_OF[field], changes: { settings: { [field]: chosen } } }
    : undefined;
}
