import { afterEach, describe, expect, test } from "vitest";
import { leaseName } from "../../../src/sync/links/with-lease.ts";
import { ACCOUNT, OWNER, type TestApp } from "../../support/test-app.ts";
import { startSummaries } from "./summaries.ts";

let harness: TestApp;
afterEach(() => harness.close());

async function startChat(...given: Parameters<typeof startSummaries>) {
  const chat = await startSummaries(...given);
  harness = chat.harness;
  return chat;
}

test("the summary comes at nine, quietly and once, with what is new since the last one", async () => {
  const { at, told, cards, owner } = await startChat();
  await at("2026-11-22T07:59:00Z");
  expect(told()).toEqual([]);
  await at("2026-11-22T08:00:00Z");
  await at("2026-11-22T08:01:00Z");
  expect(told()).toEqual(["80.3 kg ✓ in Garmin\nBody: fat 20.0%."]);
  expect(owner.lastMessage?.silent).toBe(true);

  harness.person.stepOnScale({ at: new Date("2026-11-22T06:00:00Z"), weightKg: 79.85 });
  harness.person.takeBloodPressure({ at: new Date("2026-11-22T06:05:00Z"), systolic: 121, diastolic: 79, pulse: 61 });
  harness.person.stepOnScale({ at: new Date("2026-11-22T06:10:00Z"), weightKg: 41, attrib: 1 });
  await harness.sync();
  await at("2026-11-23T08:00:00Z");
  expect(cards()[1]).toBe(
    ["79.9 kg ✓ in Garmin", "121/79 mmHg, pulse 61 ✓ in Garmin", "Waiting for you: 1 held. /status shows it."].join(
      "\n",
    ),
  );
});

test.each([
  ["en", "79.1 kg ✓ in Garmin · 0.9 kg below last week · 2 weigh-ins"],
  ["de", "79,1 kg ✓ in Garmin · 0,9 kg unter der Vorwoche · 2 Gewichtsmessungen"],
] as const)(
  "a card compares with last week, and no card comes on a day without anything new (%s)",
  async (language, text) => {
    const quiet = { weigh_in: false, blood_pressure: false };
    const { at, cards } = await startChat({ language, settings: { tellsSilence: quiet } });
    await at("2026-11-22T08:00:00Z");
    for (let day = 23; day <= 29; day++) await at(`2026-11-${day}T08:00:00Z`);
    expect(cards()).toHaveLength(1);
    for (const [hour, weightKg] of [
      [5, 79.6],
      [6, 79.1],
    ] as const) {
      harness.person.stepOnScale({ at: new Date(`2026-11-30T0${hour}:30:00Z`), weightKg });
    }
    harness.clock.advance((Date.parse("2026-11-30T07:00:00Z") - harness.clock.now().getTime()) / 1000);
    await harness.sync();
    await at("2026-11-30T08:00:00Z");
    await at("2026-12-01T08:00:00Z");
    expect(cards().slice(1)).toEqual([text]);
  },
);

describe("a card with every reading", () => {
  const each = { settings: { cards: "each" } } as const;
  async function weigh(instant: string, weightKg: number) {
    const seconds = (Date.parse(instant) - harness.clock.now().getTime()) / 1000;
    harness.clock.advance(seconds);
    harness.person.stepOnScale({ at: new Date(Date.parse(instant) - 60_000), weightKg });
    await harness.sync();
  }

  test("is one message a day that is edited as readings come", async () => {
    const { at, told, owner } = await startChat(each);
    await at("2026-11-21T12:10:00Z");
    expect(told()).toEqual(["80.3 kg ✓ in Garmin\nBody: fat 20.0%."]);
    await weigh("2026-11-21T14:00:00Z", 80.1);
    await at("2026-11-21T14:01:00Z");
    await at("2026-11-21T14:31:00Z");
    expect(told()).toEqual(["80.1 kg ✓ in Garmin · 2 weigh-ins"]);
    expect(owner.lastMessage).toMatchObject({ edited: true });
    expect(owner.lastMessage?.history).toHaveLength(1);
    await weigh("2026-11-22T12:00:00Z", 79.9);
    await at("2026-11-22T12:01:00Z");
    expect(told()).toEqual(["80.1 kg ✓ in Garmin · 2 weigh-ins", "79.9 kg ✓ in Garmin"]);
  });

  test("waits for seven o’clock if it’s night", async () => {
    const { at, told } = await startChat(each);
    await at("2026-11-21T12:10:00Z");
    await weigh("2026-11-21T21:30:00Z", 80.1);
    await at("2026-11-21T21:31:00Z");
    await at("2026-11-22T05:59:00Z");
    expect(told()).toHaveLength(1);
    await at("2026-11-22T06:00:00Z");
    expect(told().slice(1)).toEqual(["80.1 kg ✓ in Garmin"]);
  });

  test("comes as a new message if Telegram doesn’t let the old one be edited", async () => {
    const { at, told } = await startChat(each);
    await at("2026-11-21T12:10:00Z");
    const description = "Bad Request: message to edit not found";
    harness.sandbox.faults.add({
      ...{ server: "telegram", match: { path: /\/editMessageText$/ }, times: 1 },
      effect: { type: "status", status: 400, body: { ok: false, error_code: 400, description } },
    });
    await weigh("2026-11-21T14:00:00Z", 80.1);
    await at("2026-11-21T14:01:00Z");
    expect(told().slice(1)).toEqual(["80.1 kg ✓ in Garmin · 2 weigh-ins"]);
    await weigh("2026-11-21T15:00:00Z", 80);
    await at("2026-11-21T15:01:00Z");
    expect(told().slice(1)).toEqual(["80.0 kg ✓ in Garmin · 3 weigh-ins"]);
  });
});

test.each(["weekly", "needed"] as const)("an owner who chose %s gets no card of a day", async (cards) => {
  const { at, told } = await startChat({ settings: { cards } });
  await at("2026-11-22T08:00:00Z");
  expect(told()).toEqual([]);
});

test.each(["daily", "weekly"] as const)("on Monday a digest comes with what was held, once (%s)", async (cards) => {
  const { at, told } = await startChat({ settings: { cards, goalKg: 78 } });
  harness.person.takeBloodPressure({ at: new Date("2026-11-21T11:30:00Z"), systolic: 141, diastolic: 79 });
  harness.person.stepOnScale({ at: new Date("2026-11-21T11:40:00Z"), weightKg: 41, attrib: 1 });
  await harness.sync();
  await at("2026-11-22T08:00:00Z");
  const before = told().length;
  await at("2026-11-23T08:00:00Z");
  await at("2026-11-23T08:30:00Z");
  expect(told().slice(before)).toEqual([
    [
      "Your week, 16 Nov – 22 Nov",
      "Weight: 80.3 kg on average (1 weigh-in).",
      "Blood pressure: 141/79 mmHg on average (1 measurement).",
      "That’s not below 135/85, the limit for measurements at home in the European guidelines (ESC 2024). This is information, not medical advice.",
      "Held: 1. Still waiting for you: 1, see /status.",
      "Goal 78.0 kg: 2.3 kg to go.",
    ].join("\n"),
  ]);
});

test.each([
  ["at noon", "12:00"],
  ["at night, because somebody has just linked both", "22:00"],
])("the very first readings are announced at once, with what happens from now on, also %s", async (_, clockTime) => {
  const now = new Date(`2026-11-21T${clockTime}:00Z`);
  const { at, told, owner } = await startChat({}, { isScaleUsed: false, now });
  harness.person.stepOnScale({ at: harness.clock.now(), weightKg: 80.25, fatRatioPercent: 20 });
  harness.clock.advance(60);
  const account = await harness.app.store.accounts.save(ACCOUNT, {});
  const report = await harness.app.sync.run(account);
  await at(new Date(now.getTime() + 300_000).toISOString(), report);
  await at(new Date(now.getTime() + 2_100_000).toISOString());
  expect(told()).toEqual([
    [
      "80.3 kg is in Garmin.",
      "Garmin now has your weight and body fat.",
      "From now on I’ll send a short card at 9:00 when something new has come in, and a digest on Mondays. /settings changes that.",
    ].join("\n"),
  ]);
  expect(owner.lastMessage?.buttons.flat()).toMatchObject([
    { url: "https://connect.garmin.com/app/weight" },
    { text: "Undo", data: expect.stringMatching(/^reading:beside:/) },
  ]);
});

describe("the first message", () => {
  const SAID = /^80\.3 kg is in Garmin\.\nGarmin now has your weight/;
  /** A run whose report nobody has read, an hour after the last. */
  async function run() {
    harness.clock.advance(3600);
    harness.person.stepOnScale({ at: harness.clock.now(), weightKg: 80.25 });
    harness.clock.advance(60);
    return harness.app.sync.run(await harness.app.store.accounts.save(ACCOUNT, {}));
  }
  const later = (seconds: number) => new Date(harness.clock.now().getTime() + seconds * 1000).toISOString();

  test("comes in the morning if its owner linked in the terminal at night", async () => {
    const { at, told } = await startChat({}, { isScaleUsed: false, now: new Date("2026-11-21T21:00:00Z") });
    // In the terminal.
    await run();
    const next = async () => harness.app.sync.run(await harness.app.store.accounts.save(ACCOUNT, {}));
    harness.clock.advance(600);
    await at(later(60), await next());
    expect(told()).toEqual([]);
    await at("2026-11-22T06:00:00Z", await next());
    expect(told()).toEqual([expect.stringMatching(SAID)]);
  });

  test("comes once its owner presses Start, if they linked elsewhere and never wrote to the bot", async () => {
    const { at, told, owner } = await startChat({}, { isScaleUsed: false, isStarted: false });
    const report = await run();
    await at(later(60), report);
    expect(told()).toEqual([]);
    expect((await harness.app.store.accounts.find(ACCOUNT))?.blockedAt).toBeDefined();
    const worker = harness.startServing();
    owner.say("/start");
    await owner.waitForMessage(({ text }) => SAID.test(text));
    await worker.stop();
    await at(later(3600));
    expect(told().filter((text) => SAID.test(text))).toHaveLength(1);
  });

  test.each(["en", "de"] as const)("right after trouble, it alone names what came (%s)", async (language) => {
    const { told } = await startChat({ language }, { isScaleUsed: false });
    const service = harness.service();
    const work = () =>
      service.work({ account: ACCOUNT, reason: "withings_notified", dueAt: harness.clock.now(), attempts: 0 });
    harness.sandbox.faults.turnOn("garmin_api_500");
    harness.person.stepOnScale({ at: harness.clock.now(), weightKg: 80.25 });
    for (const hours of [0.1, 6.5]) {
      harness.clock.advance(hours * 3600);
      await work();
    }
    harness.sandbox.faults.clear();
    harness.clock.advance(600);
    await work();
    const [lasts, over, first, ...more] = told();
    expect(lasts).toMatch(/80[.,]3 kg/);
    expect(over).toBe(language === "en" ? "Garmin is answering again." : "Garmin antwortet wieder.");
    expect(first).toMatch(language === "en" ? SAID : /^80,3 kg ist in Garmin\./);
    expect(more).toEqual([]);
  });
});

describe("while readings can’t get through, the summary says since when and why", () => {
  const TROUBLES = {
    "signed out": () => {
      harness.sandbox.garmin.revoke(OWNER.email);
      harness.sandbox.garmin.expireAccessToken(OWNER.email);
    },
    "no consent": () => harness.sandbox.garmin.setConsent(OWNER.email, false),
    "Garmin down": () => harness.sandbox.faults.turnOn("garmin_api_500"),
    "Withings down": () => harness.sandbox.faults.turnOn("withings_down"),
    "an answer that isn’t understood": () =>
      harness.sandbox.faults.add({
        match: { path: "/measure" },
        effect: { type: "body", body: { status: 0 } },
        times: 99,
      }),
  };
  test.each<[keyof typeof TROUBLES, string, string]>([
    [
      "signed out",
      "New readings have been waiting at Withings since 21 Nov 14:01. Garmin has signed me out. /status says more.",
      "Neue Messungen warten seit 21. Nov. 14:01 Uhr bei Withings. Garmin hat mich abgemeldet. /status sagt mehr.",
    ],
    [
      "no consent",
      "New readings have been waiting at Withings since 21 Nov 14:01. Garmin needs your consent before it will store data from devices. /status says more.",
      "Neue Messungen warten seit 21. Nov. 14:01 Uhr bei Withings. Garmin braucht deine Zustimmung, bevor es Daten von Geräten speichert. /status sagt mehr.",
    ],
    [
      "Garmin down",
      "Garmin hasn’t answered properly since 21 Nov 14:01. 1 reading (79.9 kg, 21 Nov 14:00) is waiting, safe at Withings.",
      "Garmin antwortet seit 21. Nov. 14:01 Uhr nicht richtig. 1 Messung (79,9 kg, 21. Nov. 14:00 Uhr) wartet, bei Withings sicher aufgehoben.",
    ],
    [
      "Withings down",
      "Withings hasn’t answered properly since 21 Nov 14:01. Your readings are safe there.",
      "Withings antwortet seit 21. Nov. 14:01 Uhr nicht richtig. Deine Messungen sind dort sicher.",
    ],
    [
      "an answer that isn’t understood",
      "Withings has been answering in a way I don’t understand since 21 Nov 14:01. Your readings are safe there.",
      "Withings antwortet seit 21. Nov. 14:01 Uhr auf eine Art, die ich nicht verstehe. Deine Messungen sind dort sicher.",
    ],
  ])("%s", async (trouble, english, german) => {
    const { at, cards } = await startChat();
    await at("2026-11-21T13:00:00Z");
    TROUBLES[trouble]();
    harness.person.stepOnScale({ at: harness.clock.now(), weightKg: 79.85 });
    harness.clock.advance(60);
    await harness.sync();
    await at("2026-11-22T08:00:00Z");
    await harness.app.store.accounts.save(ACCOUNT, { language: "de" });
    await at("2026-11-23T08:00:00Z");
    expect(
      cards()
        .slice(-2)
        .map((text) => text.split("\n")),
    ).toEqual([["80.3 kg ✓ in Garmin", "Body: fat 20.0%.", english], [german]]);
  });

  test("an outage is left out until it has lasted as long as its owner set, and so is what is over", async () => {
    const { at, cards } = await startChat();
    await at("2026-11-21T13:00:00Z");
    await at("2026-11-22T03:00:00Z");
    harness.person.stepOnScale({ at: harness.clock.now(), weightKg: 79.85 });
    TROUBLES["Garmin down"]();
    harness.clock.advance(60);
    await harness.sync();
    await at("2026-11-22T08:00:00Z");
    expect(cards().at(-1)).not.toContain("waiting");
    harness.sandbox.faults.clear();
    harness.clock.advance(60);
    await harness.sync();
    await at("2026-11-23T08:00:00Z");
    expect(cards().at(-1)).toMatch(/^79\.9 kg ✓ in Garmin/);
  });
});

test("the summary uses the owner’s language, units and hour", async () => {
  const settings = { units: "st", summaryHour: 21 } as const;
  const { at, told } = await startChat({ language: "de", settings });
  await at("2026-11-21T19:59:00Z");
  expect(told()).toEqual([]);
  await at("2026-11-21T20:00:00Z");
  expect(told()).toEqual(["12 st 8,9 lb ✓ in Garmin\nKörper: Fett 20,0 %."]);
});

test("the summary waits for a run to end, and for Telegram to come back", async () => {
  const { at, told } = await startChat();
  harness.clock.advance((Date.parse("2026-11-22T07:59:00Z") - harness.clock.now().getTime()) / 1000);
  const lease = await harness.app.store.leases.acquire(leaseName(ACCOUNT), 120);
  await at("2026-11-22T08:00:00Z");
  await lease?.release();
  harness.sandbox.faults.add({
    ...{ name: "away", server: "telegram", match: { path: /\/sendMessage$/ }, times: Number.POSITIVE_INFINITY },
    effect: { type: "status", status: 502, body: { ok: false, error_code: 502, description: "Bad Gateway" } },
  });
  await at("2026-11-22T08:05:00Z");
  expect(told()).toEqual([]);
  harness.sandbox.faults.remove("away");
  await at("2026-11-22T08:10:00Z");
  expect(told()).toHaveLength(1);
});
