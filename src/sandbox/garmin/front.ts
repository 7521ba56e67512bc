import { randomBytes } from "node:crypto";
import { Reply } from "../reply.ts";
import type { Handler } from "../serve.ts";

const COMMON_HEADERS = {
  server: "cloudflare",
  "cf-cache-status": "DYNAMIC",
  "cache-control": "no-cache, no-store, private",
  pragma: "no-cache",
};

export function garminFront(handler: Handler): Handler {
  return async (request, seen) => {
    const isPost = seen.method === "POST";
    const isDelete = isPost && seen.headers["x-http-method-override"]?.toUpperCase() === "DELETE";
    // A doubled content type reads as one with a comma, and is refused without a reason.
    const answer =
      isPost && seen.headers["content-type"]?.includes(",")
        ? new Reply(null, { status: 400 })
        : await handler(request, isDelete ? { ...seen, method: "DELETE" } : seen);
    if (typeof answer === "string") return answer;
    for (const [name, value] of Object.entries(COMMON_HEADERS)) answer.headers.set(name, value);
    answer.headers.set("cf-ray", `${randomBytes(8).toString("hex")}-FRA`);
    return answer;
  };
}
export const blocked = () =>
  new Reply("<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>", {
    status: 403,
    headers: { "content-type": "text/html; charset=UTF-8", "cf-mitigated": "challenge" },
  });

export function jsonError(status: number, error: string, message: string): Reply {
  return Reply.json({ message, error }, { status });
}

export const notFound = () => jsonError(404, "NotFoundException", "HTTP 404 Not Found");
export const badRequest = (message: string) => jsonError(400, "BadRequestException", message);

export const gatewayTimeout = () =>
  new Reply("<html><head><title>504 Gateway Time-out</title></head><body></body></html>", {
    status: 504,
    headers: { "content-type": "text/html; charset=UTF-8" },
  });

export function jsonObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
