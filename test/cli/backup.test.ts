import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Machine, OWNER, startMachine } from "../support/cli-process.ts";

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3600_000);
const at = (name: string) => path.join(machine.folder, name);
const database = (file = at("data/weighbridge.sqlite")) => new DatabaseSync(file);
const outcome = async (command: string, env = {}) => {
  const { exit, stderr } = await machine.run(command, [], env);
  return { exit, stderr: stderr.replaceAll(machine.folder, "~") };
};
const ok = { exit: 0, stderr: "" };

test("after a restore, nothing that was sent or edited since arrives twice, and a void sign-in is reported", async () => {
  await machine.link(OWNER);
  const person = machine.person();
  const edited = person.stepOnScale({ at: hoursAgo(5), weightKg: 80 });
  const untouched = person.stepOnScale({ at: hoursAgo(4), weightKg: 80.25 });
  person.takeBloodPressure({ at: hoursAgo(4), systolic: 121, diastolic: 79, pulse: 61 });
  await machine.run("sync");
  expect(await outcome("backup b")).toEqual(ok);

  person.edit(edited, { weightKg: 81 });
  person.stepOnScale({ at: hoursAgo(3), weightKg: 80.5 });
  person.takeBloodPressure({ at: hoursAgo(3), systolic: 125, diastolic: 80, pulse: 60 });
  machine.sandbox.garmin.expireAccessToken("owner@example.org");
  expect((await machine.run("sync --json")).json()).toMatchObject({ status: "success" });
  const now = [80.25, 80.5, 81];
  expect(machine.weights().toSorted()).toEqual(now);

  expect(await outcome("restore b --force")).toEqual(ok);
  // Garmin has renewed the token since then, so the restored one is void.
  expect((await machine.run("sync --json")).json()).toMatchObject({ status: "action_needed", action: "relink_garmin" });
  await machine.run(`login garmin --account ${OWNER} --ticket`, [machine.ticket()]);
  person.stepOnScale({ at: hoursAgo(1), weightKg: 80.75 });
  expect((await machine.run("sync --json")).json()).toMatchObject({ status: "success", synced: 1 });
  expect(machine.weights().toSorted()).toEqual([...now, 80.75].toSorted());
  expect(machine.sandbox.garmin.bloodPressures("owner@example.org")).toHaveLength(2);

  // Later changes are sent as always.
  person.edit(untouched, { weightKg: 79.75 });
  await machine.run("sync");
  expect(machine.weights().toSorted()).toEqual([79.75, 80.5, 80.75, 81]);
});

describe("a restore is refused, and changes nothing,", () => {
  beforeEach(async () => {
    await machine.link(OWNER);
    await machine.run("backup b");
  });

  test("neither a restore nor a backup replaces what is there without --force", async () => {
    expect(await outcome("restore b")).toEqual({
      exit: 2,
      stderr: "~/data holds data already. Back it up first, then restore with --force to replace it.\n",
    });
    expect(await outcome("backup b")).toEqual({
      exit: 2,
      stderr: "~/b exists already: choose another name, or replace it with --force.\n",
    });
    expect(await outcome("backup b --force")).toEqual(ok);
  });

  test.each<[string, () => void, string]>([
    ["missing", () => {}, "There is no file ~/bad."],
    ["empty", () => writeFileSync(at("bad"), ""), "~/bad is not a backup made by Weighbridge."],
    [
      "a letter",
      () => writeFileSync(at("bad"), "Dear diary\n".repeat(900)),
      "~/bad is not a backup made by Weighbridge.",
    ],
    [
      "another database",
      () => database(at("bad")).exec("CREATE TABLE t (a)"),
      "~/bad is not a backup made by Weighbridge.",
    ],
    [
      "cut short",
      () => {
        writeFileSync(at("bad"), readFileSync(at("b")));
        truncateSync(at("bad"), statSync(at("b")).size - 4096);
      },
      "~/bad is damaged or incomplete: take another backup.",
    ],
    [
      "changed in one letter",
      () => {
        const bytes = readFileSync(at("b"));
        const place = bytes.indexOf('"sealedTokens":"v1.') + 60;
        // One letter in 64 is already an X.
        bytes.write(bytes.toString("latin1", place, place + 1) === "X" ? "Y" : "X", place);
        writeFileSync(at("bad"), bytes);
      },
      "~/bad is damaged or incomplete: take another backup.",
    ],
    [
      "of a newer version",
      () => {
        writeFileSync(at("bad"), readFileSync(at("b")));
        database(at("bad")).exec("PRAGMA user_version = 99");
      },
      "~/bad was made by a newer Weighbridge: update this one, and restore again.",
    ],
  ])("from a file that is %s", async (_name, make, sentence) => {
    make();
    expect(await outcome("restore bad --force")).toEqual({ exit: 2, stderr: `${sentence}\n` });
    expect((await machine.run("sync --json")).json()).toMatchObject({ status: "success" });
  });
});

test("a backup of nothing is refused, and no file is made", async () => {
  expect(await outcome("backup b")).toEqual({
    exit: 2,
    stderr: "There is nothing to back up: ~/data/weighbridge.sqlite does not exist. Check DATA_DIR.\n",
  });
  expect(await outcome("backup")).toEqual({
    exit: 2,
    stderr: "Name the file, like: npx weighbridge backup weighbridge.backup\n",
  });
  expect(readdirSync(machine.folder)).toEqual([]);
});

test("a backup of a table of another name is refused with both names", async () => {
  await machine.link(OWNER);
  await machine.run("backup b");
  expect(await outcome("restore b --force", { TOKEN_TABLE_NAME: "other-name" })).toEqual({
    exit: 2,
    stderr: "~/b holds the table weighbridge, but TOKEN_TABLE_NAME is other-name: set it to the same name.\n",
  });
});

test("with STORE=dynamodb, backup and restore say where its backups are", async () => {
  const env = { STORE: "dynamodb", SEALING_KEY: randomBytes(32).toString("base64") };
  for (const command of ["backup b", "restore b"]) {
    expect(await outcome(command, env)).toEqual({
      exit: 2,
      stderr: "weighbridge is a table in DynamoDB, which keeps its own backups: restore it there to a point in time.\n",
    });
  }
});

test("a key from the environment stays out of the backup, and a restore asks for it", async () => {
  await machine.close();
  const key = randomBytes(32).toString("base64");
  machine = await startMachine({ env: { SEALING_KEY: key } });
  await machine.link(OWNER);
  expect((await machine.run("backup b")).stdout).toContain("The key in SEALING_KEY isn’t in it");
  expect(readFileSync(at("b"), "latin1")).not.toContain(key);
  const other = { DATA_DIR: at("other") };
  for (const SEALING_KEY of ["", randomBytes(32).toString("base64")]) {
    const { exit, stderr } = await outcome("restore b", { ...other, SEALING_KEY });
    expect({ exit, stderr }).toEqual({
      exit: 2,
      stderr: expect.stringMatching(/^~\/b holds no key: set SEALING_KEY as it was .* \(key [0-9a-f]{8}\)/),
    });
  }
  expect(await outcome("restore b", other)).toEqual(ok);
  expect((await machine.run("sync --json", [], other)).json()).toMatchObject({ status: "success" });
});

test("during a restore the key file holds both keys, so that the data opens before and after it is exchanged", async () => {
  const { exchangeSealingKey, loadOrCreateSealingKey } = await import("../../src/store/key-file.ts");
  mkdirSync(machine.dataDir);
  const file = at("data/sealing.key");
  const before = loadOrCreateSealingKey(file);
  const after = randomBytes(32).toString("base64");
  const killed = () =>
    exchangeSealingKey(file, after, (step) => {
      step();
      throw new Error("killed");
    });
  expect(killed).toThrow("killed");
  expect(loadOrCreateSealingKey(file)).toBe(`${after},${before}`);
  exchangeSealingKey(file, after, (step) => step());
  expect(loadOrCreateSealingKey(file)).toBe(after);
});
