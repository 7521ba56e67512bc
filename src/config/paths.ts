/** What Withings is told to call, behind PUBLIC_URL. */
export const WITHINGS_PATHS = { callback: "/withings/callback", notify: "/withings/notify" } as const;

/** Where Telegram brings what people write, behind PUBLIC_URL. */
export const TELEGRAM_PATH = "/telegram";

/** Where somebody with a token begins a sync. */
export const MANUAL_SYNC_PATH = "/sync/manual";
