import { InlineKeyboard } from "grammy/web";
import type { Action } from "../errors.ts";
import type { AttentionItem } from "../sync/ports.ts";
import { readingId } from "../sync/reading.ts";
import { ATTENTION_SHOWN } from "./words/en.ts";
import type { Words } from "./words/words.ts";

/** Where Garmin's settings begin; the way on from there is told in words (seen in other projects' notes, 2026). */
export const GARMIN_SETTINGS_URL = "https://connect.garmin.com/app/settings";

/** What a tap on a button tells us. At most 64 bytes, as Telegram allows. */
export const TAP = {
  withings: "withings",
  keepWithings: "withings:keep",
  garmin: "garmin",
  garminHere: "garmin:here",
  consent: "consent",
} as const;

/** The two ways to sign in at Garmin, side by side. */
export function doors(words: Words, signInPageUrl: string): InlineKeyboard {
  return new InlineKeyboard()
    .url(words.button.onGarminsPage, signInPageUrl)
    .row()
    .text(words.button.here, TAP.garminHere);
}

export function consentButtons(words: Words): InlineKeyboard {
  return new InlineKeyboard()
    .url(words.button.garminSettings, GARMIN_SETTINGS_URL)
    .row()
    .text(words.button.checkAgain, TAP.consent);
}

/** What mends it, where a button can. */
export function mendOf(action: Action, words: Words, signInPageUrl: string): InlineKeyboard | undefined {
  switch (action) {
    case "link_withings":
      return new InlineKeyboard().text(words.button.linkWithings, TAP.withings);
    case "relink_withings":
      return new InlineKeyboard().text(words.button.relinkWithings, TAP.withings);
    case "link_garmin":
      return new InlineKeyboard().text(words.button.linkGarmin, TAP.garmin);
    case "relink_garmin":
      return doors(words, signInPageUrl);
    case "use_garmin_page":
    case "unlock_garmin_account":
      return new InlineKeyboard().url(words.button.onGarminsPage, signInPageUrl);
    case "grant_garmin_upload":
      return consentButtons(words);
    case "add_account":
    case "fix_withings_application":
      return undefined;
  }
}

/** What mends them all, each once, where buttons can. */
export function mendsOf(
  actions: ReadonlyArray<Action | undefined>,
  words: Words,
  signInPageUrl: string,
): InlineKeyboard {
  const mends = [...new Set(actions)].flatMap((action) => (action && mendOf(action, words, signInPageUrl)) ?? []);
  return new InlineKeyboard().append(...mends);
}

/** The taps that `attention` makes: a verb and the id of a reading. */
export const WORD_TAP = /^(mine|leave):(\d{16}#\w+)$/;

/** For each reading that waits a row: send it after all, or leave it. */
export function attention(items: AttentionItem[], words: Words, keyboard = new InlineKeyboard()): InlineKeyboard {
  for (const item of items.slice(-ATTENTION_SHOWN)) {
    const isHeld = item.fate.state === "held";
    keyboard.row();
    if (canBeSent(item)) {
      keyboard.text(isHeld ? words.button.mine(item) : words.button.tryAgain(item), `mine:${readingId(item)}`);
    }
    keyboard.text(isHeld ? words.button.notMine : words.button.leaveIt, `leave:${readingId(item)}`);
  }
  return keyboard;
}

/** What Garmin cannot hold stays out whatever the owner says, and so does what was never measured. */
function canBeSent({ fate }: AttentionItem): boolean {
  return fate.reason !== "out_of_range" && fate.reason !== "in_the_future";
}
