import { createHmac, timingSafeEqual } from "node:crypto";
import { epochSeconds } from "../lib/clock.ts";
import { parseJson } from "../lib/json.ts";

/** Older than this it may be a copy. In the future too: then our clock is behind. */
const MOST_SECONDS = 10 * 60;

/** Who opened the page, as Telegram signed it. `late`: longer ago than ten minutes, or our clock is wrong. */
export type Opening = { type: "ok"; telegramUserId: number; signedAt: Date } | { type: "forged" | "late" };

/** Checks the `initData` that Telegram puts into the address of a Mini App, by its rules and in constant time. */
export function readInitData(initData: string, botToken: string, now: Date): Opening {
  const fields = new URLSearchParams(initData);
  const hash = fields.get("hash") ?? "";
  fields.delete("hash");
  fields.sort();
  const lines = [...fields].map(([name, value]) => `${name}=${value}`).join("\n");
  const key = createHmac("sha256", "WebAppData").update(botToken).digest();
  const expected = createHmac("sha256", key).update(lines).digest();
  const given = Buffer.from(/^[0-9a-f]{64}$/.test(hash) ? hash : "", "hex");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { type: "forged" };

  const signedAt = Number(fields.get("auth_date"));
  const telegramUserId = idOf(parseJson(fields.get("user") ?? ""));
  if (!Number.isSafeInteger(signedAt) || telegramUserId === undefined) return { type: "forged" };
  if (Math.abs(epochSeconds(now) - signedAt) > MOST_SECONDS) return { type: "late" };
  return { type: "ok", telegramUserId, signedAt: new Date(signedAt * 1000) };
}

function idOf(user: unknown): number | undefined {
  if (typeof user !== "object" || user === null || !("id" in user)) return undefined;
  return Number.isSafeInteger(user.id) ? Number(user.id) : undefined;
}
