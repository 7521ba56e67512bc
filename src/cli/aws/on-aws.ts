import { readLogLevel } from "../../config/config.ts";
import { loadShell } from "../../config/environment.ts";
import type { Clock } from "../../lib/clock.ts";
import { createLog } from "../../lib/log.ts";
import type { Command, CommandOfProgram } from "../arguments.ts";
import { explain } from "../exit.ts";
import type { CommandDeps } from "../open.ts";
import type { Terminal } from "../terminal.ts";
import { connectAws } from "./client.ts";
import { deployCommand } from "./deploy.ts";
import { type Npm, runNpm } from "./osls.ts";
import { removeCommand } from "./remove.ts";
import { setupCommand } from "./setup.ts";
import {
  checksBefore,
  DEFAULT_STAGE,
  doctorOfStage,
  environmentOf,
  findDeployment,
  type StageDeps,
  terminalOf,
} from "./stage.ts";

/** A command for a deployment. `perform` does those that are the same on one machine, in the environment of the functions. */
export async function onAws(
  command: Exclude<Command, { name: "help" | "version" }>,
  given: { terminal: Terminal; clock: Clock; write: (line: string) => void; npm: Npm | undefined },
  perform: (command: CommandOfProgram, deps: CommandDeps) => Promise<number>,
): Promise<number> {
  const { stage = DEFAULT_STAGE } = command;
  const { clock, write, npm = runNpm } = given;
  const { shell, tablesMeant } = loadShell();
  const log = createLog({ level: readLogLevel(shell, "error"), write });
  const aws = await connectAws();
  const terminal = terminalOf(stage, given.terminal);
  const deps: StageDeps = { stage, shell, tablesMeant, aws, npm, terminal, clock, log };
  try {
    switch (command.name) {
      case "setup":
        return await setupCommand(deps);
      case "deploy":
        return await deployCommand(deps);
      case "remove":
        return await removeCommand(deps, command);
      case "doctor":
        return await doctorOfStage(deps);
      default: {
        const deployment = await findDeployment(deps);
        for (const check of checksBefore(deployment, deps)) await check.run();
        return await perform(command, { env: environmentOf(deployment, shell), terminal, clock, log });
      }
    }
  } catch (error) {
    // Here and not in `main`, because the fix it names has to name the stage too.
    return explain(error, terminal, log);
  } finally {
    aws.close();
  }
}
