import { writeFileSync } from "node:fs";
import { createApp } from "../app/app.ts";
import { makeReport } from "../app/report.ts";
import { readConfig } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { Clock } from "../lib/clock.ts";
import { UsageError } from "../lib/errors.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import { EXIT } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** Writes the report into a file. Works with a broken configuration too: that may be what is reported. */
export async function reportCommand(
  env: Environment,
  terminal: Terminal,
  { file }: { file: string | undefined },
  { clock, log }: { clock: Clock; log: Log },
): Promise<number> {
  const app = await open().catch((error: unknown) => {
    log.error("store_open_failed", errorFacts(error));
    return undefined;
  });
  try {
    const report = await makeReport(readConfig(env, ["given"]).given, app, clock);
    const name = file ?? report.name;
    write(name, report.text);
    terminal.result(
      { file: name, complete: app !== undefined },
      [
        `${name} is written. It contains versions, which settings are set and how the vendors answered, but none of your values. Read it before you attach it to a bug report.`,
        ...(app
          ? []
          : ["The store could not be opened, so how the vendors answered is not in it: npx weighbridge doctor"]),
      ].join("\n"),
    );
    return EXIT.success;
  } finally {
    await app?.close();
  }

  async function open() {
    return createApp(readConfig(env, ["store", "sealing", "withings", "garmin"]), { clock, log });
  }
}

function write(file: string, text: string) {
  try {
    writeFileSync(file, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "unknown reason";
    if (code === "EEXIST") throw new UsageError(`${file} already exists: name another file.`);
    throw new UsageError(`${file} can't be written (${code}): name a file in a folder you can write to.`);
  }
}
