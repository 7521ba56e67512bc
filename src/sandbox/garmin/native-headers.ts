import type { RecordedRequest } from "../serve.ts";

/** What Garmin's own app sends to diauth and connectapi beside its name, and with it every client that borrows the name. */
export const NATIVE_HEADERS = [
  "x-garmin-user-agent",
  "x-garmin-paired-app-version",
  "x-garmin-client-platform",
  "x-app-ver",
  "x-lang",
  "x-gcexperience",
  "accept-language",
] as const;

/** The headers that are missing from a request which calls itself Garmin's app; of any other request, none. */
export function missingNativeHeaders({ headers }: RecordedRequest): string[] {
  if (!headers["user-agent"]?.startsWith("GCM-")) return [];
  return NATIVE_HEADERS.filter((name) => !headers[name]);
}
