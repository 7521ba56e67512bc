import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { lambdaEnvironment } from "../lambda/function-process.ts";
import { startRuntimeApi } from "../lambda/runtime-api.ts";
import { RUNTIME_CLIENT } from "../lambda/runtime-client.ts";
import { type CpuQuota, joining } from "./cpu-quota.ts";

/** From the start of a process to its first answer: milliseconds of a whole core, user and system, and milliseconds that passed. */
export interface ColdStart {
  cpuMs: number;
  wallMs: number;
  /** The part until it waits for its first event, which is in both numbers. */
  initCpuMs: number;
  initWallMs: number;
}

export interface ColdStartOptions {
  name: string;
  folder: string;
  env: Record<string, string>;
  memoryMegabytes: number;
  quota: CpuQuota | undefined;
}

const TIMEOUT_SECONDS = 60;

/** Starts a function, gives it one event, and stops it after its answer, as Lambda freezes it. `lines`: what it wrote. */
export async function startCold(
  event: unknown,
  { name, folder, env, memoryMegabytes, quota }: ColdStartOptions,
): Promise<ColdStart & { answer: unknown; lines: string[] }> {
  const api = await startRuntimeApi(name);
  const command = [process.execPath, RUNTIME_CLIENT.script, "index.handler"];
  const startedMs = performance.now();
  const child = spawn("/bin/sh", ["-c", `${joining(quota)}exec "$0" "$@"`, ...command], {
    cwd: folder,
    env: { ...lambdaEnvironment({ name, folder, memoryMegabytes }), ...env, AWS_LAMBDA_RUNTIME_API: api.address },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid = 0 } = child;
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const exited = once(child, "exit");
  try {
    await Promise.race([
      api.ready(),
      exited.then(() => Promise.reject(new Error(`${name} ended while it started: ${output}`))),
    ]);
    const initWallMs = performance.now() - startedMs;
    const initCpuMs = cpuMs(pid);
    const answer = await api.invoke(event, TIMEOUT_SECONDS);
    const wallMs = performance.now() - startedMs;
    await api.ready();
    child.kill("SIGSTOP");
    while (!readFileSync(`/proc/${pid}/stat`, "utf8").includes(") T ")) await sleep(1);
    return {
      ...{ cpuMs: cpuMs(pid), wallMs, initCpuMs, initWallMs, answer },
      lines: output.split("\n").filter((line) => line !== ""),
    };
  } finally {
    child.kill("SIGKILL");
    await exited;
    await api.close();
  }
}

/** Of all threads of a process that live. Linux counts it in nanoseconds here, and in hundredths of a second elsewhere. */
function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, id) => sum + threadNs(pid, id), 0) / 1e6;
}

function threadNs(pid: number, id: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ")[0]);
  } catch {
    // It has just ended, as the thread does that reads certificates.
    return 0;
  }
}
