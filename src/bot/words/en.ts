import type { Action } from "../../lib/errors.ts";
import type { NotificationsSeen } from "../../sync/links/subscriptions.ts";
import type { AnswerTopic } from "../../sync/model/account.ts";
import type { Vendor } from "../../sync/model/link.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import { delayInEnglish } from "./en-delay.ts";
import { DOCTOR_IN_ENGLISH } from "./en-doctor.ts";
import { garminInEnglish } from "./en-garmin.ts";
import { heldInEnglish } from "./en-held.ts";
import { noticesInEnglish } from "./en-notices.ts";
import { SETTINGS_IN_ENGLISH } from "./en-settings.ts";
import { SILENCE_IN_ENGLISH, SILENCE_OFF_IN_ENGLISH } from "./en-silence.ts";
import { summaryInEnglish } from "./en-summary.ts";
import { withingsInEnglish } from "./en-withings.ts";
import { type Format, type Measured, VENDOR_NAME } from "./format.ts";

const readings = (count: number) => (count === 1 ? "1 reading" : `${count} readings`);
const days = (count: number) => (count === 1 ? "1 day" : `${count} days`);

const ACTION: Record<Action, string> = {
  add_account: "There is no account here yet. Send /start first.",
  link_withings: "Withings is not linked yet.",
  link_garmin: "Garmin is not linked yet.",
  relink_withings: "Withings no longer lets me read your scale. Your readings wait there until you link it again.",
  relink_garmin:
    "Garmin has signed me out. Your readings wait at Withings; I’ll send them as soon as you’ve signed in again.",
  grant_garmin_upload:
    "Garmin wants your consent before it stores what devices send. Your readings wait at Withings. In Garmin Connect, open Settings, then Privacy, and allow “Device Upload”.",
  unlock_garmin_account: "Garmin has locked this account. Unlock it at garmin.com, then sign in again.",
  use_garmin_page: "Garmin wants to see you on its own page. Sign in there.",
  fix_withings_application:
    "Withings doesn’t accept the client id and secret I use there. Nothing is lost. The person who runs me needs to copy both into my settings again, from the application on developer.withings.com.",
  fix_withings_callback:
    "Withings doesn’t accept the callback address. The person who runs me needs to enter it in the application on developer.withings.com, exactly as it is in my settings (my public address, if I have one, followed by /withings/callback).",
  fix_clock:
    "The clock on the machine I run on is more than a day off, so I’m sending nothing until it’s right. Nothing is lost: your readings wait at Withings. Set the clock, preferably with NTP.",
  fix_garmin_client_id:
    "Garmin no longer accepts the client id this program signs in with. Nothing is lost. The person who runs me needs to put a current one into my settings; then sign in at Garmin again.",
};

const CHAT = {
  commands: {
    sync: "Bring over what is new",
    status: "Your links and readings",
    connect: "Link Withings or Garmin",
    settings: "Units, summary, language",
    disconnect: "Remove a link, or everything",
    doctor: "Check that everything works",
    help: "What I can do",
    cancel: "Stop what is open just now",
  },
  ownerCommands: { people: "Who uses this bot", invite: "Invite somebody" },
  broken:
    "Something is wrong on my side. Nothing is lost: your readings are safe at Withings, and I’ll keep trying. The person who runs me can find more in my log.",
  greeting:
    "Hello. I carry what your Withings scale and cuff measure into Garmin Connect.\nWhen something needs you, I say so here; otherwise I keep quiet.",
  helpWithGarminsPage:
    "If Garmin’s page closes by itself when you sign in there, copy its address into a new tab and sign in again.",
  refusal: (telegramUserId: number) =>
    `This bot serves only its owner’s household. Sorry. (Your Telegram user id is ${telegramUserId}.)`,
  onlyInPrivate: "Here others read along. Write to me in a private chat, please.",
  nothingToCancel: "There is nothing to cancel.",
  cancelled: "Stopped. Nothing was changed.",
  signInLeft: "I have stopped the sign-in. /connect begins it again.",
  notUnderstood: "I did not understand that. /help shows what I can do.",
  oldButton: "That button is out of date. This is what’s true now.",
  /** A toast, on a tap that comes too late. */
  questionOver: {
    withings: "That question about Withings is over. This tap did nothing. /connect asks again.",
    garmin: "That step of the Garmin sign-in is over. This tap did nothing. /connect begins again.",
    zone: "That question about your time zone is over. This tap did nothing.",
    disconnect: "That question is over. This tap did nothing. /disconnect asks again.",
    people: "That list is out of date. This tap did nothing. /people shows a new one.",
  } satisfies Record<AnswerTopic, string>,
  /** The same for a button that began what has been done since. */
  linkedSince: {
    withings: "You’ve linked Withings since then. This tap did nothing. /connect links it again.",
    garmin: "You’ve signed in at Garmin since then. This tap did nothing. /connect signs you in again.",
  } satisfies Record<Vendor, string>,
  brokeOnMySide: (reportId: string) =>
    `Something broke on my side. Nothing is lost. Please try again. If it happens again, the person who runs me can find more in my log, under ${reportId}.`,
  later: "That didn’t work just now. Try again in a few minutes.",
  deleted: "I deleted your message.",
  notDeleted: "I could not delete your message. Please delete it yourself.",
  allLinked: "Both sides are linked. New readings go over by themselves.",
  oneMissing: "Press the button to link what is missing.",
  goingOn: "I’ll go on. The waiting readings go to Garmin now.",
};
export type ChatWords = typeof CHAT;

const DISCONNECT = {
  disconnectAsk: "What shall I remove?",
  disconnectChoice: { withings: "The Withings link", garmin: "The Garmin link", everything: "Everything of mine" },
  disconnectSure: {
    withings: "Remove the Withings link? I then no longer read your scale. The list of what I sent stays.",
    garmin: "Remove the Garmin link? I then send nothing more. The list of what I sent stays.",
    everything:
      "Remove both links, the list of what I sent, what you said of held readings, and your settings? This cannot be undone. What is in Garmin stays there.",
  },
  disconnected: {
    withings:
      "The Withings link is gone from here. Withings still lists me among your apps: remove me there under Profile, then Partner apps.",
    garmin:
      "The Garmin link is gone from here. What I sent stays in Garmin Connect; if you do not want it, delete it there.",
    everything:
      "Everything is gone from here. What I sent stays in Garmin Connect; delete it there if you like. Withings still lists me among your apps: remove me there under Profile, then Partner apps. /start begins again.",
  },
};
export type DisconnectWords = typeof DISCONNECT;

const BUTTON = {
  linkWithings: "Link Withings",
  linkGarmin: "Link Garmin",
  relinkWithings: "Link Withings again",
  signInGarmin: "Sign in at Garmin",
  openWithings: "Open Withings",
  onGarminsPage: "On Garmin’s page",
  here: "Here in the chat",
  garminSettings: "Open Garmin’s settings",
  checkAgain: "Check again",
  newCode: "New code",
  otherEmail: "Another e-mail",
  asAndroid: "Try as Garmin’s Android app",
  lookAgain: "Look again",
  cancel: "Cancel",
  setTimezone: "Set my time zone",
  goOn: {
    weigh_in: "Go on with weigh-ins",
    blood_pressure: "Go on with blood pressure",
  } satisfies Record<ReadingKind, string>,
  stopSending: {
    weigh_in: "Stop sending weigh-ins",
    blood_pressure: "Stop sending blood pressure",
  } satisfies Record<ReadingKind, string>,
  switchLink: "Yes, switch",
  keepLink: "No, keep the link",
  yesRemove: "Yes, remove",
  keep: "Keep",
  silenceOff: SILENCE_OFF_IN_ENGLISH,
};
export type ButtonWords = typeof BUTTON;

const LINK = {
  missing: (vendor: Vendor) => `${VENDOR_NAME[vendor]}: not linked`,
  signedOut: (vendor: Vendor, who: string) => `${VENDOR_NAME[vendor]}: signed out${who && ` (was ${who})`}`,
  linked: (vendor: Vendor, who: string, daysLeft: number) =>
    `${VENDOR_NAME[vendor]}: linked${who && ` as ${who}`}, good for ${days(daysLeft)}, renewed by itself`,
};

const lastSync = ({ time, moment }: Format) => ({
  none: "Last sync: none yet",
  line: (run: string) => `Last sync: ${run}`,
  run: (finishedAt: Date, ending: string, synced: number) =>
    `${time(finishedAt)}, ${ending}${synced > 0 ? `, ${readings(synced)}` : ""}`,
  ending: {
    success: "all right",
    retry_later: "not finished",
    action_needed: "waiting for you",
    error: "broke on my side",
    not_all_stored: "done, but Garmin didn’t store everything",
    something_paused: "done, but something isn’t sent for now",
    was_waiting: "was waiting for you",
  },
  since: (since: Date) => `It’s been like this since ${moment(since)}.`,
  next: (at: Date) => `Next sync: ${time(at)}`,
});

const SYNC = {
  reading: "Reading Withings…",
  found: (count: number) => `${count} new…`,
  sending: (count: number) => `Sending ${readings(count)} to Garmin…`,
  checking: "Sent. Looking for it in Garmin…",
  nothingNew: "Nothing new.",
  nothingReadable: "Nothing new that I can read.",
  hasEvery: "Garmin has every reading.",
  hasEveryOther: "Garmin has every other reading.",
  seen: (count: number) => `${readings(count)} now seen in Garmin.`,
  alreadyThere: (count: number) => `Garmin already had ${count} of those readings.`,
  notStored: (count: number, status: string) => `${readings(count)} could not be stored. ${status} says why.`,
  held: (count: number, status: string) => `(${count} held, see ${status})`,
  needsYou: (status: string) => `Something needs you. ${status} says what I know.`,
  busy: "A sync is already running. Give it a moment.",
  /** Something to be fixed in the configuration or the store. */
  problem: (problem: string) => problem,
};

const status = ({ moment, reading }: Format) => ({
  notifications: {
    on: "Withings tells me about new readings at once",
    unreachable: "Withings can’t reach me to tell me about new readings; I check for them myself",
    off: "Withings doesn’t tell me about new readings yet; I check for them myself",
    gone: "Withings no longer tells me about new readings; I check for them myself, and will set it up again soon",
  } satisfies Record<NotificationsSeen["state"], string>,
  notificationsChecked: (at: Date) => `Withings tells me about new readings at once (checked ${moment(at)})`,
  noWeighIn: "Last weigh-in: none yet",
  lastReading: {
    weigh_in: (it: Measured) => `Last weigh-in: ${reading(it)}`,
    blood_pressure: (it: Measured) => `Last blood pressure: ${reading(it)}`,
  } satisfies Record<ReadingKind, (it: Measured) => string>,
});

const LINK_AGAIN: Record<Vendor, string> = { withings: "link it", garmin: "sign in" };

const news = ({ moment }: Format) => ({
  reminder: (since: Date) => `Not everything has arrived since ${moment(since)}.`,
  broken: "Something is wrong on my side, so readings may not arrive in Garmin. Nothing is lost, and I’ll keep trying.",
  logSays: (cause: string) => `My log says more: ${cause}`,
  logHasMore: "The person who runs me can find more in my log.",
  lastHours: (hours: number) => ` from the last ${hours === 1 ? "hour" : `${hours} hours`}`,
  lastDays: (count: number) => ` from the last ${days(count)}`,
  arrived: (count: number, span = "") => `${readings(count)}${span} ${count === 1 ? "is" : "are"} now in Garmin.`,
  /** Without a time where nobody knows it. */
  noneMissed: (since: Date | undefined) => `No reading has been missed${since ? ` since ${moment(since)}` : ""}.`,
  expiry: (vendor: Vendor, daysLeft: number) =>
    `My permission at ${VENDOR_NAME[vendor]} ends in ${days(daysLeft)}, because I couldn’t renew it lately. I’ll keep trying; to be safe, ${LINK_AGAIN[vendor]} again now.`,
  unreadable: (count: number) =>
    `Your other readings arrive. Nothing is lost: Withings keeps ${count === 1 ? "it" : "them"}, and I try again every day.`,
});

const unreadable = ({ time }: Format) => ({
  one: (takenAt: Date | undefined) =>
    `Withings has a measurement${takenAt ? ` from ${time(takenAt)}` : ""} that I can’t read.`,
  several: (count: number, times: Date[]) =>
    `Withings has ${count} measurements that I can’t read${times.length > 0 ? `: ${times.map(time).join("; ")}` : ""}.`,
});

const people = ({ day }: Format) => ({
  invitation: (link: string) =>
    `${link}\n\nSend this link to the person you want to invite. It works for one person and for 24 hours.`,
  invitationOver: "This invitation was used already, or is older than 24 hours. Please ask for a new one.",
  joined: (name: string) => `${name} is here now. /people shows who uses me.`,
  title: "Who may use me:",
  you: "you",
  /** Somebody who has not written yet has no name. */
  nameless: (telegramUserId: number) => `the person with Telegram id ${telegramUserId}`,
  named: (who: string, since: Date | undefined) =>
    `${who}: allowed in my settings, ${since ? `here since ${day(since)}` : "hasn’t joined yet"}`,
  invited: (who: string, since: Date) => `${who}: invited, here since ${day(since)}`,
  remove: (name: string) => `Remove ${name}`,
  sure: (name: string) => `Remove ${name}? Their links, list and settings are deleted here.`,
  removed: (name: string) => `${name} is removed.`,
  farewell:
    "The person who runs me has removed you from this bot. Your links, list and settings are deleted here; what is in Garmin stays there. Thank you, and goodbye.",
});

/** The English sentences: what a person reads in the chat. A language that lacks one does not compile. */
export function english(format: Format) {
  const held = heldInEnglish(format);
  return {
    language: format.language,
    format,
    ...CHAT,
    ...withingsInEnglish(format),
    ...garminInEnglish(format),
    ...DISCONNECT,
    action: (action: Action) => ACTION[action],
    button: { ...BUTTON, ...held.button },
    delays: delayInEnglish(format),
    held,
    notices: noticesInEnglish(format),
    link: LINK,
    lastSync: lastSync(format),
    sync: SYNC,
    status: status(format),
    news: news(format),
    unreadable: unreadable(format),
    summary: summaryInEnglish(format),
    silence: SILENCE_IN_ENGLISH,
    settings: SETTINGS_IN_ENGLISH,
    people: people(format),
    doctor: DOCTOR_IN_ENGLISH,
  };
}
export type Words = ReturnType<typeof english>;
