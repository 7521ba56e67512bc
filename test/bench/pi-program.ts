import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { type CpuQuota, joining } from "./cpu-quota.ts";

const LOOK_MS = 2;
const LONGEST_START_MS = 60_000;

/** From the start of the process, in milliseconds. */
export interface Readiness {
  port: number;
  sweep: number;
  poll: number;
  cpuMs: number;
}

/** A command under a quota, through the shell that joins it. */
function startUnder(quota: CpuQuota | undefined, command: string[], env: Record<string, string>): ChildProcess {
  return spawn("/bin/sh", ["-c", `${joining(quota)}exec "$0" "$@"`, ...command], {
    // This Node comes first: an older one would hand over to a process of its own.
    env: { PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** How long Node alone needs, and its processor time. */
export async function bareStart(quota: CpuQuota | undefined): Promise<{ ms: number; cpuMs: number }> {
  const startedMs = performance.now();
  const code = "process.stderr.write(String(process.cpuUsage().user + process.cpuUsage().system))";
  const child = startUnder(quota, [process.execPath, "-e", code], {});
  let said = "";
  child.stderr?.on("data", (chunk) => (said += chunk));
  await once(child, "close");
  return { ms: performance.now() - startedMs, cpuMs: Number(said) / 1000 };
}

export type Program = ReturnType<typeof startProgram>;

/** `weighbridge start` as a process of its own. */
export function startProgram(quota: CpuQuota | undefined, env: Record<string, string>) {
  const startedMs = performance.now();
  const lines: Array<Record<string, unknown>> = [];
  const child = startUnder(quota, [path.resolve("bin/weighbridge.js"), "start"], env);
  const { pid = 0 } = child;
  let rest = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) lines.push(line.startsWith("{") ? JSON.parse(line) : { event: "text", line });
  });
  const of = (file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8");

  return {
    lines,
    /** Of all its threads, also those that have ended; Linux counts it in hundredths of a second. */
    cpuMs(): number {
      const [user = 0, system = 0] = of("stat").split(") ")[1]?.split(" ").slice(11, 13).map(Number) ?? [];
      return (user + system) * 10;
    },
    megabytes: (name: "VmRSS" | "VmHWM") => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(of("status"))?.[1]) / 1024,
    /** How often a thread went to sleep, so woke up: the event loop's, or all. */
    wakeUps(whose: "loop" | "all"): number {
      const threads = whose === "loop" ? [String(pid)] : readdirSync(`/proc/${pid}/task`);
      const ofThread = (id: string) =>
        Number(/\nvoluntary_ctxt_switches:\s+(\d+)/.exec(of(`task/${id}/status`))?.[1] ?? 0);
      return threads.reduce((sum, id) => sum + ofThread(id), 0);
    },
    /** Until the port is open, the first sweep has ended and Telegram was asked for messages. */
    async ready(sandbox: Sandbox, before: number): Promise<Readiness> {
      const { PORT = "", DATA_DIR = "" } = env;
      const past = () => performance.now() - startedMs;
      const first = async (isThere: () => boolean | Promise<boolean>) => {
        while (!(await isThere())) {
          if (past() > LONGEST_START_MS || child.exitCode !== null) throw new Error(JSON.stringify(lines));
          await sleep(LOOK_MS);
        }
        return past();
      };
      const [port, sweep, poll] = await Promise.all([
        first(() => isOpen(Number(PORT))),
        first(() => existsSync(path.join(DATA_DIR, "last-sweep"))),
        first(() => sandbox.telegram.requests.slice(before).some(({ path: at }) => at.endsWith("/getUpdates"))),
      ]);
      return { port, sweep, poll, cpuMs: this.cpuMs() };
    },
    async stop() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "close");
      rmSync(path.join(env.DATA_DIR ?? "", "last-sweep"), { force: true });
    },
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
