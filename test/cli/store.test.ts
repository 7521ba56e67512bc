import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HOUSEMATE, type Machine, OWNER, startMachine } from "../support/cli-process.ts";
import { startDynalite } from "../support/dynalite.ts";

let machine: Machine;
afterEach(() => machine.close());
const anHourAgo = () => new Date(Date.now() - 3600_000);
const newKey = () => randomBytes(32).toString("base64");

test("with STORE=dynamodb every command works, and nothing is kept on the machine", async () => {
  const dynalite = await startDynalite();
  machine = await startMachine({
    env: {
      ...{ STORE: "dynamodb", DYNAMODB_ENDPOINT: dynalite.endpoint, TOKEN_TABLE_NAME: "tokens-of-tests" },
      ...{ AWS_REGION: "eu-central-1", AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key", SEALING_KEY: newKey() },
    },
  });
  const { run, person, sandbox } = machine;
  const early = await run(`account add --telegram-id ${OWNER}`);
  expect(early).toMatchObject({
    exit: 2,
    stderr: "The table tokens-of-tests does not exist. Run: npx weighbridge table create.\n",
  });
  expect((await run("table create --json")).json()).toEqual({ table: "tokens-of-tests", outcome: "created" });
  expect((await run("table create --json")).json()).toEqual({ table: "tokens-of-tests", outcome: "present" });
  expect((await run(`account add --telegram-id ${OWNER} --json`)).json()).toEqual({ account: OWNER });

  const garmin = await run(`login garmin --account ${OWNER} --ticket`, [machine.ticket()]);
  const code = new URL(sandbox.withings.authorize(person().userid, { state: "x" })).searchParams.get("code") ?? "";
  const withings = await run(`login withings --account ${OWNER}`, [code]);
  expect([garmin.exit, withings.exit], garmin.stderr + withings.stderr).toEqual([0, 0]);

  person().stepOnScale({ at: anHourAgo(), weightKg: 80.25 });
  const sync = await run("sync --json");
  expect(sync.json()).toMatchObject({ status: "success", synced: 1 });
  expect(machine.weights()).toEqual([80.25]);
  expect((await run("status")).stdout).toContain("Last weigh-in: 80.25 kg");
  expect(existsSync(machine.dataDir)).toBe(false);

  await dynalite.close();
  const down = await run(`account list --json`);
  expect(down).toMatchObject({ exit: 4, stderr: expect.stringContaining("DynamoDB does not answer at the moment") });
  expect(down.json()).toEqual({ status: "retry_later" });
});

describe("what is sealed", () => {
  const keys = { old: newKey(), new: newKey() };
  beforeEach(async () => {
    machine = await startMachine({ env: { SEALING_KEY: keys.old } });
    await machine.link(OWNER, HOUSEMATE);
    machine.person(HOUSEMATE).stepOnScale({ at: anHourAgo(), weightKg: 80 });
  });

  test("what is sealed doesn't open with another key, which is reported with the fix, and opens with both keys", async () => {
    const [sync, status, dry, broken] = await Promise.all([
      machine.run(`sync --account ${OWNER} --json`, [], { SEALING_KEY: keys.new }),
      machine.run("status --json", [], { SEALING_KEY: keys.new }),
      machine.run("sync --dry-run --json", [], { SEALING_KEY: keys.new }),
      machine.run("status --json", [], { SEALING_KEY: "too short" }),
    ]);
    const words = /cannot be opened, because SEALING_KEY doesn't have key [0-9a-f]{8}\. Add it after a comma\./;
    for (const { exit, stderr, json } of [sync, status, dry]) {
      expect({ exit, status: json().status }).toEqual({ exit: 2, status: "error" });
      expect(stderr).toMatch(words);
    }
    expect(broken.exit).toBe(2);
    expect(broken.stderr).toContain("SEALING_KEY must be a base64 key of 32 bytes");
    expect(machine.weights(HOUSEMATE)).toEqual([]);
    const both = await machine.run("sync --json", [], { SEALING_KEY: `${keys.new},${keys.old}` });
    expect(both.json()).toMatchObject({ status: "success", synced: 1 });
  });

  test("a damaged seal stops its own account only", async () => {
    const database = new DatabaseSync(path.join(machine.dataDir, "weighbridge.sqlite"));
    database.exec(
      `UPDATE weighbridge SET value = replace(value, '"sealedTokens":"v1', '"sealedTokens":"v2') WHERE pk = 'account#${OWNER}'`,
    );
    database.close();
    const { exit, json, stderr } = await machine.run("sync --json");
    expect(exit).toBe(2);
    expect(json()).toMatchObject({
      ...{ status: "error", synced: 1 },
      accounts: [
        { account: OWNER, status: "error" },
        { account: HOUSEMATE, status: "success", synced: 1 },
      ],
    });
    expect(stderr).toContain(`${OWNER}: The stored sealedTokens cannot be opened`);
    // Signing in again fixes it.
    machine.person(OWNER).stepOnScale({ at: anHourAgo(), weightKg: 80 });
    const code = machine.sandbox.withings.authorize(machine.person().userid, { state: "x" });
    const pasted = new URL(code).searchParams.get("code") ?? "";
    await machine.run(`login withings --account ${OWNER}`, [pasted]);
    await machine.run(`login garmin --account ${OWNER} --ticket`, [machine.ticket()]);
    expect(await machine.run(`sync --account ${OWNER}`)).toMatchObject({ exit: 0 });
    expect(machine.weights()).toEqual([80]);
  });
});

test("a damaged key file is reported with the fix, and isn't replaced", async () => {
  machine = await startMachine();
  await machine.link(OWNER);
  const file = path.join(machine.dataDir, "sealing.key");
  writeFileSync(file, "not a key\n");
  const { exit, stderr } = await machine.run("sync");
  expect(exit).toBe(2);
  expect(stderr).toMatch(
    /sealing\.key does not hold a base64 key of 32 bytes: put the right key back, or delete the file/,
  );
  const doctor = await machine.run("doctor");
  expect(doctor.exit).toBe(2);
  expect(doctor.stdout).toMatch(/\nfix {5}key: .*sealing\.key does not hold a base64 key .*\n\n1 thing needs you\.\n$/);
});

test("a wrong LOG_LEVEL is named with all other wrong settings, is one line of doctor, and doesn’t stop a report", async () => {
  machine = await startMachine();
  await machine.run(`account add --telegram-id ${OWNER}`);
  const env = { LOG_LEVEL: "loud" };
  const sentence = "  - LOG_LEVEL must be info, warn, error or silent";
  const refused = "These settings (in .env or the environment) need fixing:\n";
  const [started, looked, status, reported] = [
    await machine.run("start", [], { ...env, MANUAL_SYNC_TOKEN: "short" }),
    await machine.run("doctor", [], env),
    await machine.run("status", [], env),
    await machine.run("report loud.json", [], env),
  ];
  expect(started.exit).toBe(2);
  expect(started.stderr).toMatch(/MANUAL_SYNC_TOKEN must have at least 24 .*\n {2}- LOG_LEVEL must be info/);
  expect(looked.stdout).toMatch(new RegExp(`^fix {5}setup: .*\n${sentence}\nok {6}store: `));
  expect(status).toMatchObject({ exit: 2, stderr: `${refused}${sentence}\n` });
  expect(reported.exit).toBe(0);
});

describe("without data", () => {
  beforeEach(async () => {
    machine = await startMachine();
  });
  const noData = () =>
    `There is no data in ${machine.dataDir}: set DATA_DIR to the folder that has it, or start the program, which makes it.`;

  test.each(["account list", "status", "sync", "sync --dry-run"])(
    "%s says where it looked, and makes nothing",
    async (command) => {
      expect(await machine.run(command)).toMatchObject({ exit: 2, stdout: "", stderr: `${noData()}\n` });
      expect(readdirSync(machine.folder)).toEqual([]);
    },
  );

  test("a backup makes neither data nor a file", async () => {
    expect((await machine.run("backup all.backup")).exit).toBe(2);
    expect(readdirSync(machine.folder)).toEqual([]);
  });

  test("doctor says where it looked, checks everything else, and makes nothing", async () => {
    const { exit, stdout } = await machine.run("doctor");
    expect(exit).toBe(2);
    expect(stdout).toContain(`\nfix     store: ${noData()}\nok      Telegram: @`);
    expect(stdout).toMatch(/\nok {6}clock: correct\nok {6}Garmin sign-in: .*\n\n1 thing needs you\.\n$/);
    expect(readdirSync(machine.folder)).toEqual([]);
  });

  test("a report says what it lacks, and makes nothing else", async () => {
    const { exit, stdout } = await machine.run("report mine.json");
    expect(exit).toBe(0);
    expect(stdout).toContain(`\nThe report doesn’t say how the vendors answered. ${noData()}\n`);
    expect(readdirSync(machine.folder)).toEqual(["mine.json"]);
  });

  test.each([`account add --telegram-id ${OWNER}`, "table create", "login garmin --ticket"])(
    "%s makes it",
    async (command) => {
      await machine.run(command);
      expect(readdirSync(machine.dataDir)).toContain("weighbridge.sqlite");
    },
  );
});

test("doctor names what start would refuse", async () => {
  machine = await startMachine();
  const env = { MANUAL_SYNC_TOKEN: "short" };
  const [started, looked] = await Promise.all([machine.run("start", [], env), machine.run("doctor", [], env)]);
  expect(started).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining("MANUAL_SYNC_TOKEN must have at least 24"),
  });
  expect(looked).toMatchObject({ exit: 2, stdout: expect.stringContaining("MANUAL_SYNC_TOKEN must have at least 24") });
});
