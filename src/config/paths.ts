/** All of these come after PUBLIC_URL. */
export const WITHINGS_PATHS = { callback: "/withings/callback", notify: "/withings/notify" } as const;
export const TELEGRAM_PATH = "/telegram";
export const MANUAL_SYNC_PATH = "/sync/manual";
