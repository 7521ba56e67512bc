import { chmodSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { wordsIn } from "../../../src/bot/words/words.ts";
import { readConfig } from "../../../src/config/config.ts";
import { ACCOUNT, OWNER, USERID } from "../../support/test-app.ts";
import { labels } from "../chat.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";
import { askDoctor, inviteAnna, isDone, newDoctor } from "./new-doctor.ts";

let harness: TestBot;
afterEach(() => harness.close());

/** No server listens there. */
const publicUrl = "https://127.0.0.1:9";

async function open(options: Parameters<typeof startTestBot>[0] = {}, instead = {}) {
  harness = await startTestBot(options);
  harness.startBot(instead);
}

const account = async () => (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail("the account is gone");
const findingsOf = async (instead: Parameters<typeof newDoctor>[1]) =>
  (await newDoctor(harness, instead)(await account(), wordsIn("en"), true)).findings;

test("a job that is done twice, because its worker died before it could confirm it, edits one message", async () => {
  await open();
  const { text } = await askDoctor(harness);
  await harness.quiet();
  const bots = () => harness.owner.messages.filter(({ from }) => from === "bot");
  await harness.newBot().answerLook(await account(), bots().at(-1)?.id ?? expect.fail(), "doctor");
  expect(bots().map((message) => message.text)).toEqual([text]);
});

describe("/doctor", () => {
  test("answers at once, then shows the owner every check in the same message", async () => {
    await open();
    await harness.sync();
    const { text, history } = await askDoctor(harness);
    expect(history[0]).toBe("Checking…");
    expect(text.replace(harness.dataDir, "DATA")).toBe(
      [
        "✅ All good.",
        "",
        "ok · store: table weighbridge in DATA, 1 account",
        "ok · key: opens both stored links",
        `ok · Telegram: @${harness.telegram.bot.username}, and I fetch messages myself`,
        "ok · Withings application: Withings accepts its id and secret",
        "ok · clock: correct",
        "ok · Garmin sign-in: reachable from here",
        "ok · Withings: answers, and lets me read your measurements",
        "ok · Garmin: signed in as Owner; your consent to uploads is on record",
        "ok · last sync: today 13:00, done",
      ].join("\n"),
    );
  });

  test("says that Withings refuses the application, even before anybody is linked", async () => {
    await open();
    const withings = { ...readConfig(harness.env, ["withings"]).withings, clientSecret: "another" };
    const findings = await findingsOf({ withings });
    expect(findings).toContainEqual(
      expect.objectContaining({ check: "Withings application", action: "fix_withings_application" }),
    );
  });

  test("asks nothing of an owner whose link works, even if Garmin takes no sign-ins from this network", async () => {
    await open();
    await harness.sync();
    harness.sandbox.faults.turnOn("garmin_sso_cloudflare_403");
    const { text } = await askDoctor(harness);
    expect(text).toContain("ok · Garmin sign-in: works only on Garmin’s own page");
    expect(text).toMatch(/^✅ All good\.\n/);
  });

  test("calls Garmin’s sign-in once, for both reachability and the time", async () => {
    await open();
    harness.requests();
    await askDoctor(harness);
    expect(harness.requests().filter((it) => it.includes("sso"))).toHaveLength(1);
  });

  test("shows each result when it is known, always in the same order", async () => {
    await open();
    await harness.sync();
    const effect = { type: "delay", seconds: 2 } as const;
    harness.sandbox.faults.add({ server: "withings", match: { path: "/measure" }, effect });
    harness.owner.say("/doctor");
    const isAlone = ({ text }: { text: string }) => text.match(/checking…/g)?.length === 1 && text.includes("·");
    const { text } = await harness.owner.waitForMessage(isAlone);
    expect(text.split("\n").map((line) => line.slice(0, line.indexOf(":")))).toEqual([
      ...["ok · store", "ok · key", "ok · Telegram", "ok · Withings application", "ok · clock", "ok · Garmin sign-in"],
      ...["… · Withings", "ok · Garmin", "ok · last sync"],
    ]);
    expect(text).toContain("… · Withings: checking…\n");
    expect((await harness.owner.waitForMessage(isDone)).text).toMatch(
      /^✅ All good\.\n(.*\n)+ok · Withings: answers.*\nok · Garmin: .*\nok · last sync: .*$/,
    );
  });

  test("gives up a check that takes too long, names its vendor, and doesn’t hold up the others", async () => {
    harness = await startTestBot();
    harness.startBot({ doctor: newDoctor(harness, { answerSeconds: 2 }) });
    await harness.sync();
    const effect = { type: "delay", seconds: 4 } as const;
    harness.sandbox.faults.add({ server: "withings", match: {}, times: 10, effect });
    const begunAt = performance.now();
    const { text } = await askDoctor(harness);
    expect(performance.now() - begunAt).toBeLessThan(4000);
    expect(text).toContain("later · Withings application: Withings didn’t answer within 2 seconds.\n");
    expect(text).toContain("later · Withings: Withings didn’t answer within 2 seconds.\n\nok · store:");
    expect(text).toMatch(/^⚠️ 2 things aren’t working right now; check again later\.\n/);
  });

  test("doesn’t hold up other messages", async () => {
    harness = await startTestBot();
    let finish = () => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    harness.startBot({ doctor: () => done.then(() => ({ findings: [], ended: Promise.resolve() })) });
    harness.owner.say("/doctor");
    await harness.owner.waitForMessage(({ text }) => text === "Checking…");
    harness.owner.say("/cancel");
    await harness.owner.waitForMessage(({ text }) => text === "There is nothing to cancel.");
    finish();
    await harness.owner.waitUntil(({ messages }) => messages.some(({ text }) => text === "✅ All good."));
  });

  test("shows other people their own checks only, and none of the program", async () => {
    await open();
    await harness.sync();
    const anna = await inviteAnna(harness);
    const { text, buttons } = await askDoctor(harness, anna);
    expect(text).toBe(
      [
        "⚠️ 2 things need you.",
        "",
        "you · Withings: Withings isn’t linked yet.",
        "you · Garmin: Garmin isn’t linked yet.",
        "",
        "ok · Garmin sign-in: reachable from here",
        "ok · last sync: the next one needs both links",
      ].join("\n"),
    );
    expect(labels({ buttons })).toEqual(["Link Withings", "Link Garmin"]);
  });

  test("names each problem and its fix, with a button if a button can fix it", async () => {
    await open();
    await harness.sync();
    harness.sandbox.garmin.setConsent(OWNER.email, false);
    const { text, buttons } = await askDoctor(harness);
    expect(text).toMatch(/^you · Garmin: Garmin needs your consent .*“Device Upload”/m);
    expect(labels({ buttons })).toEqual(["Open Garmin’s settings", "Check again", "Get a bug-report file"]);
    expect(text).toMatch(/^⚠️ 1 thing needs you\.\n/);

    harness.sandbox.withings.revoke(USERID);
    expect((await askDoctor(harness)).text).toMatch(/^you · Withings: Withings no longer lets me read your scale\./m);
  });

  test("reports an outage in words, with the vendor’s name", async () => {
    await open();
    await harness.sync();
    harness.sandbox.faults.turnOn("withings_down");
    const { text } = await askDoctor(harness);
    expect(text).toContain(
      "later · Withings: Withings can’t be reached right now or isn’t answering properly. Try again later.",
    );
    expect(text).toMatch(/^⚠️ 2 things aren’t working right now; check again later\.\n/);
  });

  test("blames Garmin, not itself, if Garmin’s sign-in doesn’t answer", async () => {
    await open();
    await harness.sync();
    harness.sandbox.faults.add({ server: "garmin_sso", match: {}, times: 10, effect: { type: "drop_before" } });
    const { text } = await askDoctor(harness);
    const silent = "Garmin can’t be reached right now or isn’t answering properly. Try again later.";
    expect(text).toContain(`later · clock: ${silent}\nlater · Garmin sign-in: ${silent}\n`);
  });

  test("isn’t “all good” after a new link until a sync has worked", async () => {
    await open();
    harness.person.stepOnScale({ at: harness.clock.now(), weightKg: 80.25 });
    harness.sandbox.garmin.revoke(OWNER.email);
    expect(await harness.sync()).toMatchObject({ action: "relink_garmin" });
    harness.clock.advance(60);
    await harness.link();
    const { text } = await askDoctor(harness);
    expect(text).toContain("later · last sync: No sync has run since the last new link. One starts by itself.");
    expect(text).not.toContain("All good.");
    harness.owner.say("/status");
    await harness.quiet();
    expect(harness.owner.lastMessage?.text).toMatch(/Last sync: .*, was waiting for you$/m);
  });

  test("says both what its owner must do and what has to wait, whichever the run ended with", async () => {
    await open();
    await harness.sync();
    harness.clock.advance(3600);
    harness.person.stepOnScale({ at: harness.clock.now(), weightKg: 80.25 });
    harness.person.takeBloodPressure({ at: harness.clock.now(), systolic: 121, diastolic: 79 });
    const answers = (method: string | undefined, path: RegExp, status: number) =>
      harness.sandbox.faults.add({
        ...{ server: "garmin_connectapi", match: { ...(method && { method }), path }, times: 100 },
        effect: { type: "status", status, body: {} },
      });
    answers("POST", /^\/(upload|weight)-service\//, 400);
    answers(undefined, /^\/bloodpressure-service\//, 503);
    for (const status of ["error", "retry_later"]) {
      expect(await harness.sync()).toMatchObject({ status });
      const { text } = await askDoctor(harness);
      expect(text).toMatch(
        /^you · last sync: .* 1 reading couldn’t be stored\. \/status says why\. Garmin hasn’t answered properly since/m,
      );
      harness.owner.say("/status");
      await harness.quiet();
      expect(harness.owner.lastMessage?.text).toContain("Garmin hasn’t answered properly since");
      harness.clock.advance(3600);
    }
  });

  test("says that the program has stopped if the last run is older than three intervals", async () => {
    await open();
    await harness.sync();
    // The pauses between edits move the test clock by a few seconds.
    harness.clock.advance(90 * 60 - 30);
    expect((await askDoctor(harness)).text).toContain("ok · last sync: today 13:00, done");
    harness.clock.advance(60);
    expect((await askDoctor(harness)).text).toContain(
      "fix · last sync: The last sync was today 13:00, and there should be one every 30 minutes. Restart the program (on AWS: npm run deploy);",
    );
  });

  test("shows a link that the present key can’t open to the owner, and to others only that something is wrong", async () => {
    harness = await startTestBot();
    const anna = await inviteAnna(harness);
    harness.env.SEALING_KEY = Buffer.alloc(32, 7).toString("base64");
    harness.startBot({ doctor: newDoctor(harness, { app: await harness.newApp() }) });
    expect((await askDoctor(harness)).text).toMatch(/^fix · key: The stored sealedTokens cannot be opened/m);
    expect((await askDoctor(harness, anna)).text).not.toContain("seal");
  });

  test("names files that other users of the machine can read, with the command that fixes it", async () => {
    await open();
    const file = (name: string) => path.join(harness.dataDir, name);
    chmodSync(file("weighbridge.sqlite"), 0o644);
    chmodSync(file("sealing.key"), 0o640);
    expect((await askDoctor(harness)).text).toContain(
      `fix · store: Other users of this machine can read or change your data. Run: chmod 600 ${file("sealing.key")} && chmod 600 ${file("weighbridge.sqlite")}`,
    );
    chmodSync(file("weighbridge.sqlite"), 0o600);
    chmodSync(file("sealing.key"), 0o600);
    chmodSync(harness.dataDir, 0o777);
    expect((await askDoctor(harness)).text).toContain(`Run: chmod 700 ${harness.dataDir}`);
    chmodSync(harness.dataDir, 0o700);
  });

  test("names a wrong clock, with its fix", async () => {
    harness = await startTestBot();
    const { clock } = harness;
    const now = () => new Date(clock.now().getTime() - 5 * 60_000);
    harness.startBot({ doctor: newDoctor(harness, { clock: { ...clock, now } }) });
    expect((await askDoctor(harness)).text).toMatch(
      /^fix · clock: This machine’s clock is 5 minutes behind\. Switch on its time synchronisation\.$/m,
    );
  });

  test("names a webhook that Telegram can’t deliver to", async () => {
    harness = await startTestBot();
    const bot = harness.newBot();
    await bot.bot.api.setWebhook(`${publicUrl}/telegram`);
    harness.owner.say("hello");
    await expect.poll(async () => (await bot.bot.api.getWebhookInfo()).last_error_date).toBeDefined();
    const findings = await findingsOf({ web: { publicUrl } });
    expect(findings).toContainEqual({
      check: "Telegram",
      verdict: "operator",
      text: expect.stringMatching(/^Telegram can’t deliver messages to me: 1 is waiting\./),
    });
  });

  test("says nothing about notifications while Withings isn’t linked", async () => {
    await open();
    await harness.app.store.links.remove(ACCOUNT, "withings");
    const findings = await findingsOf({ web: { publicUrl } });
    expect(findings.map(({ check }) => check)).not.toContain("new readings");
  });

  test("names a missing link once, even after a run that met it", async () => {
    await open();
    await harness.app.store.links.remove(ACCOUNT, "withings");
    await harness.sync();
    const findings = await findingsOf({});
    expect(findings.filter(({ text }) => text.includes("isn’t linked"))).toMatchObject([{ check: "Withings" }]);
    expect(findings.at(-1)).toEqual({ check: "last sync", verdict: "ok", text: "the next one needs both links" });
  });

  test.each([
    ["by long polling", "", undefined, "ok", "@weighbridge_bot, and I fetch messages myself"],
    ["by webhook", `${publicUrl}/telegram`, publicUrl, "ok", "@weighbridge_bot, and Telegram delivers messages to me"],
    ["nowhere yet", "", publicUrl, "later", "Telegram doesn’t know my address yet. The running program sets"],
    [
      "elsewhere",
      "https://127.0.0.1:9/x?key=x",
      publicUrl,
      "operator",
      "Telegram delivers this bot’s messages to another",
    ],
    [
      "elsewhere, by webhook",
      `${publicUrl}/telegram`,
      undefined,
      "operator",
      "Telegram delivers this bot’s messages to",
    ],
  ] as const)("says where Telegram delivers: %s", async (_where, url, ours, verdict, text) => {
    harness = await startTestBot();
    await harness.newBot().bot.api.setWebhook(url);
    const findings = await findingsOf({ web: { publicUrl: ours } });
    const { text: said = "", ...line } = findings.find(({ check }) => check === "Telegram") ?? {};
    expect(line).toEqual({ check: "Telegram", verdict });
    expect(said).toContain(text);
    expect(said).not.toContain("key=");
  });

  test("speaks German to people who chose German", async () => {
    await open();
    await harness.app.store.accounts.save(ACCOUNT, { language: "de" });
    const { text, history } = await askDoctor(harness);
    expect(history.slice(0, 2)).toEqual(["Ich prüfe …", expect.stringMatching(/^… · Speicher: wird geprüft …\n/)]);
    expect(text).toContain("ok · Uhr: geht richtig\n");
    expect(text).toContain(
      "später · Letzter Abgleich: Es gab noch keinen Abgleich. Er beginnt von selbst; mit /sync sofort.",
    );
    expect(text).toMatch(/^⚠️ 1 Sache funktioniert gerade nicht; sieh später noch einmal nach\.\n/);
  });
});
