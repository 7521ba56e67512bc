import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Environment } from "../../src/config/environment.ts";
import { FunctionError, startRuntimeApi } from "./runtime-api.ts";
import { RUNTIME_CLIENT } from "./runtime-client.ts";

const CLOCK_AHEAD = path.join(import.meta.dirname, "clock-ahead.js");

export interface FunctionOptions {
  /** As in `serverless.yml`: http, worker, sweep, alarm. */
  name: string;
  /** Holds `index.mjs`, with a `handler`. */
  folder: string;
  env?: Environment;
  timeoutSeconds?: number;
  memoryMegabytes?: number;
  /** By how much its clock is ahead, asked whenever a process starts. */
  aheadSeconds?: () => number;
}

/** One process of a function, which handles one event after the other, as on AWS. */
export interface FunctionProcess {
  /** Resolves with what the handler returned; rejects with a {@link FunctionError}. Starts a process if there is none. */
  invoke(event: unknown): Promise<unknown>;
  /** Resolves when the process writes this, from now on. */
  said(text: string): Promise<void>;
  /** At once. The next event gets a new process. */
  kill(): Promise<void>;
  readonly lines: readonly string[];
  readonly starts: number;
  close(): Promise<void>;
}

/**
 * A function in processes of its own, one at a time, under Lambda's runtime client. Between two events its process is frozen,
 * as on AWS: what a handler leaves running doesn't run. It gets nothing of this process's environment.
 */
export function createFunction(options: FunctionOptions): FunctionProcess {
  const { timeoutSeconds = 30 } = options;
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  let instance: Promise<Instance> | undefined;
  let starts = 0;

  const hear = (line: string) => {
    lines.push(line);
    for (const listener of listeners) listener(line);
  };
  const end = async () => {
    const ending = instance;
    instance = undefined;
    await (await ending)?.end();
  };

  return {
    lines,
    get starts() {
      return starts;
    },
    async invoke(event) {
      if (!instance) {
        starts++;
        instance = startInstance(options, hear);
      }
      const used = await instance;
      try {
        return await used.invoke(event, timeoutSeconds);
      } finally {
        // A handler that throws doesn't end its process.
        if (used.isOver) await end();
      }
    },
    said: (text) =>
      new Promise((resolve) => {
        const listener = (line: string) => {
          if (!line.includes(text)) return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
      }),
    kill: end,
    close: end,
  };
}

interface Instance {
  invoke(event: unknown, timeoutSeconds: number): Promise<unknown>;
  readonly isOver: boolean;
  end(): Promise<void>;
}

/** What AWS puts into the environment of every function. */
export function lambdaEnvironment(options: { name: string; folder: string; memoryMegabytes: number }): Environment {
  const { name, folder, memoryMegabytes } = options;
  return {
    PATH: process.env.PATH,
    TZ: ":UTC",
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_SESSION_TOKEN: "local",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_FORMAT: "JSON",
    AWS_LAMBDA_LOG_LEVEL: "INFO",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: "2026/11/24/[$LATEST]0",
    LAMBDA_TASK_ROOT: path.resolve(folder),
    _HANDLER: "index.handler",
  };
}

async function startInstance(options: FunctionOptions, hear: (line: string) => void): Promise<Instance> {
  const { name, folder, env = {}, memoryMegabytes = 512 } = options;
  const aheadSeconds = options.aheadSeconds?.() ?? 0;
  const functionName = `weighbridge-prod-${name}`;
  const api = await startRuntimeApi(functionName, { aheadSeconds });
  const child: ChildProcess = spawn(
    process.execPath,
    ["--import", CLOCK_AHEAD, RUNTIME_CLIENT.script, "index.handler"],
    {
      cwd: folder,
      env: {
        ...lambdaEnvironment({ name: functionName, folder, memoryMegabytes }),
        ...env,
        CLOCK_AHEAD_SECONDS: String(aheadSeconds),
        AWS_LAMBDA_RUNTIME_API: api.address,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  for (const output of [child.stdout, child.stderr]) if (output) createInterface(output).on("line", hear);
  const exited = once(child, "exit").then(([code, signal]) => {
    api.fail(new FunctionError("Runtime.ExitError", `the process ended (${signal ?? code})`));
  });
  let isBusy = false;
  const freeze = () => void (isBusy || child.kill("SIGSTOP"));

  return {
    get isOver() {
      return api.isOver;
    },
    async invoke(event, timeoutSeconds) {
      isBusy = true;
      child.kill("SIGCONT");
      const timer = setTimeout(() => {
        api.fail(new FunctionError("Runtime.Timeout", `Task timed out after ${timeoutSeconds} seconds`));
      }, timeoutSeconds * 1000);
      try {
        return await api.invoke(event, timeoutSeconds);
      } finally {
        clearTimeout(timer);
        isBusy = false;
        api.ready().then(freeze, () => {});
      }
    },
    async end() {
      child.kill("SIGKILL");
      await exited;
      await api.close();
    },
  };
}
