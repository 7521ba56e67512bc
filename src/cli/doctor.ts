import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type App, createApp } from "../app/app.ts";
import type { Audience, ChecksDeps } from "../app/check-context.ts";
import { checksOf } from "../app/doctor-checks.ts";
import { isStoreMade } from "../app/open-stores.ts";
import { SERVICE_SECTIONS } from "../app/service.ts";
import { storeCheck } from "../app/store-check.ts";
import { doctorWords } from "../bot/words/doctor.ts";
import type { Words } from "../bot/words/words.ts";
import { readConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { Clock } from "../lib/clock.ts";
import { ActionNeededError, RetryLaterError } from "../lib/errors.ts";
import type { Account } from "../sync/model/account.ts";
import { type Check, type Finding, runChecks, thingsToDo, type Verdict } from "../sync/status/checks.ts";
import { EXIT } from "./exit.ts";
import { type CommandDeps, checkStore, withStoreAt } from "./open.ts";
import type { Terminal } from "./terminal.ts";
import { explainSentence, needed, terminalWords } from "./words.ts";

const MARK_WIDTH = 7;
const WORDS = terminalWords("UTC", new Date(0));
const SAY = doctorWords(WORDS);

export async function doctorCommand(
  deps: CommandDeps,
  more: { before: Check[]; beside: Check[] } = { before: [], beside: [] },
): Promise<number> {
  const { env, terminal } = deps;
  const examination = new Examination(terminal);
  const { findings } = examination;
  await examination.examine({ checks: [...more.before, ...configurationChecks(deps)] });
  const isStoreLine = ({ check }: Finding) => check === SAY.check.store;
  let app: App | undefined;
  let emptyFolder: string | undefined;
  try {
    const isNew = !findings.some((it) => it.verdict !== "ok" && !isStoreLine(it)) && isWithoutData(env);
    if (isNew || findings.every(({ verdict }) => verdict === "ok")) {
      const { schedule, ...config } = readConfig(env, SECTIONS);
      if (isNew && config.store.engine === "sqlite") {
        emptyFolder = mkdtempSync(path.join(tmpdir(), "weighbridge-doctor-"));
        config.store.dataDir = emptyFolder;
      }
      const opened = createApp(config, deps);
      app = await opened.catch(() => undefined);
      if (app) {
        await examineAll({ ...deps, ...config, ...schedule, app, isNew }, more.beside, examination);
      } else {
        // The store could be opened just now, so it is the key that is wrong.
        await examination.examine({ checks: [ownCheck("sealing", () => opened.then(() => ""))] });
      }
    }
    const conclusion = SAY.conclusion(thingsToDo(findings));
    const { status, exit } = outcomeOf(findings);
    return terminal.result({ status, checks: findings }, `\n${conclusion}`, exit);
  } finally {
    await examination.ended();
    await app?.close();
    if (emptyFolder) rmSync(emptyFolder, { recursive: true, force: true });
  }
}

/** Before the first start, what doesn't depend on the data is checked with a store that is thrown away. */
const isWithoutData = (env: Environment) => !isStoreMade(readConfig(env, ["store"]).store);

interface Group {
  checks: Check[];
  account?: number;
}

class Examination {
  readonly findings: Finding[] = [];
  readonly #terminal: Terminal;
  readonly #ended: Array<Promise<void>> = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Side by side. Each line is printed as soon as it and those above it are known. */
  async examine(...groups: Group[]): Promise<void> {
    const found: Array<Array<Finding | undefined>> = groups.map(({ checks }) => checks.map(() => undefined));
    let printed = 0;
    const printKnown = () => {
      const all = found.flat();
      for (let next = all[printed]; next; next = all[++printed]) {
        this.#terminal.say(`${SAY.mark[next.verdict].padEnd(MARK_WIDTH)} ${next.check}: ${next.text}`);
      }
    };
    const reports = await Promise.all(
      groups.map(({ checks, account }, index) =>
        runChecks(checks, {
          sentence: sentence(account),
          noAnswer: SAY.noAnswer,
          onProgress(lines) {
            found[index] = lines.map(({ finding }) => finding);
            printKnown();
          },
        }),
      ),
    );
    this.findings.push(...reports.flatMap(({ findings }) => findings));
    this.#ended.push(...reports.map(({ ended }) => ended));
  }

  async ended(): Promise<void> {
    await Promise.all(this.#ended);
  }
}

/** More would wait for their turn at a vendor, and look like a vendor that doesn't answer. */
const ACCOUNTS_AT_ONCE = 5;

const SECTIONS = ["store", "sealing", "withings", "garmin", "telegram", "schedule", "web"] as const;

/** An outage names no action: the checks below name the vendor. */
function sentence(account?: number) {
  return (error: unknown) =>
    error instanceof RetryLaterError ? `${error.message}. Try again later.` : explainSentence(error, account);
}

const ownCheck = (name: keyof typeof SAY.check, run: Check["run"]): Check => ({
  name: SAY.check[name],
  asks: SAY.ownStore,
  run,
});

function configurationChecks(deps: CommandDeps): Check[] {
  return [
    ownCheck("configuration", async () => {
      readConfig(deps.env, SERVICE_SECTIONS);
      return SAY.complete;
    }),
    ownCheck("store", async () => {
      const { store } = readConfig(deps.env, ["store"]);
      checkStore(store);
      return withStoreAt(store, deps, ({ accounts }) => storeCheck(store, () => accounts.list(), WORDS).run());
    }),
  ];
}

type ExamineDeps = ChecksDeps & { app: App; isNew: boolean; telegram: { allowedIds: number[] } };

async function examineAll(deps: ExamineDeps, beside: Check[], examination: Examination): Promise<void> {
  const accounts = await deps.app.store.accounts.list();
  const { operation, signIn } = checksOf(deps, WORDS, manner());
  const none = ownCheck("accounts", () => Promise.reject(new ActionNeededError("add_account")));
  const isStored = ({ name }: Check) => name === SAY.check.sealing;
  const groups: Group[] = [
    deps.isNew
      ? { checks: [...operation.filter((it) => !isStored(it)), signIn] }
      : { checks: [...beside, ...operation, signIn, ...(accounts.length === 0 ? [none] : [])] },
  ];
  for (const account of accounts) groups.push(await groupOf(deps, account));
  while (groups.length > 0) await examination.examine(...groups.splice(0, ACCOUNTS_AT_ONCE + 1));
}

async function groupOf(deps: ExamineDeps, account: Account): Promise<Group> {
  const { app, telegram } = deps;
  const id = account.telegramUserId;
  const { nameOf } = manner(id);
  const words = await wordsAt(deps, account);
  const own = checksOf(deps, words, manner(id));
  const mayUse = ownCheck("telegram", async () => {
    if (!telegram.allowedIds.includes(id) && !(await app.store.people.isInvited(id)))
      return { verdict: "operator", text: SAY.mayNotUse(id) };
    if (account.blockedAt) return { verdict: "owner", text: SAY.blocksBot(words.format.time(account.blockedAt)) };
    return SAY.mayUse;
  });
  const rest = await own.signInRest(account).catch(() => undefined);
  const rests = rest ? [ownCheck("garminSignIn", async () => rest)] : [];
  const named = [mayUse, ...rests].map((check) => ({ ...check, name: nameOf(check.name) }));
  return { checks: [...named, ...(await own.of(account))], account: id };
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

function outcomeOf(findings: Finding[]): { status: string; exit: number } {
  const has = (verdict: Verdict) => findings.some((finding) => finding.verdict === verdict);
  if (has("operator")) return { status: "error", exit: EXIT.usage };
  if (has("broken")) return { status: "error", exit: EXIT.error };
  if (has("owner")) return { status: "action_needed", exit: EXIT.actionNeeded };
  return has("later") ? { status: "retry_later", exit: EXIT.retryLater } : { status: "success", exit: EXIT.success };
}
