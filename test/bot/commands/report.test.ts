import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import type { UnknownAnswer } from "../../../src/sync/model/vendor-answers.ts";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const HOUSEMATE = 815;

/** The file behind the button under /doctor. */
async function reportInChat(button = "Get a bug-report file") {
  harness.owner.say("/doctor");
  const doctor = await harness.owner.waitForMessage(
    (message) => message.buttons?.flat().some(({ text }) => text === button) ?? false,
  );
  harness.owner.tap(button);
  const { document, text: caption } = await harness.owner.waitForMessage((message) => message.document !== undefined);
  const { apiRoot, token } = harness.telegram;
  const about = await fetch(`${apiRoot}/bot${token}/getFile?file_id=${document?.fileId}`);
  const { result } = (await about.json()) as { result: { file_path: string } };
  const file = await fetch(`${apiRoot}/file/bot${token}/${result.file_path}`);
  return { doctor, caption, name: document?.fileName, text: await file.text() };
}

test.each([
  ["en", "Get a bug-report file", "Attach this file"],
  ["de", "Datei für einen Fehlerbericht", "Häng diese Datei an"],
] as const)(
  "the owner finds a button for it under /doctor, and it comes as a file (%s)",
  async (language, button, caption) => {
    harness = await startTestBot();
    await harness.app.store.accounts.save(ACCOUNT, { language });
    harness.startBot();
    const file = await reportInChat(button);
    expect(file.caption).toContain(caption);
    expect(file.name).toBe("weighbridge-report-2026-11-21-12-00.json");
    const report = JSON.parse(file.text);
    expect(report).toMatchObject({
      versions: { weighbridge: expect.stringMatching(/^\d/), node: process.version },
      settings: { TELEGRAM_BOT_TOKEN: "set", SYNC_INTERVAL_MINUTES: "default" },
      unknownAnswers: { withings: [], garmin: [], telegram: [] },
    });
    expect(report.endpoints["Telegram sendMessage"]).toMatchObject({ "HTTP 200": { times: expect.any(Number) } });
  },
);

test("nobody but the owner has that button, and an old one does nothing", async () => {
  harness = await startTestBot({ allowedIds: [HOUSEMATE, ACCOUNT] });
  harness.startBot();
  harness.owner.say("/doctor");
  const doctor = await harness.owner.waitForMessage(({ edited, text }) => edited && !text.includes("checking…"));
  expect(doctor.buttons?.flat().map(({ text }) => text) ?? []).not.toContain("Get a bug-report file");
  await harness.newBot().bot.handleUpdate({
    update_id: 999_999,
    callback_query: {
      ...{ id: "1", chat_instance: "1", data: "report" },
      from: { id: ACCOUNT, is_bot: false, first_name: "Owner", language_code: "en" },
      message: { message_id: doctor.id, date: 1, chat: { id: ACCOUNT, type: "private", first_name: "Owner" } },
    },
  });
  await harness.quiet();
  expect(harness.telegram.calls("sendDocument")).toEqual([]);
});

/** What must never come out, whatever kind of thing it is. */
const SECRETS = [
  "Zacharias Quandt",
  "zacharias.quandt@example.org",
  "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI3MTIzNDU2NyJ9.c2lnbmF0dXJl",
  "Correct-Horse-77-Battery",
  "ST-0198765-AbCdEfGhIjKl-cas",
  "71234567",
  "4f9d2b7c8e1a4d3fb0c6a5e79d8812aa",
  "1991-04-23",
  "83.417",
  "Weizenstraße 12",
];
const NUMBERS = [71_234_567, 83.417, 83_417, 1_795_432_107];
const ENCODINGS: Array<(text: string) => string> = [
  (text) => text,
  (text) => encodeURIComponent(text),
  (text) => Buffer.from(text).toString("base64"),
  (text) => Buffer.from(text).toString("base64url"),
  (text) => Buffer.from(text).toString("hex"),
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`),
  (text) => [...text].reverse().join(""),
];
const PLANTED = [
  ...new Set([...SECRETS, ...NUMBERS.map(String)].flatMap((secret) => ENCODINGS.map((encode) => encode(secret)))),
];

/** Five digits appear by chance in a megabyte of sealed text, but not on their own. */
function holds(text: string, secret: string): boolean {
  if (!text.includes(secret)) return false;
  return secret.length > 5 || new RegExp(`(?<![\\w-])${secret}(?![\\w-])`).test(text);
}

/** An answer with everything in every place. */
function riddled(): object {
  const list = PLANTED.map((text, index) => ({
    [text]: { [`token ${text}`]: text, id: index },
    value: text,
    weight: NUMBERS[index % NUMBERS.length],
    url: `https://example.org/${text}?ticket=${text}#${text}`,
    ...{ list: [text, [text, { name: text }]], text: `${text}, ${text}` },
  }));
  return {
    status: 0,
    body: Object.fromEntries(list.map((it, index) => [PLANTED[index], it])),
    list,
    error: PLANTED.join(" "),
  };
}

const headers = Object.fromEntries(
  PLANTED.filter((text) => /^[\x21-\x7e]+$/.test(text)).map((text, index) => [`x-odd-${"abcdefgh"[index % 8]}`, text]),
);

test("no value from a vendor's answer gets into the report, the log or the store", async () => {
  harness = await startTestBot();
  const { app, sandbox, person, logged, dataDir, clock } = harness;
  harness.startBot();
  await harness.sync();
  person.stepOnScale({ at: new Date(clock.now().getTime() - 60_000), weightKg: 83.417 });
  person.takeBloodPressure({ at: new Date(clock.now().getTime() - 60_000), systolic: 143, diastolic: 97, pulse: 61 });

  // Through the adapters: as data, as a page, and as an error.
  const page = `<html><title>${PLANTED.join("</p><p>")}</title></html>`;
  const answers: unknown[] = [riddled(), page, PLANTED, PLANTED.join("\n"), { failures: [riddled()] }];
  for (const server of ["garmin_connectapi", "garmin_diauth", "garmin_sso", "withings"] as const) {
    for (const status of [200, 400, 418]) {
      for (const body of answers) {
        sandbox.faults.add({
          name: "odd",
          server,
          match: {},
          times: 3,
          effect: { type: "status", status, headers, body },
        });
        await harness.sync();
        clock.advance(700);
      }
    }
    sandbox.faults.remove("odd");
  }
  // A secret in an address that never answers.
  await app.garminSignIn
    .withPasted(ACCOUNT, `https://mobile.integration.garmin.com/gcm/android?ticket=${SECRETS[4]}`)
    .catch(() => undefined);
  // Telegram too. Its last answer is a normal one.
  sandbox.faults.add({
    ...{ name: "odd", server: "telegram", match: { path: /\/sendMessage$/ }, times: 1 },
    effect: { type: "status", status: 200, headers, body: riddled() },
  });
  harness.owner.say("/status");
  await expect.poll(() => sandbox.faults.list().some(({ name }) => name === "odd")).toBe(false);
  await harness.quiet();
  // And directly, in each field that an adapter fills.
  for (const vendor of ["withings", "garmin", "telegram"] as const) {
    for (const [index, secret] of PLANTED.entries()) {
      const note: UnknownAnswer = {
        ...{ vendor, call: `Garmin GET /weight-service/${secret}`, httpStatus: 200 },
        where: `body.${secret}.${index}: invalid ${secret}`,
        value: index % 2 ? { [secret]: secret } : secret,
        headerNames: [`x-${secret}`, secret],
      };
      app.vendors.answers.note(note);
    }
    app.vendors.answers.note({
      vendor,
      call: "Garmin GET /weight-service/weight/range",
      where: "list",
      value: riddled(),
    });
  }

  const file = await reportInChat();
  const report = JSON.parse(file.text);
  for (const vendor of ["withings", "garmin", "telegram"] as const) {
    expect(report.unknownAnswers[vendor].length).toBeGreaterThan(0);
    expect(report.unknownAnswers[vendor].length).toBeLessThanOrEqual(20);
  }
  // Endpoints are named without the secrets in their addresses.
  const endpoints = Object.keys(report.endpoints);
  expect(endpoints).toContain("Garmin GET /weight-service/weight/range/*/*");
  expect(endpoints.filter((name) => /\d{3}|ST-|[?=@%]/.test(name))).toEqual([]);
  await app.vendors.answers.close();
  const kept = JSON.stringify(await app.vendors.answers.read());
  const bytes = readdirSync(dataDir)
    .filter((name) => name !== "sealing.key")
    .map((name) => readFileSync(path.join(dataDir, name), "latin1"))
    .join("\n");
  // The stored part is sealed, so not even its harmless words can be read.
  expect(kept).toContain("weight-service");
  expect(bytes.includes("weight-service")).toBe(false);
  const ownReading = new Set(["83.417"]);
  const places = { file: file.text, kept, log: JSON.stringify([...logged, ...harness.logged]), bytes };
  const found = Object.entries(places).flatMap(([place, text]) =>
    PLANTED.filter((it) => holds(text, it) && !(place === "bytes" && ownReading.has(it))).map(
      (it) => `${place}: ${it}`,
    ),
  );
  expect(found.slice(0, 20)).toEqual([]);
  // Nor do the account’s data.
  const links = await Promise.all(
    (["withings", "garmin"] as const).map((vendor) => app.store.links.read(ACCOUNT, vendor)),
  );
  const own = links.flatMap((link) =>
    link ? [link.value.tokens.accessToken, link.value.tokens.refreshToken, link.value.vendorUserId] : [],
  );
  for (const it of [...own, OWNER.email, OWNER.password, String(ACCOUNT), harness.telegram.token])
    expect(file.text).not.toContain(it);
});
