import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTransport, NoAnswerError } from "../src/transport.ts";
import { headerLines, type Stub, startStub } from "./fixtures/stub-vendor.ts";
import type { Answer } from "./sandbox/serve.ts";

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
])("when %s it is said once, without the query, and whether it took effect stays open", async (_what, answer) => {
  const from = stub.requests.length;
  stub.willAnswer(answer);
  const error: unknown = await ask({ answerSeconds: 0.3 }).catch((it: unknown) => it);
  expect(error).toBeInstanceOf(NoAnswerError);
  expect(String(error)).toContain("/a/path gave no answer");
  expect(`${error} ${JSON.stringify(error)} ${(error as Error).cause}`).not.toContain(TICKET);
  expect(stub.requests.length - from).toBe(1);
});

test("where nobody listens there is no answer either", async () => {
  const error: unknown = await stub.send({ method: "POST", url: "http://127.0.0.1:1/" }).catch((it: unknown) => it);
  expect(error).toBeInstanceOf(NoAnswerError);
  expect(String(error)).toContain("ECONNREFUSED");
});

test("a way to somewhere else is an answer, and is not followed", async () => {
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

  test("JSON keeps the content type it was given, once, and nothing is added", async () => {
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

test("one that rests hangs up, and what is asked after it goes over a new line", async () => {
  let lines = 0;
  const server = createServer((_request, response) => response.end("yes")).on("connection", () => {
    lines++;
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const { send, rest, close } = createTransport();
  const question = { method: "GET", url: `http://127.0.0.1:${port}/` } as const;
  for (let asked = 0; asked < 5; asked++) await send(question);
  // Where the one is not quite free yet, undici opens a second.
  expect(lines).toBeLessThan(3);
  const before = lines;
  await rest();
  await rest();
  expect((await send(question)).text).toBe("yes");
  expect(lines).toBe(before + 1);
  await close();
  server.close();
});
