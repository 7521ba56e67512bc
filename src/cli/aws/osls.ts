import { spawn } from "node:child_process";
import { once } from "node:events";
import { UsageError } from "../../lib/errors.ts";
import { PROJECT_ROOT } from "../../lib/project-root.ts";

/** Runs npm with these arguments; true if it ended well. */
export type Npm = (args: string[]) => Promise<boolean>;

interface Deps {
  stage: string;
  aws: { region: string };
  npm: Npm;
}

/** Makes the bundles, archives and template, without any credentials. No argument in `more` may be a secret. */
export const packaged = (deps: Deps, more: string[]) => deps.npm(["run", "package", "--", ...target(deps), ...more]);

export const validated = ({ npm }: Deps) => npm(["run", "validate"]);

export const osls = (deps: Deps, command: "deploy" | "remove", more: string[] = []) =>
  deps.npm(["exec", "--no", "--", "osls", command, ...target(deps), ...more]);

const target = ({ stage, aws }: Deps) => ["--stage", stage, "--region", aws.region];

/**
 * The npm on the PATH. Its output goes to standard error, because it isn't a result. Ctrl-C reaches it directly; we wait until
 * it has ended.
 */
export async function runNpm(args: string[]): Promise<boolean> {
  let isStopped = false;
  const stop = () => {
    isStopped = true;
  };
  process.on("SIGINT", stop);
  try {
    const child = spawn("npm", args, { cwd: PROJECT_ROOT, stdio: ["ignore", process.stderr, process.stderr] });
    const [code] = await once(child, "exit");
    if (isStopped) {
      throw new UsageError(
        "Stopped. AWS finishes what it has started. Run the same command again when you like: it goes on from there.",
      );
    }
    return code === 0;
  } finally {
    process.off("SIGINT", stop);
  }
}
