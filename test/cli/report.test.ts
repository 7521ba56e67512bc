import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { type Machine, OWNER, startMachine } from "../support/cli-process.ts";

let machine: Machine;
afterEach(() => machine.close());

const reports = () => readdirSync(machine.folder).filter((name) => name.startsWith("weighbridge-report-"));
const read = (name: string) => readFileSync(path.join(machine.folder, name), "utf8");

test("report writes one file that only its owner can read, and says where", async () => {
  machine = await startMachine();
  await machine.addAccounts(OWNER);
  await machine.inside(async (app) => {
    app.vendors.answers.note({
      vendor: "garmin",
      call: "Garmin GET /weight-service/weight/range",
      where: "odd",
      value: { token: "Secret-77" },
    });
  });
  const run = await machine.run("report --json");
  const [name = ""] = reports();
  expect(run).toMatchObject({ exit: 0 });
  expect(run.json()).toEqual({ file: name, complete: true });
  expect(statSync(path.join(machine.folder, name)).mode & 0o777).toBe(0o600);
  const text = read(name);
  expect(JSON.parse(text)).toMatchObject({
    versions: { weighbridge: expect.any(String), node: process.version },
    settings: { WITHINGS_CLIENT_SECRET: "set", LOG_LEVEL: "default" },
    unknownAnswers: { garmin: [{ shape: ["the whole: object, length 1", "token: text, length 9"] }] },
  });
  const { WITHINGS_CLIENT_SECRET = "", TELEGRAM_BOT_TOKEN = "", DATA_DIR = "" } = machine.env;
  for (const secret of ["Secret-77", WITHINGS_CLIENT_SECRET, TELEGRAM_BOT_TOKEN, DATA_DIR, String(OWNER)]) {
    expect(text).not.toContain(secret);
  }
});

test("a file that already exists is left as it is", async () => {
  machine = await startMachine();
  writeFileSync(path.join(machine.folder, "mine.json"), "mine");
  const run = await machine.run("report mine.json");
  expect(run.exit).toBe(2);
  expect(run.stderr).toContain("mine.json already exists: name another file.");
  expect(read("mine.json")).toBe("mine");
});

test("a report needs no settings of the vendors", async () => {
  machine = await startMachine({ env: { WITHINGS_CLIENT_ID: "", WITHINGS_CLIENT_SECRET: "" } });
  await machine.run(`account add --telegram-id ${OWNER}`);
  const { stdout, stderr, json } = await machine.run("report --json");
  expect(json()).toMatchObject({ complete: true });
  expect(stdout + stderr).not.toMatch(/store_open_failed|couldn’t be opened/);
});

test("if the store cannot be opened, the report is written anyway and says what is missing", async () => {
  machine = await startMachine({ env: { SEALING_KEY: "not a key", SYNC_INTERVAL_MINUTES: "soon" } });
  await machine.run(`account add --telegram-id ${OWNER}`);
  const run = await machine.run("report broken.json");
  expect(run.exit).toBe(0);
  expect(run.stdout).toContain("The report doesn’t say how the vendors answered. SEALING_KEY must be a base64 key");
  const text = read("broken.json");
  expect(JSON.parse(text)).toMatchObject({
    settings: { SEALING_KEY: "set" },
    missing: expect.stringContaining("this report doesn’t say how the vendors answered"),
  });
  expect(text).not.toContain("not a key");
});
