import path from "node:path";
import { backUp, restore } from "../app/backup.ts";
import { readConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import { EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  file: string;
  force: boolean;
}

export async function backupCommand(
  env: Environment,
  terminal: Terminal,
  { file, force }: Options,
  now: Date,
): Promise<number> {
  const { holdsKey } = await backUp(readConfig(env, ["store", "sealing"]), { file: path.resolve(file), force }, now);
  const key = holdsKey
    ? "It holds the key to your links: keep it as safe as a password."
    : "The key from SEALING_KEY is not in it: keep that one too.";
  terminal.result({ status: "success", file, holdsKey }, `Everything is in ${file}. ${key}`);
  return EXIT.success;
}

export async function restoreCommand(env: Environment, terminal: Terminal, { file, force }: Options): Promise<number> {
  const { madeAt } = await restore(readConfig(env, ["store", "sealing"]), { file: path.resolve(file), force });
  const minute = `${madeAt.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  terminal.result(
    { status: "success", file, madeAt: madeAt.toISOString() },
    [
      `Everything is again as it was on ${minute}.`,
      "What was sent to Garmin since then is recognised there, and not sent again.",
      "If Withings or Garmin has renewed your sign-in since then, the one in the backup is void: the bot asks you to sign in again.",
    ].join("\n"),
  );
  return EXIT.success;
}
