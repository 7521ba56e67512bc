import * as z from "zod";
import { createTable } from "./app/open-stores.ts";
import type { CommandOfProgram } from "./cli/arguments.ts";
import { backupCommand, restoreCommand } from "./cli/backup.ts";
import { EXIT, explain } from "./cli/exit.ts";
import { type LoginDeps, loginGarmin, loginGarminByTicket, loginWithings } from "./cli/login.ts";
import { type CommandDeps, findAccount, withApp, withStore } from "./cli/open.ts";
import { reportCommand } from "./cli/report.ts";
import { statusCommand } from "./cli/status.ts";
import { dryRunCommand, syncCommand } from "./cli/sync.ts";
import type { Terminal } from "./cli/terminal.ts";
import { needed } from "./cli/words.ts";
import { readConfig, readLogLevel } from "./config/config.ts";
import { loadEnvironment } from "./config/environment.ts";
import { systemClock } from "./lib/clock.ts";
import { createLog } from "./lib/log.ts";

export { explain };

// Otherwise zod compiles each schema at its first use, which pays off only for one that is used often.
z.config({ jitless: true });

/** On this machine, with its own settings. */
export async function performHere(
  command: CommandOfProgram,
  { terminal, write }: { terminal: Terminal; write: (line: string) => void },
): Promise<number> {
  const env = loadEnvironment();
  const log = createLog({ level: readLogLevel(env, command.name === "start" ? "info" : "error"), write });
  try {
    return await perform(command, { env, terminal, clock: systemClock, log });
  } catch (error) {
    return explain(error, terminal, log);
  }
}

/** In any environment: a machine's, or that of a deployment's functions. What most of them don't need is loaded on demand. */
export async function perform(command: CommandOfProgram, deps: CommandDeps): Promise<number> {
  const { env, terminal, clock, log } = deps;
  switch (command.name) {
    case "demo": {
      const { runDemo } = await import("./sandbox/demo.ts");
      return runDemo(terminal);
    }
    case "start": {
      const { runServer } = await import("./start.ts");
      return runServer(env, { clock, log, isNew: command.isNew });
    }
    case "table create": {
      const { store } = readConfig(env, ["store", "logging"]);
      const outcome = await createTable(store, clock, log);
      return terminal.result({ table: store.tableName, outcome }, `The table ${store.tableName} is there.`);
    }
    case "account add":
      return addAccount(deps, command);
    case "account list":
      return listAccounts(deps);
    case "login withings":
      return withLogin(deps, ["withings", "withingsLogin"], command.account, (login) =>
        loginWithings(login, { comesBack: command.stage !== undefined }),
      );
    case "login garmin":
      return withLogin(deps, ["garmin"], command.account, (login) =>
        command.byTicket
          ? loginGarminByTicket(login, command)
          : loginGarmin(login, command.asAndroid ? "android" : "ios"),
      );
    case "sync":
      return sync(deps, command);
    case "status":
      return statusCommand(deps);
    case "doctor": {
      const { doctorCommand } = await import("./cli/doctor.ts");
      return doctorCommand(deps);
    }
    case "report":
      return reportCommand(deps, command);
    case "backup":
      return backupCommand(deps, command);
    case "restore":
      return restoreCommand(deps, command);
  }
}

type Of<N extends CommandOfProgram["name"]> = CommandOfProgram & { name: N };

const addAccount = (deps: CommandDeps, { telegramUserId, timezone }: Of<"account add">) =>
  withStore(
    deps,
    async ({ accounts }) => {
      const isNew = (await accounts.find(telegramUserId)) === undefined;
      await accounts.save(telegramUserId, { timezone });
      deps.terminal.result({ account: telegramUserId }, String(telegramUserId));
      if (isNew) deps.terminal.hint(`Added. Next: npx weighbridge login withings --account ${telegramUserId}`);
      return EXIT.success;
    },
    { makesStore: true },
  );

const listAccounts = (deps: CommandDeps) =>
  withStore(deps, async ({ accounts }) => {
    const all = await accounts.list();
    const list = all.map(({ telegramUserId, timezone = null }) => ({ account: telegramUserId, timezone }));
    const lines = list.map(({ account, timezone }) => (timezone ? `${account}  ${timezone}` : `${account}`));
    return deps.terminal.result({ accounts: list }, lines.join("\n") || needed("add_account"));
  });

function sync(deps: CommandDeps, { account, since, dryRun, goesOn }: Of<"sync">) {
  return withApp(deps, ["withings", "garmin"], async (app) => {
    const { accounts } = app.store;
    const isNamed = account !== undefined;
    const options = {
      accounts: isNamed ? [await findAccount(accounts, account)] : await accounts.list(),
      isNamed,
      since,
    };
    return dryRun ? dryRunCommand(app, deps.terminal, options) : syncCommand(app, deps.terminal, options, goesOn);
  });
}

const withLogin = (
  deps: CommandDeps,
  vendors: Parameters<typeof withApp>[1],
  id: number | undefined,
  work: (login: LoginDeps) => Promise<number>,
) =>
  withApp(
    deps,
    vendors,
    async (app) => {
      const { telegramUserId, timezone = "UTC" } = await findAccount(app.store.accounts, id);
      return work({ app, terminal: deps.terminal, account: telegramUserId, timezone });
    },
    { makesStore: true },
  );
