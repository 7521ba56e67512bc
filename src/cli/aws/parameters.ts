import { TABLE_NAME_VARIABLE } from "../../config/table-name.ts";

/** What a deployment keeps in SSM, under /weighbridge/<stage>/, each with the name of its variable in the configuration. */
export const SECRETS = [
  "SEALING_KEY",
  "TELEGRAM_BOT_TOKEN",
  "TELEGRAM_WEBHOOK_SECRET",
  "WITHINGS_CLIENT_ID",
  "WITHINGS_CLIENT_SECRET",
  "MANUAL_SYNC_TOKEN",
] as const;

export const FROM_SETUP = [...SECRETS, "TELEGRAM_ALLOWED_IDS"] as const;

/** Written by the template; they go with its stack. */
export const FROM_STACK = ["PUBLIC_URL", TABLE_NAME_VARIABLE] as const;

export const ALARM_EMAIL = "ALARM_EMAIL";
/** Telegram's getMe, so that no function has to ask. */
export const BOT_INFO = "BOT_INFO";
/** The table is older than the stack, which therefore must not make one. */
export const TABLE_TAKEN_OVER = "TABLE_TAKEN_OVER";

export const isSecret = (name: string) => SECRETS.some((secret) => secret === name);

export function missingFrom(parameters: ReadonlyMap<string, string>, needed: readonly string[]): string[] {
  return needed.filter((name) => !parameters.get(name)?.trim());
}

export const functionNames = (stage: string) =>
  ["http", "worker", "sweep", "alarm"].map((it) => `weighbridge-${stage}-${it}`);
