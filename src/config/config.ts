import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import * as z from "zod";
import { UsageError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";

/**
 * The environment, read once at start. Nobody else reads it. The table's name comes from here and from nowhere else:
 * a program that writes tokens to one table and reads another looks alive and is dead.
 */
export interface Config {
  store: StoreConfig;
  /** Undefined on one machine: the key then lives in DATA_DIR. */
  sealing: { keys: string | undefined };
  withings: { apiUrl: string; clientId: string; clientSecret: string };
  withingsLogin: { accountUrl: string; redirectUrl: string };
  garmin: { ssoUrl: string; diauthUrl: string; connectapiUrl: string; clientId: string };
  telegram: {
    botToken: string;
    apiRoot: string;
    allowedIds: number[];
    /** What Telegram shows when it calls. Undefined: derived from the sealing key. */
    webhookSecret: string | undefined;
    /** What Telegram answered to getMe, so that it need not be asked again. */
    botInfo: BotInfo | undefined;
  };
  /** Without a token nobody can begin a sync over the web. */
  manualSync: { token: string | undefined };
  schedule: { syncIntervalMinutes: number };
  web: WebConfig;
  /** Who outside is told of alarms, and that all is well; undefined: nobody. */
  outside: { alarmUrl: string | undefined; heartbeatUrl: string | undefined };
  /** On AWS, where jobs wait. */
  queue: { queueUrl: string };
  /** Whether each setting is set, without its value. */
  given: Record<string, "set" | "default">;
}

export interface WebConfig {
  /** Where the world reaches this program, without a slash at the end. Undefined: nobody does. */
  publicUrl: string | undefined;
  /** Undefined where nothing asks it to listen. */
  listen: { host: string; port: number } | undefined;
}

export type StoreConfig = { tableName: string } & (
  | { engine: "sqlite"; dataDir: string }
  | { engine: "dynamodb"; endpoint: string | undefined }
);

const required = (fix: string) => z.string({ error: `is missing: ${fix}` });
/** Without the slash at its end: paths are appended, and Telegram takes a double slash for a wrong token. */
const url = (fallback: string) =>
  z
    .url({ protocol: /^https?$/, error: "is no http or https address: correct it, or leave it out" })
    .default(fallback)
    .transform((address) => address.replace(/\/+$/, ""));

/** An address that takes a POST, used to the letter. */
const postUrl = z
  .url({
    protocol: /^https?$/,
    error: "must be an http or https address that takes a POST: correct it, or leave it out",
  })
  .optional();

/** What Withings is told to call, behind PUBLIC_URL. */
export const WITHINGS_PATHS = { callback: "/withings/callback", notify: "/withings/notify" } as const;

/** Where Telegram brings what people write, behind PUBLIC_URL. */
export const TELEGRAM_PATH = "/telegram";
/** Where somebody with a token begins a sync. */
export const MANUAL_SYNC_PATH = "/sync/manual";

/** Withings takes callback addresses of up to 255 characters; what is appended to this one is at most 64 long. */
const LONGEST_PUBLIC_URL = 190;

const can = z.boolean().default(false);
/** What the bot has to know of itself. What it can besides is only there for completeness. */
const BotInfo = z.object({
  id: z.int(),
  is_bot: z.literal(true),
  first_name: z.string(),
  username: z.string(),
  can_join_groups: can,
  can_read_all_group_messages: can,
  supports_inline_queries: can,
  can_connect_to_business: can,
  has_main_web_app: can,
  has_topics_enabled: can,
  allows_users_to_create_topics: can,
  can_manage_bots: can,
  supports_join_request_queries: can,
});
export type BotInfo = z.infer<typeof BotInfo>;

function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text) || text.length > LONGEST_PUBLIC_URL) return false;
  const { protocol, hostname, search, hash, username, password } = new URL(text);
  const isHere = ["localhost", "127.0.0.1"].includes(hostname);
  return (protocol === "https:" || (protocol === "http:" && isHere)) && !(search || hash || username || password);
}

export const TABLE_NAME_VARIABLE = "TOKEN_TABLE_NAME";

const VARIABLES = {
  TELEGRAM_BOT_TOKEN: required("make a bot with @BotFather in Telegram and copy its token").regex(/^\d+:[\w-]+$/, {
    error: "does not look like a bot token: copy the whole line that @BotFather gave you",
  }),
  TELEGRAM_API_ROOT: url("https://api.telegram.org"),
  TELEGRAM_ALLOWED_IDS: required("name the Telegram user ids that may use the bot, the owner's first, with commas")
    .regex(/^\s*[1-9]\d{0,14}\s*(,\s*[1-9]\d{0,14}\s*)*$/, {
      error: "must be a number, the Telegram user id, or several with commas between them",
    })
    .transform((text) => text.split(",").map(Number)),
  TELEGRAM_WEBHOOK_SECRET: z
    .string()
    .regex(/^[\w-]{1,256}$/, { error: "must be 1 to 256 letters, digits, underscores or dashes, or left out" })
    .optional(),
  BOT_INFO: z
    .string()
    .transform((text, context) => {
      const { success, data } = BotInfo.safeParse(parseJson(text));
      if (success) return data;
      context.addIssue("is not what Telegram answers to getMe: leave it out, and it is asked for");
      return z.NEVER;
    })
    .optional(),
  MANUAL_SYNC_TOKEN: z
    .string()
    .min(24, { error: "must have at least 24 characters: make one with: openssl rand -hex 24" })
    .optional(),
  WITHINGS_CLIENT_ID: required("copy it from your application at developer.withings.com"),
  WITHINGS_CLIENT_SECRET: required("copy it from your application at developer.withings.com"),
  WITHINGS_API_URL: url("https://wbsapi.withings.net"),
  WITHINGS_ACCOUNT_URL: url("https://account.withings.com"),
  WITHINGS_REDIRECT_URL: z
    .url({ error: "is no address: use exactly the callback address registered at developer.withings.com" })
    .optional(),
  GARMIN_SSO_URL: url("https://sso.garmin.com"),
  GARMIN_DIAUTH_URL: url("https://diauth.garmin.com"),
  GARMIN_CONNECTAPI_URL: url("https://connectapi.garmin.com"),
  // No newer one was known in November 2026.
  GARMIN_CLIENT_ID: z
    .string()
    .regex(/^[\w.-]{1,200}$/, {
      error: "must be one word of letters, digits, underscores, dots or dashes, or left out",
    })
    .default("GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2"),
  [TABLE_NAME_VARIABLE]: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{3,255}$/, { error: "must be 3 to 255 letters, digits, dots, dashes or underscores" })
    .default("weighbridge"),
  STORE: z.enum(["sqlite", "dynamodb"], { error: "must be sqlite (one machine) or dynamodb (AWS)" }).default("sqlite"),
  DATA_DIR: z.string().default("./data"),
  DYNAMODB_ENDPOINT: z
    .url({ protocol: /^https?$/, error: "is no http or https address: correct it, or leave it out for AWS itself" })
    .optional(),
  SEALING_KEY: z.string().optional(),
  SYNC_INTERVAL_MINUTES: z.coerce
    .number({ error: "must be a number of minutes" })
    .int({ error: "must be a whole number of minutes" })
    .min(1, { error: "must be at least 1" })
    .max(1440, { error: "must be at most 1440, a day" })
    .default(30),
  PUBLIC_URL: z
    .string()
    .refine(isPublicUrl, {
      error: `must be a plain https address of at most ${LONGEST_PUBLIC_URL} characters, like https://weighbridge.example.org: correct it, or leave it out`,
    })
    .transform((address) => address.replace(/\/+$/, ""))
    .optional(),
  PORT: z.coerce
    .number({ error: "must be a number from 1 to 65535" })
    .int({ error: "must be a number from 1 to 65535" })
    .min(1, { error: "must be a number from 1 to 65535" })
    .max(65_535, { error: "must be a number from 1 to 65535" })
    .default(8080),
  // Plain http belongs to nobody but a proxy on this machine. In a container, where the proxy is outside, it is 0.0.0.0.
  HTTP_HOST: z.string().default("127.0.0.1"),
  ALARM_URL: postUrl,
  HEARTBEAT_URL: postUrl,
  QUEUE_URL: z.url({ error: "is missing, or no address: the deployment sets it" }),
  LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error", "silent"], { error: "must be debug, info, warn, error or silent" })
    .optional(),
};
type Name = keyof typeof VARIABLES;
type Values = { [N in Name]: z.infer<(typeof VARIABLES)[N]> };
type Read = <N extends Name>(name: N) => Values[N];

const SECTIONS: { [S in keyof Config]: (read: Read, isSet: (name: Name) => boolean) => Config[S] } = {
  store: (read) => {
    const tableName = read(TABLE_NAME_VARIABLE);
    const engine = read("STORE");
    return engine === "sqlite"
      ? { engine, tableName, dataDir: path.resolve(read("DATA_DIR") ?? "./data") }
      : { engine: "dynamodb", tableName, endpoint: read("DYNAMODB_ENDPOINT") };
  },
  sealing: (read) => {
    const keys = read("SEALING_KEY");
    // Only one machine can keep the key beside the data.
    if (keys === undefined && read("STORE") === "dynamodb") {
      throw new Missing("SEALING_KEY is missing: make one with: openssl rand -base64 32");
    }
    return { keys };
  },
  withings: (read) => ({
    apiUrl: read("WITHINGS_API_URL"),
    clientId: read("WITHINGS_CLIENT_ID"),
    clientSecret: read("WITHINGS_CLIENT_SECRET"),
  }),
  withingsLogin: (read, isSet) => {
    if (!isSet("WITHINGS_REDIRECT_URL") && !isSet("PUBLIC_URL")) {
      throw new Missing(
        "WITHINGS_REDIRECT_URL is missing: use exactly the callback address registered at developer.withings.com",
      );
    }
    return {
      accountUrl: read("WITHINGS_ACCOUNT_URL"),
      redirectUrl: read("WITHINGS_REDIRECT_URL") ?? `${read("PUBLIC_URL")}${WITHINGS_PATHS.callback}`,
    };
  },
  garmin: (read) => ({
    ssoUrl: read("GARMIN_SSO_URL"),
    diauthUrl: read("GARMIN_DIAUTH_URL"),
    connectapiUrl: read("GARMIN_CONNECTAPI_URL"),
    clientId: read("GARMIN_CLIENT_ID"),
  }),
  telegram: (read) => ({
    botToken: read("TELEGRAM_BOT_TOKEN"),
    apiRoot: read("TELEGRAM_API_ROOT"),
    allowedIds: read("TELEGRAM_ALLOWED_IDS"),
    webhookSecret: read("TELEGRAM_WEBHOOK_SECRET"),
    botInfo: read("BOT_INFO"),
  }),
  manualSync: (read) => ({ token: read("MANUAL_SYNC_TOKEN") }),
  schedule: (read) => ({ syncIntervalMinutes: read("SYNC_INTERVAL_MINUTES") }),
  outside: (read) => ({ alarmUrl: read("ALARM_URL"), heartbeatUrl: read("HEARTBEAT_URL") }),
  queue: (read) => ({ queueUrl: read("QUEUE_URL") }),
  // The rest of the environment is none of our business.
  given: (_read, isSet) =>
    Object.fromEntries((Object.keys(VARIABLES) as Name[]).map((name) => [name, isSet(name) ? "set" : "default"])),
  web: (read, isSet) => {
    const listen = { host: read("HTTP_HOST"), port: read("PORT") };
    return { publicUrl: read("PUBLIC_URL"), listen: isSet("PUBLIC_URL") || isSet("PORT") ? listen : undefined };
  },
};

/** What stands in instructions where one's own value belongs. */
const PLACEHOLDER =
  /…|^<.*>$|^(?:\.{3,}|x{3,}|\?+|todo|changeme|change[-_ ]me|your[-_ ].*)$|the-address-you-registered/i;

class Missing extends Error {}

export type Environment = Record<string, string | undefined>;

/**
 * The sections that a command needs. A variable that no needed section uses may be missing or wrong.
 * @throws UsageError with every problem in one message, each naming the variable and the fix.
 */
export function readConfig<S extends keyof Config>(env: Environment, needed: readonly S[]): Pick<Config, S> {
  const problems = new Set<string>();
  // An empty line in .env means "not set".
  const textOf = (name: Name) => env[name]?.trim() || undefined;
  const read: Read = (name) => {
    const text = textOf(name);
    if (text !== undefined && PLACEHOLDER.test(text)) {
      problems.add(`${name} still holds a placeholder: put your own value there`);
      return undefined as Values[typeof name];
    }
    const parsed = VARIABLES[name].safeParse(text);
    if (!parsed.success) problems.add(`${name} ${parsed.error.issues[0]?.message ?? "is wrong"}`);
    return parsed.data as Values[typeof name];
  };
  const config: Partial<Config> = {};
  for (const section of needed) {
    try {
      Object.assign(config, { [section]: SECTIONS[section](read, (name) => textOf(name) !== undefined) });
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      problems.add(error.message);
    }
  }
  if (problems.size > 0) {
    // As they stand in .env.example, whichever section asked first.
    const names = Object.keys(VARIABLES);
    const place = (problem: string) => names.indexOf(problem.split(" ", 1)[0] ?? "");
    const list = [...problems]
      .toSorted((a, b) => place(a) - place(b))
      .map((problem) => `\n  - ${problem}`)
      .join("");
    throw new UsageError(`These settings (in .env or the environment) need fixing:${list}`);
  }
  return config as Pick<Config, S>;
}

/** What is wrong with a value that somebody typed for a variable, as the end of a sentence that begins with its name. */
export function whatIsWrong(name: Name, text: string): string | undefined {
  const parsed = VARIABLES[name].safeParse(text.trim() || undefined);
  return parsed.success ? undefined : (parsed.error.issues[0]?.message ?? "is wrong");
}

/** LOG_LEVEL, or what suits the command. */
export function readLogLevel(env: Environment, fallback: "info" | "error") {
  const parsed = VARIABLES.LOG_LEVEL.safeParse(env.LOG_LEVEL?.trim() || undefined);
  if (!parsed.success) throw new UsageError(`LOG_LEVEL ${parsed.error.issues[0]?.message}`);
  return parsed.data ?? fallback;
}

/**
 * The process's environment, completed from `.env` in the working directory. What is set already wins.
 * It goes into `process.env` itself, because the AWS SDK looks there for region and credentials.
 */
export function loadEnvironment(): Environment {
  for (const [name, value] of Object.entries(readEnvFile(".env"))) process.env[name] ??= value;
  return process.env;
}

/** Of the process's own environment these count for a deployment too: where the outside world is, and how much is logged. */
const ALSO_ELSEWHERE = [
  "TELEGRAM_API_ROOT",
  "WITHINGS_API_URL",
  "WITHINGS_ACCOUNT_URL",
  "GARMIN_SSO_URL",
  "GARMIN_DIAUTH_URL",
  "GARMIN_CONNECTAPI_URL",
  "DYNAMODB_ENDPOINT",
  "LOG_LEVEL",
] as const satisfies Name[];

/**
 * For a command that works on a deployment. Its secrets and its store are the deployment's own, whatever is set here, and
 * `.env` belongs to the program on this machine: of both only the tables that they name are told, so that whoever means
 * another one hears of it.
 */
export function loadShell(): { shell: Environment; tablesMeant: string[] } {
  const shell = Object.fromEntries(ALSO_ELSEWHERE.map((name) => [name, process.env[name]]));
  const tablesMeant = [process.env, readEnvFile(".env")].flatMap((from) => from[TABLE_NAME_VARIABLE]?.trim() || []);
  return { shell, tablesMeant };
}

/** npm takes an option without two dashes before it for a setting of its own, and the program would not hear of it. */
export const stageKeptByNpm = (): boolean => process.env.npm_config_stage !== undefined;

function readEnvFile(file: string): Environment {
  if (!existsSync(file)) return {};
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "unknown reason";
    throw new UsageError(`${file} cannot be read (${code}): it must be a text file that this user may read.`, {
      cause,
    });
  }
  try {
    // Drops a byte order mark, which would otherwise become part of the first name.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return parseEnv(text);
  } catch {
    // Bytes that are no UTF-8 end like the zero bytes of UTF-16.
  }
  throw new UsageError(`${file} is no plain text in UTF-8: save it again as UTF-8, with one NAME=value a line.`);
}
