import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Environment } from "../../src/config/environment.ts";
import { freePort } from "../../src/sandbox/free-port.ts";
import { BIN, type Machine, OWNER, startMachine } from "../support/cli-process.ts";
import { zoneAtNoon } from "../support/day-zone.ts";
import { healthCheck } from "../support/health-check.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { timeLapse } from "../support/time-lapse.ts";

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

/** Runs before the program: a signal that blocks the event loop for good, without using the processor. */
const BLOCKING =
  "--import=data:text/javascript,process.on(%22SIGUSR2%22,()=>Atomics.wait(new%20Int32Array(new%20SharedArrayBuffer(4)),0,0))";

test.each([
  ["is stopped", "SIGSTOP"],
  ["has blocked its event loop", "SIGUSR2"],
] as const)(
  "a program that %s is killed by the health check after twenty checks without an answer",
  async (...[, signal]) => {
    const port = String(await freePort());
    const program = machine.start("start", { PORT: port, NODE_OPTIONS: BLOCKING });
    // Another program on the same machine must be left alone.
    const other = machine.start("start", {
      PORT: String(await freePort()),
      DATA_DIR: path.join(machine.folder, "other"),
    });
    await program.said("bot_started");
    await other.said("bot_started");
    expect(await healthCheck(port, machine.folder)).toBe(0);
    program.signal(signal);
    expect(await healthCheck(port, machine.folder)).toBe(1);
    const silent = path.join(machine.folder, `weighbridge-silent-${port}`);
    writeFileSync(silent, ".".repeat(18));
    expect(await healthCheck(port, machine.folder)).toBe(1);
    expect(existsSync(silent)).toBe(true);
    expect(await healthCheck(port, machine.folder)).toBe(1);
    expect((await program.ended).exit).toBe(null);
    other.signal("SIGTERM");
    expect((await other.ended).exit).toBe(0);
  },
);

describe("in time lapse", () => {
  let outside: Receiver;
  beforeEach(async () => {
    outside = await startReceiver();
    await machine.link(OWNER);
    await machine.inside((app) => app.store.accounts.save(OWNER, { timezone: zoneAtNoon() }));
  });
  afterEach(() => outside.close());

  const begin = (more: Environment = {}) =>
    machine.start("start", { ...outside.env, ...more, ...timeLapse(machine.folder) });

  test("a program with a blocked event loop ends and says so, and the next start says since when nothing was done", async () => {
    const chat = machine.sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
    const told = () => chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text);
    const program = begin();
    await program.said("bot_started");
    await expect.poll(() => outside.heartbeats()).toBeGreaterThan(0);
    const started = Date.now();
    program.signal("SIGUSR2");
    const { exit, stderr } = await program.ended;
    expect(exit).toBe(null);
    // 15 minutes are 1.5 seconds here.
    expect(Date.now() - started).toBeGreaterThan(1_300);
    expect(stderr.match(/"event":"program_stuck"/g)).toHaveLength(1);
    const stuck = expect.stringMatching(/^I’ve been stuck for 15 minutes.*No reading is lost\..*start me again\.$/);
    expect(told()).toEqual([stuck]);
    expect(outside.alarms()).toEqual(told());

    // Only seconds have passed on its clock.
    const quarterAgo = new Date(Date.now() - 15 * 60_000);
    utimesSync(path.join(machine.dataDir, "last-sweep"), quarterAgo, quarterAgo);
    const next = begin();
    const back = expect.stringMatching(
      /^I’m running again, after doing nothing since .*\d\d:\d\d\. No reading is lost/,
    );
    await expect.poll(told).toEqual([stuck, back]);
    await expect.poll(outside.alarms).toEqual(told());
    next.signal("SIGTERM");
    expect((await next.ended).exit).toBe(0);
  });

  test("a machine that sleeps for longer than that goes on when it wakes", async () => {
    const port = String(await freePort());
    const program = begin({ PORT: port });
    await program.said("run_ended");
    program.signal("SIGSTOP");
    await wait(3_000);
    program.signal("SIGCONT");
    await wait(500);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    program.signal("SIGTERM");
    expect((await program.ended).exit).toBe(0);
    expect(outside.alarms()).toEqual([]);
  });
});

describe("systemd", () => {
  const unit = readFileSync(path.resolve(BIN, "../../infra/weighbridge.service"), "utf8");

  /** Where `systemd-notify` writes its arguments, and the environment of the program. */
  function standIn() {
    const bin = path.join(machine.folder, "bin");
    const heard = path.join(machine.folder, "heard");
    mkdirSync(bin);
    writeFileSync(heard, "");
    writeFileSync(path.join(bin, "systemd-notify"), `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${heard}\n`);
    chmodSync(path.join(bin, "systemd-notify"), 0o755);
    const env = { PATH: `${bin}:${process.env.PATH}`, NOTIFY_SOCKET: "@systemd" };
    return { env, heard: () => readFileSync(heard, "utf8").split("\n").filter(Boolean) };
  }

  test("systemd hears that the program has started, that a sweep has finished, and that it stops", async () => {
    const { env, heard } = standIn();
    const program = machine.start("start", env);
    await program.said("bot_started");
    await expect.poll(heard).toHaveLength(2);
    program.signal("SIGTERM");
    expect((await program.ended).exit).toBe(0);
    await expect.poll(heard).toHaveLength(3);
    expect(new Set(heard().slice(0, 2))).toEqual(new Set(["@systemd --ready", "@systemd WATCHDOG=1"]));
    expect(heard()[2]).toBe("@systemd STOPPING=1");
    for (const line of ["Type=notify", "NotifyAccess=all", "Restart=always", "WatchdogSec=20min"])
      expect(unit.split("\n")).toContain(line);
  });

  const isThere = ["systemd-notify", "python3"].every((name) => spawnSync(name, ["--version"]).status === 0);
  test.skipIf(!isThere)(
    "systemd hears it through a real socket (skipped without systemd-notify or python3)",
    async () => {
      const socket = path.join(machine.folder, "notify");
      const receiver = spawn("python3", [
        "-c",
        `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); print("bound", flush=True)
while True: print(s.recv(4096).decode().split("\\n"), flush=True)`,
        socket,
      ]);
      let heard = "";
      receiver.stdout.on("data", (chunk: Buffer) => (heard += chunk));
      try {
        await expect.poll(() => heard).toContain("bound");
        const program = machine.start("start", { NOTIFY_SOCKET: socket });
        await program.said("bot_started");
        await expect.poll(() => heard).toContain("READY=1");
        await expect.poll(() => heard).toContain("WATCHDOG=1");
        program.signal("SIGTERM");
        const { exit, stderr } = await program.ended;
        expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.not.stringContaining("systemd_not_told") });
        await expect.poll(() => heard).toContain("STOPPING=1");
      } finally {
        receiver.kill();
      }
    },
  );
});
