import { describe, expect, test } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { UsageError } from "../../src/lib/errors.ts";

const parse = (line: string) => parseArguments(line.split(" ").filter(Boolean));

test("every command is understood with its options, and --json may come anywhere", () => {
  expect(parse("--json sync --account 5 --since 2026-01-31 --dry-run")).toEqual({
    ...{ name: "sync", account: 5, since: "2026-01-31", dryRun: true, goesOn: false },
  });
  expect(parse("sync")).toEqual({
    name: "sync",
    account: undefined,
    since: undefined,
    ...{ dryRun: false, goesOn: false },
  });
  expect(parse("sync --go-on")).toMatchObject({ dryRun: false, goesOn: true });
  expect(parse("account add --telegram-id 123456789 --timezone Pacific/Auckland")).toMatchObject({
    ...{ name: "account add", telegramUserId: 123_456_789, timezone: "Pacific/Auckland" },
  });
  expect(parse("login garmin --account 5 --ticket")).toMatchObject({ name: "login garmin", byTicket: true });
  expect(parse("login withings")).toMatchObject({ name: "login withings", account: undefined });
  expect(parse("start --json")).toEqual({ name: "start", isNew: false });
  expect(parse("start --new")).toMatchObject({ name: "start", isNew: true });
  expect(parse("login withings --account=5")).toMatchObject({ name: "login withings", account: 5 });
  for (const name of ["demo", "table create", "account list", "status", "doctor"]) {
    expect(parse(`${name} --json`)).toEqual({ name });
  }
});

test("--version asks for the version, whatever else is asked", () => {
  expect(parse("--version")).toMatchObject({ name: "version" });
  expect(parse("sync --version --json")).toMatchObject({ name: "version" });
});

test.each(["", "help", "--help", "-h", "sync --help", "help sync"])("%j asks for help", (line) => {
  expect(parse(line)).toMatchObject({ name: "help" });
});

describe("a wrong command line ends in one sentence with the fix", () => {
  test.each([
    ["fly", 'There is no command "fly". Run: npx weighbridge help'],
    ["sync --dry-run --go-on", "--dry-run changes nothing, and --go-on does. Use one of the two."],
    ["sync now", 'sync takes no further word: "now". Run: npx weighbridge help'],
    ["account list all", 'account list takes no further word: "all". Run: npx weighbridge help'],
    ["backup one two", 'backup takes no further word: "two". Run: npx weighbridge help'],
    [
      "login",
      '"weighbridge login" needs one more word: npx weighbridge login withings, or npx weighbridge login garmin',
    ],
    ["table", '"weighbridge table" needs one more word: npx weighbridge table create'],
    ["sync --acount 5", "Unknown option '--acount'. Run: npx weighbridge help"],
    ["sync --account -5", "--account needs a value, like --account 123456789"],
    ["deploy --stage", "--stage needs a value, like --stage prod"],
    ["sync --json=yes", "Option '--json' does not take an argument. Run: npx weighbridge help"],
    ["status --account 5", '"weighbridge status" has no option --account. Run: npx weighbridge help'],
    [
      "login withings --account 5 --ticket",
      '"weighbridge login withings" has no option --ticket. Run: npx weighbridge help',
    ],
    ["account add", "--telegram-id is missing: give the Telegram user id, a number."],
    ["account add --telegram-id 0", '--telegram-id "0" isn’t a Telegram user id, which is a number like 123456789.'],
    ["sync --account me", '--account "me" isn’t a Telegram user id, which is a number like 123456789.'],
    ["sync --account 1e3", '--account "1e3" isn’t a Telegram user id, which is a number like 123456789.'],
    [
      "account add --telegram-id 5 --timezone Mars/Base",
      '--timezone "Mars/Base" isn’t a time zone. Use a name like Europe/Berlin or America/New_York.',
    ],
    ["sync --since yesterday", '--since "yesterday" isn’t a date. Write it like 2026-01-31.'],
    ["sync --since 2026-02-30", '--since "2026-02-30" isn’t a date. Write it like 2026-01-31.'],
    ["sync --since 31.01.2026", '--since "31.01.2026" isn’t a date. Write it like 2026-01-31.'],
    ["sync --since 0001-01-01", "--since 0001-01-01 is too early. Write 1970-01-01 for everything."],
    ["sync --since 1969-12-31", "--since 1969-12-31 is too early. Write 1970-01-01 for everything."],
    ["sync --since 2026-1-5", '--since "2026-1-5" isn’t a date. Write it like 2026-01-31.'],
  ])("%s", (line, sentence) => {
    expect(() => parse(line)).toThrow(new UsageError(sentence));
  });
});
