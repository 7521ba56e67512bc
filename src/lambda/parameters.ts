const PROGRAM = [
  "TELEGRAM_BOT_TOKEN",
  "TELEGRAM_ALLOWED_IDS",
  "BOT_INFO",
  "PUBLIC_URL",
  "WITHINGS_CLIENT_ID",
  "WITHINGS_CLIENT_SECRET",
  "GARMIN_CLIENT_ID",
  "SEALING_KEY",
] as const;

/** What each function reads from SSM when it starts. The roles in infra/ allow exactly these. */
export const PARAMETERS = {
  http: [...PROGRAM, "TELEGRAM_WEBHOOK_SECRET", "MANUAL_SYNC_TOKEN"],
  worker: PROGRAM,
  sweep: ["TELEGRAM_BOT_TOKEN", "TELEGRAM_ALLOWED_IDS", "TELEGRAM_WEBHOOK_SECRET", "PUBLIC_URL"],
  alarm: ["TELEGRAM_BOT_TOKEN", "TELEGRAM_ALLOWED_IDS"],
} as const;
