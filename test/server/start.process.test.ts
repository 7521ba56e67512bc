import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BIN, type Machine, OWNER, startCli, startMachine } from "../support/cli-process.ts";

describe("start", () => {
  let machine: Machine;
  beforeEach(async () => {
    machine = await startMachine();
  });
  afterEach(() => machine.close());

  test.each(["SIGTERM", "SIGINT"] as const)(
    "start syncs, answers, and ends with 0 on %s, without a temporary file left",
    async (signal) => {
      const { link, start, person, sandbox, folder } = machine;
      await link(OWNER);
      person().stepOnScale({ at: new Date(Date.now() - 3600_000), weightKg: 80.25 });
      const temporary = path.join(folder, "tmp");
      mkdirSync(temporary);
      const owner = sandbox.telegram.user({ id: OWNER, firstName: "Owner" });
      // A bot can't write first.
      owner.say("/help");
      const program = start("start", { TMPDIR: temporary });
      await owner.waitForMessage(({ text }) => /^80\.3 kg is in Garmin\.\nGarmin now has your weight\./.test(text));
      owner.say("/status");
      await owner.waitForMessage(({ text }) => /80\.25 kg(.|\n)*Next sync: /.test(text));
      program.signal(signal);
      const { exit, stdout } = await program.ended;
      expect({ exit, stdout }).toEqual({ exit: 0, stdout: "" });
      expect(readdirSync(temporary)).toEqual([]);
      // An orderly end leaves no write-ahead log.
      expect(readdirSync(machine.dataDir).toSorted()).toEqual(["last-sweep", "sealing.key", "weighbridge.sqlite"]);
    },
  );

  test("start ends with 0 even while Telegram doesn't answer", async () => {
    const { start, sandbox } = machine;
    const down = {
      type: "status",
      status: 502,
      body: { ok: false, error_code: 502, description: "Bad Gateway" },
    } as const;
    sandbox.faults.add({ server: "telegram", match: {}, times: Number.POSITIVE_INFINITY, effect: down });
    const program = start("start", { LOG_LEVEL: "info" });
    // By then grammY's retries have become slow.
    await expect.poll(() => sandbox.telegram.requests.length).toBeGreaterThan(3);
    const asked = Date.now();
    program.signal("SIGTERM");
    expect(await program.ended).toMatchObject({ exit: 0 });
    // Far less than the 90 seconds it would wait at most.
    expect(Date.now() - asked).toBeLessThan(20_000);
  });

  test("start says once that Telegram doesn't answer, and once that it does again", async () => {
    const { start, sandbox } = machine;
    const down = { type: "drop_before" } as const;
    sandbox.faults.add({ name: "away", server: "telegram", match: {}, times: Number.POSITIVE_INFINITY, effect: down });
    const program = start("start");
    await program.said("telegram_unreachable");
    sandbox.faults.remove("away");
    await program.said("telegram_reachable");
    await program.said("bot_started");
    program.signal("SIGTERM");
    const { stderr } = await program.ended;
    expect(stderr.match(/telegram_unreachable/g)).toHaveLength(1);
  });

  test("a token that Telegram doesn't know ends start with 2 and one sentence", async () => {
    const { exit, stdout, stderr } = await machine.runAsProcess("start", [], {
      TELEGRAM_BOT_TOKEN: "123:not-known-here",
      LOG_LEVEL: "error",
    });
    expect({ exit, stdout, stderr }).toEqual({
      ...{ exit: 2, stdout: "" },
      stderr: "Telegram doesn’t know TELEGRAM_BOT_TOKEN. Copy it again from @BotFather.\n",
    });
  });

  test("a port in use ends start with 2 and one sentence, before anything else", async () => {
    const { port } = new URL(machine.sandbox.withings.apiUrl);
    const { exit, stdout, stderr } = await machine.runAsProcess("start", [], { PORT: port, LOG_LEVEL: "error" });
    expect({ exit, stdout, stderr }).toEqual({
      ...{ exit: 2, stdout: "" },
      stderr: `Port ${port} is in use by another program. Stop that one, or set PORT to another number.\n`,
    });
    expect(machine.sandbox.telegram.calls("getMe")).toHaveLength(0);
  });

  test("a linked account keeps syncing when Telegram no longer knows the token", async () => {
    const { link, start, person, weights } = machine;
    await link(OWNER);
    person().stepOnScale({ at: new Date(Date.now() - 3600_000), weightKg: 80.25 });
    const program = start("start", { TELEGRAM_BOT_TOKEN: "123:not-known-here" });
    await program.said('"telegram_token_unknown"');
    await expect.poll(() => weights(), { timeout: 20_000 }).toEqual([80.25]);
    program.signal("SIGTERM");
    expect(await program.ended).toMatchObject({ exit: 0, stderr: expect.stringContaining("run_ended") });
  });

  test("a second copy with the same token ends neither of the two", async () => {
    const { start, sandbox } = machine;
    const copies = [start("start"), start("start")];
    for (const copy of copies) await copy.said("bot_started");
    // Each has been refused because of the other.
    const refused = () => sandbox.telegram.outbox.filter(({ error }) => error?.code === 409).length;
    await expect.poll(refused, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
    for (const copy of copies) copy.signal("SIGTERM");
    for (const copy of copies) expect(await copy.ended).toMatchObject({ exit: 0, stdout: "" });
  });

  const olderNode = findOlderNode();
  test.skipIf(!olderNode)("under an older Node, SIGTERM reaches the program behind it", async () => {
    await machine.link(OWNER);
    const env = { PATH: process.env.PATH, HOME: machine.folder, ...machine.env };
    const child = spawn(olderNode ?? "", [BIN, "start"], { env, cwd: machine.folder, timeout: 20_000 });
    let said = "";
    const exit = new Promise((resolve) => child.on("close", resolve));
    await new Promise<void>((resolve) => {
      child.stderr.on("data", (chunk) => {
        said += chunk;
        if (said.includes("run_ended")) resolve();
      });
    });
    child.kill("SIGTERM");
    expect(await exit).toBe(0);
    expect(said).toContain('"event":"stopping"');
  });
});

describe("demo", () => {
  test("the demo serves its page, even if its port is in use, and leaves nothing behind", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "weighbridge-demo-test-"));
    const busy = createServer((_request, response) => response.end("somebody else"));
    // In use by us or by another program, so the demo needs another port.
    await new Promise<void>((resolve) => {
      busy.once("error", () => resolve());
      busy.listen(8765, "127.0.0.1", resolve);
    });
    try {
      const demo = startCli(["demo", "--json"], { env: { TMPDIR: folder }, cwd: folder });
      await demo.said("Ctrl-C ends the demo.");
      await demo.said('"}');
      expect(readdirSync(folder)).toHaveLength(1);
      demo.signal("SIGINT");
      const { exit, json, stderr } = await demo.ended;
      expect(exit, stderr).toBe(0);
      expect(json().url).toMatch(/^http:\/\/127\.0\.0\.1:(?!8765)\d+$/);
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      busy.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** An older Node on this machine, if there is one, and the Node 24 from npm that it starts. */
function findOlderNode(): string | undefined {
  if (!existsSync(path.resolve(BIN, `../../node_modules/node-linux-${process.arch}/bin/node`))) return undefined;
  const { stdout } = spawnSync("sh", ["-c", "IFS=:; for dir in $PATH; do echo $dir/node; done"], { encoding: "utf8" });
  return stdout.split("\n").find((file) => {
    const { status, stdout: version } = spawnSync(file, ["--version"], { encoding: "utf8" });
    return status === 0 && Number(/^v(\d+)/.exec(version)?.[1]) < 24;
  });
}
