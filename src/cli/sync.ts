import type { App } from "../app/app.ts";
import { newlyHeld } from "../bot/notifications/newly-held.ts";
import { type OutcomeOptions, syncOutcomeText } from "../bot/views/sync-outcome.ts";
import { UsageError, whoActs } from "../lib/errors.ts";
import { startOfDay } from "../lib/local-time.ts";
import { errorFacts } from "../lib/log.ts";
import type { Item } from "../sync/engine/item.ts";
import { sentValues } from "../sync/engine/match.ts";
import type { RunReport } from "../sync/engine/run.ts";
import type { Account } from "../sync/model/account.ts";
import { outcomeReport, type RunOutcome } from "../sync/model/outcome.ts";
import { KINDS, type ReadingKind } from "../sync/model/reading.ts";
import { EXIT, EXIT_OF_STATUS } from "./exit.ts";
import { previewLine } from "./preview-line.ts";
import type { Terminal } from "./terminal.ts";
import { explainSentence, needed, terminalWords } from "./words.ts";

export interface SyncOptions {
  account: number | undefined;
  /** A day, `2026-01-31`. */
  since: string | undefined;
  /** Accept readings that came back from Garmin with other values. */
  goesOn?: boolean;
  now: Date;
}

/** An account, and where its day begins. */
interface Job {
  account: Account;
  timezone: string;
  since: Date | undefined;
}

interface Done {
  account: Account;
  report: RunReport;
}

export async function syncCommand(
  app: App,
  terminal: Terminal,
  accounts: Account[],
  options: SyncOptions,
): Promise<number> {
  const all: Done[] = [];
  let only = "";
  for (const { account, since } of await jobsOf(app, accounts, options)) {
    if (options.goesOn) for (const kind of KINDS) await app.sync.resume(account, kind);
    const { report, text } = await syncInWords(app, account, since);
    all.push({ account, report });
    only = text;
    if (options.account === undefined) terminal.say(`${account.telegramUserId}: ${text}`);
  }
  return conclude(terminal, all, options, (sum) => (options.account === undefined ? summary(sum) : only));
}

async function syncInWords(app: App, account: Account, since: Date | undefined) {
  // What cannot be read must not keep the run from saying so.
  const lookAt = () => app.overviews.of(account).catch(() => undefined);
  const before = await lookAt();
  const report = await app.sync.run(account, { since });
  const after = await lookAt();
  const justHeld = before && after && !report.busy ? newlyHeld(before, after) : undefined;
  const { telegramUserId } = account;
  const options: OutcomeOptions = {
    justHeld,
    after,
    status: "npx weighbridge status",
    needed: (action) => needed(action, telegramUserId),
  };
  const words = terminalWords(after?.timezone ?? "UTC", app.clock.now());
  return { report, text: syncOutcomeText(report, options, words) };
}

/** Says what a sync would do, reading by reading. */
export async function dryRunCommand(
  app: App,
  terminal: Terminal,
  accounts: Account[],
  options: SyncOptions,
): Promise<number> {
  const all: Done[] = [];
  const readings: object[] = [];
  const sums: Sums = { weigh_in: 0, blood_pressure: 0, hold: 0, leave: 0, refuse: 0 };
  let unchecked = 0;
  for (const { account, timezone, since } of await jobsOf(app, accounts, options)) {
    const report: RunReport = { status: "success", synced: 0, skipped: 0, held: 0, failed: 0 };
    all.push({ account, report });
    try {
      for (const preview of await app.sync.preview(account, since)) {
        const line = previewLine(preview, timezone);
        terminal.say(accounts.length > 1 ? `${account.telegramUserId}  ${line}` : line);
        readings.push({ account: account.telegramUserId, ...toJson(preview, line) });
        count(report, preview);
        add(sums, preview);
      }
    } catch (error) {
      // One account's trouble is not the next one's.
      unchecked++;
      blame(report, error, app);
      terminal.say(`${account.telegramUserId}: ${explainSentence(error, account.telegramUserId)}`);
    }
  }
  return conclude(terminal, all, options, () => inWords(sums, unchecked, all.length), { readings });
}

/** All of them before the first run: a wrong day stops everything, and nothing is half-done. */
async function jobsOf(app: App, accounts: Account[], { since, now }: SyncOptions): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const account of accounts) {
    const timezone = await zoneOf(app, account);
    const start = since === undefined ? undefined : startOfDay(since, timezone);
    if (start && start > now) {
      throw new UsageError(`--since ${since} is in the future. Give the day from which readings are to be sent.`);
    }
    jobs.push({ account, timezone, since: start });
  }
  return jobs;
}

/** The chosen zone, else the one that Withings reported. What keeps it from being read is for the run to say. */
async function zoneOf(app: App, account: Account): Promise<string> {
  if (account.timezone) return account.timezone;
  return app.overviews.of(account).then(
    (overview) => overview.timezone,
    () => "UTC",
  );
}

function conclude(
  terminal: Terminal,
  all: Done[],
  options: SyncOptions,
  text: (sum: RunOutcome) => string,
  more: object = {},
): number {
  const sum = outcomeReport(
    all.map(({ account, report }) => ({ account: account.telegramUserId, report })),
    { isOfOne: options.account !== undefined },
  );
  terminal.result({ ...sum, ...more }, all.length > 0 ? text(sum) : needed("add_account"));
  if (all.some(({ report }) => report.problem !== undefined)) return EXIT.usage;
  // Everything went well except for readings that wait for a decision, which a script has to see in the exit code.
  return sum.status === "success" && sum.paused ? EXIT.actionNeeded : EXIT_OF_STATUS[sum.status];
}

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

/** What a dry run comes to. */
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
    `${blood_pressure} ${blood_pressure === 1 ? "blood pressure" : "blood pressures"}`,
  ];
  const refused = refuse > 0 ? `, not send ${refuse}` : "";
  const rest = unchecked > 0 ? ` ${unchecked} of ${accounts} accounts could not be checked.` : "";
  return `Would send ${weigh_in + blood_pressure} (${kinds.join(", ")}), hold ${hold}, leave ${leave}${refused}.${rest} Nothing was changed.`;
}

function blame(report: RunReport, error: unknown, { log, clock }: Pick<App, "log" | "clock">) {
  const acting = whoActs(error);
  if (acting.who === "owner") {
    report.status = "action_needed";
    report.action = acting.error.action;
  } else if (acting.who === "time") {
    report.status = "retry_later";
    report.delay = { cause: acting.error.delayedBy, since: clock.now() };
  } else {
    report.status = "error";
    if (acting.who === "operator") report.problem = acting.error.message;
    else log.error("preview_failed", errorFacts(error));
  }
}
