import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import dynalite from "dynalite";
import { startDynamoDbLocal } from "./dynamodb-local.ts";

/**
 * A DynamoDB in this process, in memory, behind a real port of the loopback interface. `DYNAMODB_LOCAL_DIR` puts Amazon's
 * own DynamoDB Local from that folder in its place.
 */
export async function startDynalite(): Promise<{ endpoint: string; close(): Promise<void> }> {
  const folder = process.env.DYNAMODB_LOCAL_DIR;
  if (folder) return await startDynamoDbLocal(folder);
  const server = dynalite({ createTableMs: 10 });
  outliveBrokenRequests(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

/** dynalite throws, and so ends the whole process, when a client dies in the middle of a request. */
function outliveBrokenRequests(server: ReturnType<typeof dynalite>): void {
  const handlers = server.listeners("request") as Array<(request: IncomingMessage, response: ServerResponse) => void>;
  server.removeAllListeners("request");
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    for (const handle of handlers) handle(request, response);
    request.removeAllListeners("error");
    request.on("error", () => {});
  });
}
