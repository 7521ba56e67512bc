import { afterEach, describe, expect, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { createLog } from "../../src/lib/log.ts";
import { type Server, startServer } from "../../src/server.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../support/test-app.ts";

let testApp: TestApp;
let server: Server | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await testApp.close();
});

const ROUND_SECONDS = 0.2;
const SECTIONS = ["store", "sealing", "withings", "garmin", "telegram", "schedule", "outside"] as const;
const chat = () => testApp.sandbox.telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });
const told = () =>
  chat()
    .messages.filter(({ from }) => from === "bot")
    .map(({ text, silent }) => (silent ? `quietly: ${text}` : text));
const minutesAgo = (minutes: number) => new Date(testApp.clock.now().getTime() - minutes * 60_000);

/** The whole program, with a sweep every few moments. `rounds` waits for as many more. */
async function serve(env: Record<string, string> = {}, roundSeconds = ROUND_SECONDS) {
  chat();
  const config = readConfig({ ...testApp.env, TELEGRAM_ALLOWED_IDS: String(ACCOUNT), ...env }, SECTIONS);
  const logged: Array<Record<string, unknown>> = [];
  const log = createLog({ level: "info", write: (line) => logged.push(JSON.parse(line)), now: testApp.clock.now });
  const schedule = { syncIntervalMinutes: roundSeconds / 60 };
  const started = await startServer({ ...config, schedule }, { clock: testApp.clock, log, paced: false });
  started.polling.catch(() => undefined);
  server = started;
  const ended = () => logged.filter(({ event }) => event === "run_ended");
  return {
    logged,
    stop: async () => {
      server = undefined;
      await started.stop();
    },
    rounds: async (count = 3) => {
      const before = ended().length;
      for (let round = 1; round <= count; round++) {
        testApp.clock.advance(roundSeconds);
        started.wake();
        await expect.poll(() => ended().length).toBeGreaterThanOrEqual(before + round);
        await expect.poll(() => started.app.store.jobs.list()).toEqual([]);
      }
      return ended()
        .slice(before)
        .map(({ status }) => status);
    },
  };
}

test("a reading arrives by itself, without a message unless it’s the very first", async () => {
  testApp = await startTestApp();
  const { rounds } = await serve();
  await rounds(1);
  testApp.person.stepOnScale({ at: minutesAgo(1), weightKg: 80.5 });
  await rounds(2);
  testApp.person.stepOnScale({ at: minutesAgo(1), weightKg: 80.6 });
  await rounds(2);
  expect(testApp.weights().map(({ weightKg }) => weightKg)).toEqual([80.5, 80.6]);
  expect(told()).toEqual([expect.stringMatching(/^80\.5 kg is in Garmin\.\n/)]);

  chat().say("/status");
  expect((await chat().waitForMessage()).text).toMatch(/Next sync: today \d\d:\d\d/);
});

test("the commands are in Telegram's menu", async () => {
  testApp = await startTestApp({ linked: false });
  await serve();
  await expect
    .poll(() => chat().commands.map(({ command }) => command))
    .toEqual([
      ...["sync", "status", "weight", "bp", "body", "undo", "connect", "settings", "goal", "disconnect", "doctor"],
      ...["help", "privacy", "cancel"],
      ...["people", "invite"],
    ]);
});

const SIGNED_OUT = expect.stringMatching(/^Garmin has signed me out\./);
const telegramAway = () =>
  testApp.sandbox.faults.add({
    name: "away",
    server: "telegram",
    match: { path: /\/sendMessage$/ },
    times: Number.POSITIVE_INFINITY,
    effect: { type: "status", status: 502, body: { ok: false, error_code: 502, description: "Bad Gateway" } },
  });
const telegramBack = () => testApp.sandbox.faults.remove("away");

describe("what an owner hears without asking", () => {
  test("an owner hears once that Garmin signed them out, even after a restart, and once that all is well again", async () => {
    testApp = await startTestApp();
    await testApp.app.store.accounts.save(ACCOUNT, { settings: { cards: "needed" } });
    testApp.sandbox.garmin.revoke(OWNER.email);
    testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
    const first = await serve();
    await first.rounds(3);
    await first.stop();
    const second = await serve();
    await second.rounds(2);
    expect(told()).toEqual([SIGNED_OUT]);

    // Right after the sign-in Garmin is slow to show what it got: the good news must survive that.
    testApp.sandbox.garmin.settings.readBackDelaySeconds = 1e9;
    await testApp.link();
    expect(await second.rounds(3)).toContain("retry_later");
    expect(told()).toEqual([SIGNED_OUT]);
    testApp.sandbox.garmin.settings.readBackDelaySeconds = 0;
    await second.rounds(1);
    await second.rounds(2);
    expect(told()).toEqual([SIGNED_OUT, "Garmin lets me in again. 80.3 kg (12:50) is now in Garmin."]);
    expect(testApp.weights()).toHaveLength(1);
  });

  test("an owner hears after three days, and then weekly, that they still have to act", async () => {
    testApp = await startTestApp();
    testApp.sandbox.garmin.revoke(OWNER.email);
    testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
    const { rounds } = await serve();
    await rounds(2);
    const heardOn: number[] = [];
    let day = 0;
    for (const days of [2, 1, 6, 1, 6, 1]) {
      day += days;
      const before = told().length;
      testApp.clock.advance(days * 24 * 3600);
      await rounds(2);
      if (told().length > before) heardOn.push(day);
    }
    expect(heardOn).toEqual([3, 10, 17]);
    const reminder = expect.stringMatching(
      /^Not everything has arrived since 21 Nov 13:00\. Garmin has signed me out\./,
    );
    expect(told()).toEqual([SIGNED_OUT, reminder, reminder, reminder]);
  });

  test("an owner hears once and quietly of a long delay, and once that it is over", async () => {
    testApp = await startTestApp();
    await testApp.app.store.accounts.save(ACCOUNT, { settings: { cards: "needed" } });
    const { rounds } = await serve();
    await rounds(1);
    testApp.sandbox.faults.turnOn("withings_down");
    testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
    await rounds(2);
    testApp.clock.advance(5.9 * 3600);
    await rounds(2);
    expect(told()).toEqual([]);
    for (let days = 0; days < 30; days += 3) {
      testApp.clock.advance(3 * 24 * 3600);
      expect(await rounds(2)).toEqual(["retry_later", "retry_later"]);
    }
    const waits = expect.stringMatching(
      /^quietly: Withings hasn’t answered properly since 21 Nov 13:00\. Your readings are safe there\. I’ll keep trying/,
    );
    expect(told()).toEqual([waits]);
    testApp.sandbox.faults.clear();
    // Without this, the bot would miss the scale by now.
    testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 80.5 });
    await rounds(3);
    expect(told()).toEqual([
      waits,
      "quietly: Withings is answering again. 2 readings from the last 30 days are now in Garmin.",
    ]);
  });

  test("an owner is asked once whose a held reading is", async () => {
    testApp = await startTestApp();
    testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 41, attrib: 1 });
    const { rounds, stop } = await serve();
    await rounds(2);
    await stop();
    await (await serve()).rounds(2);
    expect(told()).toEqual(["41.0 kg, today 12:50. Was that you?"]);
  });

  test("an owner hears that their tokens can't be opened, although nothing about them can be read then", async () => {
    testApp = await startTestApp();
    const { rounds, logged } = await serve({ SEALING_KEY: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=" });
    await rounds(3);
    expect(told()).toEqual([expect.stringMatching(/^Something is wrong on my side, so readings may not arrive/)]);
    expect(logged).toContainEqual(expect.objectContaining({ event: "run_failed", error: "SealError" }));
  });

  test("an owner hears of a new fault while another one lasts", async () => {
    testApp = await startTestApp();
    const answer = (body: unknown) =>
      testApp.sandbox.faults.add({
        ...{ name: "odd", server: "withings", match: { path: "/measure" }, times: Number.POSITIVE_INFINITY },
        effect: { type: "body", body: { status: 0, body } },
      });
    answer("a text");
    const { rounds } = await serve();
    await rounds(3);
    // Another odd answer of the same vendor isn't news.
    answer({ updatetime: 1, timezone: "Europe/Berlin", measuregrps: "a text" });
    await rounds(3);
    const withings = expect.stringMatching(/^Withings has been answering in a way I don’t understand since /);
    expect(told()).toEqual([withings]);
    testApp.sandbox.faults.clear();
    testApp.sandbox.faults.turnOn("garmin_field_renamed");
    testApp.person.stepOnScale({ at: minutesAgo(1), weightKg: 80.25 });
    await rounds(3);
    expect(told()).toEqual([
      withings,
      expect.stringMatching(/^Garmin has been answering in a way I don’t understand since /),
    ]);
  });

  test("a message is kept while Telegram is down, and sent when it is back", async () => {
    testApp = await startTestApp();
    testApp.sandbox.garmin.revoke(OWNER.email);
    testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
    telegramAway();
    const { rounds } = await serve();
    await rounds(2);
    expect(told()).toEqual([]);
    telegramBack();
    await rounds(2);
    expect(told()).toEqual([SIGNED_OUT]);
  });

  test("good news and waiting readings are kept over a restart", async () => {
    testApp = await startTestApp();
    testApp.sandbox.garmin.revoke(OWNER.email);
    testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
    const first = await serve();
    await first.rounds(2);
    telegramAway();
    testApp.person.stepOnScale({ at: minutesAgo(5), weightKg: 41, attrib: 1 });
    await testApp.link();
    await first.rounds(3);
    expect(testApp.weights()).toHaveLength(1);
    await first.stop();

    const second = await serve();
    await second.rounds(1);
    expect(told()).toEqual([SIGNED_OUT]);
    telegramBack();
    await second.rounds(3);
    expect(told()).toEqual([
      SIGNED_OUT,
      "Garmin lets me in again.",
      "41.0 kg, today 12:55. Was that you? Your last was 80.3 kg.",
      expect.stringMatching(/^80\.3 kg is in Garmin\.\nGarmin now has your weight\./),
    ]);
  });

  test("a message is sent after a restart if the program died between the run and the message", async () => {
    testApp = await startTestApp();
    testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 41, attrib: 1 });
    await testApp.sync();
    await (await serve()).rounds(2);
    expect(told()).toEqual(["41.0 kg, today 12:50. Was that you?"]);
  });

  test("a message is sent twice rather than not at all if Telegram's answer was lost", async () => {
    testApp = await startTestApp();
    testApp.sandbox.garmin.revoke(OWNER.email);
    testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
    testApp.sandbox.faults.add({
      ...{ server: "telegram", match: { path: /\/sendMessage$/ } },
      effect: { type: "drop_after" },
    });
    await (await serve()).rounds(4);
    expect(told()).toEqual([SIGNED_OUT, SIGNED_OUT]);
  });

  test("what the answer to a /sync said isn't said again", async () => {
    testApp = await startTestApp();
    /** A server with one sweep, when it starts. */
    const live = async (what: () => Promise<void>) => {
      const { rounds, stop } = await serve({}, 3600);
      await rounds(1);
      await what();
      await stop();
    };
    const ask = async (answer: RegExp) => {
      chat().say("/sync");
      await chat().waitForMessage(({ text }) => answer.test(text));
    };
    await live(async () => {
      testApp.sandbox.garmin.revoke(OWNER.email);
      testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
      testApp.person.stepOnScale({ at: minutesAgo(5), weightKg: 41, attrib: 1 });
      await ask(/Garmin has signed me out/);
    });
    await live(async () => {
      await testApp.link();
      await ask(/^Garmin lets me in again\. 80\.3 kg \(13:50\) is now in Garmin\.\n1 new reading is held back/);
    });
    await live(async () => {});
    expect(told()).toEqual([
      expect.stringMatching(/^Garmin has signed me out/),
      expect.stringMatching(/^Garmin lets me in again\. 80\.3 kg(.|\n)*41\.00 kg/),
      // Its buttons need a message of its own.
      "41.0 kg, today 13:55. Was that you? Your last was 80.3 kg.",
    ]);
  });

  test("the bot doesn't keep trying to reach a person who has blocked it", async () => {
    testApp = await startTestApp();
    testApp.sandbox.garmin.revoke(OWNER.email);
    testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
    chat().block();
    const { rounds } = await serve();
    await rounds(3);
    expect(testApp.sandbox.telegram.calls("sendMessage")).toHaveLength(1);
  });

  test("one account's trouble doesn't keep a sweep from the next account", async () => {
    testApp = await startTestApp();
    await testApp.app.store.accounts.save(1, {});
    testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
    await (await serve()).rounds(2);
    expect(testApp.weights()).toHaveLength(1);
  });
});

test("a /sync taken by a killed program is answered by the next one, in the same message", async () => {
  testApp = await startTestApp();
  testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
  const { token, apiRoot } = testApp.sandbox.telegram;
  chat();
  const sent = await fetch(`${apiRoot}/bot${token}/sendMessage?chat_id=${ACCOUNT}&text=Reading`);
  const { result } = (await sent.json()) as { result: { message_id: number } };
  const asked = {
    account: ACCOUNT,
    reason: "requested",
    messageId: result.message_id,
    dueAt: testApp.clock.now(),
  } as const;
  await testApp.app.store.jobs.put([asked]);
  // Not this account's scheduled run, which would send the reading too.
  await testApp.app.store.schedule.set(ACCOUNT, { dueAt: minutesAgo(-30), failures: 0 });
  await serve();
  await expect
    .poll(() => told())
    .toEqual([expect.stringMatching(/^80\.3 kg is in Garmin\.\nGarmin now has your weight\./)]);
  expect(testApp.weights()).toHaveLength(1);
});

describe("stopping", () => {
  test("stopping lets the run under way end and send its message", async () => {
    testApp = await startTestApp();
    await (await serve()).rounds(1);
    await server?.stop();
    testApp.sandbox.garmin.revoke(OWNER.email);
    testApp.sandbox.faults.add({ server: "garmin_connectapi", match: {}, effect: { type: "delay", seconds: 0.4 } });
    testApp.person.stepOnScale({ at: minutesAgo(10), weightKg: 80.25 });
    testApp.requests();
    testApp.clock.advance(ROUND_SECONDS);
    const { stop } = await serve();
    await expect.poll(() => testApp.sandbox.garmin.requests.length).toBeGreaterThan(0);
    await stop();
    expect(told()).toEqual([SIGNED_OUT]);
  });

  test("stopping doesn't wait for Telegram if it is down", async () => {
    testApp = await startTestApp();
    testApp.sandbox.faults.add({
      server: "telegram",
      match: {},
      times: Number.POSITIVE_INFINITY,
      effect: { type: "status", status: 502, body: { ok: false, error_code: 502, description: "Bad Gateway" } },
    });
    const { rounds, stop } = await serve();
    await rounds(1);
    const startedAt = Date.now();
    await stop();
    expect(Date.now() - startedAt).toBeLessThan(20_000);
  });
});
