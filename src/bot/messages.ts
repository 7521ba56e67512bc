import { type Action, ActionNeededError, RetryLaterError, UsageError } from "../errors.ts";
import { localDateTime } from "../local-time.ts";
import type { LastRun } from "../sync/account.ts";
import type { HealthNews, Trouble } from "../sync/health.ts";
import type { LinkOverview, Overview } from "../sync/overview.ts";
import type { AttentionItem, FailReason, HeldReason, SentValues, Vendor } from "../sync/ports.ts";
import type { RunProgress, RunReport } from "../sync/run.ts";
import type { SignInResult } from "../sync/sign-in.ts";
import type { JustHeld } from "./newly-held.ts";

/**
 * Every sentence a person reads, in chat and in the terminal. Short, exact, and with what to do. A new action, reason or
 * outcome does not compile until it has its sentence here.
 */
const ACTION: Record<Action, string | ((account: number | undefined) => string)> = {
  add_account:
    "There is no account yet. Add one, with your own Telegram user id for 123456789: npx weighbridge account add --telegram-id 123456789",
  link_withings: (account) => `Withings is not linked yet. On the machine that runs me: ${login("withings", account)}`,
  link_garmin: (account) =>
    `Garmin is not linked yet. On the machine that runs me: ${login("garmin", account)} --ticket`,
  relink_withings: (account) =>
    `Withings no longer lets me read your scale. Your readings wait there. Link it again on the machine that runs me: ${login("withings", account)}`,
  relink_garmin: (account) =>
    `Garmin has signed me out. Your readings wait and follow by themselves. Sign in again on the machine that runs me: ${login("garmin", account)} --ticket`,
  grant_garmin_upload:
    "Garmin asks for your consent before it stores what devices send. In Garmin Connect open Settings, then Privacy, and allow “Device Upload”. Your readings wait.",
  unlock_garmin_account: "Garmin has locked this account. Unlock it at garmin.com, then sign in again.",
  use_garmin_page: (account) =>
    `Garmin wants to see you on its own page. Sign in there: ${login("garmin", account)} --ticket`,
  fix_withings_application:
    "Withings does not accept WITHINGS_CLIENT_ID and WITHINGS_CLIENT_SECRET. Copy both anew from developer.withings.com.",
};

/** A command as it is typed. Where there is one account only, it need not be named. */
function login(vendor: Vendor, account: number | undefined): string {
  return `npx weighbridge login ${vendor}${account === undefined ? "" : ` --account ${account}`}`;
}

function needed(action: Action, account?: number): string {
  const sentence = ACTION[action];
  return typeof sentence === "string" ? sentence : sentence(account);
}

const HELD: Record<HeldReason, string> = {
  ambiguous_person: "the scale was not sure that it was you; assign it in the Withings app",
  typed_at_sign_up: "it was typed in when the Withings account was made",
  unknown_attribution: "Withings does not say whose it is in a way I know",
  improbable_weight: "it is far from your recent weights",
  in_the_future: "its time lies in the future",
};

const FAILED: Record<FailReason, string> = {
  out_of_range: "its values are outside what Garmin can store",
  refused_by_garmin: "Garmin refused it; I will offer it again tomorrow",
  never_appeared: "Garmin took it and never showed it",
};

interface OutcomeOptions {
  account?: number;
  justHeld?: JustHeld | undefined;
  /** What the reader types to see more. */
  status?: string;
}

export const messages = {
  greeting:
    "Hello. I carry what your Withings scale and cuff measure into Garmin Connect, and tell you when something needs you.",
  help: ["/sync brings over what is new, now", "/status shows how things are", "/help shows this"].join("\n"),
  refusal: "This bot serves only its owner’s household. Sorry.",
  nothingToCancel: "There is nothing to cancel.",
  notUnderstood: "I did not understand that. /help shows what I can do.",
  brokeOnMySide: (reportId: string) =>
    `Something broke on my side. Nothing was lost. Please try again; if it stays, look for report ${reportId} in the log.`,
  commands: { sync: "Bring over what is new", status: "How things are", help: "What I can do", cancel: "End a dialog" },

  /** With the account, the commands in it can be typed as they stand. */
  action: needed,
  values,
  held: (reason: HeldReason) => HELD[reason],
  failed: (reason: FailReason) => FAILED[reason],

  progress(progress: RunProgress): string {
    switch (progress.stage) {
      case "reading":
        return "Reading Withings…";
      case "found":
        return progress.readings === 0 ? "Nothing new." : `${progress.readings} new…`;
      case "sending":
        return `Sending ${readings(progress.readings)} to Garmin…`;
      case "checking":
        return "Sent. Looking for it in Garmin…";
    }
  },

  /** What a run came to. `justHeld`: what it was the first to hold. */
  outcome(report: RunReport, { account, justHeld, status = "/status" }: OutcomeOptions = {}): string {
    const lines: string[] = [];
    if (report.synced > 0) lines.push(`${readings(report.synced)} now seen in Garmin.`);
    const isNew = justHeld !== undefined && justHeld.items.length > 0;
    if (report.failed > 0) lines.push(`${readings(report.failed)} could not be stored. ${status} says why.`);
    if (lines.length === 0 && report.status === "success" && !isNew) {
      lines.push(report.held > 0 ? "Nothing new. Garmin has everything else." : "Nothing new. Garmin has everything.");
    }
    if (isNew) lines.push(justHeldLine(justHeld, status));
    else if (report.held > 0) lines.push(`${lines.pop() ?? ""} (${report.held} held, see ${status})`.trim());
    switch (report.status) {
      case "success":
        break;
      case "action_needed":
        lines.push(report.action ? needed(report.action, account) : "Something needs you; see the log.");
        break;
      case "retry_later":
        lines.push(
          report.busy
            ? "A sync is already running. Give it a moment."
            : "Not everything could be settled just now. Nothing is lost; the next run goes on.",
        );
        break;
      case "error":
        lines.push(report.problem ?? "Something is wrong on my side; the log says what. Nothing is lost.");
        if (report.action) lines.push(needed(report.action, account));
        break;
    }
    return lines.join("\n");
  },

  status(overview: Overview, options: { now: Date; nextRunAt?: Date | undefined }): string {
    const { links, lastReadings, attention, lastRun, timezone } = overview;
    const time = (instant: Date) => shortTime(instant, timezone, options.now);
    const lines = [
      linkLine("withings", links.withings),
      linkLine("garmin", links.garmin),
      "",
      lastReadings.weigh_in
        ? `Last weigh-in: ${values(lastReadings.weigh_in.values)}, ${time(lastReadings.weigh_in.takenAt)}`
        : "Last weigh-in: none yet",
      ...(lastReadings.blood_pressure
        ? [
            `Last blood pressure: ${values(lastReadings.blood_pressure.values)}, ${time(lastReadings.blood_pressure.takenAt)}`,
          ]
        : []),
      lastRunLine(lastRun, time, overview.account.telegramUserId),
      ...(options.nextRunAt ? [`Next run: ${time(options.nextRunAt)}`] : []),
      ...(attention.length > 0 ? ["", ...attentionLines(attention, time)] : []),
    ];
    return lines.join("\n");
  },

  signIn(result: SignInResult, timezone: string, account?: number): string {
    const onItsPage = `${login("garmin", account)} --ticket`;
    switch (result.type) {
      case "signed_in":
        return `Signed in at Garmin as ${result.displayName}.${result.uploadConsent === false ? ` ${needed("grant_garmin_upload")}` : ""}`;
      case "mfa_required":
        return `Garmin sent a code${result.sentTo ? ` to ${result.sentTo}` : ""}.`;
      case "wrong_code":
        return "That code is not right.";
      case "code_sent":
        return `Garmin sent a new code${result.sentTo ? ` to ${result.sentTo}` : ""}.`;
      case "code_too_soon":
        return "Garmin sends a new code only every half minute. Try again in a moment.";
      case "expired":
        return "That sign-in took too long. Please begin again.";
      case "too_many_codes":
        return `Garmin takes no more codes for now. Wait a day, or sign in on Garmin's own page: ${onItsPage}`;
      case "resting":
        return `Garmin limits sign-ins of this account. Trying again would make it longer, so I rest until ${localDateTime(result.until, timezone).replace("T", " ").slice(0, 16)}. Garmin's own page still works: ${onItsPage}`;
      case "wrong_password":
        return "Garmin does not know this e-mail and password.";
      case "captcha":
        return `Garmin wants to see that you are no robot. Sign in on its own page: ${onItsPage}`;
      case "account_locked":
        return needed("unlock_garmin_account");
      case "blocked":
        return `Garmin blocks sign-ins from this machine's network. Sign in on Garmin's own page: ${onItsPage}`;
      case "ticket_refused":
        return "Garmin does not take this ticket: each works once, for about a minute. Open the sign-in address again and paste where it ends.";
      case "access_refused":
        return `Garmin signed you in and then refused its own token. Please try again in a few minutes, best on Garmin's own page: ${onItsPage}`;
      case "unclear":
        return `Garmin answered in a way I do not know. Sign in on its own page: ${onItsPage}`;
    }
  },

  /** Something the owner did not ask for, but has to know. */
  news(news: HealthNews, { account, timezone, now }: { account: number; timezone: string; now: Date }): string {
    const time = (instant: Date) => shortTime(instant, timezone, now);
    switch (news.type) {
      case "trouble": {
        const text = troubleText(news.trouble, time(news.since), account);
        return news.isReminder ? `Not everything has arrived since ${time(news.since)}. ${text}` : text;
      }
      case "healed":
        return news.synced > 0
          ? `Back. ${readings(news.synced)} from the last ${span(news.since, now)} ${news.synced === 1 ? "is" : "are"} now in Garmin.`
          : "Back. Readings arrive in Garmin again, and none was missing.";
      case "expiry":
        return `My permission at ${VENDOR[news.vendor]} ends in ${news.daysLeft === 1 ? "1 day" : `${news.daysLeft} days`}, because it could not be renewed lately. I keep trying; to be safe, link it again: ${login(news.vendor, account)}`;
      case "attention":
        return attentionLines(news.items, time).join("\n");
    }
  },

  /** When it was and how it ended. */
  lastRun: (lastRun: LastRun, timezone: string, now: Date) =>
    lastRunWords(lastRun, (instant) => shortTime(instant, timezone, now)),
};

/** An error in words. Whatever is not meant for people becomes one sentence without details. */
export function explainSentence(error: unknown, account?: number): string {
  if (error instanceof UsageError) return error.message;
  if (error instanceof ActionNeededError) return needed(error.action, account);
  if (error instanceof RetryLaterError) return `That could not be done just now: ${error.message}. Try again later.`;
  return "Something broke on my side. Nothing was lost. The log says what to report.";
}

function troubleText({ what, cause }: Trouble, since: string, account: number): string {
  if (what === "waiting") {
    return `Since ${since} I have not got everything through to Garmin. Nothing is lost and you need not do anything: I keep trying, and tell you when it is done.`;
  }
  if (what !== "broken") return needed(what, account);
  const more = cause ? ` The log says more: ${cause}` : " The log says what it is.";
  return `Something is wrong on my side, so not everything arrives in Garmin. Nothing is lost.${more}`;
}

/** `hour`, `5 hours`, `3 days`: what follows "the last". */
function span(since: Date, now: Date): string {
  const hours = Math.max(1, Math.round((now.getTime() - since.getTime()) / 3_600_000));
  if (hours === 1) return "hour";
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}

function readings(count: number): string {
  return count === 1 ? "1 reading" : `${count} readings`;
}

function values(of: SentValues): string {
  if (of.kind === "weigh_in") return `${of.weightKg.toFixed(2)} kg`;
  return `${of.systolicMmHg}/${of.diastolicMmHg} mmHg${of.pulseBpm === undefined ? "" : `, pulse ${of.pulseBpm}`}`;
}

/** As they are sent: rounded in one place. */
const VENDOR: Record<Vendor, string> = { withings: "Withings", garmin: "Garmin" };

function linkLine(vendor: Vendor, link: LinkOverview | undefined): string {
  if (!link) return `${VENDOR[vendor]}: not linked`;
  // Withings tells no name, only a number that says nothing to its owner.
  const who = vendor === "withings" ? "" : link.displayName;
  if (link.state === "stale") return `${VENDOR[vendor]}: signed out${who && ` (was ${who})`}`;
  const days = link.daysLeft === 1 ? "1 day" : `${link.daysLeft} days`;
  return `${VENDOR[vendor]}: linked${who && ` as ${who}`}, good for ${days}, renewed by itself`;
}

const RUN: Record<LastRun["outcome"]["status"], string> = {
  success: "all right",
  retry_later: "not finished, will go on",
  action_needed: "waits for you",
  error: "broke on my side",
};

function lastRunLine(lastRun: LastRun | undefined, time: (instant: Date) => string, account: number): string {
  if (!lastRun) return "Last run: none yet";
  const { action } = lastRun.outcome;
  return `Last run: ${lastRunWords(lastRun, time)}${action ? `\n${needed(action, account)}` : ""}`;
}

function lastRunWords(lastRun: LastRun, time: (instant: Date) => string): string {
  const { status, synced } = lastRun.outcome;
  const brought = synced > 0 ? `, ${readings(synced)}` : "";
  return `${time(lastRun.finishedAt)}, ${RUN[status]}${brought}`;
}

/** So many are named; the rest is counted. */
const JUST_HELD_SHOWN = 3;

function justHeldLine({ items, timezone, now }: JustHeld, status: string): string {
  const shown = items
    .slice(0, JUST_HELD_SHOWN)
    .map((it) => `${values(it.values)}, ${shortTime(it.takenAt, timezone, now)}`);
  const more = items.length > shown.length ? [`${items.length - shown.length} more`] : [];
  const isOne = items.length === 1;
  const isMaybeForeign = items.every(({ fate }) => fate.reason !== "in_the_future");
  const why = isMaybeForeign ? `, because ${isOne ? "it" : "they"} may not be yours` : "";
  return `${items.length} new ${isOne ? "reading is" : "readings are"} held back${why}: ${[...shown, ...more].join("; ")}. ${status} says why.`;
}

function attentionLines(attention: AttentionItem[], time: (instant: Date) => string): string[] {
  const shown = attention.slice(-10).map((item) => attentionLine(item, time));
  const more = attention.length > shown.length ? [`and ${attention.length - shown.length} older ones`] : [];
  return [...shown, ...more];
}

function attentionLine({ takenAt, values: of, fate }: AttentionItem, time: (instant: Date) => string): string {
  const why = fate.state === "held" ? `held: ${HELD[fate.reason]}` : `not stored: ${FAILED[fate.reason]}`;
  return `${time(takenAt)}, ${values(of)}: ${why}.`;
}

/** `today 07:12`, `21 Nov 07:12`, or with the year when it is not this one. */
export function shortTime(instant: Date, timezone: string, now: Date): string {
  const [date = "", clockTime = ""] = localDateTime(instant, timezone).split("T");
  const today = localDateTime(now, timezone).slice(0, 10);
  const hour = clockTime.slice(0, 5);
  if (date === today) return `today ${hour}`;
  const sameYear = date.slice(0, 4) === today.slice(0, 4);
  const day = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    day: "numeric",
    month: "short",
    ...(sameYear ? {} : { year: "numeric" }),
  });
  return `${day.format(instant)} ${hour}`;
}
