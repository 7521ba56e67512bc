import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { UsageError } from "../lib/errors.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import { BAD_REQUEST, requestOf } from "./message.ts";
import type { Http } from "./routes.ts";

/** How long a request may take to arrive; ours are small. */
const REQUEST_SECONDS = 20;

export interface Listener {
  port: number;
  /** Takes no more requests, and lets those that were begun come to their end. */
  close(): Promise<void>;
}

/**
 * Serves over node:http.
 * @throws UsageError in one sentence when the port cannot be had.
 */
export async function listen(http: Http, options: { host: string; port: number; log: Log }): Promise<Listener> {
  const { host, port, log } = options;
  let isClosing = false;
  const server = createServer((incoming, outgoing) => {
    // Nobody who keeps a line open may hold up the end.
    outgoing.once("finish", () => isClosing && server.closeIdleConnections());
    answer(http, incoming, outgoing).catch((error: unknown) => {
      log.warn("answer_not_sent", errorFacts(error));
      outgoing.destroy();
    });
  });
  server.requestTimeout = REQUEST_SECONDS * 1000;
  server.headersTimeout = REQUEST_SECONDS * 1000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        isClosing = true;
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

async function answer(http: Http, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = "GET", url = "/", headersDistinct } = incoming;
  const headers = Object.entries(headersDistinct).map(([name, values = []]) => [name, values.join(", ")] as const);
  // The answer still has to be sent after a body that is too long was left unread.
  const request = requestOf(method, url, headers, incoming.iterator({ destroyOnReturn: false }));
  const response = request ? await http(request) : BAD_REQUEST;
  // What is left of a body must not be read as the next request.
  const isUnread = request && method !== "GET" && method !== "HEAD" && !incoming.readableEnded;
  outgoing.writeHead(response.status, { ...response.headers, ...(isUnread && { connection: "close" }) });
  outgoing.end(method === "HEAD" ? undefined : response.body);
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const cause = { cause: error };
  if (error.code === "EADDRINUSE") {
    return new UsageError(
      `Port ${port} is in use by another program. Stop that one, or set PORT to another number.`,
      cause,
    );
  }
  if (error.code === "EACCES") {
    return new UsageError(`This user may not listen on port ${port}. Set PORT to a number from 1024 on.`, cause);
  }
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") {
    return new UsageError(`This machine has no address ${host}. Correct HTTP_HOST, or leave it out.`, cause);
  }
  return error;
}
