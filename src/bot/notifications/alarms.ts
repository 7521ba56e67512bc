import * as z from "zod";
import type { Clock } from "../../lib/clock.ts";
import { parseJson } from "../../lib/json.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Account, Language } from "../../sync/model/account.ts";
import { awsAlarmText, machineAlarmText } from "../views/alarm.ts";
import { ALARM_KEYS, type AlarmKey, type MachineAlarm } from "../words/alarm-keys.ts";
import { ALARM_WORDS } from "../words/alarms.ts";
import type { AlarmWords } from "../words/en-alarms.ts";
import { formatFor } from "../words/format.ts";
import { consoleUrl } from "./aws-console.ts";

/** What somebody else wrote is told and logged no longer than this. */
const LONGEST_NAME = 255;
const LONGEST_TEXT = 500;
/** An alarm does not wait for a table that may be what it is about. */
const LANGUAGE_SECONDS = 2;

/** What CloudWatch writes into a notice of an alarm, as far as it is used (docs: "Notifying users on alarm changes"). */
const CloudWatchAlarm = z.object({
  AlarmName: z.string(),
  NewStateValue: z.enum(["ALARM", "OK", "INSUFFICIENT_DATA"]),
  OldStateValue: z.string().optional(),
  AlarmArn: z.string().optional(),
});

/** One notice as SNS delivers it; the rest of the record is not used. */
export interface SnsNotice {
  MessageId: string;
  Subject?: string | null | undefined;
  Message: string;
}

export interface AlarmMessage {
  text: string;
  isQuiet: boolean;
  /** A button into the AWS console. */
  button?: { label: string; url: string } | undefined;
}

/** What the owner is told of a notice, or undefined where nothing has happened. Whatever came in, it does not throw. */
export function alarmMessage(
  notice: Pick<SnsNotice, "Subject" | "Message">,
  { stage, words }: { stage: string; words: AlarmWords },
): AlarmMessage | undefined {
  const parsed = parseJson(notice.Message);
  const alarm = CloudWatchAlarm.safeParse(parsed).data;
  if (!alarm) {
    const text = parsed === undefined ? notice.Message.trim() : notice.Subject?.trim();
    return { text: words.noAlarm(text ? clip(text, LONGEST_TEXT) : undefined), isQuiet: false };
  }
  const { AlarmName: name, NewStateValue: state, OldStateValue: before, AlarmArn: arn } = alarm;
  // A new alarm goes from INSUFFICIENT_DATA to OK: nobody is to hear of that for each of them after every first deployment.
  const isOver = state === "OK" && before === "ALARM";
  if (state !== "ALARM" && !isOver) return undefined;
  const key = keyOf(name, stage);
  if (!key) {
    const shown = clip(name, LONGEST_NAME);
    return { text: isOver ? words.unknownOver(shown) : words.unknownOn(shown), isQuiet: isOver };
  }
  const { means, fix, first, over } = awsAlarmText(key, stage, words);
  if (first !== undefined && before === "INSUFFICIENT_DATA") return { text: first, isQuiet: true };
  if (isOver) return over === undefined ? undefined : { text: over, isQuiet: true };
  const place = PLACE[key];
  const url = place && consoleUrl(place, { arn, stage });
  return {
    text: `${means}\n\n${fix}`,
    // The person it concerns was told, with a sound, already.
    isQuiet: key === "stale-session",
    ...(url && { button: { label: words.button[place.what], url } }),
  };
}

/** Where one sees more of it. */
const PLACE: Record<AlarmKey, Parameters<typeof consoleUrl>[0] | undefined> = {
  "dead-jobs": { what: "queue", name: "dead.fifo" },
  "jobs-waiting": { what: "function", name: "worker" },
  "http-errors": { what: "log", name: "http" },
  "worker-errors": { what: "log", name: "worker" },
  "sweep-errors": { what: "log", name: "sweep" },
  "alarm-errors": { what: "alarms" },
  "http-throttles": { what: "function", name: "http" },
  "worker-throttles": { what: "function", name: "worker" },
  "sweep-throttles": { what: "function", name: "sweep" },
  "alarm-throttles": { what: "function", name: "alarm" },
  "sweep-missing": { what: "function", name: "sweep" },
  "webhook-failing": { what: "log", name: "sweep" },
  "stale-session": undefined,
  // The log groups of all functions: it may have been any of them.
  broken: { what: "log", name: "" },
  "table-throttled": { what: "table" },
};

function keyOf(name: string, stage: string): AlarmKey | undefined {
  return ALARM_KEYS.find((key) => name === `weighbridge-${stage}-${key}`);
}

const clip = (text: string, length: number) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/**
 * Brings every notice of an event to the owner, in their language if that is known within two seconds. Throws when Telegram
 * does not take one, so that the event is delivered again. What is delivered twice is told twice: that does no harm, and
 * remembering it would need a table that may be what the alarm is about.
 */
export function createAlarmTeller(deps: {
  send: (message: AlarmMessage) => Promise<unknown>;
  /** The owner's language, if they have an account. */
  languageOf: () => Promise<Language | undefined>;
  stage: string;
  clock: Clock;
  log: Log;
}): (event: { Records: Array<{ Sns: SnsNotice }> }) => Promise<void> {
  const { send, stage, log } = deps;

  return async ({ Records }) => {
    const words = ALARM_WORDS[(await soon(deps.languageOf, deps)) ?? "en"];
    for (const { Sns: notice } of Records) {
      const { MessageId: notification, Message: text } = notice;
      if (!CloudWatchAlarm.safeParse(parseJson(text)).success) {
        log.warn("notice_is_no_alarm", { notification, text: clip(text, LONGEST_TEXT) });
      }
      const message = alarmMessage(notice, { stage, words });
      if (message) await send(message);
      log.info("alarm_taken", { notification, isTold: message !== undefined });
    }
  };
}

/**
 * Tells the owner what the program watches itself where it runs on one machine, in the same way. Throws when it was not
 * accepted.
 */
export function createMachineAlarmTeller(deps: {
  send: (message: AlarmMessage) => Promise<unknown>;
  /** The owner's account, if they have one. */
  ownerAccount: () => Promise<Account | undefined>;
  clock: Clock;
  log: Log;
}): (alarm: MachineAlarm) => Promise<void> {
  return async (alarm) => {
    const { key, isOver, since } = alarm;
    const account = await soon(deps.ownerAccount, deps);
    const { language = "en", timezone, reportedTimezone } = account ?? {};
    const words = ALARM_WORDS[language];
    const format = formatFor({
      ...{ language, units: "kg", now: deps.clock.now() },
      timezone: timezone ?? reportedTimezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    });
    const begun = since && format.moment(since);
    const { means, fix, over } = machineAlarmText(alarm, begun, words);
    const end = isOver && begun ? words.wasOff(begun) : over;
    if (isOver && end === undefined) return;
    await deps.send({ text: isOver && end ? end : `${means}\n\n${fix}`, isQuiet: isOver || key === "stale-session" });
  };
}

/** What the store says of the owner, if it says it soon: it may be what the alarm is about. */
async function soon<T>(
  read: () => Promise<T | undefined>,
  { clock, log }: { clock: Clock; log: Log },
): Promise<T | undefined> {
  const found = read().catch((error: unknown) => {
    log.warn("language_not_read", errorFacts(error));
    return undefined;
  });
  return Promise.race([found, clock.sleep(LANGUAGE_SECONDS).then(() => undefined)]);
}
