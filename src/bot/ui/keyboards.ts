import { InlineKeyboard } from "grammy/web";
import type { Action } from "../../lib/errors.ts";
import { byStart } from "../../sync/engine/attention.ts";
import type { SignInPages } from "../../sync/links/garmin-sign-in.ts";
import type { SignInPageOptions } from "../../sync/model/garmin-sign-in.ts";
import { type Arrival, type AttentionItem, canBeSent } from "../../sync/model/ledger.ts";
import { KINDS, type ReadingKind, readingId } from "../../sync/model/reading.ts";
import type { Notice } from "../../sync/status/kind-notices.ts";
import type { Silence } from "../../sync/status/silence.ts";
import { ATTENTION_SHOWN, isMaybeForeignItem } from "../views/held.ts";
import type { Words } from "../words/words.ts";

/** Garmin's settings; the text above the button says the rest of the way (seen in other projects' notes, 2026). */
const GARMIN_SETTINGS_URL = "https://connect.garmin.com/app/settings";

const GARMIN_PAGES: Record<ReadingKind, string> = {
  weigh_in: "https://connect.garmin.com/app/weight",
  blood_pressure: "https://connect.garmin.com/app/blood-pressure",
};

/** The data of buttons. Telegram allows 64 bytes. */
export const CALLBACK = {
  withings: "withings",
  keepWithings: "withings:keep",
  garmin: "garmin",
  garminHere: "garmin:here",
  garminHereAndroid: "garmin:here:android",
  garminLook: "garmin:look",
  keepGarmin: "garmin:keep",
  consent: "consent",
  timezone: "set:zone",
  report: "report",
  status: "ask:status",
  sync: "ask:sync",
  doctor: "ask:doctor",
  help: "ask:help",
  sent: "ask:sent",
  noHeight: "height:no",
} as const;

/** Asks again, or in one tap, why a reading is missing. */
export const MISSING_TAP = /^ask:missing:(weigh_in|blood_pressure)$/;

export interface Message {
  text: string;
  keyboard: InlineKeyboard;
}

/**
 * Every such button is made here: Garmin's page ends with "ERROR", and the text says to copy its address. Our own page shows it in a
 * picture, and by itself leaves out what wouldn't work now.
 */
export function withGarminPage(text: string, words: Words, pages: SignInPages, options?: SignInPageOptions): Message {
  const keyboard = new InlineKeyboard();
  if (pages.ownPageUrl) keyboard.webApp(words.button.signInPage, `${pages.ownPageUrl}?lang=${words.language}`).row();
  keyboard.url(words.button.onGarminsPage, pages.pageUrl(options));
  return { text: `${text}\n\n${words.garminPageEnd}`, keyboard };
}

export function withSignInChoice(text: string, words: Words, pages: SignInPages, options?: SignInPageOptions): Message {
  const message = withGarminPage(text, words, pages, options);
  message.keyboard.row().text(words.button.here, CALLBACK.garminHere);
  return message;
}

/** Where Garmin shows what has arrived there. */
export function arrivalButtons(arrivals: Arrival[], words: Words, keyboard = new InlineKeyboard()): InlineKeyboard {
  for (const kind of KINDS) {
    if (arrivals.some((it) => it.kind === kind)) keyboard.row().url(words.arrivals.inGarmin[kind], GARMIN_PAGES[kind]);
  }
  return keyboard;
}

export function consentButtons(words: Words): InlineKeyboard {
  return new InlineKeyboard()
    .url(words.button.garminSettings, GARMIN_SETTINGS_URL)
    .row()
    .text(words.button.checkAgain, CALLBACK.consent);
}

/** A text with one button for each action that has one. */
export function withFixes(
  text: string,
  actions: ReadonlyArray<Action | undefined>,
  words: Words,
  pages: SignInPages,
): Message {
  const wanted = new Set(actions);
  const fixes = [...wanted].flatMap((action) => (action && FIX_BUTTONS[action]?.(words)) ?? []);
  const keyboard = new InlineKeyboard().append(...fixes);
  const opensPage = wanted.has("use_garmin_page") || wanted.has("unlock_garmin_account");
  if (!wanted.has("relink_garmin") && !opensPage) return { text, keyboard };
  const page = (wanted.has("relink_garmin") ? withSignInChoice : withGarminPage)(text, words, pages);
  return { text: page.text, keyboard: keyboard.append(page.keyboard) };
}

/** Without Garmin's page, whose button needs its text. */
const FIX_BUTTONS: Record<Action, ((words: Words) => InlineKeyboard) | undefined> = {
  link_withings: ({ button }) => new InlineKeyboard().text(button.linkWithings, CALLBACK.withings),
  relink_withings: ({ button }) => new InlineKeyboard().text(button.relinkWithings, CALLBACK.withings),
  link_garmin: ({ button }) => new InlineKeyboard().text(button.linkGarmin, CALLBACK.garmin),
  grant_garmin_upload: consentButtons,
  relink_garmin: undefined,
  use_garmin_page: undefined,
  unlock_garmin_account: undefined,
  add_account: undefined,
  fix_withings_application: undefined,
  fix_withings_callback: undefined,
  fix_clock: undefined,
  fix_garmin_client_id: undefined,
};

export const GO_ON_TAP = /^goon:(weigh_in|blood_pressure)$/;
const SWITCH: Record<ReadingKind, string> = { weigh_in: "weight", blood_pressure: "bloodPressure" };

export function noticeButtons(notice: Notice, words: Words, keyboard = new InlineKeyboard()): InlineKeyboard {
  if (notice.type !== "differs" && notice.type !== "closed") return keyboard;
  const { kind } = notice;
  keyboard.row();
  if (notice.type === "differs") keyboard.text(words.button.goOn[kind], `goon:${kind}`);
  return keyboard.text(words.button.stopSending[kind], `set:sends:${SWITCH[kind]}:off`);
}

export function silenceButtons(silences: Silence[], words: Words): InlineKeyboard {
  const keyboard = new InlineKeyboard();
  for (const it of silences) {
    const kind = "linkedAt" in it ? "all" : it.kind;
    const label = words.button.silenceOff[silences.length > 1 ? kind : "all"];
    keyboard.row().text(label, `set:silence:${kind}:off`);
  }
  return keyboard;
}

/** What a tap on `decisionButtons` sends: a verb, and the id of one reading, or the range of older readings it is about. */
export const DECISION_TAP = /^(mine|leave|send_old):(?:(\d{16}#\w+)|before_start(?:#([0-9a-z-]+))?)$/;

const waitsFrom = ({ waitsSince }: AttentionItem) => waitsSince?.getTime() ?? 0;

/** Names several readings within a button's 64 bytes: since when the first and the last of them wait, and how many. */
export function rangeOf(late: AttentionItem[]): string {
  const times = late.map(waitsFrom);
  return [Math.min(...times), Math.max(...times), late.length].map((it) => it.toString(36)).join("-");
}

/** Which of them still wait. None if readings that weren't shown would be among them. */
export function stillWaiting(shown: string, late: AttentionItem[]): AttentionItem[] {
  const [from = 0, to = 0, count = 0] = shown.split("-").map((it) => Number.parseInt(it, 36));
  const meant = late.filter((it) => waitsFrom(it) >= from && waitsFrom(it) <= to);
  return meant.length <= count ? meant : [];
}

export function decisionButtons(all: AttentionItem[], words: Words, keyboard = new InlineKeyboard()): InlineKeyboard {
  const { late, items } = byStart(all);
  for (const item of items.slice(-ATTENTION_SHOWN)) {
    const isHeld = item.fate.state === "held";
    if (canBeSent(item.fate)) {
      const label = isHeld ? words.button.mine(item) : words.button.tryAgain(item);
      keyboard.row().text(label, `mine:${readingId(item)}`);
    }
    const leave = isMaybeForeignItem(item) ? words.button.notMine(item) : words.button.ignore(item);
    keyboard.row().text(isHeld ? leave : words.button.leaveIt(item), `leave:${readingId(item)}`);
  }
  const [first] = late;
  if (first) {
    const isOne = late.length === 1;
    const meant = isOne ? readingId(first) : `before_start#${rangeOf(late)}`;
    const { mine, sendAllOld, leaveOut, leaveOutAll } = words.button;
    keyboard.row().text(isOne ? mine(first) : sendAllOld(late.length), `send_old:${meant}`);
    keyboard.row().text(isOne ? leaveOut(first) : leaveOutAll(late.length), `leave:${meant}`);
  }
  if (items.some(({ fate }) => fate.reason === "no_timezone")) {
    keyboard.row().text(words.button.setTimezone, CALLBACK.timezone);
  }
  return keyboard;
}
