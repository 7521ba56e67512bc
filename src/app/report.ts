import project from "../../package.json" with { type: "json" };
import type { Config } from "../config/config.ts";
import type { Clock } from "../lib/clock.ts";
import type { App } from "./app.ts";

/** One file, safe to show to anybody. */
export interface ReportFile {
  name: string;
  text: string;
}

/**
 * What a bug report needs to know of an installation: versions, which settings are set, how the vendors answered recently, and
 * the shapes of answers that were not understood. No value, name, id, token or reading.
 */
export async function makeReport(
  settings: Config["given"],
  /** Undefined if the configuration or the store keeps the app from being opened. */
  app: Pick<App, "vendors"> | undefined,
  clock: Clock,
): Promise<ReportFile> {
  const answers = await app?.vendors.answers.read().catch(() => undefined);
  const madeAt = clock.now().toISOString();
  const report = {
    report: "weighbridge",
    madeAt,
    versions: { weighbridge: project.version, node: process.version, platform: `${process.platform} ${process.arch}` },
    settings,
    ...(answers
      ? { endpoints: answers.endpoints, unknownAnswers: answers.unknown }
      : { missing: "The store couldn’t be read, so this report doesn’t say how the vendors answered." }),
  };
  return {
    name: `weighbridge-report-${madeAt.slice(0, 16).replace(/[T:]/g, "-")}.json`,
    text: `${JSON.stringify(report, null, 2)}\n`,
  };
}
