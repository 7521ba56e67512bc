import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The tools are those of this project, wherever the command is run. */
const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Makes what is deployed, without any credentials: bundles, archives and the template. */
export const packaged = () => npm(["run", "package"]);

/** Whether AWS would understand the template. */
export const validated = () => npm(["run", "validate"]);

/** `osls <command>` for a stage; whatever it says goes to standard error, and none of its arguments is a secret. */
export function osls(
  command: "deploy" | "remove",
  { stage, region, more = [] }: { stage: string; region: string; more?: string[] },
): Promise<boolean> {
  return npm(["exec", "--no", "--", "osls", command, "--stage", stage, "--region", region, ...more]);
}

/** Every tool is run by the npm on the PATH; a test puts another one there. True when it ended well. */
async function npm(args: string[]): Promise<boolean> {
  const child = spawn("npm", args, { cwd: PROJECT, stdio: ["ignore", process.stderr, process.stderr] });
  const [code] = await once(child, "exit");
  return code === 0;
}
