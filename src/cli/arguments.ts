import { parseArgs } from "node:util";
import { TABLE_NAME_VARIABLE } from "../config/variables.ts";
import { UsageError } from "../lib/errors.ts";
import { isTimezone } from "../lib/local-time.ts";

export type Command = { json: boolean; stage: string | undefined } & (
  | { name: "help" }
  | { name: "version" }
  | { name: "start"; isNew: boolean }
  | { name: "demo" | "table create" | "account list" | "status" | "doctor" }
  | { name: "setup" | "deploy" }
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

/** What the program itself does, here or where it is deployed. */
export type CommandOfProgram = Exclude<Command, { name: "help" | "version" | "setup" | "deploy" | "remove" }>;

export function isOfProgram(command: Command): command is CommandOfProgram {
  return !["help", "version", "setup", "deploy", "remove"].includes(command.name);
}

export const USAGE = `Weighbridge brings what your Withings scale and cuff measure into Garmin Connect.

  npx weighbridge demo                              try it without any account
  npx weighbridge start                             the bot, and a sync every half hour; --new if its store is
                                                    empty on purpose, though the bot was used with another one
  npx weighbridge account add --telegram-id N       add yourself; --timezone Europe/Berlin if Withings has it wrong
  npx weighbridge account list
  npx weighbridge login withings                    link the scale
  npx weighbridge login garmin --ticket             sign in on Garmin's own page
  npx weighbridge login garmin                      or here, with e-mail, password and code; --android tries as Garmin's
                                                    other app, after it has refused the first
  npx weighbridge sync                              bring over what is new; the first time, the last 30 days
  npx weighbridge sync --since 2026-01-31           from that day on
  npx weighbridge sync --dry-run                    say what would happen, and change nothing
  npx weighbridge sync --go-on                      send what waits because Garmin shows different values
  npx weighbridge status                            links, last readings, last run
  npx weighbridge doctor                            check everything, and say how to fix it
  npx weighbridge report                            one file for a bug report, with none of your values
  npx weighbridge backup FILE                       all that is kept here, and its key, in one file
  npx weighbridge restore FILE                      put it back; --force replaces what is there
  npx weighbridge table create                      only with STORE=dynamodb: make the table, once

On AWS; \`npm run setup\`, \`npm run deploy\` and \`npm run remove\` are the same:

  npx weighbridge setup                             asks for what a deployment needs, and keeps it at AWS
  npx weighbridge deploy                            deploys it, and checks everything
  npx weighbridge remove                            undoes that, all but the table; --yes does not ask
  npx weighbridge status --stage prod               the deployment instead of this machine: account, login, sync,
                                                    status, doctor and report take --stage

A stage is the name of a deployment, prod unless you say otherwise. You need AWS credentials that may deploy, and
AWS_REGION. What is set here for the program on this machine, .env above all, does not count for a deployment: only where
the vendors are and LOG_LEVEL are taken from the environment. If ${TABLE_NAME_VARIABLE} names another table, nothing is done.

With several accounts, login takes --account N, the Telegram user id; sync takes it too, or works on all of them.
Every command takes --json; --version says which one this is. Settings come from the environment or .env; the README lists them.`;

/** The options each command knows; anything else is an error that names it. */
const OPTIONS: Record<Exclude<Command["name"], "help" | "version">, string[]> = {
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

/** @throws UsageError in one sentence that names the fix. */
export function parseArguments(args: string[]): Command {
  const { values, positionals } = parse(args);
  const json = values.json ?? false;
  if (values.version) return { name: "version", json, stage: undefined };
  if (values.help || positionals.length === 0 || positionals[0] === "help") {
    return { name: "help", json, stage: undefined };
  }
  const [first = ""] = positionals;
  const takesFile = first === "backup" || first === "restore" || first === "report";
  const name = takesFile && positionals.length <= 2 ? first : positionals.join(" ");
  if (!isCommand(name)) throw unknownCommand(name);
  for (const option of Object.keys(values)) {
    if (option !== "json" && !OPTIONS[name].includes(option)) {
      throw new UsageError(`"weighbridge ${name}" has no option --${option}. Run: npx weighbridge help`);
    }
  }
  const stage = chosenStage(values.stage);
  switch (name) {
    case "start":
      return { name, json, stage, isNew: values.new ?? false };
    case "remove":
      return { name, json, stage, isSure: values.yes ?? false };
    case "account add": {
      const { timezone } = values;
      if (timezone !== undefined && !isTimezone(timezone)) {
        throw new UsageError(
          `--timezone "${timezone}" is no time zone. Use a name like Europe/Berlin or America/New_York.`,
        );
      }
      return { name, json, stage, telegramUserId: userId(values["telegram-id"], "--telegram-id"), timezone };
    }
    case "login withings":
      return { name, json, stage, account: chosenAccount(values.account) };
    case "login garmin": {
      const { ticket = false, android: asAndroid = false, "as-somebody-else": asSomebodyElse = false } = values;
      if (asAndroid && (ticket || asSomebodyElse))
        throw new UsageError("--android needs a password: leave out --ticket and --as-somebody-else.");
      const byTicket = ticket || asSomebodyElse;
      return { name, json, stage, account: chosenAccount(values.account), byTicket, asAndroid, asSomebodyElse };
    }
    case "sync": {
      const account = chosenAccount(values.account);
      if (values.since !== undefined && !isDate(values.since)) {
        throw new UsageError(`--since "${values.since}" is no date. Write it like 2026-01-31.`);
      }
      if (values.since !== undefined && values.since < EARLIEST_SINCE) {
        throw new UsageError(`--since ${values.since} is too early. Write ${EARLIEST_SINCE} for everything.`);
      }
      const [dryRun, goesOn] = [values["dry-run"] ?? false, values["go-on"] ?? false];
      if (dryRun && goesOn) throw new UsageError("--dry-run changes nothing, and --go-on does. Use one of the two.");
      return { name, json, stage, account, since: values.since, dryRun, goesOn };
    }
    case "backup":
    case "restore": {
      const file = positionals[1];
      if (!file) throw new UsageError(`Name the file, like: npx weighbridge ${name} weighbridge.backup`);
      return { name, json, stage, file, force: values.force ?? false };
    }
    case "report":
      return { name, json, stage, file: positionals[1] };
    default:
      return { name, json, stage };
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: FLAGS, allowPositionals: true });
  } catch (error) {
    // Node says the rest in further sentences, some of them on further lines.
    const [reason = "The options are wrong"] = error instanceof Error ? error.message.split(/\.(?:\s|$)/) : [];
    throw new UsageError(`${reason}. Run: npx weighbridge help`);
  }
}

function isCommand(name: string): name is keyof typeof OPTIONS {
  return Object.hasOwn(OPTIONS, name);
}

function unknownCommand(name: string): UsageError {
  const [one, ...others] = Object.keys(OPTIONS).filter((known) => known.startsWith(`${name} `));
  if (one === undefined) return new UsageError(`There is no command "${name}". Run: npx weighbridge help`);
  const ways = [one, ...others].map((way) => `npx weighbridge ${way}`).join(", or ");
  return new UsageError(`"weighbridge ${name}" needs one more word: ${ways}`);
}

/** It becomes part of names at AWS, of which the longest may have 64 characters. */
function chosenStage(text: string | undefined): string | undefined {
  if (text === undefined || /^[a-z][a-z0-9-]{0,19}$/.test(text)) return text;
  throw new UsageError(
    `--stage "${text}" is no name for a deployment. Use up to 20 small letters, digits and dashes, like prod.`,
  );
}

const chosenAccount = (text: string | undefined) => (text === undefined ? undefined : userId(text, "--account"));

function userId(text: string | undefined, option: string): number {
  if (text === undefined) throw new UsageError(`${option} is missing: give the Telegram user id, a number.`);
  const id = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (id === 0) throw new UsageError(`${option} "${text}" is no Telegram user id. It is a number like 123456789.`);
  return id;
}

/** Vendors count seconds from this date. ISO dates compare as strings. */
const EARLIEST_SINCE = "1970-01-01";

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
