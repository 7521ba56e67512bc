import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { describe, expect, test } from "vitest";
import { type Config, readConfig, readLogLevel } from "../../src/config/config.ts";
import type { Environment } from "../../src/config/environment.ts";

const COMPLETE = {
  TELEGRAM_BOT_TOKEN: "123456:AAE-the_token-of-a-bot",
  TELEGRAM_ALLOWED_IDS: "4711, 4712",
  WITHINGS_CLIENT_ID: "client",
  WITHINGS_CLIENT_SECRET: "a-secret-of-withings",
  WITHINGS_REDIRECT_URL: "https://example.org/callback",
};
const ALL = ["store", "sealing", "withings", "withingsLogin", "garmin", "telegram", "schedule", "web"] as const;

const problemsOf = (env: Environment, needed: readonly (keyof Config)[] = ALL): string => {
  try {
    readConfig(env, needed);
  } catch (error) {
    return (error as Error).message;
  }
  return "";
};

test("five variables are enough: all others default to the real vendors and one machine", () => {
  const config = readConfig(COMPLETE, ALL);
  expect(config).toMatchObject({
    store: { engine: "sqlite", tableName: "weighbridge", dataDir: `${process.cwd()}/data` },
    sealing: { keys: undefined },
    withings: { apiUrl: "https://wbsapi.withings.net", clientId: "client", clientSecret: "a-secret-of-withings" },
    withingsLogin: { accountUrl: "https://account.withings.com", redirectUrl: "https://example.org/callback" },
    garmin: {
      ssoUrl: "https://sso.garmin.com",
      diauthUrl: "https://diauth.garmin.com",
      connectapiUrl: "https://connectapi.garmin.com",
      clientId: "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2",
    },
    telegram: { apiRoot: "https://api.telegram.org", allowedIds: [4711, 4712] },
    schedule: { syncIntervalMinutes: 30 },
    web: { publicUrl: undefined, listen: undefined },
  });
});

test("every problem is in one message, each with its variable and the fix", () => {
  const message = problemsOf({
    TELEGRAM_BOT_TOKEN: "not-a-token",
    TELEGRAM_ALLOWED_IDS: "anna",
    WITHINGS_CLIENT_ID: "  ",
    WITHINGS_REDIRECT_URL: "callback",
    GARMIN_SSO_URL: "sso.garmin.com",
    SYNC_INTERVAL_MINUTES: "often",
    STORE: "postgres",
  });
  expect(message.split("\n  - ")).toEqual([
    "These settings (in .env or the environment) need fixing:",
    "TELEGRAM_BOT_TOKEN does not look like a bot token: copy the whole line that @BotFather gave you",
    "TELEGRAM_ALLOWED_IDS must be one or more Telegram user ids (numbers), separated by commas",
    "WITHINGS_CLIENT_ID is missing: copy it from your application at developer.withings.com",
    "WITHINGS_CLIENT_SECRET is missing: copy it from your application at developer.withings.com",
    "WITHINGS_REDIRECT_URL is not an address: use exactly the callback address registered at developer.withings.com",
    "GARMIN_SSO_URL is not an http or https address: correct it, or leave it out",
    "STORE must be sqlite (one machine) or dynamodb (AWS)",
    "SYNC_INTERVAL_MINUTES must be a number of minutes",
  ]);
});

test("the deployment's own values come from the environment", () => {
  const bot = { id: 7310042, is_bot: true, first_name: "Weighbridge", username: "weighbridge_bot", new_in_2027: true };
  const env = {
    ...COMPLETE,
    TELEGRAM_WEBHOOK_SECRET: "a-secret_of_the-webhook",
    BOT_INFO: JSON.stringify(bot),
    MANUAL_SYNC_TOKEN: "a-token-of-many-characters",
  };
  const { telegram, manualSync } = readConfig(env, ["telegram", "manualSync"]);
  expect(telegram.webhookSecret).toBe("a-secret_of_the-webhook");
  expect(telegram.botInfo).toMatchObject({ id: 7310042, username: "weighbridge_bot", can_join_groups: false });
  expect(manualSync.token).toBe("a-token-of-many-characters");
  expect(readConfig(COMPLETE, ["telegram", "manualSync"])).toMatchObject({
    telegram: { webhookSecret: undefined, botInfo: undefined },
    manualSync: { token: undefined },
  });
});

test.each([
  ["TELEGRAM_WEBHOOK_SECRET", "with a space", "must be 1 to 256 letters, digits, underscores or dashes, or left out"],
  ["TELEGRAM_WEBHOOK_SECRET", "ab".repeat(129), "must be 1 to 256 letters, digits, underscores or dashes, or left out"],
  ["BOT_INFO", "{", "is not what Telegram answers to getMe: leave it out"],
  ["BOT_INFO", '{"id":1,"is_bot":false}', "is not what Telegram answers to getMe: leave it out"],
  ["MANUAL_SYNC_TOKEN", "too-short", "must have at least 24 characters: make one with: openssl rand -hex 24"],
  ["ALARM_URL", "ntfy.sh/topic", "must be an http or https address that takes a POST: correct it, or leave it out"],
  ["HEARTBEAT_URL", "ftp://x.org", "must be an http or https address that takes a POST: correct it, or leave it out"],
  ["GARMIN_CLIENT_ID", "two words", "must be one word of letters, digits, underscores, dots or dashes, or left out"],
])("%s is checked", (name, value, problem) => {
  const message = problemsOf({ ...COMPLETE, [name]: value }, ["telegram", "manualSync", "garmin", "outside"]);
  expect(message).toBe(`These settings (in .env or the environment) need fixing:\n  - ${name} ${problem}`);
});

test("a wrong value is never shown, because it may be a secret in the wrong line", () => {
  const secret = "S3cret-in-the-wrong-place";
  const names = [
    ...["TELEGRAM_BOT_TOKEN", "TELEGRAM_API_ROOT", "TELEGRAM_ALLOWED_IDS", "WITHINGS_API_URL", "WITHINGS_REDIRECT_URL"],
    ...["GARMIN_SSO_URL", "STORE", "SYNC_INTERVAL_MINUTES", "DYNAMODB_ENDPOINT", "ALARM_URL", "HEARTBEAT_URL"],
  ];
  const message = problemsOf(Object.fromEntries(names.map((name) => [name, secret])), [...ALL, "outside"]);
  expect(message).toContain("TELEGRAM_BOT_TOKEN");
  expect(message).not.toContain(secret);
});

test.each(["…", "<your token>", "your-client-id", "xxxxxxxx", "...", "https://the-address-you-registered"])(
  "%s is a placeholder, and is said to be one",
  (placeholder) => {
    const message = problemsOf({ ...COMPLETE, WITHINGS_CLIENT_ID: placeholder, WITHINGS_REDIRECT_URL: placeholder });
    expect(message).toContain("WITHINGS_CLIENT_ID still holds a placeholder: put your own value there");
    expect(message).toContain("WITHINGS_REDIRECT_URL still holds a placeholder");
  },
);

test(".env.example asks for exactly the variables without a default", () => {
  const example = parseEnv(readFileSync(".env.example", "utf8"));
  expect(Object.keys(example).toSorted()).toEqual(Object.keys(COMPLETE).toSorted());
  expect(Object.values(example).join("")).toBe("");
});

describe("a command needs only the variables that it uses", () => {
  test("the store needs no variable", () => {
    expect(problemsOf({ TELEGRAM_BOT_TOKEN: "broken", WITHINGS_API_URL: "broken" }, ["store"])).toBe("");
  });
  test("Garmin needs no variable of Withings", () => {
    expect(problemsOf({}, ["store", "sealing", "garmin"])).toBe("");
  });
});

test("the table's name comes from TOKEN_TABLE_NAME, for either engine", () => {
  const env = { TOKEN_TABLE_NAME: "my.table-1" };
  expect(readConfig(env, ["store"]).store.tableName).toBe("my.table-1");
  expect(readConfig({ ...env, STORE: "dynamodb" }, ["store"]).store).toEqual({
    ...{ engine: "dynamodb", tableName: "my.table-1", endpoint: undefined },
  });
  expect(problemsOf({ TOKEN_TABLE_NAME: "my table" }, ["store"])).toContain("TOKEN_TABLE_NAME must be 3 to 255");
});

test("DynamoDB needs a sealing key, and says how to make one", () => {
  expect(problemsOf({ STORE: "dynamodb" }, ["store", "sealing"])).toContain(
    "SEALING_KEY is missing: make one with: openssl",
  );
  expect(problemsOf({ STORE: "dynamodb" }, ["store"])).toBe("");
});

test.each(["https://api.telegram.org/", "https://api.telegram.org//"])(
  "the slash at the end of %s does no harm",
  (url) => {
    const config = readConfig({ ...COMPLETE, TELEGRAM_API_ROOT: url }, ["telegram"]);
    expect(config.telegram.apiRoot).toBe("https://api.telegram.org");
  },
);

test.each([
  ["0", "at least 1"],
  ["-5", "at least 1"],
  ["1.5", "whole number"],
  ["1441", "at most 1440"],
  ["Infinity", "must be"],
])("SYNC_INTERVAL_MINUTES=%s is refused", (minutes, words) => {
  expect(problemsOf({ SYNC_INTERVAL_MINUTES: minutes }, ["schedule"])).toContain(words);
});

test("an empty value counts as not set", () => {
  const env = { SYNC_INTERVAL_MINUTES: "", STORE: " ", GARMIN_SSO_URL: "" };
  expect(readConfig(env, ["schedule"]).schedule.syncIntervalMinutes).toBe(30);
  expect(readConfig(env, ["store"]).store.engine).toBe("sqlite");
});

describe("the address under which the world reaches it", () => {
  const web = (env: Environment) => readConfig(env, ["web"]).web;
  const { WITHINGS_REDIRECT_URL: registered, ...withoutCallback } = COMPLETE;

  test("PUBLIC_URL makes the program listen on this machine, on port 8080", () => {
    const listen = { host: "127.0.0.1", port: 8080 };
    expect(web({ PUBLIC_URL: "https://weighbridge.example.org/" })).toEqual({
      ...{ publicUrl: "https://weighbridge.example.org", listen },
    });
    expect(web({ PORT: "8080" })).toEqual({ publicUrl: undefined, listen });
    const elsewhere = { PUBLIC_URL: "https://example.org", PORT: "3000", HTTP_HOST: "0.0.0.0" };
    expect(web(elsewhere).listen).toEqual({ host: "0.0.0.0", port: 3000 });
    expect(web({ HTTP_HOST: "0.0.0.0" }).listen).toBeUndefined();
  });

  test("PUBLIC_URL gives the Withings callback address, unless another one is registered", () => {
    const PUBLIC_URL = "https://weighbridge.example.org/bridge/";
    const callback = (env: Environment) => readConfig(env, ["withingsLogin"]).withingsLogin.redirectUrl;
    expect(callback({ ...withoutCallback, PUBLIC_URL })).toBe(
      "https://weighbridge.example.org/bridge/withings/callback",
    );
    expect(callback({ ...COMPLETE, PUBLIC_URL })).toBe(registered);
    expect(problemsOf(withoutCallback)).toContain("WITHINGS_REDIRECT_URL is missing: use exactly the callback address");
  });

  test.each(["http://localhost:8080", "http://127.0.0.1", "https://example.org:8443"])(
    "%s is a valid PUBLIC_URL",
    (PUBLIC_URL) => {
      expect(web({ PUBLIC_URL }).publicUrl).toBe(PUBLIC_URL);
    },
  );

  test.each([
    "weighbridge.example.org",
    "http://weighbridge.example.org",
    "ftp://weighbridge.example.org",
    "https://weighbridge.example.org/?a=b",
    "https://weighbridge.example.org/#a",
    "https://name:word@weighbridge.example.org",
    `https://${"long.".repeat(40)}example.org`,
  ])("%s is not a valid PUBLIC_URL, and only that is reported", (PUBLIC_URL) => {
    const message = problemsOf({ ...withoutCallback, PUBLIC_URL });
    expect(message.split("\n  - ").slice(1)).toEqual([
      "PUBLIC_URL must be a plain https address of at most 190 characters, like https://weighbridge.example.org: correct it, or leave it out",
    ]);
  });

  test.each(["0", "65536", "80.5", "http"])("PORT=%s is refused", (PORT) => {
    expect(problemsOf({ PORT }, ["web"])).toContain("PORT must be a number from 1 to 65535");
  });
});

test("a wrong log level is reported with every other problem, and counts as none meanwhile", () => {
  expect(readLogLevel({}, "error")).toBe("error");
  expect(readLogLevel({ LOG_LEVEL: "silent" }, "error")).toBe("silent");
  expect(readLogLevel({ LOG_LEVEL: "loud" }, "error")).toBe("error");
  expect(problemsOf({ LOG_LEVEL: "loud", STORE: "paper" }, ["store", "logging"]).split("\n  - ").slice(1)).toEqual([
    "STORE must be sqlite (one machine) or dynamodb (AWS)",
    "LOG_LEVEL must be info, warn, error or silent",
  ]);
});
