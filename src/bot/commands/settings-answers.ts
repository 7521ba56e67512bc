import { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { isTimezone } from "../../lib/local-time.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import { isWithoutZone } from "../../sync/engine/attention.ts";
import { knownHeight } from "../../sync/engine/height.ts";
import {
  type Account,
  type AccountChanges,
  type Accounts,
  CARDS,
  DELETIONS,
  LANGUAGES,
  type Settings,
  THEMES,
  UNITS,
} from "../../sync/model/account.ts";
import { KINDS as READING_KINDS } from "../../sync/model/reading.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { cityOf, clockTime, zonesAround } from "../conversations/time-zones.ts";
import { TIMEZONE_DIALOG } from "../conversations/timezone.ts";
import { showMenu } from "../telegram/command-menu.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback, editOrReply, orLater } from "../ui/edit-message.ts";
import type { Message } from "../ui/keyboards.ts";
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
import { settingsWords } from "../words/settings.ts";
import { type Words, wordsOf } from "../words/words.ts";

export interface SettingsDeps {
  accounts: Accounts;
  overview: (account: Account) => Promise<Overview>;
  startSync: (account: Account) => Promise<void>;
  questions: Questions;
  clock: Clock;
  log: Log;
}

const VALUES = {
  units: [...UNITS],
  /** By day only. */
  summaryHour: Array.from({ length: 15 }, (_, index) => 7 + index),
  cards: [...CARDS],
  patienceHours: [1, 6, 12, 24],
  deletions: [...DELETIONS],
  theme: [...THEMES],
} satisfies {
  [F in Exclude<keyof Settings, "sends" | "tellsSilence" | "goalKg" | "goalFromKg" | "height">]: Array<Settings[F]>;
};
type Field = keyof typeof VALUES;
const TOPIC_OF: Record<Field, SettingsTopic> = {
  units: "units",
  summaryHour: "summary",
  cards: "summary",
  patienceHours: "patience",
  deletions: "deletions",
  theme: "theme",
};

type Screen = SettingsTopic | "top";

export async function sendScreen(deps: SettingsDeps, ctx: BotContext, account: Account, screen: Screen) {
  const { text, keyboard } = await draw(deps, account, screen);
  await ctx.reply(text, { reply_markup: keyboard });
}

export async function takeTap(deps: SettingsDeps, ctx: BotContext, data: string) {
  await ctx.conversation.exit(TIMEZONE_DIALOG);
  const tap = parseTap(data, ctx.account);
  if (!tap) await answerCallback(ctx, ctx.words.oldButton);
  const { changes } = tap ?? {};
  const saved = changes && (await orLater(ctx, () => deps.accounts.save(ctx.account.telegramUserId, changes)));
  const { text, keyboard } = await draw(deps, saved ?? ctx.account, tap?.screen ?? "top");
  await editOrReply(ctx, text, keyboard);
  if (saved && changes.timezone) await sendWaiting(deps, saved);
  if (!saved || !changes.language) return;
  await showMenu(ctx.api, saved.telegramUserId, { language: changes.language, isOwner: ctx.isOwner }).catch(
    (error: unknown) => deps.log.warn("menu_not_set", errorFacts(error)),
  );
}

/** What was held for want of a time zone. If this fails, the next run sends it. */
export async function sendWaiting({ overview, startSync, log }: SettingsDeps, account: Account): Promise<void> {
  try {
    if ((await overview(account)).attention.some(isWithoutZone)) await startSync(account);
  } catch (error) {
    log.warn("sync_not_started", errorFacts(error));
  }
}

async function draw({ overview, clock }: SettingsDeps, account: Account, screen: Screen): Promise<Message> {
  const { timezone: chosen, ...unchosen } = account;
  // Settings must work even if the account's readings can't be read.
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
    height: knownHeight(account.settings, seen?.progress),
  };
  if (screen === "top") {
    const topics = TOPICS.map((topic) => button(settingsWords(words).topic[topic], topic));
    return { text: settingsText(view, words), keyboard: InlineKeyboard.from(inRows(topics, 2)) };
  }
  const zones = zonesAround([timezone, withingsZone], now);
  const rows = [
    ...choices(screen, view, account, words, zones, now),
    [InlineKeyboard.text(settingsWords(words).back, "set")],
  ];
  return { text: settingsScreen(screen, view, words), keyboard: InlineKeyboard.from(rows) };
}

function zoneFrom(chosen: string | undefined, seen: Overview | undefined): SettingsView["zoneFrom"] {
  if (chosen !== undefined) return "owner";
  if (!seen?.isTimezoneKnown) return "nobody";
  return seen.links.withings ? "withings" : "withings_before";
}

const button = (label: string, data: string, isChosen = false) =>
  InlineKeyboard.text(isChosen ? `✓ ${label}` : label, `set:${data}`);
type Button = ReturnType<typeof button>;

const inRows = (buttons: Button[], perRow: number) =>
  Array.from({ length: Math.ceil(buttons.length / perRow) }, (_, row) =>
    buttons.slice(row * perRow, (row + 1) * perRow),
  );

function choices(
  topic: SettingsTopic,
  { height }: SettingsView,
  account: Account,
  words: Words,
  zones: string[],
  now: Date,
): Button[][] {
  const { timezone, settings } = account;
  const say = settingsWords(words);
  const values = <F extends Field>(field: F, label: (value: Settings[F]) => string, perRow: number) =>
    inRows(
      (VALUES[field] as Array<Settings[F]>).map((it) => button(label(it), `${field}:${it}`, settings[field] === it)),
      perRow,
    );
  const toggle = (label: string, name: string, isOn: boolean) => [
    button(label, `${name}:${isOn ? "off" : "on"}`, isOn),
  ];
  switch (topic) {
    case "units":
      return values("units", (unit) => say.units[unit], 1);
    case "zone": {
      const near = zones.map((it) => button(`${cityOf(it)} ${clockTime(now, it)}`, `zone:${it}`, it === timezone));
      const others = [button(say.asWithings, "zone:withings", !timezone), button(say.typeZone, "zone:type")];
      return [...inRows(near, 2), others];
    }
    case "summary":
      return [...values("cards", (mode) => say.cards[mode], 1), ...values("summaryHour", (hour) => `${hour}:00`, 5)];
    case "silence":
      return READING_KINDS.map((kind) => toggle(say.device[kind], `silence:${kind}`, settings.tellsSilence[kind]));
    case "patience":
      return values("patienceHours", (hours) => durationIn(say.duration, hours), 2);
    case "deletions":
      return values("deletions", (choice) => say.deletions[choice], 1);
    case "theme":
      return values("theme", (theme) => say.theme[theme], 2);
    case "sends":
      return choosableKinds(settings.sends).map((kind) =>
        toggle(say.kind[kind], `sends:${kind}`, settings.sends[kind]),
      );
    case "height":
      // Withings' own wins, so another one would change nothing.
      if (height?.from === "withings") return [];
      return [
        [button(say.typeHeight, "height:type")],
        ...(settings.height ? [[button(say.forgetHeight, "height:off")]] : []),
      ];
    case "language":
      return LANGUAGES.map((it) => [
        button(settingsWords({ language: it }).languageName, `language:${it}`, words.language === it),
      ]);
  }
}

/** The screen that a tap shows, and what it changes first. Undefined for the button of a version with other settings. */
function parseTap(data: string, { settings }: Account): { screen: Screen; changes?: AccountChanges } | undefined {
  const screen = (["top", ...TOPICS] as const).find((it) => it === data);
  if (screen) return { screen };
  const [name = "", ...rest] = data.split(":");
  const value = rest.join(":");
  const [kind, state = ""] = rest;
  const isOn = state === "on";
  switch (name) {
    case "zone":
      if (value === "withings") return { screen: "zone", changes: { timezone: null } };
      return isTimezone(value) ? { screen: "zone", changes: { timezone: value } } : undefined;
    case "language": {
      const language = LANGUAGES.find((it) => it === value);
      return language && { screen: "language", changes: { language } };
    }
    case "silence": {
      const about = READING_KINDS.filter((it) => it === kind || kind === "all");
      if (about.length === 0 || !["on", "off"].includes(state)) return undefined;
      const tellsSilence = { ...settings.tellsSilence, ...Object.fromEntries(about.map((it) => [it, isOn])) };
      return { screen: "silence", changes: { settings: { tellsSilence } } };
    }
    case "height":
      return value === "off" ? { screen: "height", changes: { settings: { height: undefined } } } : undefined;
    case "sends":
      if (!kind || !Object.hasOwn(settings.sends, kind) || !["on", "off"].includes(state)) return undefined;
      return { screen: "sends", changes: { settings: { sends: { ...settings.sends, [kind]: isOn } } } };
  }
  const field = (Object.keys(VALUES) as Field[]).find((it) => it === name);
  const chosen = field && VALUES[field].find((it) => String(it) === value);
  if (field === undefined || chosen === undefined) return undefined;
  return { screen: TOPIC_OF[field], changes: { settings: { [field]: chosen } } };
}
