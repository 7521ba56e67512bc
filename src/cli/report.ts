import { writeFileSync } from "node:fs";
import { createApp } from "../app/app.ts";
import { makeReport } from "../app/report.ts";
import { readConfig } from "../config/config.ts";
import { UsageError } from "../lib/errors.ts";
import { errorFacts } from "../lib/log.ts";
import type { CommandDeps } from "./open.ts";

/** Writes the report into a file. A broken configuration doesn't stop it: that may be what is reported. */
export async function reportCommand(
  { env, terminal, clock, log }: CommandDeps,
  { file }: { file: string | undefined },
): Promise<number> {
  const open = async () => createApp(readConfig(env, ["store", "sealing", "withings", "garmin"]), { clock, log });
  const app = await open().catch((error: unknown) => {
    log.error("store_open_failed", errorFacts(error));
    return undefined;
  });
  try {
    const report = await makeReport(readConfig(env, ["given"]).given, app, clock);
    const name = file ?? report.name;
    write(name, report.text);
    const says = `Wrote ${name}. It contains versions, which settings are set and how the vendors answered, but none of your values. Read it before you attach it to a bug report.`;
    const withoutStore =
      "\nThe store couldn’t be opened, so the report doesn’t say how the vendors answered: npx weighbridge doctor";
    return terminal.result({ file: name, complete: app !== undefined }, app ? says : says + withoutStore);
  } finally {
    await app?.close();
  }
}

function write(file: string, text: string) {
  try {
    writeFileSync(file, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "unknown reason";
    if (code === "EEXIST") throw new UsageError(`${file} already exists: name another file.`);
    throw new UsageError(`${file} can’t be written (${code}): name a file in a folder you can write to.`);
  }
}
