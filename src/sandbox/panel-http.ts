import type { IncomingMessage, ServerResponse } from "node:http";
import type * as z from "zod";
import { parseJson } from "../lib/json.ts";

export const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};
const MAX_BODY_BYTES = 64 * 1024;

/** The page's request is refused; the message is shown there. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function checked<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Refused(422, `${issue?.path.join(".") || "The input"}: ${issue?.message ?? "not understood"}.`);
}

export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new Refused(413, "That is too long.");
  }
  const body = parseJson(Buffer.concat(chunks).toString());
  if (body === undefined) throw new Refused(400, "The request isn’t JSON.");
  return body;
}

export function sendJson(response: ServerResponse, status: number, body: unknown) {
  response.writeHead(status, { ...HEADERS, "content-type": "application/json" }).end(JSON.stringify(body));
}

const LONGEST_SENTENCE = 200;

/** One line; the rest of an error is for a terminal. */
export function sentence(error: unknown): string {
  const [line = ""] = error instanceof Error ? error.message.trim().split("\n") : [];
  return line.slice(0, LONGEST_SENTENCE) || "Something broke without saying why.";
}
