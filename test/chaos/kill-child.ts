/** The program in a process that is killed in the middle of its work. It asks its parent before each call to the outside. */
import { createLog } from "../../src/lib/log.ts";
import type { ChildTask, FromChild, ToChild } from "./kill.ts";
import { startProgram } from "./program.ts";
import { quiet, watchTimers } from "./quiet.ts";

const { accounts } = JSON.parse(process.argv[2] ?? "") as ChildTask;
watchTimers();
let nowMs = 0;
let asked = 0;
const waiting = new Map<string, () => void>();
const say = (message: FromChild) => process.send?.(message);
const hear = (type: ToChild["type"], id: number) =>
  new Promise<void>((resolve) => waiting.set(`${type} ${id}`, resolve));

process.on("message", async (message: ToChild) => {
  nowMs = message.nowMs;
  const name = `${message.type} ${message.id}`;
  waiting.get(name)?.();
  waiting.delete(name);
  if (message.type === "go") return;
  await quiet();
  say({ type: "idle" });
});

async function call<T>(work: () => Promise<T>): Promise<T> {
  asked += 1;
  const id = asked;
  const may = hear("go", id);
  say({ type: "ask", id });
  await may;
  try {
    return await work();
  } finally {
    const goesOn = hear("resume", id);
    say({ type: "done", id });
    await goesOn;
  }
}

async function sleep(sleepSeconds: number): Promise<void> {
  asked += 1;
  const awake = hear("resume", asked);
  say({ type: "ask", id: asked, sleepSeconds });
  await awake;
}

const clock = { now: () => new Date(nowMs), sleep };
const started = hear("begin", 0);
try {
  const program = await startProgram(
    process.env,
    { clock, call },
    { log: createLog({ level: "silent" }), onReport: () => undefined },
  );
  say({ type: "ready" });
  await started;
  for (const account of accounts) await program.sync(account);
  await program.round();
} catch (error) {
  say({ type: "failed", error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
say({ type: "ended" });
