import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../sandbox/free-port.ts";
import { BIN, type Machine, startMachine } from "../support/cli-process.ts";

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

/** What the container runs every minute; resolves with its exit code. */
async function healthCheck(port: string): Promise<number> {
  const env = { PATH: process.env.PATH, TMPDIR: machine.folder, PORT: port };
  const run = promisify(execFile)(process.execPath, [path.resolve(BIN, "../health.js")], { env });
  return run.then(
    () => 0,
    ({ code }) => code,
  );
}

/** Node reads it before the program: a signal that blocks the event loop for good. */
const BLOCKING = "--import=data:text/javascript,process.on(%22SIGUSR2%22,()=>{for(;;);})";

test.each([
  ["is stopped", "SIGSTOP"],
  ["has blocked its event loop", "SIGUSR2"],
] as const)(
  "a program that %s is killed by the health check once it has not answered for ten minutes",
  async (...[, signal]) => {
    const port = String(await freePort());
    const program = machine.start("start", { PORT: port, NODE_OPTIONS: BLOCKING });
    // Another one beside it, as no container has it, must be left alone.
    const other = machine.start("start", {
      PORT: String(await freePort()),
      DATA_DIR: path.join(machine.folder, "other"),
    });
    await program.said("bot_started");
    await other.said("bot_started");
    expect(await healthCheck(port)).toBe(0);
    program.signal(signal);
    expect(await healthCheck(port)).toBe(1);
    const silent = path.join(machine.folder, `weighbridge-silent-${port}`);
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    utimesSync(silent, minutesAgo(9), minutesAgo(9));
    expect(await healthCheck(port)).toBe(1);
    expect(existsSync(silent)).toBe(true);
    utimesSync(silent, minutesAgo(11), minutesAgo(11));
    expect(await healthCheck(port)).toBe(1);
    expect((await program.ended).exit).toBe(null);
    other.signal("SIGTERM");
    expect((await other.ended).exit).toBe(0);
  },
);

test("systemd hears every minute that the program is alive, and kills one it does not hear from", async () => {
  const bin = path.join(machine.folder, "bin");
  const heard = path.join(machine.folder, "heard");
  mkdirSync(bin);
  writeFileSync(path.join(bin, "systemd-notify"), `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${heard}\n`);
  chmodSync(path.join(bin, "systemd-notify"), 0o755);
  const program = machine.start("start", { PATH: `${bin}:${process.env.PATH}`, NOTIFY_SOCKET: "@systemd" });
  await program.said("bot_started");
  await expect.poll(() => existsSync(heard)).toBe(true);
  expect(readFileSync(heard, "utf8")).toMatch(/^@systemd WATCHDOG=1\n/);
  program.signal("SIGTERM");
  expect((await program.ended).exit).toBe(0);
  const unit = readFileSync(path.resolve(BIN, "../../infra/weighbridge.service"), "utf8");
  for (const line of ["Restart=always", "WatchdogSec=10min", "NotifyAccess=all"])
    expect(unit.split("\n")).toContain(line);
});
