import project from "../package.json" with { type: "json" };
import { createTable } from "./app/open-stores.ts";
import { type CommandOfProgram, isOfProgram, parseArguments, USAGE } from "./cli/arguments.ts";
import type { Npm } from "./cli/aws/osls.ts";
import { backupCommand, restoreCommand } from "./cli/backup.ts";
import { doctorCommand } from "./cli/doctor.ts";
import { EXIT, explain } from "./cli/exit.ts";
import { loginGarmin, loginGarminByTicket, loginWithings } from "./cli/login.ts";
import { findAccount, withApp, withStore } from "./cli/open.ts";
import { reportCommand } from "./cli/report.ts";
import { statusCommand } from "./cli/status.ts";
import { dryRunCommand, syncCommand } from "./cli/sync.ts";
import { createTerminal, type Streams, type Terminal } from "./cli/terminal.ts";
import { needed } from "./cli/words.ts";
import { readConfig, readLogLevel } from "./config/config.ts";
import { type Environment, loadEnvironment, stageKeptByNpm } from "./config/environment.ts";
import { systemClock } from "./lib/clock.ts";
import { UsageError } from "./lib/errors.ts";
import { createLog, type Log } from "./lib/log.ts";

/** One command line for people: set up, repair, run. Standard output carries results, everything else is on standard error. */
const clock = systemClock;

interface Io extends Streams {
  /** In place of the npm on the PATH. */
  npm?: Npm | undefined;
}

/** Runs a command line and returns its exit code. Never throws. */
export async function main(args: string[], { stdin, stdout, stderr, npm }: Io = process): Promise<number> {
  // Before the arguments are understood: even a wrong one is answered where the caller listens.
  const json = args.includes("--json");
  const terminal = createTerminal({ json, input: stdin, output: stdout, errors: stderr });
  const write = (line: string) => stderr.write(line);
  let log = createLog({ level: "error", write });
  try {
    if (stageKeptByNpm()) {
      throw new UsageError(
        "npm kept --stage for itself. Put two dashes before it, like: npm run deploy -- --stage test",
      );
    }
    const command = parseArguments(args);
    if (command.name === "help") {
      terminal.result({ usage: USAGE }, USAGE);
      return EXIT.success;
    }
    if (command.name === "version") {
      terminal.result({ version: project.version }, project.version);
      return EXIT.success;
    }
    if (!isOfProgram(command) || command.stage !== undefined) {
      // Loaded on demand: most people have no deployment.
      const { onAws } = await import("./cli/aws/on-aws.ts");
      return await onAws(command, terminal, { clock, write, npm }, perform);
    }
    const env = loadEnvironment();
    log = createLog({ level: readLogLevel(env, command.name === "start" ? "info" : "error"), write });
    return await perform(command, env, terminal, log);
  } catch (error) {
    return explain(error, terminal, log);
  } finally {
    terminal.close();
  }
}

async function perform(command: CommandOfProgram, env: Environment, terminal: Terminal, log: Log): Promise<number> {
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
      const { store } = readConfig(env, ["store"]);
      const outcome = await createTable(store, clock, log);
      terminal.result({ table: store.tableName, outcome }, `The table ${store.tableName} is there.`);
      return EXIT.success;
    }
    case "account add":
      return withStore(env, { clock, log }, async ({ accounts }) => {
        const { telegramUserId, timezone } = command;
        const isNew = (await accounts.find(telegramUserId)) === undefined;
        await accounts.save(telegramUserId, { timezone });
        terminal.result({ account: telegramUserId }, String(telegramUserId));
        if (isNew) terminal.hint(`Added. Next: npx weighbridge login withings --account ${telegramUserId}`);
        return EXIT.success;
      });
    case "account list":
      return withStore(env, { clock, log }, async ({ accounts }) => {
        const all = await accounts.list();
        const list = all.map(({ telegramUserId, timezone }) => ({
          account: telegramUserId,
          timezone: timezone ?? null,
        }));
        const text = list
          .map(({ account, timezone }) => (timezone ? `${account}  ${timezone}` : `${account}`))
          .join("\n");
        terminal.result({ accounts: list }, text || needed("add_account"));
        return EXIT.success;
      });
    case "login withings":
      return withApp(env, { clock, log }, ["withings", "withingsLogin"], async (app) => {
        const { telegramUserId } = await findAccount(app.store.accounts, command.account);
        return loginWithings(app, terminal, telegramUserId, { comesBack: command.stage !== undefined });
      });
    case "login garmin":
      return withApp(env, { clock, log }, ["garmin"], async (app) => {
        const { telegramUserId, timezone = "UTC" } = await findAccount(app.store.accounts, command.account);
        const { byTicket, asAndroid, asSomebodyElse } = command;
        return byTicket
          ? loginGarminByTicket(app, terminal, telegramUserId, { timezone, asSomebodyElse })
          : loginGarmin(app, terminal, telegramUserId, { timezone, client: asAndroid ? "android" : "ios" });
      });
    case "sync":
      return withApp(env, { clock, log }, ["withings", "garmin"], async (app) => {
        const { account, since, dryRun, goesOn } = command;
        const accounts =
          account === undefined ? await app.store.accounts.list() : [await findAccount(app.store.accounts, account)];
        const options = { account, since, goesOn, now: clock.now() };
        return dryRun ? dryRunCommand(app, terminal, accounts, options) : syncCommand(app, terminal, accounts, options);
      });
    case "status":
      return statusCommand(env, terminal, { clock, log });
    case "doctor":
      return doctorCommand(env, terminal, { clock, log });
    case "report":
      return reportCommand(env, terminal, command, { clock, log });
    case "backup":
      return backupCommand(env, terminal, command, clock.now());
    case "restore":
      return restoreCommand(env, terminal, command);
  }
}

/** The command line of this process, from its arguments to its exit code. */
export async function run(): Promise<void> {
  // The reader of our output has stopped reading, as in `weighbridge status | head -1`. That isn't our error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  process.exitCode = await main(process.argv.slice(2));
}
