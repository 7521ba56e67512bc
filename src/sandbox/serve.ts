import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "../lib/clock.ts";

/** A request as it came over the wire, kept for assertions. */
export interface RecordedRequest {
  /** Which server took it, when several share one list. */
  readonly server: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names; a header sent twice is joined with a comma, as a receiver would read it. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names and values one by one as sent: the only place where a doubled header shows as two. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly bytes: Uint8Array;
  readonly at: Date;
  /** The status answered; undefined while it is being worked on, and for good when no answer was sent. */
  status: number | undefined;
}

/** Instead of an answer: the connection dies, or stays open and silent. What the handler did before stays done. */
export type NoAnswer = "drop" | "hang";
export type Answer = Response | NoAnswer;
export type Handler = (request: Request, seen: RecordedRequest) => Promise<Answer> | Answer;

export interface ServeOptions {
  /** 0, the default, takes any free port. */
  port?: number | undefined;
  name?: string;
  clock?: Clock;
  /** Every answer takes this long, in real time, as a vendor far away does. */
  delaySeconds?: number | undefined;
  /** A list to share with other servers; by default each has its own. */
  requests?: RecordedRequest[];
}

export interface Served {
  /** Without a slash at the end. */
  readonly url: string;
  readonly requests: RecordedRequest[];
  /** Ends open connections at once, hanging ones too. */
  close(): Promise<void>;
}

/** A local HTTP server on 127.0.0.1 behind a web-standard handler. */
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
    // The time by the server's clock, for programs that compare clocks.
    outgoing.setHeader("date", clock.now().toUTCString());
    await write(result, outgoing, incoming.method === "HEAD");
  }

  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  // As long as the vendors' front ends keep a line: a busy machine could otherwise send on one that has just been closed.
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

/** A handler that throws is a fault of the sandbox itself: it says so in the answer, so that a test shows the cause. */
async function settle(handler: Handler, request: Request, seen: RecordedRequest): Promise<Answer> {
  try {
    return await handler(request, seen);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return new Response(`the sandbox itself failed\n${text}`, { status: 599 });
  }
}

async function read(incoming: IncomingMessage, server: string, clock: Clock) {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const bytes = new Uint8Array(Buffer.concat(chunks));

  const rawHeaders: [string, string][] = [];
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    rawHeaders.push([incoming.rawHeaders[i] ?? "", incoming.rawHeaders[i + 1] ?? ""]);
  }
  // Not incoming.headers: Node drops the second of two Content-Type lines there.
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
  return { request: new Request(url, { method, headers, ...(hasBody ? { body: bytes } : {}) }), seen };
}

async function write(response: Response, outgoing: ServerResponse, headOnly: boolean) {
  const headers = new Map<string, string | string[]>(response.headers);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers.set("set-cookie", cookies);
  const body = new Uint8Array(await response.arrayBuffer());
  outgoing.writeHead(response.status, Object.fromEntries(headers));
  outgoing.end(headOnly ? undefined : body);
}

/** Real time, unlike a test's clock: a slow line is slow whatever the calendar says. */
export function realSeconds(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000).unref());
}

export interface Call {
  readonly request: Request;
  readonly seen: RecordedRequest;
  /** The named groups of the route's path. */
  readonly params: Readonly<Record<string, string>>;
}

export interface Route {
  method: string;
  path: string | RegExp;
  handle: (call: Call) => Promise<Answer> | Answer;
}

/** The first route that fits; a known path with another method answers 405, the rest `notFound`. */
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
    if (pathIsKnown) return Response.json({ error: "Method Not Allowed" }, { status: 405 });
    return notFound({ request, seen, params: {} });
  };
}
