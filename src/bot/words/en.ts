import type { Action } from "../../lib/errors.ts";
import type { NotificationsSeen } from "../../sync/links/subscriptions.ts";
import type { AnswerTopic } from "../../sync/model/account.ts";
import type { Vendor } from "../../sync/model/link.ts";
import type { ReadingKind } from "../../sync/model/reading.ts";
import { ACTIONS_IN_ENGLISH } from "./en-actions.ts";
import { arrivalsInEnglish } from "./en-arrivals.ts";
import { delayInEnglish } from "./en-delay.ts";
import { garminInEnglish } from "./en-garmin.ts";
import { heldInEnglish } from "./en-held.ts";
import { noticesInEnglish } from "./en-notices.ts";
import { questionInEnglish } from "./en-question.ts";
import { SILENCE_IN_ENGLISH, SILENCE_OFF_IN_ENGLISH } from "./en-silence.ts";
import { summaryInEnglish } from "./en-summary.ts";
import { undoInEnglish } from "./en-undo.ts";
import { withingsInEnglish } from "./en-withings.ts";
import { type Format, type Measured, plural, VENDOR_NAME } from "./format.ts";

const readings = (count: number) => plural(count, "reading");
const days = (count: number) => plural(count, "day");

const CHAT = {
  commands: {
    sync: "Copy new readings now",
    status: "Your links and readings",
    weight: "A picture of your weight",
    bp: "A picture of your blood pressure",
    body: "A picture of your body composition",
    undo: "Take the last reading out of Garmin",
    connect: "Link Withings or Garmin",
    settings: "Units, cards, language",
    goal: "Your goal: /goal 62 kg or /goal off",
    disconnect: "Remove a link, or everything",
    doctor: "Check that everything works",
    help: "What I can do",
    privacy: "What I keep, and how to erase it",
    cancel: "Cancel the open question",
  },
  ownerCommands: { people: "Who uses this bot", invite: "Invite somebody" },
  broken:
    "Something is wrong on my side. Nothing is lost: your readings are safe at Withings, and I’ll keep trying. The person who runs me can find more in my log.",
  greeting:
    "Hello. I copy the readings from your Withings scale and cuff to Garmin Connect.\nOn days when something new has come in, I send one short card, and on Mondays a digest. Otherwise I only write when I need you.",
  helpWithGarminsPage:
    "If Garmin’s page closes by itself when you sign in there, copy its address into a new tab and sign in again.",
  refusal: (telegramUserId: number) =>
    `Sorry, this bot is only for its owner’s household. (Your Telegram user id is ${telegramUserId}.)`,
  onlyInPrivate: "Others can read this chat. Please write to me in a private one.",
  nothingToCancel: "There is nothing to cancel.",
  cancelled: "Cancelled. Nothing has changed.",
  signInLeft: "I’ve stopped the sign-in. /connect starts it again.",
  zoneLeft: "I’ve left your time zone as it was.",
  oldButton: "That button is out of date. Here’s the latest.",
  questionOver: {
    withings: "That question about Withings is closed, so your tap did nothing. /connect asks again.",
    garmin: "That step of the Garmin sign-in is over, so your tap did nothing. /connect starts again.",
    zone: "That question about your time zone is closed, so your tap did nothing.",
    disconnect: "That question is closed, so your tap did nothing. /disconnect asks again.",
    people: "That list is out of date, so your tap did nothing. /people shows a new one.",
    height: "That question about your height is closed, so your tap did nothing.",
  } satisfies Record<AnswerTopic, string>,
  /** For an old button that would start a link or sign-in made since. */
  linkedSince: {
    withings: "You’ve linked Withings since then, so your tap did nothing. /connect links it again.",
    garmin: "You’ve signed in to Garmin since then, so your tap did nothing. /connect signs you in again.",
  } satisfies Record<Vendor, string>,
  brokeOnMySide: (reportId: string) =>
    `Something broke on my side. Nothing is lost. Please try again. If it happens again, the person who runs me can find more in my log, under ${reportId}.`,
  setup: (problem: string) => problem,
  later: "That didn’t work just now. Try again in a few minutes.",
  deleted: "I’ve deleted your message.",
  notDeleted: "I couldn’t delete your message. Please delete it yourself.",
  allLinked: "Withings and Garmin are linked. New readings go to Garmin automatically.",
  oneMissing: "Press a button to link what’s missing.",
  goingOn: "OK, I’m sending the waiting readings to Garmin now.",
};
export type ChatWords = typeof CHAT;

const DISCONNECT = {
  disconnectAsk: "What should I remove?",
  disconnectChoice: { withings: "The Withings link", garmin: "The Garmin link", everything: "Everything" },
  disconnectSure: {
    withings: "Remove the Withings link? I’ll stop reading your scale, but keep the list of what I sent.",
    garmin: "Remove the Garmin link? I’ll stop sending, but keep the list of what I sent.",
    everything: ([first, second]: readonly Vendor[]) =>
      `Remove ${first ? `${second ? "both links" : `the ${VENDOR_NAME[first]} link`}, ` : ""}the list of what I sent, your decisions about held readings, and your settings? This can’t be undone. What’s in Garmin stays there.`,
  },
  disconnected: {
    withings:
      "I’ve removed the Withings link. Withings still lists me among your apps: remove me there under Profile, then Partner apps.",
    garmin: "I’ve removed the Garmin link. What I sent stays in Garmin Connect; if you don’t want it, delete it there.",
    everything: (linked: readonly Vendor[]) =>
      `I’ve removed everything of yours. What I sent stays in Garmin Connect; if you don’t want it, delete it there. ${linked.includes("withings") ? "Withings still lists me among your apps: remove me there under Profile, then Partner apps. " : ""}To begin again, send /start.`,
  },
};
export type DisconnectWords = typeof DISCONNECT;

const BUTTON = {
  linkWithings: "Link Withings",
  linkGarmin: "Link Garmin",
  relinkWithings: "Link Withings again",
  signInGarmin: "Sign in to Garmin",
  openWithings: "Open Withings",
  signInPage: "On my sign-in page",
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
    weigh_in: "Keep sending weigh-ins",
    blood_pressure: "Keep sending blood pressure",
  } satisfies Record<ReadingKind, string>,
  stopSending: {
    weigh_in: "Stop sending weigh-ins",
    blood_pressure: "Stop sending blood pressure",
  } satisfies Record<ReadingKind, string>,
  switchLink: "Yes, switch",
  keepLink: "No, keep the link",
  yesRemove: "Yes, remove",
  keep: "Keep",
  keepAll: "Keep it all",
  silenceOff: SILENCE_OFF_IN_ENGLISH,
};
export type ButtonWords = typeof BUTTON;

const LINK = {
  missing: (vendor: Vendor) => `${VENDOR_NAME[vendor]}: not linked`,
  signedOut: (vendor: Vendor, who: string) => `${VENDOR_NAME[vendor]}: signed out${who && ` (was ${who})`}`,
  /** `daysLeft`: absent while nobody has to know. */
  linked: (vendor: Vendor, who: string, daysLeft?: number) =>
    `${VENDOR_NAME[vendor]}: linked${who && ` as ${who}`}${daysLeft === undefined ? "" : `, ends in ${days(daysLeft)} unless I can renew it`}`,
};

const lastSync = ({ time, moment }: Format) => ({
  none: "Last sync: none yet",
  line: (run: string) => `Last sync: ${run}`,
  run: (finishedAt: Date, ending: string, synced: number) =>
    `${time(finishedAt)}, ${ending}${synced > 0 ? `, ${readings(synced)}` : ""}`,
  ending: {
    success: "done",
    retry_later: "not finished",
    action_needed: "waiting for you",
    error: "failed on my side",
    not_all_stored: "done, but Garmin didn’t store everything",
    something_paused: "done, but something isn’t being sent for now",
    was_waiting: "was waiting for you",
  },
  since: (since: Date) => `It’s been like this since ${moment(since)}.`,
  next: (at: Date) => `Next sync: ${time(at)}`,
});

const SYNC = {
  reading: "Reading Withings…",
  found: (count: number) => `${count} new…`,
  sending: (count: number) => `Sending ${readings(count)} to Garmin…`,
  checking: "Sent. Checking in Garmin…",
  nothingNew: "Nothing new.",
  nothingReadable: "Nothing new that I can read.",
  hasEvery: "Garmin has every reading.",
  hasEveryOther: "Garmin has every other reading.",
  alreadyThere: (count: number) => `Garmin already had ${count} of those readings.`,
  notStored: (count: number, status: string) => `${readings(count)} couldn’t be stored. ${status} says why.`,
  held: (count: number, status: string) => `(${count} held, see ${status})`,
  needsYou: (status: string) => `Something needs your attention. ${status} says what.`,
  busy: "A sync is already running. Give it a moment.",
  problem: (problem: string) => problem,
};

const status = ({ moment, reading }: Format) => ({
  typed: (it: Measured) => `Not in Garmin yet: ${reading(it)}`,
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
  oneArrived: (values: string, takenAt: Date | undefined) =>
    `${values}${takenAt ? ` (${moment(takenAt)})` : ""} is now in Garmin.`,
  arrived: (count: number, span = "") => `${readings(count)}${span} ${count === 1 ? "is" : "are"} now in Garmin.`,
  noneMissed: (since: Date | undefined) => `No reading has been missed${since ? ` since ${moment(since)}` : ""}.`,
  expiry: (vendor: Vendor, daysLeft: number) =>
    `My access to ${VENDOR_NAME[vendor]} ends in ${days(daysLeft)}, because I haven’t been able to renew it. I’ll keep trying; to be safe, ${LINK_AGAIN[vendor]} again now.`,
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
  invitationOver: "This invitation has been used or is older than 24 hours. Please ask for a new one.",
  joined: (name: string) => `${name} has joined. /people shows who uses me.`,
  title: "These people can use me:",
  you: "you",
  nameless: (telegramUserId: number) => `the person with Telegram id ${telegramUserId}`,
  named: (who: string, since: Date | undefined) =>
    `${who}: allowed in my settings, ${since ? `here since ${day(since)}` : "hasn’t joined yet"}`,
  invited: (who: string, since: Date) => `${who}: invited, here since ${day(since)}`,
  remove: (name: string) => `Remove ${name}`,
  sure: (name: string) => `Remove ${name}? That deletes their links, list and settings here.`,
  removed: (name: string) => `I’ve removed ${name}.`,
  farewell:
    "The person who runs me has removed you from this bot. Your links, list and settings here are deleted; what’s in Garmin stays there. Thank you, and goodbye.",
});

/** Every sentence of the chat. A language that lacks one doesn't compile. */
export function english(format: Format) {
  const held = heldInEnglish(format);
  return {
    language: format.language,
    format,
    ...CHAT,
    ...withingsInEnglish(format),
    ...garminInEnglish(format),
    ...DISCONNECT,
    action: (action: Action) => ACTIONS_IN_ENGLISH[action],
    button: { ...BUTTON, ...held.button },
    delays: delayInEnglish(format),
    arrivals: arrivalsInEnglish(format),
    held,
    undo: undoInEnglish(format),
    question: questionInEnglish(format),
    notices: noticesInEnglish(format),
    link: LINK,
    lastSync: lastSync(format),
    sync: SYNC,
    status: status(format),
    news: news(format),
    unreadable: unreadable(format),
    summary: summaryInEnglish(format),
    silence: SILENCE_IN_ENGLISH,
    people: people(format),
  };
}
export type Words = ReturnType<typeof english>;
