import path from "node:path";
import type * as z from "zod";
import { UsageError } from "../lib/errors.ts";
import type { Environment } from "./environment.ts";
import { WITHINGS_PATHS } from "./paths.ts";
import { type BotInfo, type Name, TABLE_NAME_VARIABLE, VARIABLES } from "./variables.ts";

/**
 * The environment, read once at start and nowhere else. Above all the table's name: a program that writes tokens to one table and
 * reads another looks alive, but never syncs.
 */
export interface Config {
  store: StoreConfig;
  /** Undefined: the key is in DATA_DIR. */
  sealing: { keys: string | undefined };
  withings: { apiUrl: string; clientId: string; clientSecret: string };
  withingsLogin: { accountUrl: string; redirectUrl: string };
  garmin: { ssoUrl: string; diauthUrl: string; connectapiUrl: string; clientId: string };
  telegram: {
    botToken: string;
    apiRoot: string;
    allowedIds: number[];
    /** Undefined: derived from the sealing key. */
    webhookSecret: string | undefined;
    /** Undefined: Telegram is asked at the start. */
    botInfo: BotInfo | undefined;
  };
  /** Undefined: nobody can start a sync over the web. */
  manualSync: { token: string | undefined };
  schedule: { syncIntervalMinutes: number };
  web: WebConfig;
  outside: { alarmUrl: string | undefined; heartbeatUrl: string | undefined };
  /** Only on AWS. */
  queue: { queueUrl: string };
  /** Whether each setting is set, without its value. */
  given: Record<string, "set" | "default">;
}

export interface WebConfig {
  /** Without a slash at the end. Undefined: the internet can't reach this program. */
  publicUrl: string | undefined;
  /** Undefined: it doesn't listen. */
  listen: { host: string; port: number } | undefined;
}

export type StoreConfig = { tableName: string } & (
  | { engine: "sqlite"; dataDir: string }
  | { engine: "dynamodb"; endpoint: string | undefined }
);

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
    // Only on one machine can the key be beside the data.
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
  given: (_read, isSet) =>
    Object.fromEntries((Object.keys(VARIABLES) as Name[]).map((name) => [name, isSet(name) ? "set" : "default"])),
  web: (read, isSet) => {
    const listen = { host: read("HTTP_HOST"), port: read("PORT") };
    return { publicUrl: read("PUBLIC_URL"), listen: isSet("PUBLIC_URL") || isSet("PORT") ? listen : undefined };
  },
};

/** What instructions write for a value to fill in. */
const PLACEHOLDER =
  /…|^<.*>$|^(?:\.{3,}|x{3,}|\?+|todo|changeme|change[-_ ]me|your[-_ ].*)$|the-address-you-registered/i;

class Missing extends Error {}

/**
 * Reads the sections that a command needs. Other variables may be missing or wrong.
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
    // In the order of .env.example.
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

/** What is wrong with a value typed for a variable, to follow its name in a sentence. */
export function whatIsWrong(name: Name, text: string): string | undefined {
  const parsed = VARIABLES[name].safeParse(text.trim() || undefined);
  return parsed.success ? undefined : (parsed.error.issues[0]?.message ?? "is wrong");
}

export function readLogLevel(env: Environment, fallback: "info" | "error") {
  const parsed = VARIABLES.LOG_LEVEL.safeParse(env.LOG_LEVEL?.trim() || undefined);
  if (!parsed.success) throw new UsageError(`LOG_LEVEL ${parsed.error.issues[0]?.message}`);
  return parsed.data ?? fallback;
}
