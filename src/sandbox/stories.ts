import { type FaultName, namedFaults } from "./named-faults.ts";
import type { ActionName } from "./panel-contract.ts";

/** What goes wrong with the person, the program or its machine, and lasts until it is put right. */
export const otherTroubles = {
  bot_blocked: { label: "You block the bot in Telegram" },
  bot_taken: { label: "Another program has the bot’s messages brought to it" },
  bot_polled: { label: "Another program fetches the bot’s messages" },
  program_stopped: { label: "The program is stopped" },
  clock_ahead: { label: "The computer’s clock is 60 days ahead" },
  clock_in_1970: { label: "The computer’s clock says 1970" },
} as const;

export type OtherTrouble = keyof typeof otherTroubles;
export type Trouble = FaultName | OtherTrouble;

export const isTrouble = (name: string): name is Trouble =>
  Object.hasOwn(namedFaults, name) || Object.hasOwn(otherTroubles, name);

export const labelOf = (name: Trouble): string => ({ ...namedFaults, ...otherTroubles })[name].label;

/** What to look at while it is on, where nothing of it comes to the chat by itself; and what has to happen first, for the bot to have something to say. */
export const whatToLookAt: Partial<Record<Trouble, { first?: "guest"; look: string }>> = {
  bot_taken: {
    look: "What you write gets no answer. Within a minute the bot notices, tells you in the chat and in Mail who it was, and takes the messages back.",
  },
  bot_polled: {
    look: "What you write may get no answer. Within a minute the bot notices, and tells you in the chat and in Mail.",
  },
  bot_blocked: { look: "Mail shows within a minute who hears of it instead of you." },
  telegram_messages_refused: {
    first: "guest",
    look: "The bot asks you whose it is, and Telegram takes no message. Press “An hour later”: Mail shows who hears of that.",
  },
  telegram_token_revoked: {
    look: "Whatever you write, the chat is silent. Press “An hour later”: Mail shows who hears of it.",
  },
  telegram_down: { look: "Whatever you write, the chat is silent. Press “An hour later”: Mail shows who hears of it." },
};

/** Something that happens once. `input` is what the action is given. */
export interface StoryButton {
  label: string;
  action: ActionName;
  input?: Record<string, unknown>;
}

export interface Story {
  title: string;
  /** What the bot is expected to do, in one line. */
  expect: string;
  switches: readonly Trouble[];
  buttons?: readonly StoryButton[];
}

/** Everything that can be broken, told as what happens to somebody. */
export const stories: readonly Story[] = [
  {
    title: "Garmin logs you out",
    expect: "The bot asks you to sign in again. What you measured arrives after that.",
    switches: ["garmin_signed_out", "garmin_token_not_active", "garmin_refresh_lost_answer"],
  },
  {
    title: "Garmin’s sign-in refuses",
    expect: "Link Garmin here in the chat: the bot says why that fails, and Garmin’s own page still works.",
    switches: [
      "garmin_sso_429",
      "garmin_sso_429_in_200",
      "garmin_sso_cloudflare_403",
      "garmin_captcha",
      "garmin_account_locked",
    ],
  },
  {
    title: "Garmin is down",
    expect: "The bot tells you once its patience is over. What you measured arrives when Garmin is back.",
    switches: ["garmin_api_500", "garmin_api_429", "garmin_api_cloudflare_403", "garmin_diauth_down"],
  },
  {
    title: "Garmin wants your consent",
    expect: "The bot shows you where to give it. What you measured arrives after that.",
    switches: ["garmin_upload_412"],
  },
  {
    title: "An upload goes astray",
    expect: "The weigh-in arrives in the end, and only once.",
    switches: ["garmin_upload_dropped", "garmin_upload_lost_answer", "garmin_slow_to_show"],
  },
  {
    title: "Garmin refuses or changes a value",
    expect:
      "The bot says which reading and what is different, and what you can do about it. Of a shifted time it does so a day later.",
    switches: [
      "garmin_upload_failed_in_202",
      "garmin_rounds_weight",
      "garmin_shifts_time",
      "garmin_drops_composition",
      "garmin_blood_pressure_closed",
    ],
  },
  {
    title: "Withings is down",
    expect: "The bot tells you once its patience is over. What you measured is safe there, and arrives later.",
    switches: ["withings_down", "withings_hangs", "withings_html_page", "withings_unknown_status", "withings_601"],
  },
  {
    title: "Withings ends the link",
    expect: "The bot asks you to link Withings again. What you measured arrives after that.",
    switches: ["withings_503_refresh_token_dead", "withings_scope_reduced"],
    buttons: [{ label: "Remove the app at Withings", action: "removeApp" }],
  },
  {
    title: "Withings stops announcing",
    expect: "Your weigh-in comes with the next look, a minute later, and Withings is asked to announce again.",
    switches: [],
    buttons: [{ label: "Lose the subscription", action: "loseSubscription" }],
  },
  {
    title: "A vendor renames a field",
    expect: "The bot says whose answers it doesn’t understand. Nothing is lost, and it goes on by itself afterwards.",
    switches: ["withings_field_renamed", "garmin_field_renamed"],
  },
  {
    title: "The bot can’t hear you or talk to you",
    expect:
      "What you write gets no answer, and your weigh-in reaches Garmin all the same. The chat or Mail shows who hears of it.",
    switches: [
      "bot_blocked",
      "bot_taken",
      "bot_polled",
      "telegram_messages_refused",
      "telegram_token_revoked",
      "telegram_down",
    ],
  },
  {
    title: "A setting is wrong",
    expect: "The bot names the setting. It doesn’t start on an empty folder as if nothing had happened.",
    switches: ["withings_503_client_secret"],
    buttons: [{ label: "Start on an empty folder", action: "startOnEmptyFolder" }],
  },
  {
    title: "The computer’s clock is wrong",
    expect: "The bot says so, and sends nothing by a wrong clock.",
    switches: ["clock_ahead", "clock_in_1970"],
  },
  {
    title: "The program stops, or forgets",
    expect: "Somebody outside misses its heartbeat, see Mail. What waited is done when it starts again, and only once.",
    switches: ["program_stopped"],
    buttons: [{ label: "Put old data back", action: "putOldDataBack" }],
  },
  {
    title: "A reading with an odd date",
    expect: "The bot tells you about it instead of sending or dropping it silently.",
    switches: [],
    buttons: [
      { label: "Weigh in, dated next week", action: "weighInDated", input: { days: 7 } },
      { label: "Weigh in, dated two months ago", action: "weighInDated", input: { days: -60 } },
    ],
  },
  {
    title: "You forget the scale",
    expect: "After some days without a reading the bot asks, once, whether the scale is all right.",
    switches: [],
    buttons: [
      { label: "Three days later", action: "passTime", input: { until: "three_days" } },
      { label: "Two weeks later", action: "passTime", input: { until: "two_weeks" } },
    ],
  },
];
