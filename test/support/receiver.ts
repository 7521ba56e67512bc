import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

/** An address outside for ALARM_URL and HEARTBEAT_URL. */
export async function startReceiver() {
  const received: Array<{
    method: string;
    path: string;
    contentType: string;
    authorization: string | undefined;
    body: string;
  }> = [];
  let status = 200;
  let body: "none" | "endless" | "unfinished" = "none";
  const server = createServer(async (request, response) => {
    const { method = "", url = "", headers } = request;
    const [path = ""] = url.split("?");
    const { "content-type": contentType = "", authorization } = headers;
    received.push({ method, path, contentType, authorization, body: await text(request) });
    response.writeHead(status);
    if (body === "none") return void response.end();
    if (body === "unfinished") return void response.write("Thank you, and");
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x61)));
    };
    response.on("drain", more);
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    env: { ALARM_URL: `${url}/alarm`, HEARTBEAT_URL: `${url}/heartbeat` },
    received,
    /** Oldest first. */
    alarms: () => received.filter(({ path }) => path === "/alarm").map(({ body }) => body),
    heartbeats: () => received.filter(({ path }) => path === "/heartbeat").length,
    answerWith(it: number) {
      status = it;
    },
    /** What follows the status: nothing, an endless body, or a part of one. */
    answerWithBody(it: typeof body) {
      body = it;
    },
    openLines: () => promisify(server.getConnections.bind(server))(),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
export type Receiver = Awaited<ReturnType<typeof startReceiver>>;
