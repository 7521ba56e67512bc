import type { LambdaFunctionURLEvent } from "aws-lambda";
import { expect, test } from "vitest";
import { readEvent, resultOf } from "../../src/lambda/http-event.ts";
import { functionUrlEvent } from "./events.ts";

const ADDRESS = "https://abc.lambda-url.eu-central-1.on.aws";
const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  functionUrlEvent(new Request(`${ADDRESS}/telegram`, { method: "POST", headers, body }));
const withEvent = async (changes: Partial<LambdaFunctionURLEvent>) =>
  readEvent({ ...(await functionUrlEvent(new Request(`${ADDRESS}/health`))), ...changes });
async function bodyOf(event: LambdaFunctionURLEvent): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readEvent(event)?.body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("path and query arrive as they were sent", async () => {
  const request = readEvent(
    await functionUrlEvent(new Request(`${ADDRESS}/withings/callback?code=a%2Bb&state=x&code=c`)),
  );
  expect(request?.path).toBe("/withings/callback");
  expect([...(request?.query ?? [])]).toEqual([
    ["code", "a+b"],
    ["state", "x"],
    ["code", "c"],
  ]);
});

test("a path that looks like an address stays a path", async () => {
  expect(await withEvent({ rawPath: "//evil.example/health" })).toMatchObject({ path: "//evil.example/health" });
});

test.each([
  ["a text", "text/plain; charset=utf-8", "Grüße, 体重", false],
  ["a form, which AWS encodes", "application/x-www-form-urlencoded", "userid=1&appli=1", true],
])("%s arrives byte for byte", async (_, type, text, isBase64Encoded) => {
  const event = await post(text, { "content-type": type });
  expect(event.isBase64Encoded).toBe(isBase64Encoded);
  expect((await bodyOf(event)).toString()).toBe(text);
});

test("bytes that are not text arrive unchanged", async () => {
  const bytes = Buffer.from([0, 255, 128, 10]);
  expect(await bodyOf(await post(bytes, { "content-type": "application/octet-stream" }))).toEqual(bytes);
});

test("headers of a function's event are found whatever their case, and cookies are among them", async () => {
  const request = await withEvent({
    headers: { "X-Telegram-Bot-Api-Secret-Token": "secret", accept: "text/html, */*" },
    cookies: ["a=1", "b=2"],
  });
  expect(request?.headers.get("x-telegram-bot-api-secret-token")).toBe("secret");
  expect(request?.headers.get("accept")).toBe("text/html, */*");
  expect(request?.headers.get("cookie")).toBe("a=1; b=2");
});

test("a request without a body has an empty one, and so has every GET", async () => {
  const event = await post("");
  expect(event.body).toBeUndefined();
  expect(await bodyOf(event)).toHaveLength(0);
  expect((await withEvent({ body: "what a GET cannot carry" }))?.body).toEqual([]);
});

test.each([
  ["method", { requestContext: { http: { method: "GET ME" } } }],
  ["method", { requestContext: { http: { method: "TRACE" } } }],
  ["header", { headers: { "not a name": "x" } }],
  ["header", { headers: { name: "one\r\nanother: x" } }],
])("an event with an invalid %s makes no request", async (_, changes) => {
  expect(await withEvent(changes as Partial<LambdaFunctionURLEvent>)).toBeUndefined();
});

test("a function's answer keeps its status, its headers and its text", () => {
  const headers = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };
  expect(resultOf({ status: 404, headers, body: "<p>Grüße" }, "GET")).toEqual({
    statusCode: 404,
    headers,
    body: "<p>Grüße",
    isBase64Encoded: false,
  });
});

test("a function's answer to HEAD, and one without a body, has no body", () => {
  const headers = { "content-type": "application/json" };
  expect(resultOf({ status: 200, headers, body: '{"status":"ok"}' }, "HEAD")).toEqual({ statusCode: 200, headers });
  expect(resultOf({ status: 204, headers: {} }, "POST")).toEqual({ statusCode: 204, headers: {} });
});
