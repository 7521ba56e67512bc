import { afterEach, describe, expect, test } from "vitest";
import { RetryLaterError } from "../../../src/lib/errors.ts";
import type { FaultName } from "../../../src/sandbox/named-faults.ts";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const minutesAgo = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);

/** One reading has arrived, and another was measured at 13:59. */
async function startWithReading(instead: Parameters<TestBot["startBot"]>[0] = {}) {
  harness = await startTestBot();
  harness.person.stepOnScale({ at: minutesAgo(60), weightKg: 80 });
  await harness.sync();
  harness.clock.advance(3600);
  harness.person.stepOnScale({ at: minutesAgo(1), weightKg: 80.25 });
  harness.startBot(instead);
}

/** The bot’s final answer. */
async function answer(command: string, isDone: (text: string) => boolean = (text) => !text.includes("…")) {
  const before = harness.owner.messages.length;
  harness.owner.say(command);
  await harness.owner.waitUntil(({ messages }) =>
    messages.slice(before).some(({ from, text }) => from === "bot" && isDone(text)),
  );
  await harness.quiet();
  return harness.owner.messages.findLast(({ from }) => from === "bot")?.text ?? "";
}
const doctor = () => answer("/doctor", (text) => /^(✅|⚠️) /.test(text));
const lineOf = (report: string, name: string) => report.split("\n").find((line) => line.includes(`· ${name}: `));

describe("“All good” from /doctor", () => {
  test.each<[FaultName, RegExp]>([
    [
      "garmin_upload_dropped",
      /^later · last sync: today 14:\d\d, not finished\. Garmin hasn’t answered properly since 14:00\. 1 reading \(80\.3 kg, 13:59\) is waiting, safe at Withings\. I’ll keep trying; you don’t have to do anything\.$/,
    ],
    [
      "garmin_slow_to_show",
      /^later · last sync: today 14:\d\d, not finished\. Garmin accepted 1 reading \(80\.3 kg, 13:59\) at 14:00 but doesn’t show it yet\. It’s safe at Withings either way\. I’ll check again with each sync; you don’t have to do anything\.$/,
    ],
    [
      "withings_601",
      /^later · last sync: today 14:\d\d, not finished\. Withings has been limiting my requests since 14:00\. Your readings are safe there\. I’ll keep trying;/,
    ],
  ])(
    "/doctor isn’t all good while %s keeps a reading from arriving, even after the fault is gone",
    async (fault, line) => {
      await startWithReading();
      harness.sandbox.faults.turnOn(fault);
      await harness.sync();
      harness.clock.advance(60);
      await harness.sync();
      harness.sandbox.faults.clear();
      const report = await doctor();
      expect(lineOf(report, "last sync")).toMatch(line);
      expect(report).toMatch(/^⚠️ 1 thing isn’t working right now; check again later\.\n\n/);
    },
  );

  test("/doctor isn’t all good while a reading waits for a decision", async () => {
    await startWithReading();
    harness.person.stepOnScale({ at: minutesAgo(2), weightKg: 41, attrib: 1 });
    await harness.sync();
    const report = await doctor();
    expect(lineOf(report, "last sync")).toBe(
      "you · last sync: today 14:00, done, 1 reading. 1 reading needs your decision; see /status.",
    );
    expect(report).toMatch(/^⚠️ 1 thing needs you\.\n\n/);
  });

  test("/doctor isn’t all good while Garmin doesn’t offer a kind", async () => {
    await startWithReading();
    harness.person.takeBloodPressure({ at: minutesAgo(2), systolic: 121, diastolic: 79 });
    harness.sandbox.faults.turnOn("garmin_blood_pressure_closed");
    await harness.sync();
    const report = await doctor();
    expect(lineOf(report, "last sync")).toMatch(
      /^later · last sync: .*\. Not sent for now: blood pressure\. Nothing is lost; \/status says why\.$/,
    );
  });

  test("/doctor isn’t all good while readings come back changed and their owner has to decide", async () => {
    await startWithReading();
    harness.sandbox.faults.turnOn("garmin_rounds_weight");
    await harness.sync();
    expect(lineOf(await doctor(), "last sync")).toMatch(/^you · last sync: .*Not sent for now: weigh-ins\./);
  });

  test("/doctor says that all is good when it is", async () => {
    await startWithReading();
    await harness.sync();
    expect(await doctor()).toMatch(/^✅ All good\.\n\n(.*\n)+ok · last sync: today 14:00, done, 1 reading$/);
  });
});

test("/status says what is waiting, since when and because of whom", async () => {
  await startWithReading();
  harness.sandbox.faults.turnOn("garmin_api_500");
  await harness.sync();
  harness.clock.advance(600);
  await harness.sync();
  expect(await answer("/status")).toContain(
    "\nLast sync: today 14:10, not finished\nGarmin hasn’t answered properly since 14:00. 1 reading (80.3 kg, 13:59) is waiting, safe at Withings. I’ll keep trying; you don’t have to do anything.\n",
  );
});

test("a reading that Garmin has but doesn’t show isn’t called waiting", async () => {
  await startWithReading();
  harness.sandbox.faults.turnOn("garmin_slow_to_show");
  await harness.sync();
  expect(harness.weights().map(({ weightKg }) => weightKg)).toContain(80.25);
  harness.sandbox.faults.turnOn("garmin_field_renamed");
  const text = await answer("/sync", (it) => it.includes("understand"));
  expect(text).toContain("Your readings are safe at Withings");
  expect(text).not.toMatch(/wait/);
});

test("a held reading needs a decision, and one that Garmin refuses doesn’t", async () => {
  await startWithReading();
  harness.sandbox.faults.turnOn("garmin_upload_failed_in_202");
  harness.person.stepOnScale({ at: minutesAgo(2), weightKg: 41, attrib: 1 });
  await harness.sync();
  expect(lineOf(await doctor(), "last sync")).toBe(
    "you · last sync: today 14:00, done, but Garmin didn’t store everything. 1 reading needs your decision; see /status. 1 reading couldn’t be stored. /status says why.",
  );
});

test("a reading that Garmin refuses isn’t called our fault", async () => {
  await startWithReading();
  harness.sandbox.faults.turnOn("garmin_upload_failed_in_202");
  expect(await answer("/sync", (text) => text.includes("stored"))).toBe(
    "1 reading couldn’t be stored. /status says why.",
  );
  const status = await answer("/status");
  expect(status).toContain("\nLast sync: today 14:00, done, but Garmin didn’t store everything\n");
  expect(status).not.toContain("on my side");
  expect(lineOf(await doctor(), "last sync")).toMatch(
    /^you · last sync: .* 1 reading couldn’t be stored\. \/status says why\.$/,
  );

  // Until it’s there, no sync says that Garmin has every reading.
  harness.clock.advance(60);
  expect(await answer("/sync", (text) => text.startsWith("Nothing new"))).toBe(
    "Nothing new.\n1 reading couldn’t be stored. /status says why.",
  );

  // It doesn’t hide other trouble.
  harness.person.stepOnScale({ at: minutesAgo(0), weightKg: 80.5 });
  harness.person.takeBloodPressure({ at: minutesAgo(0), systolic: 121, diastolic: 79 });
  harness.sandbox.faults.add({
    ...{ server: "garmin_connectapi", match: { path: "/bloodpressure-service/bloodpressure" } },
    effect: { type: "status", status: 418, body: {} },
  });
  harness.clock.advance(60);
  expect(await harness.sync()).toMatchObject({ status: "error", failed: 1, cause: expect.stringContaining("418") });
  expect(await answer("/status")).toContain("not finished\nGarmin has been answering in a way I don’t understand");
});

describe("an answer in an unknown shape", () => {
  const UNEXPECTED: Array<[string, FaultName, string]> = [
    ["Withings", "withings_field_renamed", "there"],
    ["Garmin", "garmin_field_renamed", "at Withings"],
  ];

  test.each(UNEXPECTED)(
    "an unknown answer is blamed on %s everywhere, with the time since when",
    async (vendor, fault, where) => {
      await startWithReading();
      harness.sandbox.faults.turnOn(fault);
      expect(await harness.sync()).toMatchObject({ status: "error", synced: 0 });
      harness.clock.advance(600);
      const text = `${vendor} has been answering in a way I don’t understand since 14:00. Your readings are safe ${where}. I’ll keep trying. If it lasts, I need an update; the person who runs me can find more in my log.`;
      expect(await answer("/sync", (it) => it.includes("my log"))).toBe(text);
      expect(await answer("/status")).toMatch(new RegExp(`\nLast sync: today 14:1\\d, not finished\n${text}`));
      const report = await doctor();
      expect(lineOf(report, "last sync")).toMatch(
        new RegExp(`^later · last sync: today 14:1\\d, not finished\\. ${text}$`),
      );
      expect(report).not.toContain("on my side");
      if (vendor === "Withings") {
        expect(lineOf(report, "Withings")).toBe(
          "later · Withings: Withings is answering in a way I don’t understand right now. Nothing is lost. Try again later.",
        );
      }
    },
  );

  test("an unknown answer counts from its own start, not from that of earlier trouble", async () => {
    await startWithReading();
    harness.sandbox.faults.turnOn("garmin_field_renamed");
    await harness.sync();
    harness.clock.advance(600);
    harness.sandbox.faults.clear();
    harness.sandbox.faults.turnOn("withings_field_renamed");
    await harness.sync();
    expect(await answer("/status")).toContain("Withings has been answering in a way I don’t understand since 14:10.");
  });

  test("an answer that promises more readings but gives no way to them is an unknown one", async () => {
    await startWithReading();
    harness.sandbox.faults.add({
      ...{ server: "withings", match: { path: "/measure" }, times: Number.POSITIVE_INFINITY },
      effect: { type: "body", body: { status: 0, body: { measuregrps: [], more: 1 } } },
    });
    expect(await answer("/sync", (it) => it.includes("my log"))).toMatch(/^Withings has been answering in a way/);
  });

  test("an unknown answer for single measurements isn’t reported as “nothing new”", async () => {
    await startWithReading();
    const grpid = harness.person.stepOnScale({ at: minutesAgo(0), weightKg: 80.5 });
    await harness.sync();
    harness.clock.advance(60);
    const { date } = harness.person.group(grpid);
    Object.assign(harness.person.group(grpid), { date: undefined, takenAt: date });
    harness.person.touch(grpid);
    const text = await answer("/sync", (it) => it.startsWith("Nothing new"));
    expect(text).toBe("Nothing new that I can read.\nWithings has a measurement that I can’t read.");
  });
});

test("/status and /doctor blame nobody for trouble from before a new link", async () => {
  await startWithReading();
  harness.sandbox.faults.turnOn("garmin_api_500");
  await harness.sync();
  harness.sandbox.faults.clear();
  harness.clock.advance(60);
  await harness.app.garminSignIn.withPasted(ACCOUNT, harness.sandbox.garmin.mintTicket(OWNER.email));
  expect(await answer("/status")).not.toContain("Garmin hasn’t answered");
  expect(lineOf(await doctor(), "last sync")).toBe("later · last sync: today 14:00, not finished.");
  await harness.app.store.links.remove(ACCOUNT, "garmin");
  expect(await answer("/status")).not.toContain("Garmin hasn’t answered");
});

test("/status says what is waiting even if the ledger can’t be read, and blames nobody else", async () => {
  await startWithReading({ overview: () => Promise.reject(new RetryLaterError("the ledger is locked")) });
  // Linking in the chat saved this.
  await harness.app.store.accounts.save(ACCOUNT, { reportedTimezone: "Europe/Berlin" });
  harness.sandbox.faults.turnOn("withings_down");
  await harness.sync();
  expect(await answer("/status")).toBe(
    [
      "That didn’t work just now. The trouble is on my side, and nothing is lost. Try again in a few minutes.",
      "Last sync: today 14:00, not finished",
      "Withings hasn’t answered properly since 14:00. Your readings are safe there. I’ll keep trying; you don’t have to do anything.",
    ].join("\n"),
  );
});

test.each([
  [
    "en",
    "Garmin accepted 1 reading (80.3 kg, 12:30) at 13:00 but doesn’t show it yet. It’s safe at Withings either way. The first reading of a new link goes alone; the other 2 follow once Garmin shows it. I’ll check again with each sync; you don’t have to do anything.",
  ],
  [
    "de",
    "Garmin hat um 13:00 Uhr 1 Messung (80,3 kg, 12:30 Uhr) angenommen, zeigt sie aber noch nicht. Bei Withings ist sie auf jeden Fall sicher. Die erste Messung einer neuen Verbindung geht allein; die anderen 2 folgen, sobald Garmin sie zeigt. Bei jedem Abgleich sehe ich wieder nach; du musst nichts tun.",
  ],
] as const)(
  "while Garmin doesn’t show the first reading of a new link, /status says that the rest follows (%s)",
  async (language, text) => {
    harness = await startTestBot();
    await harness.app.store.accounts.save(ACCOUNT, { language });
    for (const minutes of [50, 40, 30])
      harness.person.stepOnScale({ at: minutesAgo(minutes), weightKg: 80 + minutes / 100 });
    harness.sandbox.faults.turnOn("garmin_slow_to_show");
    harness.startBot();
    expect(await answer("/sync", (it) => it.includes("Garmin "))).toBe(text);
  },
);

describe("after Garmin refused an upload for lack of consent", () => {
  const TAKES = /accepts uploads/;

  async function refused() {
    await startWithReading();
    harness.sandbox.faults.turnOn("garmin_upload_412");
    expect(await answer("/sync", (text) => text.includes("“Device Upload”"))).toMatch(/^Garmin needs your consent/);
  }

  test("“Check again” doesn’t claim that uploads work just because the settings say so", async () => {
    await refused();
    const before = harness.owner.messages.length;
    harness.owner.tap("Check again");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("Garmin needs your consent"));
    await harness.quiet();
    const said = harness.owner.messages.slice(before).map(({ text }) => text);
    expect(said).toEqual([
      "Garmin’s settings show your consent. The next upload will show whether it worked.",
      expect.stringMatching(/^Garmin needs your consent/),
    ]);

    harness.sandbox.faults.clear();
    harness.clock.advance(60);
    harness.owner.tap("Check again");
    await harness.owner.waitForMessage(({ text }) => text.startsWith("80.3 kg is in Garmin."));
    expect(harness.owner.messages.filter(({ text }) => TAKES.test(text) && !text.includes("whether"))).toEqual([]);
  });

  test("/doctor believes that refusal until an upload was accepted", async () => {
    await refused();
    const report = await doctor();
    expect(lineOf(report, "Garmin")).toMatch(/^you · Garmin: Garmin needs your consent/);
    expect(report).toMatch(/^⚠️ 1 thing needs you\.\n\n/);

    // A run that uploaded nothing.
    harness.sandbox.faults.clear();
    harness.sandbox.faults.turnOn("withings_down");
    harness.clock.advance(60);
    await harness.sync();
    harness.sandbox.faults.clear();
    expect(lineOf(await doctor(), "Garmin")).toMatch(
      /^later · Garmin: signed in as Owner, but Garmin refused the last upload \(today 14:0\d\) because your consent was missing\. The next upload will show/,
    );

    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect(lineOf(await doctor(), "Garmin")).toBe(
      "ok · Garmin: signed in as Owner; your consent to uploads is on record",
    );
  });

  test("a new sign-in clears the refusal", async () => {
    await refused();
    harness.clock.advance(60);
    await harness.app.garminSignIn.withPasted(ACCOUNT, harness.sandbox.garmin.mintTicket(OWNER.email));
    expect(lineOf(await doctor(), "Garmin")).toBe(
      "ok · Garmin: signed in as Owner; your consent to uploads is on record",
    );
  });
});
