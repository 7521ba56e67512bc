import type { HttpRequest, HttpResponse } from "./message.ts";

export const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

export function plain(status: number, headers: Record<string, string> = {}): HttpResponse {
  return { status, headers: { ...HEADERS, ...headers } };
}

export function json(status: number, body: object): HttpResponse {
  return { status, headers: { ...HEADERS, "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** Undefined if it is longer. */
export async function readBody(request: HttpRequest, mostBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

/** For text and for attributes in double quotes. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
