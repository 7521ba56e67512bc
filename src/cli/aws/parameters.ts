import { isSharedSecret, SECRETS_PARAMETER, SHARED_SECRETS } from "../../config/secrets.ts";
import { TABLE_NAME_VARIABLE } from "../../config/table-name.ts";

/**
 * Without it, the links in the table don't open. It has a parameter of its own, as only functions that open them may read it.
 */
export const SEALING_KEY = "SEALING_KEY";

/** What a deployment keeps in SSM, under /weighbridge/<stage>/, by the names of their variables in the configuration. */
export const FROM_SETUP = [SEALING_KEY, ...SHARED_SECRETS, "TELEGRAM_ALLOWED_IDS"] as const;

/** Written by the template; they go with its stack. */
export const FROM_STACK = ["PUBLIC_URL", TABLE_NAME_VARIABLE] as const;

export const ALARM_EMAIL = "ALARM_EMAIL";
/** Telegram's getMe, so that no function has to ask. */
export const BOT_INFO = "BOT_INFO";
/** The table is older than the stack, which therefore must not make one. */
export const TABLE_TAKEN_OVER = "TABLE_TAKEN_OVER";

/** The parameter that holds this variable. */
export const parameterOf = (name: string) => (isSharedSecret(name) ? SECRETS_PARAMETER : name);

export function missingFrom(parameters: ReadonlyMap<string, string>, needed: readonly string[]): string[] {
  return needed.filter((name) => !parameters.get(name)?.trim());
}

export const functionNames = (stage: string) =>
  ["http", "worker", "sweep", "alarm"].map((it) => `weighbridge-${stage}-${it}`);
