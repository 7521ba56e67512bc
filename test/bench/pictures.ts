import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bundle } from "../../build/bundle.ts";
import { joining, setCpuQuota } from "./cpu-quota.ts";
import { measured, median } from "./measured.ts";

/** What `worker` gets: the part of a core that goes with 512 MB. */
const CORES = 0.29;
const STARTS = 3;
const PICTURES = 10;
/** The first is loading too; the others are of ten years. */
const KINDS = ["weight-30d", "weight-all", "pressure-all", "body-all"];

interface Drawn {
  drawn: Array<{ ms: number; cpuMs: number }>;
  megabytes: number;
}

/** Pictures of ten years in processes of their own, from a bundle, on as much of a core as `worker` has. */
export async function picturesScene(): Promise<void> {
  const quota = setCpuQuota(`weighbridge-pictures-${process.pid}`, CORES);
  const folder = mkdtempSync(path.join(tmpdir(), "weighbridge-bench-"));
  console.log(`\npictures: ${CORES} of a core`);
  if (!quota) console.log("  Nobody may set a quota here, so everything runs as fast as this machine.");
  try {
    const { outputs } = await bundle("test/bench/picture-program.ts", folder);
    const kilobytes = (ending: string) =>
      Object.entries(outputs).reduce((sum, [file, { bytes }]) => sum + (file.endsWith(ending) ? bytes / 1024 : 0), 0);
    const weights = [".mjs", ".wasm", ".ttf"].map((ending) => `${kilobytes(ending).toFixed(0)} KB ${ending.slice(1)}`);
    console.log(`  bundle: ${weights.join(", ")}`);
    for (const kind of KINDS) {
      const runs: Drawn[] = [];
      for (let start = 0; start < STARTS; start++) {
        const program = `exec ${process.execPath} ${folder}/index.mjs ${kind} ${PICTURES}`;
        runs.push(JSON.parse((await measured("sh", ["-c", `${joining(quota)}${program}`], {})).output));
      }
      console.log(`  ${kind}: ${lineOf(runs)}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
    quota?.remove();
  }
}

function lineOf(runs: Drawn[]): string {
  const of = (pick: (run: Drawn) => Drawn["drawn"]) => {
    const all = runs.flatMap(pick);
    return `${median(all.map(({ ms }) => ms)).toFixed(0)} ms, ${median(all.map(({ cpuMs }) => cpuMs)).toFixed(0)} of CPU`;
  };
  const megabytes = median(runs.map((run) => run.megabytes));
  return `the first ${of(({ drawn }) => drawn.slice(0, 1))}; the others ${of(({ drawn }) => drawn.slice(1))}; ${megabytes.toFixed(0)} MB`;
}
