import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BIN, type Machine, OWNER, startMachine } from "../support/cli-process.ts";
import { moveIn, type PublicHouse } from "./public-house.ts";

/** What people see of the bot must stay as @BotFather made it. */
const profile = (house: PublicHouse) =>
  house.sandbox.telegram.calls("setMyShortDescription").map(({ params }) => params.language_code);

describe("a program started on a different store from the one its bot was used with", () => {
  let house: PublicHouse;
  const empty = () => mkdtempSync(path.join(tmpdir(), "weighbridge-empty-"));
  beforeEach(async () => {
    house = await moveIn({ linked: true });
    const first = await house.start();
    await first.said("bot_started");
    await first.stop();
  });
  afterEach(async () => {
    rmSync(house.env.DATA_DIR ?? "", { recursive: true, force: true });
    await house.close();
  });

  test.each([
    ["the name of the table has a typing error", () => ({ TOKEN_TABLE_NAME: "weighbrige" })],
    ["the folder of the data is not mounted", () => ({ DATA_DIR: empty() })],
  ])("refuses and tells its owner, once a day, where %s", async (_why, change) => {
    Object.assign(house.env, change());
    for (let times = 0; times < 3; times++) {
      const { ended, stop } = await house.start();
      expect(await ended).toMatchObject({
        name: "UsageError",
        message: expect.stringMatching(/^I was started with an empty store .*DATA_DIR, TOKEN_TABLE_NAME.*start --new$/),
      });
      await stop();
    }
    const told = () => house.told().filter((text) => text.includes("empty store"));
    expect(told()).toHaveLength(1);
    expect(told()[0]).toContain(`table ${house.env.TOKEN_TABLE_NAME ?? "weighbridge"} in ${house.env.DATA_DIR}`);
    house.clock.advance(24 * 3600 + 1);
    await (await house.start()).ended;
    expect(told()).toHaveLength(2);
  });

  test("goes on if the owner says that the store is new, also after the next start", async () => {
    house.env.DATA_DIR = empty();
    const begun = await house.start(60, { isNew: true });
    await begun.said("bot_started");
    await begun.stop();
    await (await house.start()).said("bot_started");
    expect(house.told().join()).not.toContain("empty store");
  });

  test("takes an account added there as the owner's confirmation, and warns that two copies send readings twice", async () => {
    house.env.DATA_DIR = empty();
    const app = await house.newApp();
    await app.accounts.save(OWNER, { language: "de" });
    await (await house.start()).said("bot_started");
    expect(house.told()).toEqual([expect.stringMatching(/^Dieser Bot lief zuletzt mit einem anderen Speicher/)]);
  });

  test("recognises the same store, even after everybody in it was removed, and shows nothing of that to people", async () => {
    await house.app.disconnect(await house.app.accounts.save(OWNER, {}), "everything");
    await (await house.start()).said("bot_started");
    expect(house.told()).toEqual([]);
    expect(profile(house)).toEqual(["la"]);
  });

  test("goes on if Telegram does not say which store the bot was used with", async () => {
    house.env.DATA_DIR = empty();
    house.sandbox.faults.add({
      ...{ server: "telegram", match: { path: /getMyShortDescription$/ } },
      effect: { type: "status", status: 400, body: { ok: false, error_code: 400, description: "Bad Request" } },
    });
    const { said } = await house.start();
    await said("store_not_compared");
    await said("bot_started");
  });
});

describe("a first start", () => {
  let machine: Machine;
  beforeEach(async () => {
    machine = await startMachine();
  });
  afterEach(() => machine.close());

  test("says in the chat that the store is empty and where it is, once, and remembers it with the first account", async () => {
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
    expect(sandbox.telegram.calls("setMyShortDescription")).toEqual([]);

    await machine.addAccounts(OWNER);
    const program = start("start");
    await program.said("bot_started");
    program.signal("SIGTERM");
    await program.ended;
    expect(sandbox.telegram.calls("setMyShortDescription")).toHaveLength(1);
    const { exit, stderr } = await machine.run("start", [], { TOKEN_TABLE_NAME: "another", LOG_LEVEL: "error" });
    expect({ exit, stderr }).toMatchObject({ exit: 2, stderr: expect.stringContaining("start --new\n") });
  });

  test("if it cannot start, the owner is told why, once a day, and the exit code is 2", async () => {
    const { sandbox, dataDir, run } = machine;
    const chat = sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
    mkdirSync(dataDir);
    const file = path.join(dataDir, "weighbridge.sqlite");
    writeFileSync(file, "no database".repeat(100));
    for (let times = 0; times < 2; times++) {
      const { exit, stderr } = await run("start", [], { LOG_LEVEL: "error" });
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
    "on a full disk it says so in one sentence, also to its owner (skipped where no disk can be mounted)",
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
        stderr: expect.stringMatching(
          /^The disk that holds \S+weighbridge\.sqlite is full\. Free some space there\.\n$/,
        ),
      });
      expect(chat.lastMessage?.text).toContain("is full. Free some space there.");
    },
  );
});
