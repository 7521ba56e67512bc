import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Cost {
  seconds: number;
  /** Of the processor, in steps of a hundredth. */
  cpuSeconds: number;
  peakMegabytes: number;
}

const TICKS_A_SECOND = 100;

/** Runs a command to its end, and watches it from outside. One at a time: the processor's time is that of all children. */
export async function measured(
  command: string,
  args: string[],
  env: Record<string, string>,
): Promise<Cost & { output: string }> {
  const cpuBefore = childrensCpu();
  const startedMs = performance.now();
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk));
  child.stderr.on("data", (chunk: Buffer) => (said += chunk));
  let peakMegabytes = 0;
  const watch = setInterval(() => {
    peakMegabytes = Math.max(peakMegabytes, megabytesOf(child.pid, "VmHWM"));
  }, 5);
  const code = await new Promise((resolve) => child.once("close", resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${`${output}${said}`.slice(-2000)}`);
  const seconds = (performance.now() - startedMs) / 1000;
  return { seconds, cpuSeconds: childrensCpu() - cpuBefore, peakMegabytes, output };
}

/** What the kernel says about resident memory: `VmHWM` is the most there was. 0 without /proc. */
export function megabytesOf(pid: number | undefined, field: "VmHWM" | "VmRSS"): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Of the children that have ended. */
function childrensCpu(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) / TICKS_A_SECOND;
}

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
