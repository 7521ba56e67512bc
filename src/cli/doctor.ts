import { type App, createApp } from "../app/app.ts";
import type { Audience, ChecksDeps } from "../app/check-context.ts";
import { checksOf } from "../app/doctor-checks.ts";
import { openStore } from "../app/open-stores.ts";
import { SERVICE_SECTIONS } from "../app/service.ts";
import { storeCheck } from "../app/store-check.ts";
import type { Words } from "../bot/words/words.ts";
import { readConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { Clock } from "../lib/clock.ts";
import { ActionNeededError, RetryLaterError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Account } from "../sync/model/account.ts";
import { type Check, type Finding, type Line, runChecks, thingsToDo, type Verdict } from "../sync/status/checks.ts";
import { EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";
import { explainSentence, needed, terminalWords } from "./words.ts";

const MARK_WIDTH = 7;
/** For what tells no time. */
const WORDS = terminalWords("UTC", new Date(0));

/** Checks every precondition live; each line with its fix is printed as soon as it and those above it are known. */
export async function doctorCommand(
  env: Environment,
  terminal: Terminal,
  deps: { clock: Clock; log: Log },
  /** What else has to be right before anything can be asked, and what else is checked. */
  more: { before: Check[]; beside: Check[] } = { before: [], beside: [] },
): Promise<number> {
  const findings: Finding[] = [];
  const underWay: Array<Promise<void>> = [];
  const examineAndSay: Examine = async (...groups) => {
    const lines = groups.map((): Line[] => []);
    const said = groups.map(() => 0);
    const sayWhatIsNext = () => {
      for (const [index, { checks }] of groups.entries()) {
        let at = said[index] ?? 0;
        for (let next = lines[index]?.[at]?.finding; next; next = lines[index]?.[at]?.finding) {
          terminal.say(`${WORDS.doctor.mark[next.verdict].padEnd(MARK_WIDTH)} ${next.check}: ${next.text}`);
          at++;
        }
        said[index] = at;
        if (at < checks.length) return;
      }
    };
    const examinations = await Promise.all(
      groups.map(({ checks, account }, index) =>
        runChecks(checks, {
          sentence: sentence(account),
          noAnswer: WORDS.doctor.noAnswer,
          onProgress(now) {
            lines[index] = now;
            sayWhatIsNext();
          },
        }),
      ),
    );
    for (const { findings: found, ended } of examinations) {
      findings.push(...found);
      underWay.push(ended);
    }
  };

  await examineAndSay({ checks: [...more.before, ...configurationChecks(env, deps)] });
  let app: App | undefined;
  try {
    if (findings.every(({ verdict }) => verdict === "ok")) {
      const { schedule, ...config } = readConfig(env, SECTIONS);
      const opened = createApp(config, deps);
      app = await opened.catch(() => undefined);
      if (app) {
        const { syncIntervalMinutes } = schedule;
        await examineAll({ ...deps, ...config, app, syncIntervalMinutes }, more.beside, examineAndSay);
      } else {
        // The store could be opened just now, so it is the key that is wrong.
        const { sealing } = WORDS.doctor.check;
        const key: Check = { name: sealing, asks: WORDS.doctor.ownStore, run: () => opened.then(() => "") };
        await examineAndSay({ checks: [key] });
      }
    }
    const conclusion = WORDS.doctor.conclusion(thingsToDo(findings));
    terminal.result({ status: statusOf(findings), checks: findings }, `\n${conclusion}`);
    return exitOf(findings);
  } finally {
    await Promise.all(underWay);
    await app?.close();
  }
}

/** Checks that belong together, of the program or of one account. */
interface Group {
  checks: Check[];
  account?: number;
}
/** Examines these side by side, and prints what it finds in their order. */
type Examine = (...groups: Group[]) => Promise<void>;

/** A vendor takes a few requests at once, and a wait for its turn is not its silence. */
const ACCOUNTS_AT_ONCE = 5;

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
      asks: WORDS.doctor.ownStore,
      run: async () => {
        readConfig(env, SERVICE_SECTIONS);
        return WORDS.doctor.complete;
      },
    },
    {
      name: WORDS.doctor.check.store,
      asks: WORDS.doctor.ownStore,
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

async function examineAll(
  deps: ChecksDeps & { app: App; telegram: { allowedIds: number[] } },
  beside: Check[],
  examineAndSay: Examine,
): Promise<void> {
  const { app, telegram } = deps;
  const { ownStore, check } = WORDS.doctor;
  const { operation, signIn } = checksOf(deps, WORDS, manner());
  const accounts = await app.store.accounts.list();
  const none: Check = {
    name: check.accounts,
    asks: ownStore,
    run: () => Promise.reject(new ActionNeededError("add_account")),
  };
  const groups: Group[] = [{ checks: [...beside, ...operation, signIn, ...(accounts.length === 0 ? [none] : [])] }];
  for (const account of accounts) {
    const id = account.telegramUserId;
    const words = await wordsAt(deps, account);
    const mayUse: Check = {
      name: manner(id).nameOf(check.telegram),
      asks: ownStore,
      run: async () => {
        if (!telegram.allowedIds.includes(id) && !(await app.store.people.isInvited(id)))
          return { verdict: "operator", text: WORDS.doctor.mayNotUse(id) };
        if (account.blockedAt)
          return { verdict: "owner", text: WORDS.doctor.blocksBot(words.format.time(account.blockedAt)) };
        return WORDS.doctor.mayUse;
      },
    };
    const own = checksOf(deps, words, manner(id));
    // A store that cannot be read has a line of its own.
    const rest = await own.signInRest(account).catch(() => undefined);
    const rests = rest ? [{ name: manner(id).nameOf(check.garminSignIn), asks: ownStore, run: async () => rest }] : [];
    groups.push({ checks: [mayUse, ...rests, ...(await own.of(account))], account: id });
  }
  while (groups.length > 0) await examineAndSay(...groups.splice(0, ACCOUNTS_AT_ONCE + 1));
}

function manner(account?: number): Audience {
  return {
    nameOf: (check) => `account ${account}, ${check}`,
    detail: ({ message }) => ` (${message})`,
    noRunYet: {
      verdict: "operator",
      text: `There was no sync yet. Run: npx weighbridge sync --account ${account}`,
    },
    needed: (action) => needed(action, account),
    status: "npx weighbridge status",
    hasClockLine: true,
  };
}

/** With times in the zone of the account, where that can be read. */
async function wordsAt({ app, clock }: { app: App; clock: Clock }, account: Account): Promise<Words> {
  const seen = await app.overviews.of(account).catch(() => undefined);
  return terminalWords(seen?.timezone ?? "UTC", clock.now());
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
