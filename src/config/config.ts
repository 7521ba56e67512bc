import path from "node:path";
import type * as z from "zod";
import { UsageError } from "../lib/errors.ts";
import type { Environment } from "./environment.ts";
import { WITHINGS_PATHS } from "./paths.ts";
import { TABLE_NAME_VARIABLE } from "./table-name.ts";
import { type Name, VARIABLES } from "./variables.ts";

type Values = { [N in Name]: z.infer<ReturnType<(typeof VARIABLES)[N]>> };
type Read = <N extends Name>(name: N) => Values[N];
type IsSet = (name: Name) => boolean;

const SECTIONS = {
  store(read: Read) {
    const tableName = read(TABLE_NAME_VARIABLE);
    return read("STORE") === "dynamodb"
      ? { engine: "dynamodb" as const, tableName, endpoint: read("DYNAMODB_ENDPOINT") }
      : { engine: "sqlite" as const, tableName, dataDir: path.resolve(read("DATA_DIR") ?? "./data") };
  },
  sealing(read: Read) {
    const keys = read("SEALING_KEY");
    // Undefined: the key is in DATA_DIR, which exists only on one machine.
    if (keys === undefined && read("STORE") === "dynamodb") {
      throw new Missing("SEALING_KEY is missing: make one with: openssl rand -base64 32");
    }
    return { keys };
  },
  withings: (read: Read) => ({
    apiUrl: read("WITHINGS_API_URL"),
    clientId: read("WITHINGS_CLIENT_ID"),
    clientSecret: read("WITHINGS_CLIENT_SECRET"),
  }),
  withingsLogin(read: Read, isSet: IsSet) {
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
  garmin: (read: Read) => ({
    ssoUrl: read("GARMIN_SSO_URL"),
    diauthUrl: read("GARMIN_DIAUTH_URL"),
    connectapiUrl: read("GARMIN_CONNECTAPI_URL"),
    clientId: read("GARMIN_CLIENT_ID"),
  }),
  telegram: (read: Read) => ({
    botToken: read("TELEGRAM_BOT_TOKEN"),
    apiRoot: read("TELEGRAM_API_ROOT"),
    allowedIds: read("TELEGRAM_ALLOWED_IDS"),
    /** Undefined: derived from the sealing key. */
    webhookSecret: read("TELEGRAM_WEBHOOK_SECRET"),
    /** Undefined: Telegram is asked at the start. */
    botInfo: read("BOT_INFO"),
  }),
  /** Undefined: nobody can start a sync over the web. */
  manualSync: (read: Read) => ({ token: read("MANUAL_SYNC_TOKEN") }),
  schedule: (read: Read) => ({ syncIntervalMinutes: read("SYNC_INTERVAL_MINUTES") }),
  outside: (read: Read) => ({ alarmUrl: read("ALARM_URL"), heartbeatUrl: read("HEARTBEAT_URL") }),
  /** Undefined: the command's own. */
  logging: (read: Read) => ({ level: read("LOG_LEVEL") }),
  queue: (read: Read) => ({ queueUrl: read("QUEUE_URL") }),
  /** Whether each setting is set, without its value. */
  given: (_read: Read, isSet: IsSet): Record<string, "set" | "default"> =>
    Object.fromEntries(NAMES.map((name) => [name, isSet(name) ? "set" : "default"])),
  web(read: Read, isSet: IsSet) {
    const listen = { host: read("HTTP_HOST"), port: read("PORT") };
    return {
      /** Undefined: the internet can't reach this program. */
      publicUrl: read("PUBLIC_URL"),
      /** Undefined: it doesn't listen. */
      listen: isSet("PUBLIC_URL") || isSet("PORT") ? listen : undefined,
    };
  },
};
const NAMES = Object.keys(VARIABLES) as Name[];

/** The environment is read here and nowhere else: a program that writes tokens to one table and reads another never syncs. */
export type Config = { [S in keyof typeof SECTIONS]: ReturnType<(typeof SECTIONS)[S]> };
export type StoreConfig = Config["store"];
export type WebConfig = Config["web"];

/** What instructions write for a value to fill in. An ellipsis as it is would make V8 keep the whole bundle in UTF-16. */
const PLACEHOLDER =
  /\u2026|^<.*>$|^(?:\.{3,}|x{3,}|\?+|todo|changeme|change[-_ ]me|your[-_ ].*)$|the-address-you-registered/i;

class Missing extends Error {}

/** Other variables may be wrong. @throws UsageError with every problem in one message, each with its variable and the fix. */
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
    const parsed = VARIABLES[name]().safeParse(text);
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
    const place = (problem: string) => NAMES.findIndex((name) => problem.startsWith(`${name} `));
    const list = [...problems]
      .toSorted((a, b) => place(a) - place(b))
      .map((problem) => `\n  - ${problem}`)
      .join("");
    throw new UsageError(`These settings (in .env or the environment) need fixing:${list}`);
  }
  return config as Pick<Config, S>;
}

/** What is wrong with a value typed for a variable, to follow its name in a sentence. */
export function whatIsWrong(name: Name, text: string): string | undefined {
  const parsed = VARIABLES[name]().safeParse(text.trim() || undefined);
  return parsed.success ? undefined : (parsed.error.issues[0]?.message ?? "is wrong");
}

/** Before anything else is read: a wrong level counts as none here, and `readConfig` reports it with all other problems. */
export function readLogLevel(env: Environment, fallback: "info" | "error") {
  return VARIABLES.LOG_LEVEL().safeParse(env.LOG_LEVEL?.trim() || undefined).data ?? fallback;
}
