import type { App } from "../app/app.ts";
import { newlyHeld } from "../bot/notifications/newly-held.ts";
import { type OutcomeOptions, syncOutcomeText } from "../bot/views/sync-outcome.ts";
import { UsageError } from "../lib/errors.ts";
import { startOfDay } from "../lib/local-time.ts";
import type { Item } from "../sync/engine/item.ts";
import { sentValues } from "../sync/engine/match.ts";
import type { RunReport } from "../sync/engine/run.ts";
import { addError } from "../sync/engine/trouble.ts";
import type { Account } from "../sync/model/account.ts";
import { noReadings, outcomeReport, type RunOutcome } from "../sync/model/outcome.ts";
import { KINDS, type ReadingKind } from "../sync/model/reading.ts";
import { EXIT, EXIT_OF_STATUS } from "./exit.ts";
import { previewLine } from "./preview-line.ts";
import type { Terminal } from "./terminal.ts";
import { explainSentence, needed, terminalWords } from "./words.ts";

export interface SyncOptions {
  accounts: Account[];
  isNamed: boolean;
  /** A day, `2026-01-31`. */
  since: string | undefined;
}

interface Job {
  account: Account;
  timezone: string;
  since: Date | undefined;
}

interface Done {
  account: number;
  report: RunReport;
}

/** With `goesOn`, readings that came back from Garmin with other values are accepted first. */
export async function syncCommand(
  app: App,
  terminal: Terminal,
  options: SyncOptions,
  goesOn: boolean,
): Promise<number> {
  const done: Done[] = [];
  let last = "";
  for (const { account, since } of await jobsOf(app, options)) {
    if (goesOn) for (const kind of KINDS) await app.sync.resume(account, kind);
    const { report, text } = await syncInWords(app, account, since);
    done.push({ account: account.telegramUserId, report });
    last = text;
    if (!options.isNamed) terminal.say(`${account.telegramUserId}: ${text}`);
  }
  return conclude(terminal, done, options, (sum) => (options.isNamed ? last : summary(sum)));
}

async function syncInWords(app: App, account: Account, since: Date | undefined) {
  // If it can't be read, the run says so.
  const lookAt = () => app.overviews.of(account).catch(() => undefined);
  const before = await lookAt();
  const report = await app.sync.run(account, { since, looksEarly: true });
  const after = await lookAt();
  const options: OutcomeOptions = {
    justHeld: before && after && !report.busy ? newlyHeld(before, after) : undefined,
    after,
    status: "npx weighbridge status",
    needed: (action) => needed(action, account.telegramUserId),
  };
  const words = terminalWords(after?.timezone ?? "UTC", app.clock.now());
  return { report, text: syncOutcomeText(report, options, words) };
}

export async function dryRunCommand(app: App, terminal: Terminal, options: SyncOptions): Promise<number> {
  const done: Done[] = [];
  const readings: object[] = [];
  const sums: Sums = { weigh_in: 0, blood_pressure: 0, hold: 0, leave: 0, refuse: 0 };
  let unchecked = 0;
  const jobs = await jobsOf(app, options);
  for (const { account, timezone, since } of jobs) {
    const id = account.telegramUserId;
    const report: RunReport = noReadings("success");
    done.push({ account: id, report });
    try {
      for (const item of await app.sync.preview(account, since)) {
        const line = previewLine(item, timezone);
        terminal.say(jobs.length > 1 ? `${id}  ${line}` : line);
        readings.push({ account: id, ...toJson(item, line) });
        count(report, item);
        add(sums, item);
      }
    } catch (error) {
      // One account's trouble must not stop the others.
      unchecked++;
      addError(report, error, app);
      terminal.say(`${id}: ${explainSentence(error, id)}`);
    }
  }
  return conclude(terminal, done, options, () => inWords(sums, unchecked, jobs.length), { readings });
}

/** All of them before the first run, because a wrong day must stop everything. */
async function jobsOf(app: App, { accounts, since }: SyncOptions): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const account of accounts) {
    const timezone = await timezoneOf(app, account);
    const start = since === undefined ? undefined : startOfDay(since, timezone);
    if (start && start > app.clock.now()) {
      throw new UsageError(`--since ${since} is in the future. Give the day from which readings are to be sent.`);
    }
    jobs.push({ account, timezone, since: start });
  }
  return jobs;
}

/** The chosen zone, or the one that Withings reported. If it can't be read, the run says so. */
async function timezoneOf(app: App, account: Account): Promise<string> {
  if (account.timezone) return account.timezone;
  const overview = await app.overviews.of(account).catch(() => undefined);
  return overview?.timezone ?? "UTC";
}

function conclude(
  terminal: Terminal,
  done: Done[],
  { isNamed }: SyncOptions,
  text: (sum: RunOutcome) => string,
  more: object = {},
): number {
  const sum = outcomeReport(done, { isOfOne: isNamed });
  const exit = done.some(({ report }) => report.problem !== undefined) ? EXIT.usage : exitOf(sum);
  return terminal.result({ ...sum, ...more }, done.length > 0 ? text(sum) : needed("add_account"), exit);
}

/** A script has to see that readings wait for a decision, even if all else went well. */
const exitOf = ({ status, paused }: RunOutcome) =>
  status === "success" && paused ? EXIT.actionNeeded : EXIT_OF_STATUS[status];

const summary = ({ synced, skipped, held, failed }: RunOutcome) =>
  `All accounts: ${synced} synced, ${skipped} skipped, ${held} held, ${failed} failed.`;

function toJson({ reading, step, finding }: Item, line: string) {
  return {
    measureGroupId: reading.measureGroupId,
    takenAt: reading.takenAt.toISOString(),
    ...sentValues(reading),
    step: step.type,
    ...(finding && { finding: finding.type }),
    why: line.slice(line.indexOf(": ") + 2),
  };
}

function count(report: RunReport, { step, finding }: Item) {
  const isThere = finding?.type === "elsewhere";
  if (step.type === "settled" || isThere) report.skipped++;
  if (step.type === "hold" && !isThere) report.held++;
  if (step.type === "fail") report.failed++;
}

type Sums = Record<ReadingKind | "hold" | "leave" | "refuse", number>;

function add(sums: Sums, { reading, step, finding }: Item) {
  const isSent = finding?.type === "send" || finding?.type === "outdated";
  if (step.type === "hold" && finding?.type !== "elsewhere") sums.hold++;
  else if (step.type === "fail" || finding?.type === "gone") sums.refuse++;
  else if (isSent) sums[reading.kind]++;
  else sums.leave++;
}

function inWords({ weigh_in, blood_pressure, hold, leave, refuse }: Sums, unchecked: number, accounts: number): string {
  if (unchecked === accounts)
    return "Nothing could be checked, so I can’t say what would be sent. Nothing was changed.";
  const kinds = [
    `${weigh_in} ${weigh_in === 1 ? "weigh-in" : "weigh-ins"}`,
    `${blood_pressure} ${blood_pressure === 1 ? "blood pressure reading" : "blood pressure readings"}`,
  ];
  const refused = refuse > 0 ? `, not send ${refuse}` : "";
  const rest = unchecked > 0 ? ` ${unchecked} of ${accounts} accounts couldn’t be checked.` : "";
  return `Would send ${weigh_in + blood_pressure} (${kinds.join(", ")}), hold ${hold}, leave ${leave}${refused}.${rest} Nothing was changed.`;
}
