import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CliRun, runCli } from "../support/cli-process.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "weighbridge-cli-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (command: string, env = {}) => runCli(command.split(" "), { env, cwd: folder });
const STACK = /\n\s+at |node:internal|Error:/;

test("table and accounts need nothing but a folder, and doing it twice does no harm", async () => {
  expect(await run("table create --json")).toMatchObject({ exit: 0 });
  expect((await run("table create --json")).json()).toEqual({ table: "weighbridge", outcome: "present" });

  const added = await run("account add --telegram-id 4711 --timezone Europe/Berlin --json");
  expect(added.json()).toEqual({ account: 4711 });
  expect(added).toMatchObject({
    ...{ exit: 0, stderr: "4711\nAdded. Next: npx weighbridge login withings --account 4711\n" },
  });
  expect(await run("account add --telegram-id 4711")).toMatchObject({ exit: 0, stdout: "4711\n", stderr: "" });
  await run("account add --telegram-id 12");
  expect((await run("account list --json")).json()).toEqual({
    accounts: [
      { account: 12, timezone: null },
      { account: 4711, timezone: "Europe/Berlin" },
    ],
  });
  await run("account add --telegram-id 4711 --timezone Pacific/Auckland");
  expect((await run("account list")).stdout).toBe("12\n4711  Pacific/Auckland\n");
});

test("an account that is not there is a usage error that says how to add it", async () => {
  const env = { WITHINGS_CLIENT_ID: "client", WITHINGS_CLIENT_SECRET: "secret" };
  await run("table create");
  const [sync, login] = await Promise.all([
    run("sync --account 99 --json", env),
    run("login garmin --account 99 --ticket", env),
  ]);
  const sentence = "There is no account 99. Add it with: npx weighbridge account add --telegram-id 99";
  expect(sync.exit).toBe(2);
  expect(sync.json()).toEqual({ status: "error", problem: sentence });
  expect(login).toMatchObject({ exit: 2, stdout: "", stderr: `${sentence}\n` });
});

test("a login needs no --account if there is one account, and asks for it if there are several", async () => {
  const env = { WITHINGS_CLIENT_ID: "c", WITHINGS_CLIENT_SECRET: "s", WITHINGS_REDIRECT_URL: "https://example.org/" };
  expect((await run("login withings --json", env)).json()).toEqual({ status: "action_needed", action: "add_account" });
  await run("account add --telegram-id 12");
  expect((await run("login withings", env)).stdout).toContain("Open this address");
  await run("account add --telegram-id 4711");
  expect(await run("login withings", env)).toMatchObject({
    ...{ exit: 2, stdout: "", stderr: "There are 2 accounts: 12, 4711. Say which one with --account.\n" },
  });
});

test("a wrong command line exits with 2, and with --json the words are on standard error", async () => {
  const wrong = await run("sync --sinse 2026-01-01 --json");
  const sentence = "Unknown option '--sinse'. Run: npx weighbridge help";
  expect(wrong).toMatchObject({ exit: 2, stderr: `${sentence}\n` });
  expect(wrong.json()).toEqual({ status: "error", problem: sentence });
});

test("missing variables are all named at once, and only those of the command", async () => {
  const { exit, stderr, stdout } = await run("sync");
  expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
  expect(stderr).toContain("WITHINGS_CLIENT_ID is missing");
  expect(stderr).toContain("WITHINGS_CLIENT_SECRET is missing");
  expect(stderr).not.toMatch(/TELEGRAM|REDIRECT/);
});

test("start names every missing variable at once, before it opens anything", async () => {
  const { exit, json } = await run("start --json");
  expect({ exit, status: json().status }).toEqual({ exit: 2, status: "error" });
  for (const name of ["TELEGRAM_BOT_TOKEN", "TELEGRAM_ALLOWED_IDS", "WITHINGS_CLIENT_ID", "WITHINGS_CLIENT_SECRET"]) {
    expect(json().problem).toContain(`${name} is missing: `);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test("signing in at Garmin asks for no variable of Withings, and linking Withings for none of Garmin", async () => {
  await run("account add --telegram-id 5");
  const [garmin, withings] = await Promise.all([
    run("login garmin --account 5 --ticket"),
    run("login withings --account 5", {
      ...{ WITHINGS_CLIENT_ID: "client", WITHINGS_CLIENT_SECRET: "secret", GARMIN_SSO_URL: "broken" },
      WITHINGS_REDIRECT_URL: "https://example.org/callback",
    }),
  ]);
  expect(garmin.stderr).toContain("The input ended before this was answered");
  expect(withings.stdout).toContain(
    "https://account.withings.com/oauth2_user/authorize2?response_type=code&client_id=client",
  );
  expect([garmin.exit, withings.exit]).toEqual([2, 2]);
});

describe(".env", () => {
  const add = "account add --telegram-id 5 --json";
  const folders = () => readdirSync(folder).toSorted();

  test(".env is read as people and editors write it, and the environment wins", async () => {
    const text = `\uFEFFDATA_DIR="./elsewhere" # here\r\n\r\n# a remark\r\nexport TOKEN_TABLE_NAME=from-file\r\nLOG_LEVEL=\r\n`;
    writeFileSync(path.join(folder, ".env"), text);
    expect((await run("table create --json", { TOKEN_TABLE_NAME: "from-environment" })).json()).toMatchObject({
      table: "from-environment",
    });
    expect((await run("table create --json")).json()).toMatchObject({ table: "from-file" });
    expect(folders()).toEqual([".env", "elsewhere"]);
  });

  test.each<[string, () => void, RegExp]>([
    [
      "a folder",
      () => mkdirSync(path.join(folder, ".env")),
      /^\.env cannot be read \(EISDIR\): it must be a text file/,
    ],
    [
      "UTF-16, as some editors save",
      () => writeFileSync(path.join(folder, ".env"), Buffer.from("\uFEFFDATA_DIR=x\r\n", "utf16le")),
      /^\.env is not plain text in UTF-8: save it again/,
    ],
    [
      "zero bytes",
      () => writeFileSync(path.join(folder, ".env"), "DATA_DIR=x\n\0\0\0\0"),
      /^\.env is not plain text in UTF-8: save it again/,
    ],
    [
      "a value that is wrong",
      () => writeFileSync(path.join(folder, ".env"), 'STORE="sqlite\nDATA_DIR=x'),
      /STORE must be sqlite \(one machine\) or dynamodb \(AWS\)/,
    ],
    ["a wrong log level", () => writeFileSync(path.join(folder, ".env"), "LOG_LEVEL=loud"), /LOG_LEVEL must be info/],
  ])(".env with %s ends in one sentence, and nothing is written", async (_name, damage, sentence) => {
    damage();
    const { exit, stderr, json } = await run(add);
    expect(exit).toBe(2);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(STACK);
    expect(json()).toMatchObject({ status: "error" });
    expect(folders()).toEqual([".env"]);
  });

  test("help works despite a broken .env", async () => {
    mkdirSync(path.join(folder, ".env"));
    const { exit, stdout, stderr } = await run("--help");
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
    for (const command of ["demo", "start", "table create", "account add", "login garmin", "sync", "doctor"]) {
      expect(stdout).toContain(`npx weighbridge ${command}`);
    }
  });
});

describe("a DATA_DIR that cannot be used ends in one sentence with the fix", () => {
  const outcome = ({ exit, stderr }: CliRun) => ({ exit, stderr });

  test("a DATA_DIR that is a file, or has a broken database, ends in one sentence with the fix", async () => {
    writeFileSync(path.join(folder, "file"), "x");
    mkdirSync(path.join(folder, "notes"));
    writeFileSync(
      path.join(folder, "notes", "weighbridge.sqlite"),
      "Dear diary, today I weighed nothing.\n".repeat(50),
    );
    const [file, notes] = await Promise.all([
      run("account list", { DATA_DIR: "file" }),
      run("account list", { DATA_DIR: "notes" }),
    ]);
    expect(outcome(file)).toEqual({
      exit: 2,
      stderr: `${folder}/file/weighbridge.sqlite cannot be opened for writing: let this user write in its folder, or choose another one with DATA_DIR.\n`,
    });
    expect(outcome(notes)).toEqual({
      exit: 2,
      stderr: `${folder}/notes/weighbridge.sqlite is not an intact SQLite database: move it away and restore a backup, or choose another folder with DATA_DIR.\n`,
    });
  });

  test("a DATA_DIR without write access ends in one sentence with the fix", async () => {
    // Not even root can write here.
    const { exit, stderr } = await run("table create", { DATA_DIR: "/sys/weighbridge" });
    expect(exit).toBe(2);
    expect(stderr).toContain("/sys/weighbridge/weighbridge.sqlite cannot be opened for writing");
    expect(stderr).not.toMatch(STACK);
  });
});
