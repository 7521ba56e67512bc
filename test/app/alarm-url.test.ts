import { afterEach, beforeEach, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../server/test-server.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";

let server: TestServer;
let outside: Receiver;
beforeEach(async () => {
  outside = await startReceiver();
  server = await startTestServer({ linked: true });
  const secret = "topic-that-nobody-must-know";
  for (const [name, url] of Object.entries(outside.env)) server.env[name] = `${url}?auth=${secret}`;
});
afterEach(async () => {
  await server.close();
  await outside.close();
});

const refusing = (status: number, description: string) =>
  server.sandbox.faults.add({
    ...{ name: "refused", server: "telegram", match: {}, times: Number.POSITIVE_INFINITY },
    effect: { type: "status", status, body: { ok: false, error_code: status, description } },
  });

type Program = Awaited<ReturnType<TestServer["start"]>>;
async function minutes(count: number, { wake }: Program) {
  for (let minute = 0; minute < count; minute++) {
    const before = outside.heartbeats();
    server.clock.advance(60);
    await wake();
    await expect.poll(outside.heartbeats).toBeGreaterThan(before);
  }
}

test("each good sweep is announced to HEARTBEAT_URL with an empty body, and a failing one is not", async () => {
  const program = await server.start();
  await expect.poll(outside.heartbeats).toBe(1);
  await minutes(2, program);
  // Two sweeps within half a minute send one.
  await program.wake();
  expect(outside.received.filter(({ path }) => path.startsWith("/heartbeat"))).toEqual(
    Array(3).fill(expect.objectContaining({ method: "POST", body: "" })),
  );
  server.loseStore();
  server.clock.advance(60);
  await program.wake();
  await program.said("round_failed");
  await expect.poll(outside.alarms).toEqual([expect.stringMatching(/^Something unexpected broke on my side/)]);
  expect(outside.heartbeats()).toBe(3);
  server.findStore();
  await minutes(1, program);
  expect(outside.alarms()).toEqual(server.told().slice(0, 1));
  expect(outside.received.at(-2)).toMatchObject({ contentType: "text/plain; charset=utf-8" });
});

test("ALARM_URL hears that Telegram rejects the token, and readings arrive meanwhile", async () => {
  refusing(401, "Unauthorized");
  const program = await server.start();
  await program.said("telegram_token_unknown");
  await minutes(5, program);
  expect(outside.alarms()).toEqual([]);
  server.person.stepOnScale({ weightKg: 80.25 });
  await minutes(31, program);
  // On a slow machine a run may have met a clock that moved on, and be put off by minutes.
  await expect
    .poll(async () => {
      await minutes(1, program);
      return server.weights().map(({ weightKg }) => weightKg);
    })
    .toEqual([80.25]);
  expect(outside.alarms()).toEqual([expect.stringMatching(/^Telegram hasn’t accepted my bot’s token since/)]);
});

test("ALARM_URL hears once that the owner has blocked the bot, even after a restart, and when they are back", async () => {
  const program = await server.start();
  await program.said("bot_started");
  server.chat.block();
  await server.delivered();
  program.wake();
  const away = expect.stringMatching(/^You’ve blocked the bot in Telegram/);
  await expect.poll(outside.alarms).toEqual([away]);
  await program.stop();
  const next = await server.start();
  await expect.poll(outside.alarms).toEqual([away, away]);
  await minutes(2, next);
  server.chat.unblock();
  await server.delivered();
  next.wake();
  await expect
    .poll(outside.alarms)
    .toEqual([away, away, "My messages are getting through again, including the ones that waited."]);
});

test("an address that fails stops nothing: it is logged without the address, and the owner hears after ten minutes", async () => {
  outside.answerWith(403);
  const program = await server.start();
  await program.said("alarm_address_failing");
  for (let minute = 0; minute < 11; minute++) await minutes(1, program);
  const failing = expect.stringMatching(/^An outside address that watches me hasn’t accepted anything/);
  await expect.poll(server.told).toEqual([failing]);
  expect(program.logged.filter(({ event }) => event === "alarm_address_failing")).toHaveLength(2);
  expect(JSON.stringify(program.logged)).not.toContain("topic-that-nobody-must-know");
  expect(JSON.stringify(program.logged)).toContain("it answers with HTTP 403");
  // It tries the alarm less and less often.
  await minutes(30, program);
  expect(outside.alarms().length).toBeLessThanOrEqual(6);
  outside.answerWith(200);
  await minutes(64, program);
  await expect
    .poll(server.told)
    .toEqual([failing, "My messages are getting through again, including the ones that waited."]);
});

test.each(["endless", "unfinished"] as const)(
  "an address that accepts and whose answer is %s has accepted: nobody waits for the rest",
  async (body) => {
    outside.answerWithBody(body);
    const program = await server.start();
    await program.said("run_ended");
    server.loseStore();
    server.clock.advance(60);
    await program.wake();
    expect(outside.alarms()).toEqual([expect.stringMatching(/^Something unexpected broke on my side/)]);
    expect(outside.heartbeats()).toBe(1);
    // The connections are closed without waiting for their end.
    await expect.poll(outside.openLines, { timeout: 5000 }).toBe(0);
    expect(program.logged.map(({ event }) => event)).not.toContain("alarm_address_failing");
  },
);

test("a name and password in an alarm address become an authorization header, even if the program hangs", async () => {
  for (const [name, url] of Object.entries(outside.env)) server.env[name] = url.replace("//", "//me:pass%20word%@");
  const program = await server.start(60, { watchdogSeconds: 0.1 });
  await expect.poll(outside.heartbeats).toBe(1);
  await expect(program.stuck).rejects.toThrow();
  await expect.poll(outside.alarms).toHaveLength(1);
  const asked = `Basic ${Buffer.from("me:pass word%").toString("base64")}`;
  expect(new Set(outside.received.map(({ authorization }) => authorization))).toEqual(new Set([asked]));
  expect(JSON.stringify([program.logged, server.told()])).not.toMatch(/pass|127\.0\.0\.1.*alarm/);
});

test("without ALARM_URL and HEARTBEAT_URL nothing is sent", async () => {
  delete server.env.ALARM_URL;
  delete server.env.HEARTBEAT_URL;
  const program = await server.start();
  await program.said("run_ended");
  server.loseStore();
  server.clock.advance(60);
  program.wake();
  await expect.poll(server.told).toHaveLength(1);
  expect(outside.received).toEqual([]);
});
