import { execFileSync, spawn, spawnSync } from "node:child_process";
import { afterEach, expect, test } from "vitest";
import { BIN, type Machine, OWNER, startMachine } from "../support/cli-process.ts";

/** Runs a command in a terminal: prints what the terminal shows, and types what comes in. */
const PTY = `
import os, pty, select, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
sources = [fd, 0]
while True:
    ready, _, _ = select.select(sources, [], [])
    if fd in ready:
        try:
            shown = os.read(fd, 65536)
        except OSError:
            break
        if not shown:
            break
        os.write(1, shown)
    if 0 in ready:
        typed = os.read(0, 65536)
        if typed:
            os.write(fd, typed)
        else:
            sources.remove(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;
const hasPython = spawnSync("python3", ["-c", "import pty, os; os.waitstatus_to_exitcode"]).status === 0;

let machine: Machine;
afterEach(() => machine?.close());

function startInTerminal(args: string[]) {
  const env = { PATH: process.env.PATH, HOME: machine.folder, TERM: "xterm", ...machine.env };
  const command = ["-c", PTY, process.execPath, BIN, ...args];
  const child = spawn("python3", command, { cwd: machine.folder, env, timeout: 60_000 });
  let shown = "";
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    shown += chunk;
    for (const listener of listeners) listener();
  });
  const exit = new Promise<number | null>((resolve) => {
    child.on("close", (code) => {
      resolve(code);
      for (const listener of listeners) listener();
    });
  });
  return {
    exit,
    shown: () => shown,
    type: (keys: string) => child.stdin.write(keys),
    shows: (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (shown.includes(text)) resolve();
          else if (child.exitCode === null) return;
          else reject(new Error(`"${text}" never showed, only:\n${shown}`));
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
  };
}

test.skipIf(!hasPython)("a terminal shows the e-mail address, but neither password nor code", async () => {
  machine = await startMachine({ mfa: "email" });
  await machine.addAccounts(OWNER);
  const [email = "", password = ""] = machine.credentials();
  const terminal = startInTerminal(["login", "garmin", "--account", String(OWNER)]);

  await terminal.shows("Garmin e-mail:");
  terminal.type(`${email}\r`);
  await terminal.shows("Garmin password:");
  // A typing error, fixed with backspace.
  terminal.type(`${password.slice(0, -1)}x\x7f${password.slice(-1)}\r`);
  await terminal.shows("Code from the mail:");
  const code = machine.sandbox.garmin.inbox[0]?.code ?? "";
  terminal.type(`${code}\r`);
  expect(await terminal.exit, terminal.shown()).toBe(0);

  expect(terminal.shown()).toContain("Signed in to Garmin as owner.");
  expect(terminal.shown()).toContain(email);
  expect(terminal.shown()).not.toContain(password.slice(0, 6));
  expect(terminal.shown()).not.toContain(code);
});

test.skipIf(!hasPython)("Ctrl-C and Ctrl-D at a question cancel the command, and it says so", async () => {
  machine = await startMachine();
  await machine.addAccounts(OWNER);
  for (const key of ["\x03", "\x04"]) {
    const terminal = startInTerminal(["login", "garmin", "--account", String(OWNER)]);
    await terminal.shows("Garmin e-mail:");
    terminal.type(`${machine.credentials()[0]}\r`);
    await terminal.shows("Garmin password:");
    terminal.type(key);
    expect(await terminal.exit).toBe(2);
    expect(terminal.shown()).toContain("Cancelled. Nothing has changed.");
  }
});

test("a reader that closes our output causes no error", async () => {
  machine = await startMachine();
  const pipe = `{ "${process.execPath}" "${BIN}" help; echo "exit $?" >&2; } 2>errors | true`;
  execFileSync("sh", ["-c", pipe], { cwd: machine.folder });
  expect(execFileSync("cat", ["errors"], { cwd: machine.folder, encoding: "utf8" })).toBe("exit 0\n");
});
