import { chmodSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { wordsIn } from "../../src/bot/words/words.ts";
import { createDoctor } from "../../src/checks.ts";
import { readConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { ACCOUNT, OWNER, USERID } from "../support/household.ts";
import { type BotHouse, startBotHouse } from "./bot-house.ts";

let house: BotHouse;
afterEach(() => house.close());

const GUEST = 4712;
/** Nobody listens there. */
const publicUrl = "https://127.0.0.1:9";
const labels = (message: { buttons: Array<Array<{ text: string }>> }) => message.buttons.flat().map(({ text }) => text);

/** What the chat shows when the checks are done. */
async function doctor(person = house.owner) {
  person.say("/doctor");
  return person.waitForMessage(({ edited }) => edited);
}

async function open(options: Parameters<typeof startBotHouse>[0] = {}, instead = {}) {
  house = await startBotHouse(options);
  house.startBot(instead);
}

/** The checks with something of their own. */
function checks(instead: Partial<Parameters<typeof createDoctor>[0]>) {
  const { app, clock, telegram, dataDir } = house;
  return createDoctor({
    app,
    store: { engine: "sqlite", tableName: "weighbridge", dataDir },
    telegram: { botToken: telegram.token, apiRoot: telegram.apiRoot },
    ...readConfig(house.env, ["withings"]),
    syncIntervalMinutes: 30,
    clock,
    log: createLog({ level: "silent", write: () => {}, now: clock.now }),
    ...instead,
  });
}

const account = async () => (await house.app.accounts.find(ACCOUNT)) ?? expect.fail("the account is gone");

async function invited(languageCode = "en") {
  await house.app.people.accept(await house.app.people.invite(), { telegramUserId: GUEST, name: "Anna" });
  return house.telegram.user({ id: GUEST, firstName: "Anna", languageCode });
}

test("a job that is done twice, because its worker died before it could say so, is answered in one message", async () => {
  await open();
  const { text } = await doctor();
  await house.quiet();
  const bots = () => house.owner.messages.filter(({ from }) => from === "bot");
  await house.newBot().answerDoctor(await account(), bots().at(-1)?.id ?? expect.fail());
  expect(bots().map((message) => message.text)).toEqual([text]);
});

describe("/doctor", () => {
  test("answers at once, and then shows the owner everything in one message", async () => {
    await open();
    await house.sync();
    const { text, history } = await doctor();
    expect(history).toEqual(["Checking…"]);
    expect(text.replace(house.dataDir, "DATA")).toBe(
      [
        "ok · store: table weighbridge in DATA, 1 account",
        "ok · key: opens both stored links",
        `ok · Telegram: @${house.telegram.bot.username}, and I fetch what people write`,
        "ok · Withings application: Withings accepts its id and secret",
        "ok · clock: correct",
        "ok · Garmin sign-in: reachable from here",
        "ok · Withings: answers, and lets me read your measurements",
        "ok · Garmin: answers as Owner, and takes uploads",
        "ok · last sync: today 13:00, all right",
        "",
        "All good.",
      ].join("\n"),
    );
  });

  test("says so when Withings does not accept the application, also before anybody is linked", async () => {
    await open();
    const withings = { ...readConfig(house.env, ["withings"]).withings, clientSecret: "another" };
    const findings = await checks({ withings })(await account(), wordsIn("en"), true);
    expect(findings).toContainEqual(
      expect.objectContaining({ check: "Withings application", action: "fix_withings_application" }),
    );
  });

  test("asks nothing of an owner whose link works where Garmin takes no sign-ins from the network", async () => {
    await open();
    await house.sync();
    house.sandbox.faults.turnOn("garmin_sso_cloudflare_403");
    const { text } = await doctor();
    expect(text).toContain("ok · Garmin sign-in: works on Garmin’s own page only");
    expect(text).toMatch(/\n\nAll good\.$/);
  });

  test("asks Garmin's sign-in once, for reachability and the time", async () => {
    await open();
    house.requests();
    await doctor();
    expect(house.requests().filter((it) => it.includes("sso"))).toHaveLength(1);
  });

  test("keeps no other message waiting", async () => {
    house = await startBotHouse();
    let finish = () => {};
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    house.startBot({ doctor: () => done.then(() => []) });
    house.owner.say("/doctor");
    await house.owner.waitForMessage(({ text }) => text === "Checking…");
    house.owner.say("/cancel");
    await house.owner.waitForMessage(({ text }) => text === "There is nothing to cancel.");
    finish();
    await house.owner.waitUntil(({ messages }) => messages.some(({ text }) => text.endsWith("All good.")));
  });

  test("somebody else sees what concerns them, and nothing of the program or of others", async () => {
    await open();
    await house.sync();
    const anna = await invited();
    const { text, buttons } = await doctor(anna);
    expect(text).toBe(
      [
        "ok · Garmin sign-in: reachable from here",
        "you · Withings: Withings is not linked yet.",
        "you · Garmin: Garmin is not linked yet.",
        "ok · last sync: the next one needs both links",
        "",
        "2 things need you.",
      ].join("\n"),
    );
    expect(labels({ buttons })).toEqual(["Link Withings", "Link Garmin"]);
  });

  test("names what is wrong with its fix, and has a button for each fix that a button can make", async () => {
    await open();
    await house.sync();
    house.sandbox.garmin.setConsent(OWNER.email, false);
    const { text, buttons } = await doctor();
    expect(text).toMatch(/^you · Garmin: Garmin asks for your consent .*“Device Upload”/m);
    expect(labels({ buttons })).toEqual(["Open Garmin’s settings", "Check again", "File for a bug report"]);
    expect(text).toMatch(/\n\n1 thing needs you\.$/);

    house.sandbox.withings.revoke(USERID);
    expect((await doctor()).text).toMatch(/^you · Withings: Withings no longer lets me read your scale\./m);
  });

  test("an outage is said with whom it concerns, in words", async () => {
    await open();
    await house.sync();
    house.sandbox.faults.turnOn("withings_down");
    const { text } = await doctor();
    expect(text).toContain(
      "later · Withings: Withings cannot be reached just now, or gives no proper answer. Try again later.",
    );
    expect(text).toMatch(/\n\n1 thing could not be checked now; try again later\.$/);
  });

  test("a last run that is older than three intervals means that the program has stopped", async () => {
    await open();
    await house.sync();
    house.clock.advance(90 * 60);
    expect((await doctor()).text).toContain("ok · last sync: today 13:00, all right");
    house.clock.advance(60);
    expect((await doctor()).text).toContain(
      "fix · last sync: The last sync was today 13:00, and there should be one every 30 minutes. Start the program anew (on AWS: npm run deploy);",
    );
  });

  test("a link that the present key does not open is for the owner to see, and for others only that something is wrong", async () => {
    house = await startBotHouse();
    const anna = await invited();
    house.env.SEALING_KEY = Buffer.alloc(32, 7).toString("base64");
    house.startBot({ doctor: checks({ app: await house.newApp() }) });
    expect((await doctor()).text).toMatch(/^fix · key: The stored sealedTokens cannot be opened/m);
    expect((await doctor(anna)).text).not.toContain("seal");
  });

  test("files that others on the machine can read are named, with the command that closes them", async () => {
    await open();
    const file = (name: string) => path.join(house.dataDir, name);
    chmodSync(file("weighbridge.sqlite"), 0o644);
    chmodSync(file("sealing.key"), 0o640);
    expect((await doctor()).text).toContain(
      `fix · store: Other users of this machine can read or change your data. Run: chmod 600 ${file("sealing.key")} && chmod 600 ${file("weighbridge.sqlite")}`,
    );
    chmodSync(file("weighbridge.sqlite"), 0o600);
    chmodSync(file("sealing.key"), 0o600);
    chmodSync(house.dataDir, 0o777);
    expect((await doctor()).text).toContain(`Run: chmod 700 ${house.dataDir}`);
    chmodSync(house.dataDir, 0o700);
  });

  test("a clock that is wrong is named with its mend", async () => {
    house = await startBotHouse();
    const { clock } = house;
    const now = () => new Date(clock.now().getTime() - 5 * 60_000);
    house.startBot({ doctor: checks({ clock: { ...clock, now } }) });
    expect((await doctor()).text).toContain(
      "fix · clock: This machine’s clock is 300 seconds behind. Switch on its time synchronisation.",
    );
  });

  test("a webhook that Telegram cannot deliver to is named", async () => {
    house = await startBotHouse();
    const bot = house.newBot();
    await bot.bot.api.setWebhook(`${publicUrl}/telegram`);
    house.owner.say("hello");
    await expect.poll(async () => (await bot.bot.api.getWebhookInfo()).last_error_date).toBeDefined();
    const findings = await checks({ web: { publicUrl } })(await account(), wordsIn("en"), true);
    expect(findings).toContainEqual({
      check: "Telegram",
      verdict: "operator",
      text: expect.stringMatching(/^Telegram cannot bring me what people write: 1 message waits\./),
    });
  });

  test("of notifications nothing is said while Withings is not linked", async () => {
    await open();
    await house.app.links.remove(ACCOUNT, "withings");
    const app = { ...house.app, subscriptions: { ...house.app.subscriptions, state: async () => "off" as const } };
    const findings = await checks({ app })(await account(), wordsIn("en"), true);
    expect(findings.map(({ check }) => check)).not.toContain("new readings");
    expect(findings.filter(({ verdict }) => verdict === "later")).toEqual([]);
  });

  test("a missing link is named once, also when a run has met it since", async () => {
    await open();
    await house.app.links.remove(ACCOUNT, "withings");
    await house.sync();
    const findings = await checks({})(await account(), wordsIn("en"), true);
    expect(findings.filter(({ text }) => text.includes("not linked"))).toMatchObject([{ check: "Withings" }]);
    expect(findings.at(-1)).toEqual({ check: "last sync", verdict: "ok", text: "the next one needs both links" });
  });

  test.each([
    ["by long polling", "", undefined, "ok", "@weighbridge_bot, and I fetch what people write"],
    [
      "by webhook",
      `${publicUrl}/telegram`,
      publicUrl,
      "ok",
      "@weighbridge_bot, and Telegram brings me what people write",
    ],
    ["nowhere yet", "", publicUrl, "later", "Telegram does not know yet where to deliver. The running program tells"],
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
  ] as const)("where Telegram delivers is looked at: %s", async (_where, url, ours, verdict, text) => {
    house = await startBotHouse();
    await house.newBot().bot.api.setWebhook(url);
    const findings = await checks({ web: { publicUrl: ours } })(await account(), wordsIn("en"), true);
    const { text: said = "", ...line } = findings.find(({ check }) => check === "Telegram") ?? {};
    expect(line).toEqual({ check: "Telegram", verdict });
    expect(said).toContain(text);
    expect(said).not.toContain("key=");
  });

  test.each([
    ["on", "ok · new readings: Withings tells me at once", "ok · new readings: Withings tells me at once"],
    [
      "off",
      "later · new readings: Withings does not tell me yet.",
      "later · new readings: Withings does not tell me yet.",
    ],
    [
      "unreachable",
      "fix · new readings: Withings cannot reach me",
      "broken · new readings: This has to be mended by whoever",
    ],
  ] as const)("notifications that are %s have their line", async (state, forOwner, forOthers) => {
    house = await startBotHouse();
    house.startBot({
      doctor: checks({
        app: { ...house.app, subscriptions: { ...house.app.subscriptions, state: async () => state } },
      }),
    });
    expect((await doctor()).text).toContain(forOwner);
    const anna = await invited();
    const link = (await house.app.links.read(ACCOUNT, "withings"))?.value ?? expect.fail("there is no link");
    await house.app.links.replace(GUEST, "withings", link);
    expect((await doctor(anna)).text).toContain(forOthers);
  });

  test("speaks German to somebody who does", async () => {
    await open();
    await house.app.accounts.save(ACCOUNT, { language: "de" });
    const { text, history } = await doctor();
    expect(history).toEqual(["Ich prüfe …"]);
    expect(text).toContain("gut · Uhr: geht richtig\n");
    expect(text).toContain(
      "später · Letzter Abgleich: Es gab noch keinen Abgleich. Er kommt von selbst; /sync beginnt ihn jetzt.",
    );
    expect(text).toMatch(/\n\n1 Sache ließ sich jetzt nicht prüfen; versuche es später noch einmal\.$/);
  });
});
