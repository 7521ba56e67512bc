import * as z from "zod";
import type { Clock } from "../../lib/clock.ts";
import { parseJson } from "../../lib/json.ts";
import { lazy } from "../../lib/lazy.ts";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { Account, Language } from "../../sync/model/account.ts";
import { isNight } from "../../sync/status/summary.ts";
import { awsAlarmText, machineAlarmText } from "../views/alarm.ts";
import { ALARM_KEYS, type AlarmKey, type MachineAlarm } from "../words/alarm-keys.ts";
import { ALARM_WORDS } from "../words/alarms.ts";
import type { AlarmWords } from "../words/en-alarms.ts";
import { formatFor } from "../words/format.ts";
import { consoleUrl } from "./aws-console.ts";

/** Longer text from outside is cut, in the message and in the log. */
const LONGEST_NAME = 255;
const LONGEST_TEXT = 500;
/** An alarm doesn't wait long for the one thing that it can do without. */
const LANGUAGE_SECONDS = 2;

/** The part of CloudWatch's notice that is used (its docs: "Notifying users on alarm changes"). */
const CloudWatchAlarm = lazy(() =>
  z.object({
    AlarmName: z.string(),
    NewStateValue: z.enum(["ALARM", "OK", "INSUFFICIENT_DATA"]),
    OldStateValue: z.string().optional(),
    AlarmArn: z.string().optional(),
  }),
);

export interface SnsNotice {
  MessageId: string;
  Subject?: string | null | undefined;
  Message: string;
}

export interface AlarmMessage {
  text: string;
  isQuiet: boolean;
  button?: { label: string; url: string } | undefined;
}

/** Undefined if nothing happened that the owner should know. Never throws. */
export function alarmMessage(
  notice: Pick<SnsNotice, "Subject" | "Message">,
  { stage, words }: { stage: string; words: AlarmWords },
): AlarmMessage | undefined {
  const parsed = parseJson(notice.Message);
  const alarm = CloudWatchAlarm().safeParse(parsed).data;
  if (!alarm) {
    const text = parsed === undefined ? notice.Message.trim() : notice.Subject?.trim();
    return { text: words.noAlarm(text ? clip(text, LONGEST_TEXT) : undefined), isQuiet: false };
  }
  const { AlarmName: name, NewStateValue: state, OldStateValue: before, AlarmArn: arn } = alarm;
  // A new alarm goes from INSUFFICIENT_DATA to OK, which isn't news.
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
    // The person concerned has already had a message with a sound.
    isQuiet: key === "stale-session",
    ...(url && { button: { label: words.button[place.what], url } }),
  };
}

const PLACE: Record<AlarmKey, Parameters<typeof consoleUrl>[0] | undefined> = {
  "dead-jobs": { what: "queue", name: "dead.fifo" },
  "jobs-waiting": { what: "function", name: "worker" },
  "sweep-errors": { what: "log", name: "sweep" },
  "alarm-errors": { what: "alarms" },
  "sweep-missing": { what: "function", name: "sweep" },
  "webhook-failing": { what: "log", name: "sweep" },
  "stale-session": undefined,
  // All log groups, because any function may have logged it.
  broken: { what: "log", name: "" },
  // Any function in the account may be the one that takes all places.
  throttles: undefined,
};

function keyOf(name: string, stage: string): AlarmKey | undefined {
  return ALARM_KEYS.find((key) => name === `weighbridge-${stage}-${key}`);
}

const clip = (text: string, length: number) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** At night, that an alarm is over: a later check tells it. */
export const LATER = "later";

/**
 * Sends the owner every notice of an event, in their language if that is known within two seconds. Throws if Telegram refuses
 * one, so that the event is delivered again. An event that comes twice is sent twice: avoiding that would need the table, which
 * may be what the alarm is about.
 */
export function createAlarmTeller(deps: {
  send: (message: AlarmMessage) => Promise<unknown>;
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
      if (!CloudWatchAlarm().safeParse(parseJson(text)).success) {
        log.warn("notice_is_no_alarm", { notification, text: clip(text, LONGEST_TEXT) });
      }
      const message = alarmMessage(notice, { stage, words });
      if (message) await send(message);
      log.info("alarm_taken", { notification, isTold: message !== undefined });
    }
  };
}

/** The same for the alarms of one machine. `keepsQuiet`: from 22 to 7, `LATER`. Throws if the message wasn't accepted. */
export function createMachineAlarmTeller(deps: {
  send: (message: AlarmMessage) => Promise<unknown>;
  ownerAccount: () => Promise<Account | undefined>;
  keepsQuiet?: boolean;
  clock: Clock;
  log: Log;
}): (alarm: MachineAlarm) => Promise<typeof LATER | undefined> {
  return async (alarm) => {
    const { key, isOver, since } = alarm;
    const account = await soon(deps.ownerAccount, deps);
    const { language = "en", timezone: chosen, reportedTimezone } = account ?? {};
    const timezone = chosen ?? reportedTimezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    const now = deps.clock.now();
    if (isOver && deps.keepsQuiet && isNight(now, timezone)) return LATER;
    const words = ALARM_WORDS[language];
    const format = formatFor({ language, units: "kg", now, timezone });
    const begun = since && format.moment(since);
    const { means, fix, over } = machineAlarmText(alarm, begun, words);
    const end = isOver && begun ? words.wasOff(begun) : over;
    if (isOver && end === undefined) return undefined;
    await deps.send({ text: isOver && end ? end : `${means}\n\n${fix}`, isQuiet: isOver || key === "stale-session" });
    return undefined;
  };
}

/** Undefined if it fails or takes too long: an alarm doesn't depend on it. */
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
