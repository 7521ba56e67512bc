import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { WriterTask } from "./writer-process.ts";

const SCRIPT = new URL("./writer-process.ts", import.meta.url).pathname;

/** Kills a writer with SIGKILL after `count` acknowledged writes, and returns all that it acknowledged. */
export async function killAfter(count: number, task: WriterTask): Promise<string[]> {
  const writer = startWriter(task);
  let lines = 0;
  writer.child.stdout?.on("data", (chunk: Buffer) => {
    lines += chunk.toString().split("\n").length - 1;
    if (lines >= count) writer.child.kill("SIGKILL");
  });
  await writer.ended;
  if (writer.child.signalCode !== "SIGKILL") throw new Error(`the writer ended by itself: ${writer.errors()}`);
  return writer.acknowledged();
}

/** Runs several writers at once and returns what each acknowledged. */
export async function runTogether(tasks: WriterTask[]): Promise<string[][]> {
  const writers = tasks.map(startWriter);
  await Promise.all(writers.map((writer) => writer.ended));
  for (const writer of writers) {
    if (writer.child.exitCode !== 0) throw new Error(`a writer failed: ${writer.errors()}`);
  }
  return writers.map((writer) => writer.acknowledged());
}

function startWriter(task: WriterTask) {
  const child: ChildProcess = spawn(process.execPath, [SCRIPT, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  return {
    child,
    ended: once(child, "close"),
    acknowledged: () => output.split("\n").slice(0, -1),
    errors: () => errors,
  };
}
