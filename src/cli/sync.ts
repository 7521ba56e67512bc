import type { App } from "../app.ts";
import { messages } from "../bot/messages.ts";
import { ActionNeededError, UsageError } from "../errors.ts";
import { startOfDay } from "../local-time.ts";
import type { Account } from "../sync/account.ts";
import { sentValues } from "../sync/match.ts";
import { type RunOutcome, total } from "../sync/outcome.ts";
import { previewAccount } from "../sync/preview.ts";
import { type RunReport, syncAccount } from "../sync/run.ts";
import { EXIT, EXIT_OF_STATUS } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

export interface SyncOptions {
  account: number | undefined;
  /** A day, `2026-01-31`. */
  since: string | undefined;
  now: Date;
}

export async function syncCommand(
  app: App,
  terminal: Terminal,
  accounts: Account[],
  options: SyncOptions,
): Promise<number> {
  const reports: Array<{ account: Account; report: RunReport }> = [];
  for (const account of accounts) {
    const report = await syncAccount(app.run, account, { since: sinceOf(options, account) });
    reports.push({ account, report });
    if (options.account === undefined) terminal.say(`${account.telegramUserId}: ${messages.outcome(report)}`);
  }
  return conclude(terminal, reports, options);
}

function conclude(
  terminal: Terminal,
  reports: Array<{ account: Account; report: RunReport }>,
  options: SyncOptions,
): number {
  const sum = accountsMissing(reports.length) ?? total(reports.map(({ report }) => report));
  const hasProblem = reports.some(({ report }) => report.problem !== undefined);
  const exit = hasProblem ? EXIT.usage : EXIT_OF_STATUS[sum.status];
  const [only] = reports;
  if (options.account !== undefined && only) {
    terminal.result(plain(only.report), messages.outcome(only.report));
    return exit;
  }
  const accounts = reports.map(({ account, report }) => ({ account: account.telegramUserId, ...plain(report) }));
  terminal.result({ ...sum, accounts }, sum.action === "add_account" ? messages.action("add_account") : summary(sum));
  return exit;
}

function accountsMissing(count: number): RunOutcome | undefined {
  if (count > 0) return undefined;
  return { status: "action_needed", synced: 0, skipped: 0, held: 0, failed: 0, action: "add_account" };
}

/** What the JSON promises, and nothing else. */
function plain({ status, synced, skipped, held, failed, action }: RunReport): RunOutcome {
  return { status, synced, skipped, held, failed, ...(action && { action }) };
}

const summary = ({ synced, skipped, held, failed }: RunOutcome) =>
  `All accounts: ${synced} synced, ${skipped} skipped, ${held} held, ${failed} failed.`;

/** Says what a sync would do, reading by reading. */
export async function dryRunCommand(
  app: App,
  terminal: Terminal,
  accounts: Account[],
  options: SyncOptions,
): Promise<number> {
  const outcome: RunOutcome = { status: "success", synced: 0, skipped: 0, held: 0, failed: 0 };
  const readings: object[] = [];
  const missing = accountsMissing(accounts.length);
  for (const account of accounts) {
    const timezone = account.timezone ?? "UTC";
    try {
      for (const preview of await previewAccount(app.run, account, sinceOf(options, account))) {
        const { reading, step, finding } = preview;
        const line = messages.preview(preview, timezone);
        terminal.say(accounts.length > 1 ? `${account.telegramUserId}  ${line}` : line);
        readings.push({
          account: account.telegramUserId,
          measureGroupId: reading.measureGroupId,
          takenAt: reading.takenAt.toISOString(),
          ...sentValues(reading),
          step: step.type,
          ...(finding && { finding: finding.type }),
          why: line.slice(line.indexOf(": ") + 2),
        });
        if (step.type === "settled" || finding?.type === "elsewhere") outcome.skipped++;
        if (step.type === "hold") outcome.held++;
        if (step.type === "fail") outcome.failed++;
      }
    } catch (error) {
      if (!(error instanceof ActionNeededError)) throw error;
      outcome.status = "action_needed";
      outcome.action ??= error.action;
      terminal.say(`${account.telegramUserId}: ${messages.action(error.action)}`);
    }
  }
  const end = missing ?? outcome;
  terminal.result(
    { ...end, readings },
    missing ? messages.action("add_account") : `${readings.length} looked at. Nothing was changed.`,
  );
  return EXIT_OF_STATUS[end.status];
}

function sinceOf({ since, now }: SyncOptions, account: Account): Date | undefined {
  if (since === undefined) return undefined;
  const start = startOfDay(since, account.timezone ?? "UTC");
  if (start > now)
    throw new UsageError(`--since ${since} is in the future. Give the day from which readings are to be sent.`);
  return start;
}
