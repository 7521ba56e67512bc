import { type App, createApp, openStore } from "../app.ts";
import { explainSentence, messages } from "../bot/messages.ts";
import type { Clock } from "../clock.ts";
import { type Environment, readConfig } from "../config.ts";
import { ActionNeededError, RetryLaterError, UsageError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type Check, checkClock, examine, type Finding, type Verdict } from "../sync/doctor.ts";
import { overviewOf } from "../sync/overview.ts";
import { EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

const MARK: Record<Verdict, string> = {
  ok: "ok     ",
  owner: "you    ",
  operator: "mend   ",
  later: "wait   ",
  broken: "broken ",
};

/** Checks every precondition live, one line each with the mend. */
export async function doctorCommand(
  env: Environment,
  terminal: Terminal,
  deps: { clock: Clock; log: Log },
): Promise<number> {
  const findings = await examine(configurationChecks(env, deps), explainSentence);
  if (findings.every(({ verdict }) => verdict === "ok")) {
    const config = readConfig(env, ["store", "sealing", "withings", "garmin", "telegram"]);
    const app = await createApp(config, deps);
    try {
      findings.push(...(await examine(await liveChecks(app, config.telegram, deps.clock), explainSentence)));
    } finally {
      await app.close();
    }
  }
  const text = findings.map(({ check, verdict, text }) => `${MARK[verdict]} ${check}: ${text}`).join("\n");
  terminal.result({ status: statusOf(findings), checks: findings }, text);
  return exitOf(findings);
}

/** What has to be right before anything can be asked. */
function configurationChecks(env: Environment, deps: { clock: Clock; log: Log }): Check[] {
  return [
    {
      name: "configuration",
      run: async () => {
        readConfig(env, ["store", "sealing", "withings", "withingsLogin", "garmin", "telegram", "schedule"]);
        return "complete";
      },
    },
    {
      name: "store",
      run: async () => {
        const { store } = readConfig(env, ["store"]);
        const opened = await openStore(store, deps);
        try {
          const accounts = await opened.accounts.list();
          const where = store.engine === "sqlite" ? store.dataDir : "DynamoDB";
          return `table ${store.tableName} in ${where}, ${accounts.length} ${accounts.length === 1 ? "account" : "accounts"}`;
        } finally {
          await opened.close();
        }
      },
    },
  ];
}

async function liveChecks(app: App, telegram: { botToken: string; apiRoot: string }, clock: Clock): Promise<Check[]> {
  const { checkTelegram } = await import("../bot/check.ts");
  const checks: Check[] = [
    { name: "Telegram", run: () => checkTelegram(telegram) },
    {
      name: "Garmin sign-in",
      run: async () => {
        const { verdict } = await app.garminProbe();
        if (verdict === "reachable") return "reachable from here";
        if (verdict === "blocked") throw new ActionNeededError("use_garmin_page");
        throw new RetryLaterError(
          verdict === "rate_limited" ? "Garmin limits sign-ins from here" : "Garmin's sign-in answers oddly",
        );
      },
    },
    {
      name: "clock",
      run: async () => {
        const { serverTime } = await app.garminProbe();
        if (!serverTime) throw new RetryLaterError("no server told the time");
        return checkClock(clock, serverTime);
      },
    },
  ];
  const accounts = await app.accounts.list();
  if (accounts.length === 0) {
    checks.push({ name: "accounts", run: () => Promise.reject(new ActionNeededError("add_account")) });
  }
  for (const account of accounts) {
    const id = account.telegramUserId;
    const now = clock.now();
    const overview = () =>
      overviewOf({ accounts: app.accounts, links: app.links, journals: app.journals, now }, account);
    checks.push(
      {
        name: `account ${id}, Withings`,
        run: async () => {
          const { displayName } = await app.tokens.link(id, "withings");
          await app.run.source.changedSince(app.tokens.withAccess(id, "withings"), now);
          return `user ${displayName} answers`;
        },
      },
      {
        name: `account ${id}, Garmin`,
        run: async () => {
          const { displayName } = await app.tokens.link(id, "garmin");
          if ((await app.uploadConsent(id)) === false) throw new ActionNeededError("grant_garmin_upload");
          return `${displayName} answers and takes uploads`;
        },
      },
      {
        name: `account ${id}, last run`,
        run: async () => {
          const { lastRun } = await overview();
          if (!lastRun) throw new UsageError(`There was no run yet. Run: weighbridge sync --account ${id}`);
          const { status, action } = lastRun.outcome;
          if (action) throw new ActionNeededError(action);
          if (status === "error") throw new Error("the last run broke");
          return messages.lastRun(lastRun, (await overview()).timezone, now);
        },
      },
    );
  }
  return checks;
}

function exitOf(findings: Finding[]): number {
  const has = (verdict: Verdict) => findings.some((finding) => finding.verdict === verdict);
  if (has("operator")) return EXIT.usage;
  if (has("broken")) return EXIT.error;
  if (has("owner")) return EXIT.actionNeeded;
  return has("later") ? EXIT.retryLater : EXIT.success;
}

function statusOf(findings: Finding[]): string {
  const exit = exitOf(findings);
  if (exit === EXIT.success) return "success";
  return exit === EXIT.actionNeeded ? "action_needed" : exit === EXIT.retryLater ? "retry_later" : "error";
}
