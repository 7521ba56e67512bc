import { UsageError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";

/** On AWS these share one parameter, because each read of an encrypted one is paid. The sealing key has its own. */
export const SHARED_SECRETS = [
  "TELEGRAM_BOT_TOKEN",
  "TELEGRAM_WEBHOOK_SECRET",
  "WITHINGS_CLIENT_ID",
  "WITHINGS_CLIENT_SECRET",
  "MANUAL_SYNC_TOKEN",
] as const;
export const SECRETS_PARAMETER = "SECRETS";

export const isSharedSecret = (name: string) => SHARED_SECRETS.some((secret) => secret === name);

/** What the parameter holds, by the names of their variables. @throws UsageError if setup hasn't written it. */
export function readSecrets(text: string): Record<string, string> {
  const secrets = parseJson(text);
  const isRecord = typeof secrets === "object" && secrets !== null && !Array.isArray(secrets);
  if (isRecord && Object.values(secrets).every((value) => typeof value === "string")) {
    return secrets as Record<string, string>;
  }
  throw new UsageError(
    `The parameter ${SECRETS_PARAMETER} isn’t a JSON object of texts. Correct it in the Parameter Store, or delete it and run npm run setup.`,
  );
}
