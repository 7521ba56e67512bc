import { fork } from "node:child_process";
import { once } from "node:events";
import { randomFrom } from "./random.ts";
import type { AccountId } from "./steps.ts";
import type { Death, Turns } from "./turns.ts";

export type FromChild =
  | { type: "ready" | "idle" | "ended" }
  | { type: "ask"; id: number; sleepSeconds?: number }
  | { type: "done"; id: number }
  | { type: "failed"; error: string };
/** Each call needs `go` before it, and `resume` when the world has seen its effect. */
export type ToChild = { type: "begin" | "go" | "resume"; id: number; nowMs: number };
export interface ChildTask {
  accounts: readonly AccountId[];
}

const ONE_GRAMMY = new URL("../../bin/one-grammy.js", import.meta.url).href;
const SCRIPT = new URL("./kill-child.ts", import.meta.url).pathname;

/**
 * Runs the program as a process and kills it by SIGKILL before or after a call to the outside. The process asks before each
 * call, so the same seed always kills it at the same place.
 */
export async function killInItsRound(options: {
  env: Record<string, string>;
  death: Death;
  turns: Turns;
  accounts: readonly AccountId[];
  seed: number;
  trace?: ((line: string) => void) | undefined;
}): Promise<void> {
  const { env, death, turns, accounts, seed, trace } = options;
  const task: ChildTask = { accounts };
  const child = fork(SCRIPT, [JSON.stringify(task)], {
    env: { PATH: process.env.PATH, ...env },
    execArgv: ["--import", ONE_GRAMMY],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const closed = once(child, "close").then(() => undefined);
  // Several may wait for a message of one kind: the process may ask for its first call before it says that it is idle.
  const waiting: Array<{ type: FromChild["type"]; resolve: () => void }> = [];
  /** The next message of this kind, or the end of the process. */
  const hear = (type: FromChild["type"]) =>
    Promise.race([new Promise<void>((resolve) => waiting.push({ type, resolve })), closed]);
  const say = async (type: ToChild["type"], id: number, answer: FromChild["type"]) => {
    if (!child.connected) return;
    const heard = hear(answer);
    child.send({ type, id, nowMs: turns.nowMs } satisfies ToChild);
    await heard;
  };

  let calls = 0;
  let isKilled = false;
  async function die() {
    isKilled = true;
    trace?.(`    killed ${death.when} call ${death.call}`);
    child.kill("SIGKILL");
    await closed;
  }

  async function oneCall(id: number) {
    if (isKilled) return;
    calls += 1;
    if (calls === death.call && death.when === "before") return die();
    await say("go", id, "done");
    if (calls === death.call) return die();
    await say("resume", id, "idle");
  }

  child.on("message", (message: FromChild) => {
    if (message.type === "failed") errors += message.error;
    if (message.type === "ask") {
      const { id, sleepSeconds } = message;
      if (sleepSeconds === undefined) void turns.turn(() => oneCall(id));
      else turns.sleepUntil(turns.nowMs + Math.ceil(sleepSeconds * 1000), () => say("resume", id, "idle"));
    }
    const first = waiting.findIndex(({ type }) => type === message.type);
    if (first >= 0) waiting.splice(first, 1)[0]?.resolve();
  });

  try {
    await hear("ready");
    await turns.together(randomFrom(seed), [
      async () => {
        const ended = hear("ended");
        await say("begin", 0, "idle");
        await ended;
      },
    ]);
    if (!isKilled && errors) throw new Error(`the process that was to be killed failed: ${errors}`);
  } finally {
    child.kill("SIGKILL");
    await closed;
  }
}
