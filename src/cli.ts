import project from "../package.json" with { type: "json" };
import { createTable } from "./app/open-stores.ts";
import { type CommandOfProgram, isOfProgram, parseArguments, USAGE } from "./cli/arguments.ts";
import type { Npm } from "./cli/aws/osls.ts";
import { backupCommand, restoreCommand } from "./cli/backup.ts";
import { doctorCommand } from "./cli/doctor.ts";
import { EXIT, explain } from "./cli/exit.ts";
import { type LoginDeps, loginGarmin, loginGarminByTicket, loginWithings } from "./cli/login.ts";
import { type CommandDeps, findAccount, withApp, withStore } from "./cli/open.ts";
import { reportCommand } from "./cli/report.ts";
import { statusCommand } from "./cli/status.ts";
import { dryRunCommand, syncCommand } from "./cli/sync.ts";
import { createTerminal, type Streams } from "./cli/terminal.ts";
import { needed } from "./cli/words.ts";
import { readConfig, readLogLevel } from "./config/config.ts";
import { loadEnvironment, stageKeptByNpm } from "./config/environment.ts";
import { systemClock } from "./lib/clock.ts";
import { UsageError } from "./lib/errors.ts";
import { createLog } from "./lib/log.ts";

const clock = systemClock;

interface Io extends Streams {
  /** In place of the npm on the PATH. */
  npm?: Npm | undefined;
}

/**
 * Runs a command line and returns its exit code. Never throws. Standard output carries the result, standard error everything
 * else.
 */
export async function main(args: string[], io: Io = process): Promise<number> {
  // Before the arguments are understood: even an error in them is answered in JSON.
  const terminal = createTerminal(args.includes("--json"), io);
  const write = (line: string) => io.stderr.write(line);
  let log = createLog({ level: "error", write });
  try {
    if (stageKeptByNpm()) {
      throw new UsageError(
        "npm kept --stage for itself. Put two dashes before it, like: npm run deploy -- --stage test",
      );
    }
    const command = parseArguments(args);
    if (command.name === "help") return terminal.result({ usage: USAGE }, USAGE);
    if (command.name === "version") return terminal.result({ version: project.version }, project.version);
    if (!isOfProgram(command) || command.stage !== undefined) {
      // Loaded on demand: most people have no deployment.
      const { onAws } = await import("./cli/aws/on-aws.ts");
      return await onAws(command, { terminal, clock, write, npm: io.npm }, perform);
    }
    const env = loadEnvironment();
    log = createLog({ level: readLogLevel(env, command.name === "start" ? "info" : "error"), write });
    return await perform(command, { env, terminal, clock, log });
  } catch (error) {
    return explain(error, terminal, log);
  } finally {
    terminal.close();
  }
}

async function perform(command: CommandOfProgram, deps: CommandDeps): Promise<number> {
  const { env, terminal, log } = deps;
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
      return withStore(
        deps,
        async ({ accounts }) => {
          const { telegramUserId, timezone } = command;
          const isNew = (await accounts.find(telegramUserId)) === undefined;
          await accounts.save(telegramUserId, { timezone });
          terminal.result({ account: telegramUserId }, String(telegramUserId));
          if (isNew) terminal.hint(`Added. Next: npx weighbridge login withings --account ${telegramUserId}`);
          return EXIT.success;
        },
        { makesStore: true },
      );
    case "account list":
      return withStore(deps, async ({ accounts }) => {
        const all = await accounts.list();
        const list = all.map(({ telegramUserId, timezone = null }) => ({ account: telegramUserId, timezone }));
        const lines = list.map(({ account, timezone }) => (timezone ? `${account}  ${timezone}` : `${account}`));
        return terminal.result({ accounts: list }, lines.join("\n") || needed("add_account"));
      });
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
      return withApp(deps, ["withings", "garmin"], async (app) => {
        const { account, since, dryRun, goesOn } = command;
        const { accounts } = app.store;
        const isNamed = account !== undefined;
        const options = {
          accounts: isNamed ? [await findAccount(accounts, account)] : await accounts.list(),
          isNamed,
          since,
        };
        return dryRun ? dryRunCommand(app, terminal, options) : syncCommand(app, terminal, options, goesOn);
      });
    case "status":
      return statusCommand(deps);
    case "doctor":
      return doctorCommand(deps);
    case "report":
      return reportCommand(deps, command);
    case "backup":
      return backupCommand(deps, command);
    case "restore":
      return restoreCommand(deps, command);
  }
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

export async function run(): Promise<void> {
  // The reader of our output may stop reading, as in `weighbridge status | head -1`. That isn't our error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  process.exitCode = await main(process.argv.slice(2));
}
