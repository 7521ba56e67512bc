import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import net, { type AddressInfo } from "node:net";
import { cachedDataVersionTag } from "node:v8";
import { afterEach, expect, test } from "vitest";
import { Agent, request } from "../../src/lib/undici.ts";

/** undici doesn't promise these two files to anybody. This is what `http-client` needs of them, in a new version too. */
const open: Array<{ close(): unknown }> = [];
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it.close();
});

async function listening(server: net.Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  open.push(server);
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function agent(options: Agent.Options = {}): Agent {
  const dispatcher = new Agent({ allowH2: false, pipelining: 1, ...options });
  open.push({ close: () => dispatcher.destroy() });
  return dispatcher;
}

const ask = (dispatcher: Agent, origin: string, more: object = {}) =>
  request.call(dispatcher, { origin, path: "/a?b=c", method: "GET", ...more });

/** Sends the head of an answer, and never the rest. */
const half = () =>
  net.createServer((socket) =>
    socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na")),
  );
const silent = () => net.createServer(() => undefined);

test("the version is pinned exactly, because its files may move in any other", () => {
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  expect(dependencies.undici).toMatch(/^\d+\.\d+\.\d+$/);
});

test("V8 has other flags until the first answer, and then those it started with, because it refuses compiled code with any other", async () => {
  const origin = `http://${await listening(createServer((_asked, response) => response.end("yes")))}`;
  const fresh = "../../src/lib/undici.ts?fresh";
  const { request } = (await import(fresh)) as typeof import("../../src/lib/undici.ts");
  const ask = (origin: string) => request.call(agent(), { origin, path: "/", method: "GET" });
  const atStart = cachedDataVersionTag();
  const failing = ask("http://127.0.0.1:1");
  expect(cachedDataVersionTag()).not.toBe(atStart);
  await expect(failing).rejects.toThrow("ECONNREFUSED");
  expect(cachedDataVersionTag()).toBe(atStart);
  const first = ask(origin);
  expect(cachedDataVersionTag()).not.toBe(atStart);
  await (await first).body.text();
  expect(cachedDataVersionTag()).toBe(atStart);
});

test("method, path with its query, headers and body arrive, and the answer has its status, headers and text", async () => {
  const server = createServer(async (asked, response) => {
    let body = "";
    for await (const chunk of asked) body += chunk;
    response
      .writeHead(201, { "x-answer": "yes" })
      .end(`${asked.method} ${asked.url} ${asked.headers["x-asked"]} ${body}`);
  });
  const origin = `http://${await listening(server)}`;
  const answer = await ask(agent(), origin, { method: "POST", headers: { "x-asked": "why" }, body: "because" });
  expect(answer.statusCode).toBe(201);
  expect(answer.headers["x-answer"]).toBe("yes");
  expect(await answer.body.text()).toBe("POST /a?b=c why because");
});

test("connecting has a limit, and it covers the TLS handshake", async () => {
  const origin = `https://${await listening(silent())}`;
  await expect(ask(agent({ connect: { timeout: 300 } }), origin)).rejects.toMatchObject({
    code: "UND_ERR_CONNECT_TIMEOUT",
  });
});

test("waiting for an answer has a limit, and so has waiting for the rest of it", async () => {
  const limits = { headersTimeout: 300, bodyTimeout: 300 };
  await expect(ask(agent(), `http://${await listening(silent())}`, limits)).rejects.toMatchObject({
    code: "UND_ERR_HEADERS_TIMEOUT",
  });
  const begun = await ask(agent(), `http://${await listening(half())}`, limits);
  await expect(begun.body.text()).rejects.toMatchObject({ code: "UND_ERR_BODY_TIMEOUT" });
});

test("a signal breaks off a request that waits, and one that is being answered", async () => {
  const soon = () => ({ signal: AbortSignal.timeout(100) });
  await expect(ask(agent(), `http://${await listening(silent())}`, soon())).rejects.toMatchObject({
    name: "TimeoutError",
  });
  const begun = await ask(agent(), `http://${await listening(half())}`, soon());
  await expect(begun.body.text()).rejects.toMatchObject({ name: "TimeoutError" });
});

test("an answer that is too large is given up, whether it says so or not", async () => {
  const server = createServer((asked, response) => {
    if (asked.headers["x-announced"]) response.setHeader("content-length", 2000);
    response.end("a".repeat(2000));
  });
  const origin = `http://${await listening(server)}`;
  for (const headers of [{}, { "x-announced": "yes" }]) {
    const reading = ask(agent({ maxResponseSize: 1000 }), origin, { headers }).then(({ body }) => body.text());
    await expect(reading).rejects.toMatchObject({ code: "UND_ERR_RES_EXCEEDED_MAX_SIZE" });
  }
});
