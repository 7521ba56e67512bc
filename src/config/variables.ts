import * as z from "zod";
import { parseJson } from "../lib/json.ts";
import { lazy } from "../lib/lazy.ts";
import { TABLE_NAME_VARIABLE } from "./table-name.ts";

const required = (fix: string) => z.string({ error: `is missing: ${fix}` });

const httpUrl = (error: string) => z.url({ protocol: /^https?$/, error });

/** Paths are appended, and Telegram takes a double slash for a wrong token. */
const withoutSlash = (address: string) => address.replace(/\/+$/, "");

const vendorUrl = (fallback: string) =>
  httpUrl("is not an http or https address: correct it, or leave it out").default(fallback).transform(withoutSlash);

const postUrl = () =>
  httpUrl("must be an http or https address that takes a POST: correct it, or leave it out").optional();

const PORT_RANGE = { error: "must be a number from 1 to 65535" };

/** Withings takes callback addresses of up to 255 characters; what is appended to this one is at most 64 long. */
const LONGEST_PUBLIC_URL = 190;

const can = () => z.boolean().default(false);

/** Telegram's answer to getMe. grammY wants the rest for its types only. */
const botInfoAnswer = () =>
  z.object({
    id: z.int(),
    is_bot: z.literal(true),
    first_name: z.string(),
    username: z.string(),
    can_join_groups: can(),
    can_read_all_group_messages: can(),
    supports_inline_queries: can(),
    can_connect_to_business: can(),
    has_main_web_app: can(),
    has_topics_enabled: can(),
    allows_users_to_create_topics: can(),
    can_manage_bots: can(),
    supports_join_request_queries: can(),
  });

function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text) || text.length > LONGEST_PUBLIC_URL) return false;
  const { protocol, hostname, search, hash, username, password } = new URL(text);
  const isHere = ["localhost", "127.0.0.1"].includes(hostname);
  return (protocol === "https:" || (protocol === "http:" && isHere)) && !(search || hash || username || password);
}

/** Each is made when it is first read with. */
function onDemand<Makers extends Record<string, () => z.ZodType>>(makers: Makers): Makers {
  return Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, lazy(make)])) as Makers;
}

/** Making a schema costs a cold function time, and it reads only some. */
export const VARIABLES = onDemand({
  TELEGRAM_BOT_TOKEN: () =>
    required("make a bot with @BotFather in Telegram and copy its token").regex(/^\d+:[\w-]+$/, {
      error: "does not look like a bot token: copy the whole line that @BotFather gave you",
    }),
  TELEGRAM_API_ROOT: () => vendorUrl("https://api.telegram.org"),
  TELEGRAM_ALLOWED_IDS: () =>
    required("list the Telegram user ids that may use the bot, separated by commas, the owner's first")
      .regex(/^\s*[1-9]\d{0,14}\s*(,\s*[1-9]\d{0,14}\s*)*$/, {
        error: "must be one or more Telegram user ids (numbers), separated by commas",
      })
      .transform((text) => text.split(",").map(Number)),
  TELEGRAM_WEBHOOK_SECRET: () =>
    z
      .string()
      .regex(/^[\w-]{1,256}$/, { error: "must be 1 to 256 letters, digits, underscores or dashes, or left out" })
      .optional(),
  BOT_INFO: () =>
    z
      .string()
      .transform((text, context) => {
        const { success, data } = botInfoAnswer().safeParse(parseJson(text));
        if (success) return data;
        context.addIssue("is not what Telegram answers to getMe: leave it out");
        return z.NEVER;
      })
      .optional(),
  MANUAL_SYNC_TOKEN: () =>
    z.string().min(24, { error: "must have at least 24 characters: make one with: openssl rand -hex 24" }).optional(),
  WITHINGS_CLIENT_ID: () => required("copy it from your application at developer.withings.com"),
  WITHINGS_CLIENT_SECRET: () => required("copy it from your application at developer.withings.com"),
  WITHINGS_API_URL: () => vendorUrl("https://wbsapi.withings.net"),
  WITHINGS_ACCOUNT_URL: () => vendorUrl("https://account.withings.com"),
  WITHINGS_REDIRECT_URL: () =>
    z
      .url({ error: "is not an address: use exactly the callback address registered at developer.withings.com" })
      .optional(),
  GARMIN_SSO_URL: () => vendorUrl("https://sso.garmin.com"),
  GARMIN_DIAUTH_URL: () => vendorUrl("https://diauth.garmin.com"),
  GARMIN_CONNECTAPI_URL: () => vendorUrl("https://connectapi.garmin.com"),
  // The newest known in November 2026.
  GARMIN_CLIENT_ID: () =>
    z
      .string()
      .regex(/^[\w.-]{1,200}$/, {
        error: "must be one word of letters, digits, underscores, dots or dashes, or left out",
      })
      .default("GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2"),
  [TABLE_NAME_VARIABLE]: () =>
    z
      .string()
      .regex(/^[A-Za-z0-9_.-]{3,255}$/, { error: "must be 3 to 255 letters, digits, dots, dashes or underscores" })
      .default("weighbridge"),
  STORE: () =>
    z.enum(["sqlite", "dynamodb"], { error: "must be sqlite (one machine) or dynamodb (AWS)" }).default("sqlite"),
  DATA_DIR: () => z.string().default("./data"),
  DYNAMODB_ENDPOINT: () =>
    httpUrl("is not an http or https address: correct it, or leave it out for AWS itself").optional(),
  SEALING_KEY: () => z.string().optional(),
  SYNC_INTERVAL_MINUTES: () =>
    z.coerce
      .number({ error: "must be a number of minutes" })
      .int({ error: "must be a whole number of minutes" })
      .min(1, { error: "must be at least 1" })
      .max(1440, { error: "must be at most 1440, a day" })
      .default(30),
  PUBLIC_URL: () =>
    z
      .string()
      .refine(isPublicUrl, {
        error: `must be a plain https address of at most ${LONGEST_PUBLIC_URL} characters, like https://weighbridge.example.org: correct it, or leave it out`,
      })
      .transform(withoutSlash)
      .optional(),
  PORT: () => z.coerce.number(PORT_RANGE).int(PORT_RANGE).min(1, PORT_RANGE).max(65_535, PORT_RANGE).default(8080),
  // Plain http is only for a proxy on this machine. In a container, where the proxy is outside, it is 0.0.0.0.
  HTTP_HOST: () => z.string().default("127.0.0.1"),
  ALARM_URL: postUrl,
  HEARTBEAT_URL: postUrl,
  QUEUE_URL: () => z.url({ error: "is missing or not an address: the deployment sets it" }),
  LOG_LEVEL: () =>
    z.enum(["info", "warn", "error", "silent"], { error: "must be info, warn, error or silent" }).optional(),
});

export type Name = keyof typeof VARIABLES;
