import { byStart } from "../../sync/engine/attention.ts";
import type { NotificationsSeen } from "../../sync/links/subscriptions.ts";
import type { LastRun } from "../../sync/model/account.ts";
import type { Measured } from "../../sync/model/vendors.ts";
import type { Overview } from "../../sync/status/overview.ts";
import type { Words } from "../words/words.ts";
import { notNowText } from "./delay.ts";
import { beforeStartText, heldLines } from "./held.ts";
import { lastSyncLines } from "./last-sync.ts";
import { linkLines } from "./links.ts";
import { noticeLines } from "./notices.ts";
import { unreadableText } from "./unreadable.ts";

export interface StatusOptions {
  nextRunAt?: Date | undefined;
  /** Absent without a public address. */
  notifications?: NotificationsSeen | undefined;
  signInRestsUntil?: Date | undefined;
  /** What is gone at Withings and waits for an answer. */
  gone?: string[];
  /** What was typed into the chat and isn't settled. */
  typed?: Measured[];
  /** Readings that are offered to somebody else here, or by them. */
  offers?: string[] | undefined;
  version: string;
}

export function statusText(seen: Overview, options: Partial<StatusOptions>, words: Words): string {
  const { attention, unreadable, facts, progress } = seen;
  const { late, items } = byStart(attention);
  return [
    ...linkParagraph(seen, options, words),
    "",
    ...syncParagraph(seen, options, words),
    ...noticeLines(facts, words),
    ...typedLines(options.typed, attention, words),
    ...(items.length > 0 ? ["", ...heldLines(items, words)] : []),
    ...(options.gone && options.gone.length > 0 ? ["", ...options.gone] : []),
    ...(late.length > 0 ? ["", beforeStartText(late, progress?.startAt, words)] : []),
    ...(options.offers ? ["", ...options.offers] : []),
    ...(unreadable.length > 0 ? ["", unreadableText(unreadable, words)] : []),
    ...(options.version ? ["", `Weighbridge ${options.version}`] : []),
  ].join("\n");
}

function linkParagraph(seen: Overview, options: Partial<StatusOptions>, words: Words): string[] {
  const { withings, garmin } = seen.links;
  const { signInRestsUntil, notifications } = options;
  return [
    ...linkLines(seen, words),
    ...(signInRestsUntil ? [words.signInRests(signInRestsUntil, garmin?.state === "linked")] : []),
    ...(notifications && withings?.state === "linked" ? [notificationsLine(notifications, words)] : []),
  ];
}

function notificationsLine({ state, checkedAt }: NotificationsSeen, { status: say }: Words): string {
  return state === "on" && checkedAt ? say.notificationsChecked(checkedAt) : say.notifications[state];
}

function syncParagraph({ links, lastReadings, lastRun }: Overview, options: Partial<StatusOptions>, words: Words) {
  const { status: say } = words;
  const { weigh_in: weighIn, blood_pressure: bloodPressure } = lastReadings;
  const isLinked = links.withings && links.garmin;
  return [
    ...(isLinked ? [weighIn ? say.lastReading.weigh_in(weighIn) : say.noWeighIn] : []),
    ...(bloodPressure ? [say.lastReading.blood_pressure(bloodPressure)] : []),
    ...lastSyncLines(lastRun, words),
    ...(isLinked && options.nextRunAt ? [words.lastSync.next(options.nextRunAt)] : []),
  ];
}

/** Except what is held, which has its own lines. */
function typedLines(typed: Measured[] = [], attention: Overview["attention"], { status: say }: Words): string[] {
  const isHeld = ({ takenAt, values }: Measured) =>
    attention.some((it) => it.kind === values.kind && it.takenAt.getTime() === takenAt.getTime());
  return typed.filter((it) => !isHeld(it)).map(say.typed);
}

export function unreadStatusText(last: LastRun | undefined, words: Words): string {
  return [notNowText("us", words), ...lastSyncLines(last, words)].join("\n");
}

/** What isn't in Garmin although the run succeeded. Empty if all is. `status`: the command that shows more. */
export function notArrivedText(
  { facts, attention, unreadable }: Pick<Overview, "facts" | "attention" | "unreadable">,
  status: string,
  words: Words,
): string {
  const held = attention.filter(({ fate }) => fate.state === "held").length;
  const failed = attention.length - held;
  return [
    ...[...facts.differs, ...facts.closed].map(({ kind }) => words.notices.paused(kind, status)),
    ...(held > 0 ? [words.held.needDecision(held, status)] : []),
    ...(failed > 0 ? [words.sync.notStored(failed, status)] : []),
    ...(unreadable.length > 0 ? [unreadableText(unreadable, words)] : []),
  ].join(" ");
}
