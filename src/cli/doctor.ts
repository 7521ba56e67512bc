import { type App, createApp } from "../app.ts";
import type { Words } from "../bot/words/words.ts";
import { type ChecksDeps, checksOf, type Manner, storeCheck } from "../checks.ts";
import type { Clock } from "../clock.ts";
import { type Environment, readConfig } from "../config.ts";
import { ActionNeededError, RetryLaterError } from "../errors.ts";
import type { Log } from "../log.ts";
import { SERVICE_SECTIONS } from "../service.ts";
import { openStore } from "../stores.ts";
import { type Check, examine, type Finding, thingsToDo, type Verdict } from "../sync/doctor.ts";
import { overviewOf } from "../sync/overview.ts";
import { EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";
import { explainSentence, terminalWords } from "./words.ts";

const MARK_WIDTH = 7;
/** For what tells no time. */
const WORDS = terminalWords("UTC", new Date(0));

/** Checks every precondition live, one line each with the mend. */
export async function doctorCommand(
  env: Environment,
  terminal: Terminal,
  deps: { clock: Clock; log: Log },
  /** What else has to be right before anything can be asked, and what else is checked. */
  more: { before: Check[]; beside: Check[] } = { before: [], beside: [] },
): Promise<number> {
  const findings = await examine([...more.before, ...configurationChecks(env, deps)], sentence());
  if (findings.every(({ verdict }) => verdict === "ok")) {
    const { schedule, ...config } = readConfig(env, SECTIONS);
    const opened = createApp(config, deps);
    // The store could be opened just now, so it is the key that is wrong.
    const key = { name: WORDS.doctor.check.sealing, run: () => opened.then(() => "") };
    const [trouble] = (await examine([key], sentence())).filter(({ verdict }) => verdict !== "ok");
    if (trouble) findings.push(trouble);
    else {
      const app = await opened;
      try {
        findings.push(...(await examine(more.beside, sentence())));
        const { syncIntervalMinutes } = schedule;
        findings.push(...(await examineAll({ ...deps, ...config, app, syncIntervalMinutes })));
      } finally {
        await app.close();
      }
    }
  }
  const lines = findings.map(
    ({ check, verdict, text }) => `${WORDS.doctor.mark[verdict].padEnd(MARK_WIDTH)} ${check}: ${text}`,
  );
  const conclusion = WORDS.doctor.conclusion(thingsToDo(findings));
  terminal.result({ status: statusOf(findings), checks: findings }, [...lines, "", conclusion].join("\n"));
  return exitOf(findings);
}

const SECTIONS = ["store", "sealing", "withings", "garmin", "telegram", "schedule", "web"] as const;

/** An outage is said with whom it concerns: the checks below name the vendor. */
function sentence(account?: number) {
  return (error: unknown) =>
    error instanceof RetryLaterError ? `${error.message}. Try again later.` : explainSentence(error, account);
}

/** What has to be right before anything can be asked. */
function configurationChecks(env: Environment, deps: { clock: Clock; log: Log }): Check[] {
  return [
    {
      name: WORDS.doctor.check.configuration,
      run: async () => {
        readConfig(env, SERVICE_SECTIONS);
        return WORDS.doctor.complete;
      },
    },
    {
      name: WORDS.doctor.check.store,
      run: async () => {
        const { store } = readConfig(env, ["store"]);
        const opened = await openStore(store, deps);
        try {
          return await storeCheck(store, () => opened.accounts.list(), WORDS).run();
        } finally {
          await opened.close();
        }
      },
    },
  ];
}

async function examineAll(deps: ChecksDeps & { app: App; telegram: { allowedIds: number[] } }): Promise<Finding[]> {
  const { app, telegram } = deps;
  const { operation, general } = checksOf(deps, WORDS, manner());
  const accounts = await app.accounts.list();
  const none: Check = {
    name: WORDS.doctor.check.accounts,
    run: () => Promise.reject(new ActionNeededError("add_account")),
  };
  const findings = await examine([...operation, ...general, ...(accounts.length === 0 ? [none] : [])], sentence());
  for (const account of accounts) {
    const id = account.telegramUserId;
    const mayUse: Check = {
      name: manner(id).nameOf(WORDS.doctor.check.telegram),
      run: async () =>
        telegram.allowedIds.includes(id) || (await app.people.isInvited(id))
          ? WORDS.doctor.mayUse
          : { verdict: "operator", text: WORDS.doctor.mayNotUse(id) },
    };
    const own = await checksOf(deps, await wordsAt(deps, account), manner(id)).of(account);
    findings.push(...(await examine([mayUse, ...own], sentence(id))));
  }
  return findings;
}

function manner(account?: number): Manner {
  return {
    nameOf: (check) => `account ${account}, ${check}`,
    detail: ({ message }) => ` (${message})`,
    noRunYet: {
      verdict: "operator",
      text: `There was no sync yet. Run: npx weighbridge sync --account ${account}`,
    },
  };
}

/** With times in the zone of the account, where that can be read. */
async function wordsAt(
  { app, clock }: { app: App; clock: Clock },
  account: Parameters<typeof overviewOf>[1],
): Promise<Words> {
  const now = clock.now();
  const seen = await overviewOf({ ...app, now }, account).catch(() => undefined);
  return terminalWords(seen?.timezone ?? "UTC", now);
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
