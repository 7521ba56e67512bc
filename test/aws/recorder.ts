import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { type AwsRequest, callOf } from "./calls.ts";
import type { Call } from "./iam.ts";

/** Between everybody and AWS: passes every request on as it is, and writes down who asked for what. */
export async function startRecorder(target: string) {
  const calls: Call[] = [];
  /** Requests that couldn't be judged. */
  const strange: string[] = [];

  function record(seen: AwsRequest) {
    try {
      calls.push(callOf(seen));
    } catch (error) {
      strange.push(String(error));
    }
  }

  const server = createServer(async (incoming, outgoing) => {
    const { method = "", headers } = incoming;
    const url = new URL(incoming.url ?? "", target);
    const body = await buffer(incoming);
    record({ method, url, headers, body });
    const { connection: _connection, expect: _expect, "transfer-encoding": _encoding, ...sent } = headers;
    const passed = request(url, { method, headers: { ...sent, "content-length": body.length } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => incoming.socket.destroy());
    passed.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    strange,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close").catch(() => undefined);
    },
  };
}
