import type { RecordedRequest } from "../serve.ts";

/** What Garmin's app sends to diauth and connectapi with its name, and so does every client that uses the name. */
export const NATIVE_HEADERS = [
  "x-garmin-user-agent",
  "x-garmin-paired-app-version",
  "x-garmin-client-platform",
  "x-app-ver",
  "x-lang",
  "x-gcexperience",
  "accept-language",
] as const;

/** Which are missing from a request that names Garmin's app. Other requests miss none. */
export function missingNativeHeaders({ headers }: RecordedRequest): string[] {
  if (!headers["user-agent"]?.startsWith("GCM-")) return [];
  return NATIVE_HEADERS.filter((name) => !headers[name]);
}
