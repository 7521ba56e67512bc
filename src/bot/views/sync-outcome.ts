import type { Action } from "../../lib/errors.ts";
import type { RunProgress, RunReport } from "../../sync/engine/run.ts";
import type { Settings } from "../../sync/model/account.ts";
import type { AttentionItem } from "../../sync/model/ledger.ts";
import { readingId } from "../../sync/model/reading.ts";
import type { HealthNews } from "../../sync/status/notices.ts";
import type { Overview } from "../../sync/status/overview.ts";
import type { Words } from "../words/words.ts";
import { arrivalLines, firstArrivalLines, firstArrivalText } from "./arrivals.ts";
import { delayText, unexpectedText } from "./delay.ts";
import { becameText, justHeldLine } from "./held.ts";
import { sinceThen } from "./last-sync.ts";
import { healedText } from "./news.ts";
import { notAsSentText } from "./notices.ts";
import { unreadableText } from "./unreadable.ts";

export interface OutcomeOptions {
  justHeld?: AttentionItem[] | undefined;
  /** It ended trouble that the reader had been notified of. */
  healed?: Extract<HealthNews, { type: "healed" }> | undefined;
  /** What still waits; absent if that couldn't be read. */
  after?: Pick<Overview, "attention" | "unreadable" | "facts"> | undefined;
  status?: string;
  /** Absent in the terminal, which sends nothing later. */
  settings?: Settings;
  needed?: (action: Action) => string;
}

const DECIDED_SHOWN = 3;

export function progressText(progress: RunProgress, { sync: say }: Words): string {
  switch (progress.stage) {
    case "reading":
    case "checking":
      return say[progress.stage];
    case "found":
      return progress.readings === 0 ? say.nothingNew : say.found(progress.readings);
    case "sending":
      return say.sending(progress.readings);
  }
}

export function syncOutcomeText(report: RunReport, options: OutcomeOptions, words: Words): string {
  const { justHeld = [], status = "/status" } = options;
  const settled = settledLines(report, options, words);
  const isNothingNew = settled.length === 0 && report.status === "success" && justHeld.length === 0;
  return [
    ...withHeld(isNothingNew ? [nothingNewLine(report, options, words)] : settled, report, options, words),
    ...(isNothingNew ? leftOverLines(options, words) : []),
    ...(report.paused ?? []).map((kind) => words.notices.paused(kind, status)),
    ...endingLines(report, options, words),
  ].join("\n");
}

/** Readings that the owner has just decided about are named, and not counted again. */
function settledLines(report: RunReport, options: OutcomeOptions, words: Words): string[] {
  const { healed, status = "/status" } = options;
  const decided = (report.decided ?? []).filter(({ fate }) => fate.state !== "held");
  const named = decided.length > DECIDED_SHOWN ? [] : decided;
  const unnamed = decided.length > DECIDED_SHOWN ? decided : [];
  const count = (entries: typeof decided, state: string) => entries.filter(({ fate }) => fate.state === state).length;
  const failed = report.failed - count(named, "failed");
  const had = count(unnamed, "skipped");
  return [
    ...(healed ? [healedText(healed, words)] : []),
    ...named.map((entry) => becameText(entry, words)),
    ...(healed ? [] : delivered(report, new Set(named.map(readingId)), options, words)),
    ...(had > 0 ? [words.sync.alreadyThere(had)] : []),
    ...(failed > 0 ? [words.sync.notStored(failed, status)] : []),
  ];
}

function delivered(report: RunReport, named: ReadonlySet<string>, { settings }: OutcomeOptions, words: Words) {
  const { arrivals, ...of } = report.delivered ?? { arrivals: [], unplaced: [], isFirst: false };
  const unnamed = arrivals.filter(({ id }) => !named.has(id));
  if (!of.isFirst || unnamed.length === 0) return arrivalLines(unnamed, words);
  const first = { ...of, arrivals: unnamed };
  return settings ? [firstArrivalText(first, settings, words)] : firstArrivalLines(first, words);
}

function nothingNewLine({ held, paused }: RunReport, { after }: OutcomeOptions, words: Words): string {
  const { sync: say } = words;
  const hasUnreadable = (after?.unreadable ?? []).length > 0;
  const hasRest = !paused && !hasUnreadable && failedOf(after) === 0;
  return [
    hasUnreadable ? say.nothingReadable : say.nothingNew,
    hasRest && (held > 0 ? say.hasEveryOther : say.hasEvery),
    notAsSentText(after?.facts.fields ?? [], words),
  ]
    .filter(Boolean)
    .join(" ");
}

const failedOf = (after: OutcomeOptions["after"]) =>
  (after?.attention ?? []).filter(({ fate }) => fate.state === "failed").length;

/** Newly held readings have their own line; older ones are only counted, after the last line. */
function withHeld(
  lines: string[],
  { held }: RunReport,
  { justHeld = [], status = "/status" }: OutcomeOptions,
  words: Words,
): string[] {
  if (justHeld.length > 0) return [...lines, justHeldLine(justHeld, status, words)];
  if (held === 0) return lines;
  const counted = words.sync.held(held, status);
  return [...lines.slice(0, -1), [...lines.slice(-1), counted].join(" ")];
}

function leftOverLines({ after, status = "/status" }: OutcomeOptions, words: Words): string[] {
  const failed = failedOf(after);
  const unreadable = after?.unreadable ?? [];
  return [
    ...(failed > 0 ? [words.sync.notStored(failed, status)] : []),
    ...(unreadable.length > 0 ? [unreadableText(unreadable, words)] : []),
  ];
}

function endingLines(report: RunReport, options: OutcomeOptions, words: Words): string[] {
  const { status = "/status", needed = words.action } = options;
  const { action, delay, busy } = report;
  switch (report.status) {
    case "success":
      return [];
    case "action_needed":
      return [action ? `${needed(action)}${sinceThen(report, words)}` : words.sync.needsYou(status)];
    case "retry_later":
      return [busy ? words.sync.busy : delayText(delay ?? { cause: "us", since: words.format.now }, words)];
    case "error":
      return [...brokenLines(report, words), ...(action ? [needed(action)] : [])];
  }
}

function brokenLines(report: RunReport, words: Words): string[] {
  const { unexpectedFrom, onlyReadings, problem } = report;
  if (unexpectedFrom) return [unexpectedText(unexpectedFrom, report, words)];
  if (onlyReadings) return [];
  return [`${problem ? words.sync.problem(problem) : words.broken}${sinceThen(report, words)}`];
}
