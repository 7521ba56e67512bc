import { parseArgs } from "node:util";
import { TABLE_NAME_VARIABLE } from "../config/table-name.ts";
import { UsageError } from "../lib/errors.ts";
import { isTimezone } from "../lib/local-time.ts";

const OTHERS = ["help", "version", "setup", "deploy", "remove"] as const;

export type Command = { stage: string | undefined } & (
  | { name: "help" }
  | { name: "version" }
  | { name: "setup" | "deploy" }
  | { name: "demo" | "table create" | "account list" | "status" | "doctor" }
  | { name: "start"; isNew: boolean }
  | { name: "remove"; isSure: boolean }
  | { name: "account add"; telegramUserId: number; timezone: string | undefined }
  | { name: "login withings"; account: number | undefined }
  | {
      name: "login garmin";
      account: number | undefined;
      byTicket: boolean;
      asAndroid: boolean;
      asSomebodyElse: boolean;
    }
  | { name: "backup" | "restore"; file: string; force: boolean }
  | { name: "report"; file: string | undefined }
  | { name: "sync"; account: number | undefined; since: string | undefined; dryRun: boolean; goesOn: boolean }
);

export type CommandOfProgram = Exclude<Command, { name: (typeof OTHERS)[number] }>;

export const isOfProgram = (command: Command): command is CommandOfProgram =>
  !OTHERS.some((other) => other === command.name);

export const USAGE = `Weighbridge copies what your Withings scale and cuff measure into Garmin Connect.

  npx weighbridge help                              this text
  npx weighbridge demo                              try it without any account
  npx weighbridge start                             the bot, and a sync every half hour; --new to use the bot
                                                    with a new, empty store
  npx weighbridge account add --telegram-id N       add yourself; --timezone Europe/Berlin if Withings has it wrong
  npx weighbridge account list
  npx weighbridge login withings                    link the scale
  npx weighbridge login garmin --ticket             sign in on Garmin's own page; --as-somebody-else if your
                                                    browser is signed in there as another person
  npx weighbridge login garmin                      or here, with e-mail, password and code; --android signs in
                                                    as Garmin's other app, if it refused the first
  npx weighbridge sync                              send what is new; the first time, the last 30 days
  npx weighbridge sync --since 2026-01-31           from that day on
  npx weighbridge sync --dry-run                    say what would happen, and change nothing
  npx weighbridge sync --go-on                      send what waits because Garmin showed other values
  npx weighbridge status                            links, last readings, last run
  npx weighbridge doctor                            check everything, and say how to fix it
  npx weighbridge report [FILE]                     a file for a bug report, with none of your values
  npx weighbridge backup FILE                       everything kept here, and its key, in one file; --force
                                                    overwrites that file
  npx weighbridge restore FILE                      put it back; --force replaces what is there
  npx weighbridge table create                      only with STORE=dynamodb: makes the table, once

On AWS (the first three also as npm run setup, deploy, remove):

  npx weighbridge setup                             asks for what a deployment needs, and stores it at AWS
  npx weighbridge deploy                            deploys it, and checks everything
  npx weighbridge remove                            undoes that, but keeps the table; --yes does not ask
  npx weighbridge status --stage prod               the deployment instead of this machine: account, login, sync,
                                                    status, doctor and report take --stage

A stage is the name of a deployment: prod, unless you give another. You need AWS credentials that may deploy, and
AWS_REGION. A deployment ignores the settings of this machine, such as .env; only LOG_LEVEL and the vendors' addresses are
taken from the environment. If ${TABLE_NAME_VARIABLE} names another table, the command is refused.

With several accounts, login needs --account N (a Telegram user id); sync without it covers them all.
Every command takes --json; --version prints the version. Settings come from the environment or .env; the README lists them.`;

const OPTIONS: Record<Exclude<Command["name"], "help" | "version">, Array<keyof typeof FLAGS>> = {
  demo: [],
  start: ["new"],
  "table create": [],
  "account add": ["telegram-id", "timezone", "stage"],
  "account list": ["stage"],
  "login withings": ["account", "stage"],
  "login garmin": ["account", "ticket", "android", "as-somebody-else", "stage"],
  sync: ["account", "since", "dry-run", "go-on", "stage"],
  status: ["stage"],
  doctor: ["stage"],
  setup: ["stage"],
  deploy: ["stage"],
  remove: ["stage", "yes"],
  report: ["stage"],
  backup: ["force"],
  restore: ["force"],
};

const FLAGS = {
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  "telegram-id": { type: "string" },
  timezone: { type: "string" },
  account: { type: "string" },
  ticket: { type: "boolean" },
  android: { type: "boolean" },
  "as-somebody-else": { type: "boolean" },
  since: { type: "string" },
  "dry-run": { type: "boolean" },
  "go-on": { type: "boolean" },
  force: { type: "boolean" },
  new: { type: "boolean" },
  stage: { type: "string" },
  yes: { type: "boolean" },
} as const;

const EXAMPLES: Record<string, string> = {
  "--telegram-id": "123456789",
  "--timezone": "Europe/Berlin",
  "--account": "123456789",
  "--since": "2026-01-31",
  "--stage": "prod",
};

const TAKE_FILE = ["backup", "restore", "report"];

const EARLIEST_SINCE = "1970-01-01";

/** @throws UsageError in one sentence that names the fix. */
export function parseArguments(args: string[]): Command {
  const { values, positionals } = parse(args);
  const [first = "help", file] = positionals;
  if (values.version) return { name: "version", stage: undefined };
  if (values.help || first === "help") return { name: "help", stage: undefined };
  const name = TAKE_FILE.includes(first) && positionals.length <= 2 ? first : positionals.join(" ");
  if (!isCommand(name)) throw unknownCommand(positionals);
  for (const option of Object.keys(values)) {
    if (option !== "json" && !OPTIONS[name].some((known) => known === option)) {
      throw new UsageError(`"weighbridge ${name}" has no option --${option}. Run: npx weighbridge help`);
    }
  }
  const { timezone, since } = values;
  const is = (flag: "new" | "yes" | "ticket" | "android" | "as-somebody-else" | "dry-run" | "go-on" | "force") =>
    values[flag] === true;
  const stage = chosenStage(values.stage);
  const account = values.account === undefined ? undefined : userId(values.account, "--account");
  switch (name) {
    case "start":
      return { name, stage, isNew: is("new") };
    case "remove":
      return { name, stage, isSure: is("yes") };
    case "account add": {
      if (timezone !== undefined && !isTimezone(timezone)) {
        throw new UsageError(
          `--timezone "${timezone}" isn’t a time zone. Use a name like Europe/Berlin or America/New_York.`,
        );
      }
      return { name, stage, telegramUserId: userId(values["telegram-id"], "--telegram-id"), timezone };
    }
    case "login withings":
      return { name, stage, account };
    case "login garmin": {
      const [asAndroid, asSomebodyElse] = [is("android"), is("as-somebody-else")];
      const byTicket = is("ticket") || asSomebodyElse;
      if (asAndroid && byTicket)
        throw new UsageError("--android needs a password: leave out --ticket and --as-somebody-else.");
      return { name, stage, account, byTicket, asAndroid, asSomebodyElse };
    }
    case "sync": {
      if (since !== undefined && !isDate(since)) {
        throw new UsageError(`--since "${since}" isn’t a date. Write it like 2026-01-31.`);
      }
      // ISO dates compare as strings.
      if (since !== undefined && since < EARLIEST_SINCE) {
        throw new UsageError(`--since ${since} is too early. Write ${EARLIEST_SINCE} for everything.`);
      }
      const [dryRun, goesOn] = [is("dry-run"), is("go-on")];
      if (dryRun && goesOn) throw new UsageError("--dry-run changes nothing, and --go-on does. Use one of the two.");
      return { name, stage, account, since, dryRun, goesOn };
    }
    case "backup":
    case "restore":
      if (!file) throw new UsageError(`Name the file, like: npx weighbridge ${name} weighbridge.backup`);
      return { name, stage, file, force: is("force") };
    case "report":
      return { name, stage, file };
    default:
      return { name, stage };
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: FLAGS, allowPositionals: true });
  } catch (error) {
    // Only the first of Node's sentences names the mistake.
    const [reason = "The options are wrong"] = error instanceof Error ? error.message.split(/\.(?:\s|$)/) : [];
    const [, option = ""] = /^Option '(--[\w-]+).*' argument (?:missing|is ambiguous)/.exec(reason) ?? [];
    if (option) throw new UsageError(`${option} needs a value, like ${option} ${EXAMPLES[option]}`);
    throw new UsageError(`${reason}. Run: npx weighbridge help`);
  }
}

const isCommand = (name: string): name is keyof typeof OPTIONS => Object.hasOwn(OPTIONS, name);

function unknownCommand(words: string[]): UsageError {
  const name = words.join(" ");
  const shorter = Object.keys(OPTIONS).find((known) => name.startsWith(`${known} `));
  if (shorter) {
    const extra = words.slice(shorter.split(" ").length + (TAKE_FILE.includes(shorter) ? 1 : 0));
    return new UsageError(`${shorter} takes no further word: "${extra.join(" ")}". Run: npx weighbridge help`);
  }
  const longer = Object.keys(OPTIONS).filter((known) => known.startsWith(`${name} `));
  if (longer.length === 0) return new UsageError(`There is no command "${name}". Run: npx weighbridge help`);
  const ways = longer.map((way) => `npx weighbridge ${way}`).join(", or ");
  return new UsageError(`"weighbridge ${name}" needs one more word: ${ways}`);
}

/** It becomes part of names at AWS, of which the longest may have 64 characters. */
function chosenStage(text: string | undefined): string | undefined {
  if (text === undefined || /^[a-z][a-z0-9-]{0,19}$/.test(text)) return text;
  throw new UsageError(
    `--stage "${text}" can’t be the name of a deployment. Use up to 20 lower-case letters, digits and dashes, like prod.`,
  );
}

function userId(text: string | undefined, option: string): number {
  if (text === undefined) throw new UsageError(`${option} is missing: give the Telegram user id, a number.`);
  const id = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (id === 0) throw new UsageError(`${option} "${text}" isn’t a Telegram user id, which is a number like 123456789.`);
  return id;
}

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
