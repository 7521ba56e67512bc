import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BIN, type Machine, OWNER, startMachine } from "../support/cli-process.ts";

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

test("a first start says in the chat that the store is empty and where it is, once, and remembers it with the first account", async () => {
  const { sandbox, dataDir, start } = machine;
  const chat = sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
  for (let times = 0; times < 2; times++) {
    const program = start("start");
    await program.said("bot_started");
    program.signal("SIGTERM");
    expect((await program.ended).exit).toBe(0);
  }
  const told = chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text);
  expect(told).toEqual([expect.stringContaining(`an empty store: table weighbridge in ${dataDir}`)]);
  const marks = () =>
    sandbox.telegram.calls("setMyShortDescription").filter(({ params }) => params.language_code === "la");
  expect(marks()).toEqual([]);

  await machine.addAccounts(OWNER);
  const program = start("start");
  await program.said("bot_started");
  program.signal("SIGTERM");
  await program.ended;
  expect(marks()).toHaveLength(1);
  const { exit, stderr } = await machine.runAsProcess("start", [], { TOKEN_TABLE_NAME: "another", LOG_LEVEL: "error" });
  expect({ exit, stderr }).toMatchObject({ exit: 2, stderr: expect.stringContaining("start --new\n") });
});

test("a program that can't start tells the owner why, once a day, and exits with 2", async () => {
  const { sandbox, dataDir, runAsProcess } = machine;
  const chat = sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
  mkdirSync(dataDir);
  const file = path.join(dataDir, "weighbridge.sqlite");
  writeFileSync(file, "no database".repeat(100));
  for (let times = 0; times < 2; times++) {
    const { exit, stderr } = await runAsProcess("start", [], { LOG_LEVEL: "error" });
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: expect.stringMatching(/^\S+ is not an intact SQLite database/),
    });
  }
  const told = () => chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text);
  expect(told()).toEqual([
    expect.stringMatching(/^Something on the machine I run on needs fixing.*\n\n.*not an intact SQLite/),
  ]);
  rmSync(file);
  const program = machine.start("start");
  await program.said("bot_started");
  expect(readdirSync(dataDir)).not.toContain("told-why-not");
  program.signal("SIGTERM");
  await program.ended;
});

const isMountable = process.getuid?.() === 0 && spawnSync("unshare", ["-m", "true"]).status === 0;
test.skipIf(!isMountable)(
  "a full disk is reported in one sentence, also to the owner (skipped where no disk can be mounted)",
  async () => {
    const chat = machine.sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
    const command = `mkdir -p "$0" && mount -t tmpfs -o size=64k tmpfs "$0" && { cat /dev/zero > "$0/fill" 2>/dev/null || true; } && exec "$1" "$2" start`;
    const env = { PATH: process.env.PATH, ...machine.env, LOG_LEVEL: "error" };
    const { code, stderr } = await promisify(execFile)(
      ...(["unshare", ["-m", "sh", "-c", command, machine.dataDir, process.execPath, BIN], { env }] as const),
    ).then(
      () => expect.fail("it started"),
      (error) => error,
    );
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^The disk that holds \S+weighbridge\.sqlite is full\. Free some space there\.\n$/),
    });
    expect(chat.lastMessage?.text).toContain("is full. Free some space there.");
  },
);
