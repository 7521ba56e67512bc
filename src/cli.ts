import project from "../package.json" with { type: "json" };
import { isOfProgram, parseArguments, USAGE } from "./cli/arguments.ts";
import type { Npm } from "./cli/aws/osls.ts";
import { createTerminal, type Terminal } from "./cli/terminal.ts";
import type { Streams } from "./cli/terminal-input.ts";
import { stageKeptByNpm } from "./config/environment.ts";
import { systemClock } from "./lib/clock.ts";
import { UsageError } from "./lib/errors.ts";
import { createLog } from "./lib/log.ts";

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
  try {
    return await answer(args, terminal, io);
  } catch (error) {
    const { explain } = await import("./commands.ts");
    return explain(error, terminal, createLog({ level: "error", write: (line) => io.stderr.write(line) }));
  } finally {
    terminal.close();
  }
}

/** Loads what the command needs when it is known, so that help and version need next to nothing. */
async function answer(args: string[], terminal: Terminal, io: Io): Promise<number> {
  if (stageKeptByNpm()) {
    throw new UsageError("npm kept --stage for itself. Put two dashes before it, like: npm run deploy -- --stage test");
  }
  const command = parseArguments(args);
  if (command.name === "help") return terminal.result({ usage: USAGE }, USAGE);
  if (command.name === "version") return terminal.result({ version: project.version }, project.version);
  const { perform, performHere } = await import("./commands.ts");
  const write = (line: string) => io.stderr.write(line);
  if (isOfProgram(command) && command.stage === undefined) return performHere(command, { terminal, write });
  const { onAws } = await import("./cli/aws/on-aws.ts");
  return onAws(command, { terminal, clock: systemClock, write, npm: io.npm }, perform);
}

export async function run(): Promise<void> {
  // The reader of our output may stop reading, as in `weighbridge status | head -1`. That isn't our error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  process.exitCode = await main(process.argv.slice(2));
}
