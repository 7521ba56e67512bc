import type { HttpAnswer } from "./http-client.ts";

/** How long we wait at most, whatever a vendor asks for: one wrong date must not stop an account for years. */
export const LONGEST_RETRY_AFTER_SECONDS = 24 * 3600;

/** In seconds, from `Retry-After` as seconds or as an HTTP date, measured by the vendor's own clock. */
export function retryAfterSeconds({ headers }: Pick<HttpAnswer, "headers">): number | undefined {
  const asked = single(headers["retry-after"])?.trim() ?? "";
  const seconds = /^\d+$/.test(asked) ? Number(asked) : (httpDate(asked) - httpDate(single(headers.date) ?? "")) / 1000;
  return limitedWait(seconds);
}

/** A wait that a vendor named in seconds; undefined if it isn't one. */
export function limitedWait(seconds: number): number | undefined {
  return seconds > 0 ? Math.min(Math.ceil(seconds), LONGEST_RETRY_AFTER_SECONDS) : undefined;
}

const httpDate = (text: string) => (/^[A-Za-z]+, .+ GMT$/.test(text) ? Date.parse(text) : Number.NaN);
const single = (header: string | string[] | undefined) => (Array.isArray(header) ? header[0] : header);
