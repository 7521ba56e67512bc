import { SECRETS_PARAMETER } from "../config/secrets.ts";

const PROGRAM = [
  SECRETS_PARAMETER,
  "SEALING_KEY",
  "TELEGRAM_ALLOWED_IDS",
  "BOT_INFO",
  "PUBLIC_URL",
  "GARMIN_CLIENT_ID",
] as const;

/** What each function reads from SSM when it starts, ten at most. The roles in infra/ allow exactly these. */
export const PARAMETERS = {
  http: PROGRAM,
  worker: PROGRAM,
  sweep: [SECRETS_PARAMETER, "TELEGRAM_ALLOWED_IDS", "PUBLIC_URL"],
  alarm: [SECRETS_PARAMETER, "TELEGRAM_ALLOWED_IDS"],
} as const;
