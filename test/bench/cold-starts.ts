import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { bundle, bundleFunctions, FUNCTIONS, type FunctionName } from "../../build/bundle.ts";
import { CORE_MEGABYTES, SIZES } from "../lambda/sizes.ts";
import { type ColdCloud, startColdCloud } from "./cold-cloud.ts";
import { type ColdStart, startCold } from "./cold-start.ts";
import { type CpuQuota, setCpuQuota } from "./cpu-quota.ts";

const EVENTS = { http: "help", worker: "visit", sweep: "sweep", alarm: "alarm" } as const satisfies Record<
  FunctionName,
  keyof ColdCloud["events"]
>;

export interface ColdStartCost {
  /** Medians of all pairs. */
  own: ColdStart;
  /** The bare echo bot's, with the same memory. */
  echo: ColdStart;
  /** The median, over the pairs, of how many times as much a function took as the echo bot did just before it. */
  cpuTimesEcho: number;
  wallTimesEcho: number;
}

/** Whole cold starts of each function, in turns with a bare echo bot's, in processes bound to the CPU that Lambda gives them. */
export async function measureColdStarts(
  pairs: number,
): Promise<{ costs: Record<FunctionName, ColdStartCost>; hasQuota: boolean }> {
  const folder = mkdtempSync(path.join(tmpdir(), "weighbridge-cold-"));
  const quotas = new Map<number, CpuQuota | undefined>();
  const cloud = await startColdCloud();
  try {
    await bundleFunctions(folder);
    await bundle("build/echo.ts", path.join(folder, "echo"));
    for (const { memoryMegabytes } of Object.values(SIZES)) {
      if (quotas.has(memoryMegabytes)) continue;
      const cores = Math.min(1, memoryMegabytes / CORE_MEGABYTES);
      quotas.set(memoryMegabytes, setCpuQuota(`weighbridge-${process.pid}-${memoryMegabytes}`, cores));
    }
    const start = (name: FunctionName | "echo", memoryMegabytes: number) =>
      startOnce(cloud, name, { folder, memoryMegabytes, quota: quotas.get(memoryMegabytes) });

    const samples = { http: [], worker: [], sweep: [], alarm: [] } as Record<FunctionName, Pair[]>;
    // The first turn only brings files into memory, and does what is done once a day.
    for (let turn = 0; turn <= pairs; turn++) {
      for (const name of FUNCTIONS) {
        const { memoryMegabytes } = SIZES[name];
        const pair = { echo: await start("echo", memoryMegabytes), own: await start(name, memoryMegabytes) };
        if (turn > 0) samples[name].push(pair);
      }
    }
    const hasQuota = [...quotas.values()].every((quota) => quota !== undefined);
    const { http, worker, sweep, alarm } = samples;
    const costs = { http: costOf(http), worker: costOf(worker), sweep: costOf(sweep), alarm: costOf(alarm) };
    return { costs, hasQuota };
  } finally {
    await cloud.close();
    for (const quota of quotas.values()) quota?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Pair {
  own: ColdStart;
  echo: ColdStart;
}

async function startOnce(
  cloud: ColdCloud,
  name: FunctionName | "echo",
  { folder, ...limits }: { folder: string; memoryMegabytes: number; quota: CpuQuota | undefined },
): Promise<ColdStart> {
  const event = await cloud.events[name === "echo" ? "help" : EVENTS[name]]();
  const env = name === "echo" ? cloud.echoEnv : cloud.env;
  const toldBefore = cloud.told();
  const { answer, lines, ...cost } = await startCold(event, { name, folder: path.join(folder, name), env, ...limits });
  // What fails early is fast.
  const isTold = cloud.told() > toldBefore;
  const isTelling = name === "echo" || name === "http" || name === "alarm";
  const troubles = lines.filter((line) => /"level":"(warn|error)"|^\S*Error/i.test(line));
  const isVisit = lines.some((line) => line.includes('"run_ended"') && line.includes('"success"'));
  if (troubles.length > 0 || isTold !== isTelling || isVisit !== (name === "worker")) {
    throw new Error(`${name} did something else: ${JSON.stringify(answer)} ${lines.join("\n")}`);
  }
  return cost;
}

function costOf(pairs: Pair[]): ColdStartCost {
  const middle = (of: (pair: Pair) => number) =>
    pairs.map(of).toSorted((a, b) => a - b)[Math.floor(pairs.length / 2)] ?? Number.NaN;
  const middles = (of: (pair: Pair) => ColdStart): ColdStart => ({
    cpuMs: middle((pair) => of(pair).cpuMs),
    wallMs: middle((pair) => of(pair).wallMs),
    initCpuMs: middle((pair) => of(pair).initCpuMs),
    initWallMs: middle((pair) => of(pair).initWallMs),
  });
  return {
    own: middles(({ own }) => own),
    echo: middles(({ echo }) => echo),
    cpuTimesEcho: middle(({ own, echo }) => own.cpuMs / echo.cpuMs),
    wallTimesEcho: middle(({ own, echo }) => own.wallMs / echo.wallMs),
  };
}
