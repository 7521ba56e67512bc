import { writeFileSync } from "node:fs";
import { makeReport } from "../app/report.ts";
import { readConfig } from "../config/config.ts";
import { UsageError } from "../lib/errors.ts";
import { errorFacts } from "../lib/log.ts";
import { type CommandDeps, openStoredApp } from "./open.ts";

/** Writes the report into a file. A broken configuration doesn't stop it: that may be what is reported. */
export async function reportCommand(
  { env, terminal, clock, log }: CommandDeps,
  { file }: { file: string | undefined },
): Promise<number> {
  let missing = "";
  const app = await openStoredApp({ env, clock, log }).catch((error: unknown) => {
    const isTheirs = error instanceof UsageError;
    if (!isTheirs) log.error("store_open_failed", errorFacts(error));
    missing = isTheirs ? error.message : "The store couldn’t be opened: npx weighbridge doctor says more.";
    return undefined;
  });
  try {
    const report = await makeReport(readConfig(env, ["given"]).given, app, clock);
    const name = file ?? report.name;
    write(name, report.text);
    const says = `Wrote ${name}. It contains versions, which settings are set and how the vendors answered, but none of your values. Read it before you attach it to a bug report.`;
    const without = `\nThe report doesn’t say how the vendors answered. ${missing}`;
    return terminal.result({ file: name, complete: app !== undefined }, app ? says : says + without);
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
