import { type FaultName, namedFaults } from "./named-faults.ts";
import type { ActionName } from "./panel-contract.ts";

export const otherTroubles = {
  bot_blocked: { label: "You block the bot in Telegram" },
  bot_taken: { label: "Another program receives the bot’s messages (webhook)" },
  bot_polled: { label: "Another program fetches the bot’s messages (polling)" },
  program_stopped: { label: "The program is stopped" },
  clock_ahead: { label: "The computer’s clock is 60 days ahead" },
  clock_in_1970: { label: "The computer’s clock says 1970" },
} as const;

export type OtherTrouble = keyof typeof otherTroubles;
export type Trouble = FaultName | OtherTrouble;

export const isTrouble = (name: string): name is Trouble =>
  Object.hasOwn(namedFaults, name) || Object.hasOwn(otherTroubles, name);

export const labelOf = (name: Trouble): string => ({ ...namedFaults, ...otherTroubles })[name].label;

/** Where to look, if nothing appears in the chat by itself. `first`: what has to happen before the bot has something to say. */
export const whatToLookAt: Partial<Record<Trouble, { first?: "guest"; look: string }>> = {
  bot_taken: {
    look: "You get no answers. Within a minute the bot notices, says in the chat and in Mail who it was, and takes the messages back.",
  },
  bot_polled: {
    look: "You may get no answers. Within a minute the bot notices, and says so in the chat and in Mail.",
  },
  bot_blocked: { look: "Within a minute, the alarm is in Mail." },
  telegram_messages_refused: {
    first: "guest",
    look: "The bot asks whose it is, and Telegram refuses the message. Press “An hour later”: the alarm is in Mail.",
  },
  telegram_token_revoked: {
    look: "Whatever you write, the chat stays silent. Press “An hour later”: the alarm is in Mail.",
  },
  telegram_down: { look: "Whatever you write, the chat stays silent. Press “An hour later”: the alarm is in Mail." },
};

export interface StoryButton {
  label: string;
  action: ActionName;
  input?: Record<string, unknown>;
}

export interface Story {
  title: string;
  /** One line: what the bot should do. */
  expect: string;
  switches: readonly Trouble[];
  buttons?: readonly StoryButton[];
}

/** Every trouble is in exactly one of them. */
export const stories: readonly Story[] = [
  {
    title: "Garmin logs you out",
    expect: "The bot asks you to sign in again. What you measured arrives after that.",
    switches: ["garmin_signed_out", "garmin_token_not_active", "garmin_refresh_lost_answer"],
  },
  {
    title: "Garmin refuses your sign-in",
    expect: "Link Garmin in the chat: the bot says why that fails. Signing in on Garmin’s own page still works.",
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
    expect: "The bot tells you if it lasts. What you measured arrives when Garmin is back.",
    switches: ["garmin_api_500", "garmin_api_429", "garmin_api_cloudflare_403", "garmin_diauth_down"],
  },
  {
    title: "Garmin wants your consent",
    expect: "The bot shows you where to give it. What you measured arrives after that.",
    switches: ["garmin_upload_412"],
  },
  {
    title: "An upload gets lost",
    expect: "The weigh-in arrives in the end, and only once.",
    switches: ["garmin_upload_dropped", "garmin_upload_lost_answer", "garmin_slow_to_show"],
  },
  {
    title: "Garmin refuses or changes a value",
    expect:
      "The bot says which reading, what is different and what you can do. If only the time is wrong, it says so a day later.",
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
    expect: "The bot tells you if it lasts. What you measured is safe at Withings, and arrives later.",
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
    expect: "Your weigh-in arrives with the next sync, a minute later. Within a day the bot subscribes again.",
    switches: [],
    buttons: [{ label: "Lose the subscription", action: "loseSubscription" }],
  },
  {
    title: "A vendor renames a field",
    expect: "The bot says whose answers it doesn’t understand. Nothing is lost, and it continues by itself.",
    switches: ["withings_field_renamed", "garmin_field_renamed"],
  },
  {
    title: "The bot can’t hear you or talk to you",
    expect: "You get no answers, but your weigh-in still reaches Garmin. The alarm is in the chat or in Mail.",
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
    expect: "The bot names the setting. If its folder is suddenly empty, it refuses to start.",
    switches: ["withings_503_client_secret"],
    buttons: [{ label: "Start on an empty folder", action: "startOnEmptyFolder" }],
  },
  {
    title: "The computer’s clock is wrong",
    expect: "The bot says so, and sends nothing until the clock is right.",
    switches: ["clock_ahead", "clock_in_1970"],
  },
  {
    title: "The program stops, or forgets",
    expect: "Its heartbeat stops: see Mail. When it starts again, it does what was waiting, and only once.",
    switches: ["program_stopped"],
    buttons: [{ label: "Put old data back", action: "putOldDataBack" }],
  },
];
