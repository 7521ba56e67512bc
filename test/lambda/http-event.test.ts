import type { LambdaFunctionURLEvent } from "aws-lambda";
import { expect, test } from "vitest";
import { requestOf, resultOf } from "../../src/lambda/http-event.ts";
import { functionUrlEvent } from "./events.ts";

const ADDRESS = "https://abc.lambda-url.eu-central-1.on.aws";
const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  functionUrlEvent(new Request(`${ADDRESS}/telegram`, { method: "POST", headers, body }));
const withEvent = async (changes: Partial<LambdaFunctionURLEvent>) =>
  requestOf({ ...(await functionUrlEvent(new Request(`${ADDRESS}/health`))), ...changes });

test("path and query arrive as they were sent", async () => {
  const event = await functionUrlEvent(new Request(`${ADDRESS}/withings/callback?code=a%2Bb&state=x&code=c`));
  expect(new URL(requestOf(event)?.url ?? "")).toMatchObject({
    pathname: "/withings/callback",
    search: "?code=a%2Bb&state=x&code=c",
  });
});

test("a path that looks like an address stays a path", async () => {
  const request = await withEvent({ rawPath: "//evil.example/health" });
  expect(new URL(request?.url ?? "")).toMatchObject({ host: "localhost", pathname: "//evil.example/health" });
});

test.each([
  ["a text", "text/plain; charset=utf-8", "Grüße, 体重", false],
  ["a form, which AWS encodes", "application/x-www-form-urlencoded", "userid=1&appli=1", true],
])("%s arrives byte for byte", async (_, type, text, isBase64Encoded) => {
  const event = await post(text, { "content-type": type });
  expect(event.isBase64Encoded).toBe(isBase64Encoded);
  expect(await requestOf(event)?.text()).toBe(text);
});

test("bytes that are no text arrive as they were", async () => {
  const bytes = new Uint8Array([0, 255, 128, 10]);
  const request = requestOf(await post(bytes, { "content-type": "application/octet-stream" }));
  expect(new Uint8Array((await request?.arrayBuffer()) ?? [])).toEqual(bytes);
});

test("headers are found whatever their case, and cookies are among them", async () => {
  const request = await withEvent({
    headers: { "X-Telegram-Bot-Api-Secret-Token": "secret", accept: "text/html, */*" },
    cookies: ["a=1", "b=2"],
  });
  expect(request?.headers.get("x-telegram-bot-api-secret-token")).toBe("secret");
  expect(request?.headers.get("accept")).toBe("text/html, */*");
  expect(request?.headers.get("cookie")).toBe("a=1; b=2");
});

test("a request without a body has none", async () => {
  const event = await post("");
  expect(event.body).toBeUndefined();
  expect(await requestOf(event)?.text()).toBe("");
  expect((await withEvent({ body: "what a GET cannot carry" }))?.body).toBeNull();
});

test.each([
  ["method", { requestContext: { http: { method: "GET ME" } } }],
  ["header", { headers: { "not a name": "x" } }],
])("a %s that is none makes no request", async (_, changes) => {
  expect(await withEvent(changes as Partial<LambdaFunctionURLEvent>)).toBeUndefined();
});

test("an answer keeps its status, its headers, every cookie and its text", async () => {
  const headers = new Headers({ "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
  headers.append("set-cookie", "a=1");
  headers.append("set-cookie", "b=2");
  expect(await resultOf(new Response("<p>Grüße", { status: 404, headers }), "GET")).toEqual({
    statusCode: 404,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
    cookies: ["a=1", "b=2"],
    body: "<p>Grüße",
    isBase64Encoded: false,
  });
});

test("an answer that is no text is encoded", async () => {
  const result = await resultOf(new Response(new Uint8Array([255, 0])), "GET");
  expect(result).toMatchObject({ body: "/wA=", isBase64Encoded: true });
});

test("an answer to HEAD, and one without a body, has none", async () => {
  expect(await resultOf(Response.json({ status: "ok" }), "HEAD")).toEqual({
    statusCode: 200,
    headers: { "content-type": "application/json" },
  });
  expect(await resultOf(new Response(null, { status: 204 }), "POST")).toEqual({ statusCode: 204, headers: {} });
});
