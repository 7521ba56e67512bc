import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTelegramFetch } from "../../../src/bot/telegram/fetch.ts";
import { createManualClock } from "../../../src/sandbox/manual-clock.ts";

const clock = createManualClock(new Date("2026-11-20T12:00:00Z"));
let telegram: Server;
let http: ReturnType<typeof createTelegramFetch>;
let address: string;
/** The connection of each call, in order. */
let lines: Socket[];
/** The fate of each call by its number. */
let fate: (call: number) => "answered" | "cut" | "cut_in_the_middle" | "limited" | "endless";
/** How long Telegram asks us to wait. */
let restSeconds: number;

beforeEach(async () => {
  lines = [];
  telegram = createServer((request, response) => {
    lines.push(request.socket);
    const what = fate(lines.length);
    if (what === "cut") request.socket.destroy();
    else if (what === "endless") pour(response);
    else if (what === "limited") response.writeHead(429).end(`{"parameters":{"retry_after":${restSeconds}}}`);
    else response.writeHead(200, { "content-length": 11 });
    if (what === "answered") response.end('{"ok":true}');
    if (what === "cut_in_the_middle") response.write('{"ok"', () => request.socket.destroy());
  });
  await new Promise<void>((resolve) => telegram.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(telegram.address() as AddressInfo).port}/bot1:token/sendMessage`;
  http = createTelegramFetch(clock);
});
afterEach(async () => {
  await http.close();
  await new Promise((resolve) => telegram.close(resolve));
});

function pour(response: ServerResponse) {
  const chunk = Buffer.alloc(65_536, 0x20);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", more);
  more();
}

const call = async () => (await http.fetch(address, { method: "POST", body: "{}" })).json();

test("calls in a row share a connection", async () => {
  fate = () => "answered";
  await call();
  await call();
  expect(new Set(lines).size).toBe(1);
});

test("a connection that was closed while idle is replaced at once", async () => {
  fate = (number) => (number === 2 ? "cut" : "answered");
  await call();
  const before = clock.now();
  expect(await call()).toEqual({ ok: true });
  expect(clock.now()).toEqual(before);
  expect(new Set(lines).size).toBe(2);
});

test.each(["cut", "cut_in_the_middle"] as const)(
  "a call on a new connection that breaks (%s) is tried again after a pause",
  async (how) => {
    fate = (number) => (number === 1 ? how : "answered");
    const before = clock.now().getTime();
    expect(await call()).toEqual({ ok: true });
    expect(clock.now().getTime()).toBeGreaterThan(before);
    expect(lines).toHaveLength(2);
  },
);

test("an endless answer is given up, and the next try can succeed", async () => {
  fate = (number) => (number === 1 ? "endless" : "answered");
  expect(await call()).toEqual({ ok: true });
  expect(lines).toHaveLength(2);
});

test("a call that gets no answer is given up after three tries", async () => {
  fate = () => "cut";
  await expect(call()).rejects.toThrow();
  expect(lines).toHaveLength(3);
});

test.each([
  ["a limit of a minute is waited out", 60, 2],
  ["a longer limit is passed on at once, because somebody is waiting", 61, 1],
])("%s", async (_what, seconds, calls) => {
  fate = (number) => (number === 1 ? "limited" : "answered");
  restSeconds = seconds;
  const before = clock.now().getTime();
  await call();
  expect(lines).toHaveLength(calls);
  expect(clock.now().getTime() - before).toBe((calls - 1) * seconds * 1000);
});

test("an aborted call doesn’t wait for a limit", async () => {
  fate = () => "limited";
  restSeconds = 60;
  const stopping = new AbortController();
  const waiting = createTelegramFetch({
    now: clock.now,
    async sleep(_seconds, signal) {
      stopping.abort();
      if (!signal?.aborted) await new Promise(() => {});
    },
  });
  const answer = await waiting.fetch(address, { method: "POST", body: "{}", signal: stopping.signal });
  expect(answer.status).toBe(429);
  expect(lines).toHaveLength(1);
  await waiting.close();
});
