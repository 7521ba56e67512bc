import path from "node:path";
import { backUp, restore } from "../app/backup.ts";
import { readConfig } from "../config/config.ts";
import type { CommandDeps } from "./open.ts";

interface Options {
  file: string;
  force: boolean;
}

export async function backupCommand({ env, terminal, clock }: CommandDeps, { file, force }: Options): Promise<number> {
  const to = { file: path.resolve(file), force };
  const { holdsKey } = await backUp(readConfig(env, ["store", "sealing", "logging"]), to, clock.now());
  const key = holdsKey
    ? "It contains the key to your links: keep it as safe as a password."
    : "The key in SEALING_KEY isn’t in it: keep that one too.";
  return terminal.result({ status: "success", file, holdsKey }, `The backup is in ${file}. ${key}`);
}

export async function restoreCommand({ env, terminal }: CommandDeps, { file, force }: Options): Promise<number> {
  const { madeAt } = await restore(readConfig(env, ["store", "sealing", "logging"]), {
    file: path.resolve(file),
    force,
  });
  const minute = `${madeAt.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return terminal.result(
    { status: "success", file, madeAt: madeAt.toISOString() },
    [
      `Everything is as it was on ${minute}.`,
      "What was sent to Garmin since then is recognised there, and not sent again.",
      "If Withings or Garmin has renewed your sign-in since then, the one in the backup no longer works: the bot asks you to sign in again.",
    ].join("\n"),
  );
}
