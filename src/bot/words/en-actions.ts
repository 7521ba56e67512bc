import type { Action } from "../../lib/errors.ts";

/** What the owner, or the person who runs the program, has to do. */
export const ACTIONS_IN_ENGLISH: Record<Action, string> = {
  add_account: "There’s no account here yet. Send /start first.",
  link_withings: "Withings isn’t linked yet.",
  link_garmin: "Garmin isn’t linked yet.",
  relink_withings:
    "Withings no longer lets me read your scale. Your readings stay at Withings; I’ll send them once you’ve linked it again.",
  relink_garmin:
    "Garmin has signed me out. Your readings wait at Withings; I’ll send them as soon as you’ve signed in again.",
  grant_garmin_upload:
    "Garmin needs your consent before it will store data from devices. Your readings wait at Withings. In Garmin Connect, open Settings, then Privacy, and allow “Device Upload”.",
  unlock_garmin_account: "Garmin has locked this account. Unlock it at garmin.com, then sign in again.",
  use_garmin_page: "Garmin wants you to sign in on its own page.",
  fix_withings_application:
    "Withings doesn’t accept my client id and secret. Nothing is lost. The person who runs me needs to copy both into my settings again, from the application on developer.withings.com.",
  fix_withings_callback:
    "Withings doesn’t accept the callback address. The person who runs me needs to enter it in the application on developer.withings.com, exactly as it is in my settings (my public address, if I have one, followed by /withings/callback).",
  fix_clock:
    "The clock on the machine I run on is more than a day off, so I’m sending nothing until it’s right. Nothing is lost: your readings wait at Withings. Set the clock, preferably with NTP.",
  fix_garmin_client_id:
    "Garmin no longer accepts the client id this program signs in with. Nothing is lost. The person who runs me needs to put a current one into my settings; then sign in to Garmin again.",
};
