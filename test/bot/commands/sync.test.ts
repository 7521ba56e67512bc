import { afterEach, describe, expect, test } from "vitest";
import { RetryLaterError } from "../../../src/lib/errors.ts";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const MINUTE = 60_000;
const ago = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * MINUTE);

async function withNews() {
  harness = await startTestBot();
  await harness.sync();
  harness.clock.advance(3600);
  for (const minutes of [50, 40, 30]) harness.person.stepOnScale({ at: ago(minutes), weightKg: 80 + minutes / 100 });
}

describe("/sync", () => {
  test("answers at once and edits that one message until the readings are seen in Garmin", async () => {
    await withNews();
    harness.startBot();
    harness.owner.say("/sync");
    const done = await harness.owner.waitForMessage(({ text }) => text.includes("in Garmin."));
    expect(done.text.split("\n")[0]).toBe("3 weigh-ins, today, are in Garmin.");
    const texts = done.history.join(" | ");
    // A text that is replaced within its second isn’t shown.
    expect(texts).toMatch(
      /^Reading Withings…( \| (3 new…|Sending \d readings? to Garmin…|Sent\. Checking in Garmin…))+$/,
    );
    expect(harness.owner.messages.filter(({ from }) => from === "bot")).toHaveLength(1);
    expect(harness.weights()).toHaveLength(3);
  });

  test("names a held reading when it is new, and later says only that it is waiting", async () => {
    harness = await startTestBot();
    harness.person.stepOnScale({ at: ago(30), weightKg: 41, attrib: 1 });
    harness.startBot();
    harness.owner.say("sync");
    await harness.owner.waitForMessage(
      ({ text }) =>
        text === "1 new reading is held back, because it may not be yours: 41.00 kg, today 12:30. /status says why.",
    );
    harness.clock.advance(60);
    harness.owner.say("Sync.");
    await harness.owner.waitForMessage(
      ({ text }) => text === "Nothing new. Garmin has every other reading. (1 held, see /status)",
    );
  });

  test("keeps edits a second apart", async () => {
    await withNews();
    harness.startBot();
    harness.owner.say("/sync");
    await harness.owner.waitForMessage(({ text }) => text.includes("in Garmin."));
    await harness.quiet();
    const times = harness.telegram.calls("editMessageText").map(({ at }) => at.getTime());
    expect(times.length).toBeGreaterThan(1);
    for (const [index, time] of times.entries()) {
      if (index > 0) expect(time - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(1000);
    }
  });

  test("doesn’t hold up other messages", async () => {
    await withNews();
    harness.sandbox.faults.add({
      server: "withings",
      match: { path: "/measure" },
      effect: { type: "delay", seconds: 0.5 },
    });
    harness.startBot();
    harness.owner.say("/sync");
    await harness.owner.waitForMessage();
    harness.owner.say("/help");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("I copy the readings"));
    expect(harness.weights()).toHaveLength(0);
    await harness.owner.waitUntil((chat) => chat.messages.some(({ text }) => text.includes("in Garmin.")));
  });

  test("runs a second time if it is sent again, and nothing arrives twice", async () => {
    await withNews();
    harness.startBot();
    harness.owner.say("/sync");
    harness.owner.say("/sync");
    await harness.owner.waitForMessage(({ text }) => text === "Nothing new. Garmin has every reading.");
    await harness.owner.waitUntil((chat) => chat.messages.some(({ text }) => text.includes("in Garmin.")));
    await harness.quiet();
    expect(harness.weights()).toHaveLength(3);
  });

  test("says that another run is at work, and shows its result later", async () => {
    await withNews();
    harness.startBot();
    const lease = await harness.app.store.leases.acquire(`account#${ACCOUNT}`, 120);
    harness.owner.say("/sync");
    await harness.owner.waitForMessage(({ text }) => text === "A sync is already running. Give it a moment.");
    await expect
      .poll(async () => (await harness.app.store.jobs.list()).map(({ value }) => value.attempts))
      .toEqual([1]);
    await lease?.release();
    harness.clock.advance(15);
    harness.wake();
    const done = await harness.owner.waitForMessage(({ text }) => text.includes("in Garmin."));
    expect(done.text.split("\n")[0]).toBe("3 weigh-ins, today, are in Garmin.");
    expect(harness.owner.messages.filter(({ from }) => from === "bot")).toHaveLength(1);
  });

  test.each([
    [
      "en",
      "Garmin has been limiting my requests since 14:00 and has asked me to wait until 15:00. 3 readings (newest 80.3 kg, 13:30) are waiting, safe at Withings. I’ll continue then; you don’t have to do anything.",
    ],
    [
      "de",
      "Garmin begrenzt seit 14:00 Uhr meine Anfragen und hat mich gebeten, bis 15:00 Uhr zu warten. 3 Messungen (die neueste: 80,3 kg, 13:30 Uhr) warten, bei Withings sicher aufgehoben. Danach mache ich weiter; du musst nichts tun.",
    ],
  ] as const)("says until when Garmin limits it, each time, and so does /doctor (%s)", async (language, words) => {
    await withNews();
    await harness.app.store.accounts.save(ACCOUNT, { language });
    const headers = { "retry-after": "3600" };
    harness.sandbox.faults.add({
      ...{ server: "garmin_connectapi", match: { path: "/upload-service/upload" }, times: Number.POSITIVE_INFINITY },
      effect: { type: "status", status: 429, headers },
    });
    harness.startBot();
    const from = harness.clock.now();
    for (let time = 0; time < 2; time++) {
      harness.owner.say("/sync");
      const said = harness.owner.waitForMessage(({ text }) => text.includes(words.slice(0, 20)));
      expect((await said).text).toContain(words);
      await harness.quiet();
      harness.clock.advance(5);
    }
    expect(harness.clock.now().getTime() - from.getTime()).toBeLessThan(60_000);
    const uploads = harness.sandbox.garmin.requests.filter(({ path }) => path === "/upload-service/upload");
    expect(uploads).toHaveLength(1);
    harness.owner.say("/doctor");
    const doctor = await harness.owner.waitForMessage(({ text }) => text.includes(words));
    expect(doctor.text).toMatch(/^(later|später) · /m);
    expect(doctor.text).not.toMatch(/All good|Alles gut/);
  });

  test("waits out Telegram’s limit, and still shows its result", async () => {
    await withNews();
    harness.sandbox.faults.add({
      server: "telegram",
      match: { path: /\/editMessageText$/ },
      times: 2,
      effect: {
        type: "status",
        status: 429,
        body: {
          ok: false,
          error_code: 429,
          description: "Too Many Requests: retry after 7",
          parameters: { retry_after: 7 },
        },
      },
    });
    harness.startBot();
    const before = harness.clock.now();
    harness.owner.say("/sync");
    const done = await harness.owner.waitForMessage(({ text }) => text.includes("in Garmin."));
    expect(done.edited).toBe(true);
    expect(harness.clock.now().getTime() - before.getTime()).toBeGreaterThanOrEqual(14_000);
  });

  test("deletes its first message if the job can’t be queued, and says so", async () => {
    const put = () => Promise.reject(new RetryLaterError("SQS does not answer at the moment"));
    harness = await startTestBot({ chat: { queue: { put } } });
    harness.startBot();
    harness.owner.say("/sync");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("That didn’t work just now."));
    await harness.quiet();
    expect(harness.owner.messages.filter(({ from }) => from === "bot")).toHaveLength(1);
  });

  test("shows its result in a new message if the first can’t be edited", async () => {
    await withNews();
    harness.sandbox.faults.add({
      server: "telegram",
      match: { path: /\/editMessageText$/ },
      times: Number.POSITIVE_INFINITY,
      effect: {
        type: "status",
        status: 400,
        body: { ok: false, error_code: 400, description: "Bad Request: message to edit not found" },
      },
    });
    harness.startBot();
    harness.owner.say("/sync");
    const done = await harness.owner.waitForMessage(({ text }) => text.includes("in Garmin."));
    expect(done.edited).toBe(false);
  });

  test.each([
    [true, []],
    [false, ["sendMessage", "editMessageText"]],
  ])("knows whether its result could be shown: %s", async (isShown, broken) => {
    await withNews();
    let known: boolean | undefined;
    harness.startBot({
      sync: async () => {
        // From now on Telegram refuses these calls.
        for (const method of broken) {
          harness.sandbox.faults.add({
            server: "telegram",
            match: { path: new RegExp(`/${method}$`) },
            times: Number.POSITIVE_INFINITY,
            effect: { type: "status", status: 400, body: { ok: false, error_code: 400, description: "Bad Request" } },
          });
        }
        return { status: "success", synced: 0, skipped: 0, held: 0, failed: 0 };
      },
      conclude: async () => ({
        healed: undefined,
        answered: async (wasShown) => {
          known = wasShown;
        },
      }),
    });
    harness.owner.say("/sync");
    await expect.poll(() => known).toBe(isShown);
    await harness.quiet();
  });

  test("says what is needed when Garmin has signed the owner out", async () => {
    await withNews();
    harness.sandbox.garmin.revoke(OWNER.email);
    harness.startBot();
    harness.owner.say("/sync");
    const { text, buttons } = await harness.owner.waitForMessage(({ text }) => text.includes("signed in again"));
    expect(text).toMatch(
      /^Garmin has signed me out\. Your readings wait at Withings; I’ll send them as soon as you’ve signed in again\.\n\nGarmin’s last page/,
    );
    expect(buttons.flat().map((button) => button.text)).toEqual(["On Garmin’s page", "Here in the chat"]);
  });

  test("shows a report id if the run itself throws", async () => {
    await withNews();
    harness.startBot({ sync: () => Promise.reject(new Error("the secret reason")) });
    harness.owner.say("/sync");
    const { text } = await harness.owner.waitForMessage(({ text }) => text.includes("in my log"));
    const reportId = /in my log, under ([0-9a-f]{8})/.exec(text)?.[1];
    expect(harness.logged).toContainEqual(expect.objectContaining({ event: "sync_failed", reportId }));
    expect(text).not.toContain("secret");
  });
});
