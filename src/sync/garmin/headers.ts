/**
 * What Garmin's Android app 5.23 sends with every request to diauth and connectapi, besides the authorization (seen in five
 * projects that write weights in 2026). Send all or none: a client that uses this name and sends fewer is easy to spot.
 */
export const APP_HEADERS = {
  "user-agent": "GCM-Android-5.23",
  "x-garmin-user-agent":
    "com.garmin.android.apps.connectmobile/5.23; ; Google/sdk_gphone64_arm64/google; Android/33; Dalvik/2.1.0",
  "x-garmin-paired-app-version": "10861",
  "x-garmin-client-platform": "Android",
  "x-app-ver": "10861",
  "x-lang": "en",
  "x-gcexperience": "GC5",
  "accept-language": "en-US,en;q=0.9",
};
