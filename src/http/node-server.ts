import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
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

/** Node's check for slow clients wakes the program twice a minute, even if there are no clients. */
const WITHOUT_NODES_CHECK = { connectionsCheckingInterval: 2 ** 31 - 1, headersTimeout: 0, requestTimeout: 0 };

interface ListenOptions {
  host: string;
  port: number;
  /** How long a request may take to arrive. */
  requestSeconds?: number;
  log: Log;
}

/** @throws UsageError if it can't listen on the port. */
export async function listen(http: Http, options: ListenOptions): Promise<Listener> {
  const { host, port, requestSeconds = REQUEST_SECONDS, log } = options;
  let isClosing = false;
  const server = createServer(WITHOUT_NODES_CHECK, (incoming, outgoing) => {
    // A client that keeps its connection open must not delay the end.
    outgoing.once("finish", () => isClosing && server.closeIdleConnections());
    answer(http, incoming, outgoing).catch((error: unknown) => {
      log.warn("answer_not_sent", errorFacts(error));
      outgoing.destroy();
    });
  });
  limitReceiving(server, requestSeconds);
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

/** Closes a connection whose first or next request isn't there, then complete, in time. The answer may take any time. */
function limitReceiving(server: Server, seconds: number): void {
  const timers = new WeakMap<Socket, NodeJS.Timeout>();
  function wait(socket: Socket, hasArrived: () => boolean) {
    clearTimeout(timers.get(socket));
    if (socket.destroyed) return;
    const timer = setTimeout(() => hasArrived() || socket.destroy(), seconds * 1000);
    timers.set(socket, timer);
  }
  server.on("connection", (socket: Socket) => {
    wait(socket, () => false);
    socket.once("close", () => clearTimeout(timers.get(socket)));
  });
  server.on("request", (incoming, outgoing) => {
    wait(incoming.socket, () => incoming.complete);
    outgoing.once("finish", () => wait(incoming.socket, () => false));
  });
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
