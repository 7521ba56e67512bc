import { readLogLevel } from "../../config/config.ts";
import { type Environment, loadShell } from "../../config/environment.ts";
import type { Clock } from "../../lib/clock.ts";
import { createLog, type Log } from "../../lib/log.ts";
import type { Command, CommandOfProgram } from "../arguments.ts";
import { explain } from "../exit.ts";
import type { Terminal } from "../terminal.ts";
import { connectAws } from "./client.ts";
import { deployCommand } from "./deploy.ts";
import { doctorOfStage } from "./doctor-stage.ts";
import { type Npm, runNpm } from "./osls.ts";
import { removeCommand } from "./remove.ts";
import { setupCommand } from "./setup.ts";
import { checksBefore, DEFAULT_STAGE, environmentOf, findDeployment, type StageDeps, terminalOf } from "./stage.ts";

/** A command for a deployment. `perform` does those that are the same on one machine, in the environment of the functions. */
export async function onAws(
  command: Exclude<Command, { name: "help" | "version" }>,
  terminal: Terminal,
  { clock, write, npm = runNpm }: { clock: Clock; write: (line: string) => void; npm: Npm | undefined },
  perform: (command: CommandOfProgram, env: Environment, terminal: Terminal, log: Log) => Promise<number>,
): Promise<number> {
  const { stage = DEFAULT_STAGE } = command;
  const { shell, tablesMeant } = loadShell();
  const log = createLog({ level: readLogLevel(shell, "error"), write });
  const aws = await connectAws();
  const inStage = terminalOf(stage, terminal);
  const deps: StageDeps = { stage, shell, tablesMeant, aws, npm, terminal: inStage, clock, log };
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
        const deployment = await findDeployment(aws, stage);
        for (const check of checksBefore(deployment, aws, tablesMeant)) await check.run();
        return await perform(command, environmentOf(deployment, shell), inStage, log);
      }
    }
  } catch (error) {
    // Here, because what it names as the fix is for the same deployment too.
    return explain(error, inStage, log);
  } finally {
    aws.close();
  }
}
