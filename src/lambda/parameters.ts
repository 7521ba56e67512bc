/** What each function reads from SSM at its cold start. The roles in infra/ allow exactly these. */
export const PARAMETERS = {
  http: [
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_WEBHOOK_SECRET",
    "WITHINGS_CLIENT_ID",
    "WITHINGS_CLIENT_SECRET",
    "GARMIN_CLIENT_ID",
    "SEALING_KEY",
    "MANUAL_SYNC_TOKEN",
    "TELEGRAM_ALLOWED_IDS",
    "BOT_INFO",
    "PUBLIC_URL",
  ],
  worker: [
    "TELEGRAM_BOT_TOKEN",
    "WITHINGS_CLIENT_ID",
    "WITHINGS_CLIENT_SECRET",
    "GARMIN_CLIENT_ID",
    "SEALING_KEY",
    "TELEGRAM_ALLOWED_IDS",
    "BOT_INFO",
    "PUBLIC_URL",
  ],
  sweep: ["TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "PUBLIC_URL", "TELEGRAM_ALLOWED_IDS"],
  alarm: ["TELEGRAM_BOT_TOKEN", "TELEGRAM_ALLOWED_IDS"],
} as const;
