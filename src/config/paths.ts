/** All of these come after PUBLIC_URL. */
export const WITHINGS_PATHS = { callback: "/withings/callback", notify: "/withings/notify" } as const;
export const TELEGRAM_PATH = "/telegram";
/** The page for signing in to Garmin, which Telegram opens. */
export const SIGN_IN_PATH = "/sign-in";
export const MANUAL_SYNC_PATH = "/sync/manual";
