import { createHook } from "node:async_hooks";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listen } from "../../src/http/node-server.ts";
import { createLog } from "../../src/lib/log.ts";

const log = createLog({ level: "silent" });
const HEAD = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n";
let server: Awaited<ReturnType<typeof listen>>;
let answerSeconds: number;

beforeEach(async () => {
  answerSeconds = 0;
  const http = async ({ body }: { body: AsyncIterable<Uint8Array> | Iterable<Uint8Array> }) => {
    for await (const _chunk of body);
    await new Promise((resolve) => setTimeout(resolve, answerSeconds * 1000));
    return { status: 200, headers: {}, body: "done" };
  };
  server = await listen(http, { host: "127.0.0.1", port: 0, requestSeconds: 0.3, log });
});
afterEach(() => server.close());

/** A client that sends as slowly as it's told. Answers what it heard until the server closed the connection. */
async function client(talk: (socket: Socket) => unknown): Promise<string> {
  const socket = connect(server.port, "127.0.0.1").setEncoding("utf8");
  let heard = "";
  socket.on("data", (text) => (heard += text));
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await talk(socket);
  await closed;
  return heard;
}

/** Never long enough silent for a limit that starts again with every byte. */
async function drip(socket: Socket, text: string) {
  for (const letter of text) {
    if (socket.destroyed) return;
    socket.write(letter);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test.each<[string, (socket: Socket) => unknown]>([
  ["sends nothing", () => {}],
  ["sends the head of its request too slowly", (socket) => drip(socket, HEAD)],
  ["never sends the rest of its request", (socket) => socket.write(`${HEAD}\r\nab`)],
])("a client that %s loses its connection", async (_what, talk) => {
  expect(await client(talk)).toBe("");
});

test("a client that sends its second request too slowly gets the first answer only", async () => {
  const heard = await client(async (socket) => {
    socket.write(`${HEAD}\r\nabcd`);
    await new Promise((resolve) => socket.once("data", resolve));
    await drip(socket, HEAD);
  });
  expect(heard.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test("an answer may take longer than a request may", async () => {
  answerSeconds = 0.6;
  const heard = await client(async (socket) => socket.write(`${HEAD}connection: close\r\n\r\nabcd`));
  expect(heard).toMatch(/^HTTP\/1\.1 200[\s\S]*done/);
});

test("a server without clients has no timer that wakes the program", async () => {
  const waits: number[] = [];
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type === "Timeout") waits.push((resource as { _idleTimeout: number })._idleTimeout);
    },
  }).enable();
  const idle = await listen(async () => ({ status: 200, headers: {} }), { host: "127.0.0.1", port: 0, log });
  await new Promise((resolve) => setImmediate(resolve));
  hook.disable();
  await idle.close();
  const days = waits.map((milliseconds) => milliseconds / (24 * 3600_000));
  expect(days.filter((it) => it < 20)).toEqual([]);
});
