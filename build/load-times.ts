import { execFileSync } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ALSO_LOADED } from "./budgets.ts";
import { bundle, bundleFunctions, FUNCTIONS, type FunctionName, ROOT } from "./bundle.ts";
import { coldPath } from "./cold-path.ts";

export interface LoadTime {
  kilobytes: number;
  milliseconds: number;
  /** As a multiple of the echo bot's time in the same turn. */
  timesEcho: number;
}

const LOAD =
  "const begun = performance.now(); for (const file of process.argv.slice(1)) await import(file);" +
  "process.stdout.write(String(performance.now() - begun));";

/**
 * Bundles the functions and an echo bot into `outdir` and loads each in new processes, in turns, so that other work on the machine
 * slows all of them down. Gives medians, of which only `timesEcho` means something on another machine.
 */
export async function measureLoadTimes(
  outdir: string,
  turns: number,
): Promise<Record<FunctionName | "echo", LoadTime>> {
  const metafiles = {
    echo: await bundle("build/echo.ts", path.join(outdir, "echo")),
    ...(await bundleFunctions(outdir)),
  };
  const paths = {
    echo: coldPath(metafiles.echo, []),
    http: coldPath(metafiles.http, ALSO_LOADED),
    worker: coldPath(metafiles.worker, ALSO_LOADED),
    sweep: coldPath(metafiles.sweep, ALSO_LOADED),
    alarm: coldPath(metafiles.alarm, ALSO_LOADED),
  };
  const samples = { echo: [], http: [], worker: [], sweep: [], alarm: [] } as Record<keyof typeof paths, number[]>;
  // The first turn only brings the files into memory.
  for (let turn = 0; turn <= turns; turn++) {
    for (const name of ["echo", ...FUNCTIONS] as const) {
      const milliseconds = loadOnce(paths[name].roots);
      if (turn > 0) samples[name].push(milliseconds);
    }
  }
  const of = (name: keyof typeof paths): LoadTime => ({
    kilobytes: paths[name].kilobytes,
    milliseconds: median(samples[name]),
    timesEcho: median(samples[name].map((milliseconds, turn) => milliseconds / (samples.echo[turn] ?? Number.NaN))),
  });
  return { echo: of("echo"), http: of("http"), worker: of("worker"), sweep: of("sweep"), alarm: of("alarm") };
}

function loadOnce(files: string[]): number {
  const urls = files.map((file) => pathToFileURL(path.resolve(ROOT, file)).href);
  return Number(execFileSync(process.execPath, ["--input-type=module", "--eval", LOAD, ...urls], { encoding: "utf8" }));
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
