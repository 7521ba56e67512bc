import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "../lib/clock.ts";
import { Reply } from "./reply.ts";

export interface RecordedRequest {
  readonly server: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. A header that was sent twice is joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** As sent: a doubled header is here twice. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly bytes: Uint8Array;
  readonly at: Date;
  /** Undefined until the answer, and for good if there was none. */
  status: number | undefined;
}

/** The connection breaks, or stays open in silence. What the handler did still counts. */
export type NoAnswer = "drop" | "hang";
export type Answer = Reply | Response | NoAnswer;
/** `request` makes the request as the platform knows it, which takes longer than most answers. */
export type Handler = (request: () => Request, seen: RecordedRequest) => Promise<Answer> | Answer;

export interface ServeOptions {
  /** Any free port by default. */
  port?: number | undefined;
  name?: string;
  clock?: Clock;
  /** Real seconds, whatever the clock says. */
  delaySeconds?: number | undefined;
  /** May be shared with other servers. */
  requests?: RecordedRequest[];
}

export interface Served {
  /** Without a slash at the end. */
  readonly url: string;
  readonly requests: RecordedRequest[];
  /** Ends open connections at once, even hanging ones. */
  close(): Promise<void>;
}

/** On 127.0.0.1. */
export async function serve(handler: Handler, options: ServeOptions = {}): Promise<Served> {
  const { port = 0, name = "server", clock = systemClock, delaySeconds = 0, requests = [] } = options;

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse) {
    const { request, seen } = await read(incoming, name, clock);
    requests.push(seen);
    const result = await settle(handler, request, seen);
    if (delaySeconds > 0) await realSeconds(delaySeconds);
    if (result === "hang") return;
    if (result === "drop") {
      incoming.socket.destroy();
      return;
    }
    seen.status = result.status;
    // Programs compare it with their own clock.
    outgoing.setHeader("date", clock.now().toUTCString());
    await write(result, outgoing, incoming.method === "HEAD");
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  // Like the vendors' front ends. With a shorter one, a busy machine may send on a connection that was just closed.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** An error in the sandbox itself is in the answer, so that a test shows it. */
async function settle(handler: Handler, request: () => Request, seen: RecordedRequest): Promise<Answer> {
  try {
    return await handler(request, seen);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return new Reply(`the sandbox itself failed\n${text}`, { status: 599 });
  }
}

async function read(incoming: IncomingMessage, server: string, clock: Clock) {
  const bytes = new Uint8Array(await whole(incoming));

  const rawHeaders: [string, string][] = [];
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    rawHeaders.push([incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? ""]);
  }
  // Node's `incoming.headers` drops the second of two Content-Type lines.
  const headers = new Headers(rawHeaders);
  const method = incoming.method ?? "GET";
  const url = new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "127.0.0.1"}`);
  const hasBody = method !== "GET" && method !== "HEAD" && bytes.length > 0;
  const seen: RecordedRequest = {
    server,
    method,
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(headers),
    rawHeaders,
    body: new TextDecoder().decode(bytes),
    bytes,
    at: clock.now(),
    status: undefined,
  };
  return { request: () => new Request(url, { method, headers, ...(hasBody && { body: bytes }) }), seen };
}

/** By its events: an iterator over it takes a tenth of a millisecond more. */
function whole(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => resolve(Buffer.concat(chunks)));
    incoming.on("error", reject);
  });
}

async function write(response: Reply | Response, outgoing: ServerResponse, headOnly: boolean) {
  const headers = new Map<string, string | string[]>(response.headers);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers.set("set-cookie", cookies);
  const body = response instanceof Reply ? response.body : new Uint8Array(await response.arrayBuffer());
  outgoing.writeHead(response.status, Object.fromEntries(headers));
  outgoing.end(headOnly ? undefined : (body ?? undefined));
}

export function realSeconds(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000).unref());
}

export interface Call {
  readonly request: () => Request;
  readonly seen: RecordedRequest;
  readonly params: Readonly<Record<string, string>>;
}

export interface Route {
  method: string;
  path: string | RegExp;
  handle: (call: Call) => Promise<Answer> | Answer;
}

/** The first route that matches answers. A known path with another method gets 405, anything else `notFound`. */
export function routed(routes: readonly Route[], notFound: (call: Call) => Answer): Handler {
  return (request, seen) => {
    let pathIsKnown = false;
    for (const { method, path, handle } of routes) {
      const match = typeof path === "string" ? path === seen.path : path.exec(seen.path);
      if (!match) continue;
      pathIsKnown = true;
      if (method !== seen.method) continue;
      const params = match === true ? {} : { ...match.groups };
      return handle({ request, seen, params });
    }
    if (pathIsKnown) return Reply.json({ error: "Method Not Allowed" }, { status: 405 });
    return notFound({ request, seen, params: {} });
  };
}
