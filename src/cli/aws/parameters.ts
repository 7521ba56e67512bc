import { TABLE_NAME_VARIABLE } from "../../config/variables.ts";

/**
 * What a deployment keeps in SSM, under /weighbridge/<stage>/: each is named like the variable that the configuration reads.
 */
export const SECRETS = [
  // First of all: what is stored opens with nothing else.
  "SEALING_KEY",
  "TELEGRAM_BOT_TOKEN",
  "TELEGRAM_WEBHOOK_SECRET",
  "WITHINGS_CLIENT_ID",
  "WITHINGS_CLIENT_SECRET",
  "MANUAL_SYNC_TOKEN",
] as const;

/** Without these nothing is deployed. */
export const FROM_SETUP = [...SECRETS, "TELEGRAM_ALLOWED_IDS"] as const;

/** Written by the template, and there as long as its stack is. */
export const FROM_STACK = ["PUBLIC_URL", TABLE_NAME_VARIABLE] as const;

/** Where alarms go besides the chat. */
export const ALARM_EMAIL = "ALARM_EMAIL";
/** Telegram's getMe, so that no function has to ask. */
export const BOT_INFO = "BOT_INFO";
/** Says that the table is older than the stack, which therefore must not make one. */
export const TABLE_TAKEN_OVER = "TABLE_TAKEN_OVER";

export const isSecret = (name: string) => SECRETS.some((secret) => secret === name);

/** The parameters of a stage that were read, and which of the needed ones are not there. */
export function missingFrom(parameters: ReadonlyMap<string, string>, needed: readonly string[]): string[] {
  return needed.filter((name) => !parameters.get(name)?.trim());
}

export const functionNames = (stage: string) =>
  ["http", "worker", "sweep", "alarm"].map((it) => `weighbridge-${stage}-${it}`);
