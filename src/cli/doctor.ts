import { type App, createApp, openStore } from "../app.ts";
import { explainSentence, messages } from "../bot/messages.ts";
import type { Clock } from "../clock.ts";
import { type Config, type Environment, readConfig } from "../config.ts";
import { ActionNeededError, RetryLaterError, UsageError } from "../errors.ts";
import type { Log } from "../log.ts";
import { type Check, checkClock, examine, type Finding, type Verdict } from "../sync/doctor.ts";
import { overviewOf } from "../sync/overview.ts";
import { EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

const MARK: Record<Verdict, string> = {
  ok: "ok     ",
  owner: "you    ",
  operator: "fix    ",
  later: "later  ",
  broken: "broken ",
};

/** Checks every precondition live, one line each with the mend. */
export async function doctorCommand(
  env: Environment,
  terminal: Terminal,
  deps: { clock: Clock; log: Log },
): Promise<number> {
  const findings = await examine(configurationChecks(env, deps), sentence());
  if (findings.every(({ verdict }) => verdict === "ok")) {
    const config = readConfig(env, ["store", "sealing", "withings", "garmin", "telegram", "web"]);
    const app = await createApp(config, deps);
    try {
      findings.push(...(await examine(await generalChecks(app, config.telegram, deps.clock), sentence())));
      for (const { telegramUserId: id, checks } of await accountChecks(app, config, deps.clock)) {
        findings.push(...(await examine(checks, sentence(id))));
      }
    } finally {
      await app.close();
    }
  }
  const lines = findings.map(({ check, verdict, text }) => `${MARK[verdict]} ${check}: ${text}`);
  terminal.result({ status: statusOf(findings), checks: findings }, [...lines, "", conclusion(findings)].join("\n"));
  return exitOf(findings);
}

/** An outage is said with whom it concerns: the checks below name the vendor. */
function sentence(account?: number) {
  return (error: unknown) =>
    error instanceof RetryLaterError ? `${error.message}. Try again later.` : explainSentence(error, account);
}

/** What two checks say in the same words is one thing to do. */
function conclusion(findings: Finding[]): string {
  const count = (...verdicts: Verdict[]) =>
    new Set(findings.filter(({ verdict }) => verdicts.includes(verdict)).map(({ text }) => text)).size;
  const things = (number: number) => (number === 1 ? "1 thing" : `${number} things`);
  const [yours, broken, later] = [count("owner", "operator"), count("broken"), count("later")];
  const said = [
    ...(yours > 0 ? [`${things(yours)} ${yours === 1 ? "needs" : "need"} you.`] : []),
    ...(broken > 0 ? [`${things(broken)} broke on my side; the log says what.`] : []),
    ...(later > 0 ? [`${things(later)} could not be checked now; try again later.`] : []),
  ];
  return said.join(" ") || "All good.";
}

/** The technical words of an outage come last: they are for whoever asks further. */
async function reached<T>(vendor: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RetryLaterError)) throw error;
    throw new RetryLaterError(`${vendor} cannot be reached just now, or gives no proper answer (${error.message})`);
  }
}

/** What has to be right before anything can be asked. */
function configurationChecks(env: Environment, deps: { clock: Clock; log: Log }): Check[] {
  return [
    {
      name: "configuration",
      run: async () => {
        readConfig(env, ["store", "sealing", "withings", "withingsLogin", "garmin", "telegram", "schedule", "web"]);
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

interface Telegram {
  botToken: string;
  apiRoot: string;
  allowedIds: number[];
}

async function generalChecks(app: App, telegram: Telegram, clock: Clock): Promise<Check[]> {
  const { checkTelegram } = await import("../bot/check.ts");
  const checks: Check[] = [
    { name: "Telegram", run: () => checkTelegram(telegram) },
    {
      name: "Garmin sign-in",
      run: async () => {
        const { verdict } = await reached("Garmin", () => app.garminProbe());
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
        const { serverTime } = await reached("Garmin", () => app.garminProbe());
        if (!serverTime) throw new RetryLaterError("No server told the time");
        checkClock(clock, serverTime);
        return "correct";
      },
    },
  ];
  const accounts = await app.accounts.list();
  if (accounts.length === 0) {
    checks.push({ name: "accounts", run: () => Promise.reject(new ActionNeededError("add_account")) });
  }
  return checks;
}

/** What the last daily check saw. Without a public address there are none. */
function notificationChecks(app: App, account: number, publicUrl: string | undefined): Check[] {
  if (publicUrl === undefined) return [];
  const run = async () => {
    const seen = await app.subscriptions.seen(account);
    if (!seen) return "none yet; start makes them once Withings is linked";
    if (seen.state === "unknown") throw new RetryLaterError("Withings could not be asked about them");
    if (seen.state === "active") return `Withings calls ${publicUrl}`;
    throw new UsageError(
      `Withings cannot reach ${publicUrl}: it must be https on port 443, with a name, and answer from outside. It is tried again once a day.`,
    );
  };
  return [{ name: `account ${account}, notifications`, run }];
}

async function accountChecks(app: App, { telegram, web }: Pick<Config, "telegram" | "web">, clock: Clock) {
  return (await app.accounts.list()).map((account) => {
    const id = account.telegramUserId;
    const now = clock.now();
    const overview = () =>
      overviewOf({ accounts: app.accounts, links: app.links, journals: app.journals, now }, account);
    const checks: Check[] = [
      {
        name: `account ${id}, Telegram`,
        run: async () => {
          if (telegram.allowedIds.includes(id)) return "may use the bot";
          throw new UsageError(`The bot does not serve ${id}: add the number to TELEGRAM_ALLOWED_IDS, with a comma.`);
        },
      },
      {
        name: `account ${id}, Withings`,
        run: async () => {
          const { displayName } = await app.tokens.link(id, "withings");
          await reached("Withings", () => app.run.source.changedSince(app.tokens.withAccess(id, "withings"), now));
          return `user ${displayName} answers`;
        },
      },
      ...notificationChecks(app, id, web.publicUrl),
      {
        name: `account ${id}, Garmin`,
        run: async () => {
          const { displayName } = await app.tokens.link(id, "garmin");
          if ((await reached("Garmin", () => app.uploadConsent(id))) === false)
            throw new ActionNeededError("grant_garmin_upload");
          return `${displayName} answers and takes uploads`;
        },
      },
      {
        name: `account ${id}, last run`,
        run: async () => {
          const { lastRun, links, timezone } = await overview();
          // The missing link has a line of its own.
          if (!lastRun && !(links.withings && links.garmin)) return "none yet; it needs both links";
          if (!lastRun) throw new UsageError(`There was no run yet. Run: npx weighbridge sync --account ${id}`);
          const { status, action } = lastRun.outcome;
          if (action) throw new ActionNeededError(action);
          if (status === "error") throw new Error("the last run broke");
          return messages.lastRun(lastRun, timezone, now);
        },
      },
    ];
    return { telegramUserId: id, checks };
  });
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
