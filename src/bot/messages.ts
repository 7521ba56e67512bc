import { type Action, ActionNeededError, RetryLaterError, UsageError } from "../errors.ts";
import { localDateTime } from "../local-time.ts";
import type { LastRun } from "../sync/account.ts";
import type { Finding } from "../sync/look.ts";
import type { Notice } from "../sync/notice.ts";
import type { LinkOverview, Overview } from "../sync/overview.ts";
import type { Step } from "../sync/plan.ts";
import type { AttentionItem, FailReason, HeldReason, LedgerEntry, SentValues, Vendor } from "../sync/ports.ts";
import type { Preview } from "../sync/preview.ts";
import type { Reading } from "../sync/reading.ts";
import type { RunProgress, RunReport } from "../sync/run.ts";
import type { SignInResult } from "../sync/sign-in.ts";

/**
 * Every sentence a person reads, in chat and in the terminal. Short, exact, and with what to do. A new action, reason or
 * outcome does not compile until it has its sentence here.
 */
const ACTION: Record<Action, string> = {
  add_account: "There is no account yet. Add one: weighbridge account add --telegram-id N",
  link_withings: "Withings is not linked yet. On the machine that runs me: weighbridge login withings --account N",
  link_garmin: "Garmin is not linked yet. On the machine that runs me: weighbridge login garmin --account N",
  relink_withings:
    "Withings no longer lets me read your scale. Link it again: weighbridge login withings --account N. Readings wait there meanwhile.",
  relink_garmin:
    "Garmin has signed me out. Sign in again: weighbridge login garmin --account N. Your readings wait and follow by themselves.",
  grant_garmin_upload:
    "Garmin asks for your consent before it stores what devices send. In Garmin Connect open Settings, then Privacy, and allow “Device Upload”. Your readings wait.",
  unlock_garmin_account: "Garmin has locked this account. Unlock it at garmin.com, then sign in again.",
  use_garmin_page:
    "Garmin wants to see you on its own page. Sign in there: weighbridge login garmin --account N --ticket",
  fix_withings_application:
    "Withings does not accept WITHINGS_CLIENT_ID and WITHINGS_CLIENT_SECRET. Copy both anew from developer.withings.com.",
};

const HELD: Record<HeldReason, string> = {
  ambiguous_person: "the scale was not sure that it was you; assign it in the Withings app",
  typed_at_sign_up: "it was typed in when the Withings account was made",
  unknown_attribution: "Withings does not say whose it is in a way I know",
  improbable_weight: "it is far from your recent weights",
};

const FAILED: Record<FailReason, string> = {
  out_of_range: "its values are outside what Garmin can store",
  refused_by_garmin: "Garmin refused it; I will offer it again tomorrow",
  never_appeared: "Garmin took it and never showed it",
};

export const messages = {
  greeting:
    "Hello. I carry what your Withings scale and cuff measure into Garmin Connect, and tell you when something needs you.",
  help: [
    "/sync brings over what is new, now",
    "/status shows how things are",
    "/cancel ends a dialog",
    "/help shows this",
  ].join("\n"),
  refusal: "This bot serves only its owner’s household. Sorry.",
  nothingToCancel: "There is nothing to cancel.",
  notUnderstood: "I did not understand that. /help shows what I can do.",
  brokeOnMySide: (reportId: string) =>
    `Something broke on my side. Nothing was lost. Please try again; if it stays, look for report ${reportId} in the log.`,
  commands: { sync: "Bring over what is new", status: "How things are", help: "What I can do", cancel: "End a dialog" },

  action: (action: Action) => ACTION[action],
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

  /** What a run came to. */
  outcome(report: RunReport): string {
    const lines: string[] = [];
    if (report.synced > 0) lines.push(`${readings(report.synced)} now seen in Garmin.`);
    if (report.held > 0)
      lines.push(`${readings(report.held)} held: I am not sure that it is yours. /status tells more.`);
    if (report.failed > 0) lines.push(`${readings(report.failed)} could not be stored. /status tells more.`);
    switch (report.status) {
      case "success":
        if (lines.length === 0) lines.push("Nothing new. Garmin has everything.");
        break;
      case "action_needed":
        lines.push(report.action ? ACTION[report.action] : "Something needs you; see the log.");
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
      lastRunLine(lastRun, time),
      ...(options.nextRunAt ? [`Next run: ${time(options.nextRunAt)}`] : []),
      ...attentionLines(attention, time),
    ];
    return lines.join("\n");
  },

  signIn(result: SignInResult, timezone: string): string {
    switch (result.type) {
      case "signed_in":
        return `Signed in at Garmin as ${result.displayName}.${result.uploadConsent === false ? ` ${ACTION.grant_garmin_upload}` : ""}`;
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
        return "Garmin takes no more codes for now. Wait a day, or sign in on Garmin's own page with --ticket.";
      case "resting":
        return `Garmin limits sign-ins of this account. Trying again would make it longer, so I rest until ${localDateTime(result.until, timezone).replace("T", " ").slice(0, 16)}. Garmin's own page still works: use --ticket.`;
      case "wrong_password":
        return "Garmin does not know this e-mail and password.";
      case "captcha":
        return "Garmin wants to see that you are no robot. Sign in on its own page: use --ticket.";
      case "account_locked":
        return ACTION.unlock_garmin_account;
      case "blocked":
        return "Garmin blocks sign-ins from this machine's network. Sign in on Garmin's own page: use --ticket.";
      case "ticket_refused":
        return "Garmin does not take this ticket: each works once, for about a minute. Open the sign-in address again and paste where it ends.";
      case "access_refused":
        return "Garmin signed you in and then refused its own token. Please try again in a few minutes, best on Garmin's own page with --ticket.";
      case "unclear":
        return "Garmin answered in a way I do not know. Sign in on its own page: use --ticket.";
    }
  },

  /** Something the owner did not ask for, but has to know. */
  notice(notice: Notice, timezone: string, now: Date): string {
    switch (notice.type) {
      case "action_needed":
        return ACTION[notice.action];
      case "broken":
        return "Something is wrong on my side, so not everything arrives in Garmin. Nothing is lost. The log says what it is.";
      case "healed":
        return notice.synced > 0
          ? `All is well again: ${readings(notice.synced)} now in Garmin.`
          : "All is well again. Nothing was missing.";
      case "attention": {
        const { item } = notice;
        return attentionLine(item, (instant) => shortTime(instant, timezone, now));
      }
    }
  },

  lastRun: (lastRun: LastRun, timezone: string, now: Date) =>
    lastRunLine(lastRun, (instant) => shortTime(instant, timezone, now)),

  /** One line of a dry run. */
  preview({ reading, entry, step, finding }: Preview, timezone: string): string {
    return `${localDateTime(reading.takenAt, timezone).replace("T", " ")}  ${readingValues(reading)}: ${would(step, finding, entry)}`;
  },
};

/** An error in words. Whatever is not meant for people becomes one sentence without details. */
export function explainSentence(error: unknown): string {
  if (error instanceof UsageError) return error.message;
  if (error instanceof ActionNeededError) return ACTION[error.action];
  if (error instanceof RetryLaterError) return `That could not be done just now: ${error.message}. Try again later.`;
  return "Something broke on my side. Nothing was lost. The log says what to report.";
}

function readings(count: number): string {
  return count === 1 ? "1 reading" : `${count} readings`;
}

function values(of: SentValues): string {
  if (of.kind === "weigh_in") return `${of.weightKg.toFixed(2)} kg`;
  return `${of.systolicMmHg}/${of.diastolicMmHg} mmHg${of.pulseBpm === undefined ? "" : `, pulse ${of.pulseBpm}`}`;
}

function readingValues(reading: Reading): string {
  return values(reading.kind === "weigh_in" ? { kind: "weigh_in", weightKg: reading.weightKg } : reading);
}

/** What would happen, and why. */
function would(step: Step, finding: Finding | undefined, entry: LedgerEntry | undefined): string {
  switch (step.type) {
    case "leave":
      return "would stay, taken before the start";
    case "settled":
      return entry?.fate.state === "skipped" ? "nothing to do, Garmin had it already" : "nothing to do, settled before";
    case "hold":
      return `would be held: ${HELD[step.reason]}`;
    case "fail":
      return `would not be sent: ${FAILED[step.reason]}`;
    default:
      break;
  }
  switch (finding?.type) {
    case "arrived":
      return "would be settled, Garmin has it from an earlier run";
    case "elsewhere":
      return "would be left, Garmin has it from elsewhere";
    case "outdated":
      return "would replace what Garmin has, Withings changed it";
    case "wait":
      return "would be looked for again, it may still turn up in Garmin";
    case "gone":
      return `would be given up: ${FAILED.never_appeared}`;
    default:
      return "would be sent, it is new";
  }
}

const VENDOR: Record<Vendor, string> = { withings: "Withings", garmin: "Garmin" };

function linkLine(vendor: Vendor, link: LinkOverview | undefined): string {
  if (!link) return `${VENDOR[vendor]}: not linked`;
  const who = vendor === "withings" ? `user ${link.displayName}` : link.displayName;
  if (link.state === "stale") return `${VENDOR[vendor]}: signed out (was ${who})`;
  return `${VENDOR[vendor]}: ${who}, ${link.daysLeft} days left`;
}

const RUN: Record<LastRun["outcome"]["status"], string> = {
  success: "all right",
  retry_later: "not finished, will go on",
  action_needed: "waits for you",
  error: "broke on my side",
};

function lastRunLine(lastRun: LastRun | undefined, time: (instant: Date) => string): string {
  if (!lastRun) return "Last run: none yet";
  const { status, synced, action } = lastRun.outcome;
  const brought = synced > 0 ? `, ${readings(synced)}` : "";
  return `Last run: ${time(lastRun.finishedAt)}, ${RUN[status]}${brought}${action ? `\n${ACTION[action]}` : ""}`;
}

function attentionLines(attention: AttentionItem[], time: (instant: Date) => string): string[] {
  if (attention.length === 0) return [];
  const shown = attention.slice(-10).map((item) => attentionLine(item, time));
  const more = attention.length > shown.length ? [`and ${attention.length - shown.length} older ones`] : [];
  return ["", ...shown, ...more];
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
