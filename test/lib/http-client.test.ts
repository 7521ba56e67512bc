import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createSecureServer } from "node:http2";
import net, { type AddressInfo, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import tls from "node:tls";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createTransport, LARGEST_ANSWER_BYTES, NoAnswerError } from "../../src/lib/http-client.ts";
import { retryAfterSeconds } from "../../src/lib/retry-after.ts";
import type { Answer } from "../../src/sandbox/serve.ts";
import { headerLines, type Stub, startStub } from "../fixtures/stub-vendor.ts";

let stub: Stub;
beforeAll(async () => {
  stub = await startStub();
});
afterAll(() => stub.close());

const TICKET = "ST-123456-AbCdEfGhIjKlMnOpQrSt-cas";
const ask = (more: { method?: "GET" | "POST"; answerSeconds?: number } = {}) =>
  stub.send({ method: "GET", url: `${stub.url}/a/path?ticket=${TICKET}`, ...more });

test.each<[string, Answer]>([
  ["the line breaks", "drop"],
  ["nobody answers in time", "hang"],
])(
  "when %s, the error says so once, without the query, and leaves open whether the request took effect",
  async (_what, answer) => {
    const from = stub.requests.length;
    stub.willAnswer(answer);
    const error: unknown = await ask({ answerSeconds: 0.3 }).catch((it: unknown) => it);
    expect(error).toBeInstanceOf(NoAnswerError);
    expect(String(error)).toContain("/a/path gave no answer");
    expect(`${error} ${JSON.stringify(error)} ${(error as Error).cause}`).not.toContain(TICKET);
    expect(stub.requests.length - from).toBe(1);
  },
);

test("a closed port gives no answer either", async () => {
  const error: unknown = await stub.send({ method: "POST", url: "http://127.0.0.1:1/" }).catch((it: unknown) => it);
  expect(error).toBeInstanceOf(NoAnswerError);
  expect(String(error)).toContain("ECONNREFUSED");
});

test("a request leaves no timer behind, which would wake the program later", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  stub.willAnswer(new Response("done"));
  await ask({ answerSeconds: 3600 });
  stub.willAnswer("drop");
  await ask({ answerSeconds: 3600 }).catch(() => undefined);
  await expect.poll(timers).toBeLessThanOrEqual(before);
});

test("a redirect is an answer, and is not followed", async () => {
  const from = stub.requests.length;
  stub.willAnswer(new Response(null, { status: 302, headers: { location: "/elsewhere" } }));
  expect(await ask()).toMatchObject({ status: 302, headers: { location: "/elsewhere" } });
  expect(stub.requests.length - from).toBe(1);
});

describe("what goes over the wire", () => {
  const last = () => stub.requests.at(-1);

  test("a form names its content type once, and keeps what a form has to escape", async () => {
    stub.willAnswer(new Response(""));
    const form = new URLSearchParams({ secret: "a+b/&= ü" });
    await stub.send({ method: "POST", url: stub.url, body: form, headers: { accept: "x" } });
    expect(headerLines(last(), "content-type")).toEqual(["application/x-www-form-urlencoded"]);
    expect(new URLSearchParams(last()?.body).get("secret")).toBe("a+b/&= ü");
  });

  test("a file arrives in a form as any other client would send it", async () => {
    const got: Array<[string, string, number[]]> = [];
    const server = createServer(async (request, response) => {
      const headers = new Headers({ "content-type": String(request.headers["content-type"]) });
      const form = await new Response(await buffer(request), { headers }).formData();
      for (const [field, file] of form) {
        if (typeof file === "object") got.push([field, `${file.name} ${file.type}`, [...(await file.bytes())]]);
      }
      response.end();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const file = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await stub.send({ method: "POST", url, body: { filename: "weight.fit", file } });
    expect(got).toEqual([["file", "weight.fit application/octet-stream", [...file]]]);
    server.close();
  });

  test("JSON keeps the content type it was given, once", async () => {
    stub.willAnswer(new Response(""));
    const headers = { "content-type": "application/json" };
    await stub.send({ method: "POST", url: stub.url, body: '{"a":"ü"}', headers });
    expect(headerLines(last(), "content-type")).toEqual(["application/json"]);
    expect(last()?.body).toBe('{"a":"ü"}');
    expect(
      last()
        ?.rawHeaders.map(([name]) => name.toLowerCase())
        .sort(),
    ).toEqual(["connection", "content-length", "content-type", "host"]);
  });
});

test("requests in turn share a connection, those side by side wait for none, and after an idle close there is a new one", async () => {
  let lines = 0;
  const waiting: Array<() => void> = [];
  const server = createServer((request, response) => {
    waiting.push(() => response.end("yes"));
    // Those side by side are answered only when all of them are there.
    if (request.url === "/" || waiting.length === 3) for (const answer of waiting.splice(0)) answer();
  }).on("connection", () => lines++);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const { send, closeIdle, close } = createTransport();
  const question = { method: "GET", url: `http://127.0.0.1:${port}/` } as const;
  for (let asked = 0; asked < 20; asked++) await send(question);
  expect(lines).toBe(1);
  await Promise.all([1, 2, 3].map(() => send({ ...question, url: `${question.url}together` })));
  expect(lines).toBe(3);
  await closeIdle();
  await closeIdle();
  expect((await send(question)).text).toBe("yes");
  expect(lines).toBe(4);
  await close();
  server.close();
});

describe("a vendor that would prefer HTTP/2", () => {
  const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), "utf8");
  const trusted = tls.getCACertificates();
  afterEach(() => tls.setDefaultCACertificates(trusted));

  test("gets HTTP/1.1, and each request once", async () => {
    tls.setDefaultCACertificates([...trusted, pem("certificate")]);
    const heard: string[] = [];
    const server = createSecureServer({ key: pem("key"), cert: pem("certificate"), allowHTTP1: true });
    server.on("request", async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      heard.push(`${request.httpVersion} ${request.method} ${body}`);
      response.end("yes");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `https://localhost:${(server.address() as AddressInfo).port}/`;

    // Checks that it really does prefer HTTP/2.
    const offered = tls.connect({
      ...new URL(url),
      host: "localhost",
      port: Number(new URL(url).port),
      ALPNProtocols: ["http/1.1", "h2"],
    });
    await once(offered, "secureConnect");
    expect(offered.alpnProtocol).toBe("h2");
    offered.destroy();

    const { send, close } = createTransport();
    const form = { filename: "x.fit", file: Buffer.from("x") };
    expect((await send({ method: "GET", url })).text).toBe("yes");
    await send({ method: "POST", url, body: new URLSearchParams({ a: "b" }) });
    await send({ method: "POST", url, body: form });
    await send({ method: "DELETE", url });
    expect(heard.map((it) => it.split(" ").slice(0, 2).join(" "))).toEqual([
      "1.1 GET",
      "1.1 POST",
      "1.1 POST",
      "1.1 DELETE",
    ]);
    await close();
    server.close();
  });
});

describe("a request is never repeated by itself", () => {
  /** What the server does to the connection once the request that should fail has arrived completely. */
  const ENDS: Record<string, (socket: Socket) => void> = {
    "hangs up": (socket) => socket.end(),
    "breaks the line": (socket) => socket.resetAndDestroy(),
    "begins to answer and hangs up": (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"a'),
    "sends half of a status line": (socket) => socket.end("HTTP/1.1 2"),
    "answers something else than HTTP": (socket) => socket.end("SSH-2.0-OpenSSH_9\r\n"),
    "says that it is early, and hangs up": (socket) => socket.end("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
  };
  const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

  let requests: string[];
  let sockets: Socket[];
  let server: net.Server;
  let transport: ReturnType<typeof createTransport>;
  let url: string;
  /** Answers the first `good` requests. */
  async function listen(end: (socket: Socket) => void, good: number) {
    requests = [];
    sockets = [];
    server = net.createServer((socket) => {
      sockets.push(socket);
      let text = "";
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        text += chunk;
        const whole = /^(\w+) .*?\r\n\r\n(a=b)?$/s.exec(text);
        if (!whole || (whole[1] === "POST" && !whole[2])) return;
        requests.push(whole[1] ?? "");
        text = "";
        if (requests.length <= good) socket.write(OK);
        else end(socket);
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    transport = createTransport();
  }
  afterEach(async () => {
    await transport.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const ask = (method: "GET" | "POST" | "DELETE") =>
    transport.send({ method, url, ...(method === "POST" && { body: new URLSearchParams({ a: "b" }) }) });
  const methods = ["GET", "POST", "DELETE"] as const;

  test.each(Object.entries(ENDS).flatMap(([what, end]) => methods.map((method) => [method, what, end] as const)))(
    "%s, when the server %s, on a new line and on one that was used before",
    async (method, _what, end) => {
      await listen(end, 0);
      await expect(ask(method)).rejects.toThrow(NoAnswerError);
      expect(requests).toEqual([method]);
      await transport.close();
      server.close();
      await listen(end, 1);
      await ask("GET");
      await expect(ask(method)).rejects.toThrow(NoAnswerError);
      // Time for a second try, if there were one.
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(requests).toEqual(["GET", method]);
    },
  );

  test("a connection closed by the server costs at most the answer, and never leads to a second request", async () => {
    await listen(() => undefined, Number.POSITIVE_INFINITY);
    for (let round = 0; round < 20; round++) {
      requests.length = 0;
      await ask("GET");
      for (const socket of sockets.splice(0)) socket.end();
      const answer = await ask("POST").catch((error: unknown) => error);
      const arrived = requests.filter((it) => it === "POST").length;
      if (answer instanceof NoAnswerError) expect(arrived).toBeLessThanOrEqual(1);
      else expect(arrived).toBe(1);
    }
  });
});

test("an endless answer is given up at 16 MB, and the next request works", async () => {
  const server = createServer((request, response) => {
    if (request.url === "/small") return void response.end("yes");
    const chunk = Buffer.alloc(65_536, 0x61);
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", more);
    more();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { send, close } = createTransport();
  const error: unknown = await send({ method: "GET", url: `${url}/endless` }).catch((it: unknown) => it);
  expect(error).toBeInstanceOf(NoAnswerError);
  expect(String(error)).toContain("UND_ERR_RES_EXCEEDED_MAX_SIZE");
  expect((await send({ method: "GET", url: `${url}/small` })).text).toBe("yes");
  await close();
  server.close();
});

test("an answer just within the limit is read whole", async () => {
  stub.willAnswer(new Response("a".repeat(LARGEST_ANSWER_BYTES)));
  expect((await ask()).text).toHaveLength(LARGEST_ANSWER_BYTES);
});

test("a compressed answer is not unpacked, and none is asked for", async () => {
  const packed = gzipSync(Buffer.alloc(1_000_000));
  stub.willAnswer(new Response(packed, { headers: { "content-encoding": "gzip" } }));
  expect((await ask()).text.length).toBeLessThanOrEqual(packed.length);
  expect(headerLines(stub.requests.at(-1), "accept-encoding")).toEqual([]);
});

describe("how long a vendor asks us to wait", () => {
  const date = "Sat, 21 Nov 2026 12:00:00 GMT";
  test.each<[string, Record<string, string | string[]>, number | undefined]>([
    ["seconds", { "retry-after": "3600" }, 3600],
    ["seconds with blanks", { "retry-after": " 90 " }, 90],
    ["the first of two", { "retry-after": ["30", "60"] }, 30],
    ["a date, by the vendor's own clock", { "retry-after": "Sat, 21 Nov 2026 12:05:00 GMT", date }, 300],
    ["an old spelling of a date", { "retry-after": "Saturday, 21-Nov-26 12:05:00 GMT", date }, 300],
    ["a date that is over", { "retry-after": "Sat, 21 Nov 2026 11:00:00 GMT", date }, undefined],
    ["a date without a clock to measure it by", { "retry-after": "Sat, 21 Nov 2026 12:05:00 GMT" }, undefined],
    ["more than a day", { "retry-after": "9".repeat(40) }, 86_400],
    ["a date in years", { "retry-after": "Sat, 21 Nov 2099 12:05:00 GMT", date }, 86_400],
    ["zero", { "retry-after": "0" }, undefined],
    ["a negative number", { "retry-after": "-5" }, undefined],
    ["another number", { "retry-after": "1e3" }, undefined],
    ["a word", { "retry-after": "soon", date }, undefined],
    ["something that only looks like a date", { "retry-after": "May 5", date }, undefined],
    ["nothing", {}, undefined],
  ])("%s", (_what, headers, seconds) => {
    expect(retryAfterSeconds({ headers })).toBe(seconds);
  });
});
