import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHttps, type Https } from "../../src/lib/https.ts";

let server: Server;
let https: Https;
let url: URL;
/** How much of its answer the server sends: nothing, the first half, or all. */
let sent: "nothing" | "half" | "all";

beforeEach(async () => {
  server = createServer((_request, response) => {
    if (sent === "nothing") return;
    response.writeHead(200, { "content-length": 4 });
    if (sent === "half") response.write("ab");
    else response.end("abcd");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  https = createHttps();
});
afterEach(async () => {
  https.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
const ask = (answerSeconds: number, signal?: AbortSignal) =>
  https.ask(url, { method: "GET", signal, connectSeconds: 10, answerSeconds });

test.each(["nothing", "half"] as const)("a request is given up when %s of its answer came in time", async (how) => {
  sent = how;
  await expect(ask(0.2)).rejects.toMatchObject({ name: "TimeoutError" });
});

test("a request whose caller gives it up ends with the caller's reason", async () => {
  sent = "nothing";
  await expect(ask(60, AbortSignal.timeout(100))).rejects.toMatchObject({ name: "TimeoutError" });
  const reason = new Error("the program is stopping");
  await expect(ask(60, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test("a request leaves no timer behind, which would wake the program later", async () => {
  sent = "all";
  const before = timers();
  expect((await ask(3600)).text).toBe("abcd");
  sent = "half";
  await ask(3600, AbortSignal.timeout(100)).catch(() => undefined);
  await expect.poll(timers).toBeLessThanOrEqual(before);
});
