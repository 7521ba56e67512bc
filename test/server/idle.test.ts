import { afterEach, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./test-server.ts";

let server: TestServer;
afterEach(() => server.close());

test("a round with nothing new is one request to Withings, and none to Garmin or Telegram", async () => {
  server = await startTestServer({ linked: true });
  const { clock, sandbox, start, requests } = server;
  const first = await start();
  await first.said("run_ended");
  await first.stop();
  // On the same day, because subscriptions are checked once a day, and links renewed once a week.
  clock.advance(3600);
  const before = sandbox.telegram.outbox.length;
  requests();
  const second = await start();
  await second.said("run_ended");
  await second.stop();
  expect(requests()).toEqual(["withings POST /measure"]);
  // What a start alone asks of Telegram.
  const atStart = [
    "getMe",
    "getMyShortDescription",
    "setMyShortDescription",
    "getWebhookInfo",
    "setWebhook",
    "getMyDescription",
    "setMyDescription",
    "setMyCommands",
  ];
  const calls = sandbox.telegram.outbox.slice(before).map(({ method }) => method);
  expect(calls.filter((method) => !atStart.includes(method))).toEqual([]);
});
