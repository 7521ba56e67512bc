import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
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

test("a backup made while the program runs is restored whole on another machine, with the key, readable by this user only", async () => {
  await machine.link(OWNER);
  machine.person().stepOnScale({ at: hoursAgo(3), weightKg: 80.25 });
  const program = machine.start("start");
  await program.said("run_ended");
  expect(await outcome("backup weighbridge.backup")).toEqual(ok);
  program.signal("SIGTERM");
  await program.ended;
  expect((statSync(at("weighbridge.backup")).mode & 0o777).toString(8)).toBe("600");
  expect(readdirSync(machine.folder).toSorted()).toEqual(["data", "weighbridge.backup"]);

  const elsewhere = { DATA_DIR: at("elsewhere") };
  const { exit, stdout } = await machine.run("restore weighbridge.backup", [], elsewhere);
  expect({ exit, stdout }).toEqual({
    exit: 0,
    stdout: expect.stringMatching(/^Everything is as it was on \d{4}-\d\d-\d\d \d\d:\d\d UTC\.\nWhat was sent/),
  });
  machine.person().stepOnScale({ at: hoursAgo(2), weightKg: 80.5 });
  expect((await machine.run("sync --json", [], elsewhere)).json()).toMatchObject({ status: "success", synced: 1 });
  expect(machine.weights()).toEqual([80.25, 80.5]);
  for (const name of readdirSync(at("elsewhere"))) {
    expect((statSync(path.join(at("elsewhere"), name)).mode & 0o777).toString(8)).toBe("600");
  }
});

test("a restore is refused while the program runs, even with --force, but not once it was killed", async () => {
  await machine.link(OWNER);
  await machine.run("backup b");
  const program = machine.start("start");
  await program.said("run_ended");
  expect(await outcome("restore b --force")).toEqual({
    exit: 2,
    stderr: "Weighbridge is running on ~/data. Stop it, then restore again. Nothing was changed.\n",
  });
  program.signal("SIGKILL");
  await program.ended;
  expect(await outcome("restore b --force")).toEqual(ok);
  expect(await machine.run("sync --json")).toMatchObject({ exit: 0 });
});

test("kill -9 in the middle of a restore leaves the old data with its key, and the restore works the second time", async () => {
  await machine.link(OWNER);
  // Another installation, big enough to be killed during its restore.
  const other = { DATA_DIR: at("other") };
  await machine.run("account add --telegram-id 12", [], other);
  const big = database(at("other/weighbridge.sqlite"));
  big.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)
    INSERT INTO weighbridge SELECT 'ballast', i, i, json_object('text', hex(randomblob(100))), NULL FROM n`);
  big.close();
  expect(await outcome("backup b", other)).toEqual(ok);
  expect(readFileSync(at("other/sealing.key"))).not.toEqual(readFileSync(at("data/sealing.key")));

  const killed = machine.start("restore b --force");
  await vi.waitFor(() => expect(existsSync(at("data/weighbridge.sqlite-journal"))).toBe(true), {
    timeout: 20_000,
    interval: 2,
  });
  killed.signal("SIGKILL");
  expect((await killed.ended).exit).toBeNull();
  expect((await machine.run("sync --json")).json()).toMatchObject({ status: "success" });
  expect((await machine.run("account list --json")).json()).toMatchObject({ accounts: [{ account: OWNER }] });

  expect(await outcome("restore b --force")).toEqual(ok);
  expect((await machine.run("account list --json")).json()).toMatchObject({ accounts: [{ account: 12 }] });
  expect(readFileSync(at("data/sealing.key"))).toEqual(readFileSync(at("other/sealing.key")));
});
