import { createHmac, randomBytes } from "node:crypto";
import { epochSeconds } from "../../lib/clock.ts";
import { renderUser } from "./render.ts";
import type { Person } from "./world.ts";

/** What Telegram signs for a Mini App that a person opens with a button of a message. */
export function initDataFor(person: Person, botToken: string, now: Date): string {
  const fields = new URLSearchParams({
    query_id: randomBytes(12).toString("base64url"),
    user: JSON.stringify({ ...renderUser(person), allows_write_to_pm: true }),
    auth_date: String(epochSeconds(now)),
    // Telegram's own, for others than the bot.
    signature: randomBytes(64).toString("base64url"),
  });
  const lines = [...fields].map(([name, value]) => `${name}=${value}`).toSorted();
  const key = createHmac("sha256", "WebAppData").update(botToken).digest();
  fields.set("hash", createHmac("sha256", key).update(lines.join("\n")).digest("hex"));
  return fields.toString();
}

/** The address that Telegram's apps open. Theirs also name their colours; the demo leaves those to the browser. */
export function webAppAddress(url: string, initData: string): string {
  const fragment = new URLSearchParams({
    tgWebAppData: initData,
    tgWebAppVersion: "9.1",
    tgWebAppPlatform: "web",
  });
  return `${url}#${fragment}`;
}
