import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Environment } from "../../src/config/environment.ts";
import { freePort } from "../../src/sandbox/free-port.ts";
import { type Machine, OWNER, startMachine } from "../support/cli-process.ts";
import { TIMES, timeLapse } from "../support/time-lapse.ts";

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

/** Writes, when told by SIGHUP, how often a timer has fired in the main thread, and the processor time used so far. */
const METER = `
  import { createHook } from "node:async_hooks";
  import { isMainThread } from "node:worker_threads";
  const timers = new Set();
  let fired = 0;
  if (isMainThread) {
    createHook({
      init: (id, type) => type === "Timeout" && timers.add(id),
      before: (id) => timers.has(id) && fired++,
    }).enable();
    process.on("SIGHUP", () => {
      const { user, system } = process.cpuUsage();
      process.stderr.write(JSON.stringify({ event: "meter", fired, atMs: performance.now(), cpuMs: (user + system) / 1000 }) + "\\n");
    });
  }
`;

interface Reading {
  fired: number;
  atMs: number;
  cpuMs: number;
}

/** A program that has just started, after these pauses. */
async function metered(pauses: number[], { NODE_OPTIONS = "", ...env }: Environment = {}): Promise<Reading[]> {
  const meter = path.join(machine.folder, "meter.mjs");
  writeFileSync(meter, METER);
  const program = machine.start("start", { ...env, NODE_OPTIONS: `${NODE_OPTIONS} --import=${meter}` });
  await program.said("bot_started");
  for (const seconds of pauses) {
    await wait(seconds * 1000);
    program.signal("SIGHUP");
    await program.said('"meter"');
  }
  program.signal("SIGTERM");
  const { stderr } = await program.ended;
  const lines = stderr.split("\n").filter((line) => line.includes('"meter"'));
  return lines.map((line) => JSON.parse(line));
}

test("a program with nothing to do has one timer that fires, once a minute", async () => {
  await machine.link(OWNER);
  // With an address, because in time lapse every long poll would end early.
  const port = String(await freePort());
  const address = { PORT: port, PUBLIC_URL: `http://127.0.0.1:${port}`, WITHINGS_REDIRECT_URL: "" };
  // Connections that the start has left idle are closed after a few seconds of real time.
  const [before, after] = await metered([7, 4], { ...address, ...timeLapse(machine.folder) });
  if (!before || !after) throw new Error("the program did not answer");
  const minutes = (after.atMs - before.atMs) / (60_000 / TIMES);
  const fired = after.fired - before.fired;
  // Telegram's webhook is looked at every five minutes.
  expect(fired).toBeLessThan(1.25 * minutes + 2);
  // On a busy machine, timers come late.
  expect(fired).toBeGreaterThan(minutes / 4);
});

/** Six is usual. */
const MOST_BARE_STARTS = 12;

test("a start takes at most as much processor time as twelve bare starts of Node", async () => {
  const bare = () => {
    const code = "process.stdout.write(String(process.cpuUsage().user + process.cpuUsage().system))";
    return Number(spawnSync(process.execPath, ["-e", code], { encoding: "utf8" }).stdout) / 1000;
  };
  await machine.link(OWNER);
  const ratios: number[] = [];
  for (let start = 0; start < 4; start++) {
    const [ready] = await metered([0]);
    ratios.push((ready?.cpuMs ?? Number.POSITIVE_INFINITY) / bare());
  }
  expect(Math.min(...ratios)).toBeLessThan(MOST_BARE_STARTS);
});
