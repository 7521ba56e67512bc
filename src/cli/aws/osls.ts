import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { UsageError } from "../../lib/errors.ts";

/** The tools are those of this project, wherever the command is run. */
const PROJECT = fileURLToPath(new URL("../../..", import.meta.url));

export interface Target {
  stage: string;
  region: string;
  /** Further arguments, none of them a secret. */
  more?: string[];
}

/** Makes what is deployed, without any credentials: bundles, archives and the template. */
export const packaged = (target: Target) => npm(["run", "package", "--", ...argumentsOf(target)]);

/** Whether AWS would understand the template that was made. */
export const validated = () => npm(["run", "validate"]);

export const osls = (command: "deploy" | "remove", target: Target) =>
  npm(["exec", "--no", "--", "osls", command, ...argumentsOf(target)]);

const argumentsOf = ({ stage, region, more = [] }: Target) => ["--stage", stage, "--region", region, ...more];

/**
 * Every tool is run by the npm on the PATH; a test puts another one there. What it says goes to standard error, where it is no
 * result. True when it ended well. Ctrl-C reaches the tool by itself; here it is waited for until it has ended.
 */
async function npm(args: string[]): Promise<boolean> {
  let isStopped = false;
  const stop = () => {
    isStopped = true;
  };
  process.on("SIGINT", stop);
  try {
    const child = spawn("npm", args, { cwd: PROJECT, stdio: ["ignore", process.stderr, process.stderr] });
    const [code] = await once(child, "exit");
    if (isStopped) {
      throw new UsageError(
        "Stopped. What AWS had begun it brings to an end by itself. Run the same command again when you like: it goes on from there.",
      );
    }
    return code === 0;
  } finally {
    process.off("SIGINT", stop);
  }
}
