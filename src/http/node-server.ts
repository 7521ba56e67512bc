import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { UsageError } from "../lib/errors.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import { BAD_REQUEST, requestOf } from "./message.ts";
import type { Http } from "./routes.ts";

const REQUEST_SECONDS = 20;

interface Listener {
  port: number;
  /** Takes no more requests and finishes those under way. */
  close(): Promise<void>;
}

/** @throws UsageError if it can't listen on the port. */
export async function listen(http: Http, options: { host: string; port: number; log: Log }): Promise<Listener> {
  const { host, port, log } = options;
  let isClosing = false;
  const server = createServer((incoming, outgoing) => {
    // A client that keeps its connection open must not delay the end.
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
  // Unread bytes of the body must not be parsed as the next request.
  const isUnread = request && method !== "GET" && method !== "HEAD" && !incoming.readableEnded;
  outgoing.writeHead(response.status, { ...response.headers, ...(isUnread && { connection: "close" }) });
  outgoing.end(method === "HEAD" ? undefined : response.body);
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const noAddress = `This machine has no address ${host}. Correct HTTP_HOST, or leave it out.`;
  const message = {
    EADDRINUSE: `Port ${port} is in use by another program. Stop that one, or set PORT to another number.`,
    EACCES: `This user may not listen on port ${port}. Set PORT to a number from 1024 on.`,
    EADDRNOTAVAIL: noAddress,
    ENOTFOUND: noAddress,
  }[error.code ?? ""];
  return message === undefined ? error : new UsageError(message, { cause: error });
}
