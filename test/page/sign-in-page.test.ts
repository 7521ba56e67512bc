import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT, NOON, OWNER, startTestApp, type TestApp, type TestAppOptions } from "../support/test-app.ts";
import { watched } from "../support/watched-table.ts";
import { OWNER_IN_TELEGRAM, pageClient } from "./page-client.ts";

let harness: TestApp;
let page: ReturnType<typeof pageClient>;
afterEach(() => harness.close());

async function start(options: TestAppOptions & { mfa?: "email" | "totp" } = {}) {
  const { mfa, ...more } = options;
  harness = await startTestApp({ hasAddress: true, linked: false, ...more });
  harness.service();
  page = pageClient(harness);
  if (mfa) Object.assign(harness.sandbox.garmin.accounts.get(OWNER.email), { mfa });
}
const { email, password } = OWNER;
const code = () => harness.sandbox.garmin.inbox.at(-1)?.code ?? "";
const link = () => harness.app.store.links.facts(ACCOUNT, "garmin");
const told = () => harness.sandbox.telegram.outbox.flatMap(({ params }) => params.text ?? []);
const logins = () => harness.requests().filter((it) => it.includes("login")).length;

describe("signing in on the page", () => {
  test("links with e-mail, password and code, and the chat goes on from there", async () => {
    await start({ mfa: "email" });
    const { opened, act } = await page.begin();
    expect(opened).toMatchObject({ status: 200, step: "ways", text: "" });
    const asked = await act("password", { email, password });
    expect(asked).toMatchObject({ step: "code", canSendNewCode: true });
    expect(asked.text).toMatch(/^Garmin sent a code to .+\. It may take a minute to arrive\.$/);
    expect(await act("code", { code: code() === "123456" ? "654321" : "123456" })).toMatchObject({
      ...{ step: "code", isProblem: true },
      text: "That code isn’t right. Check it and enter it again, or ask for a new one.",
    });
    harness.requests();
    expect(await act("code", { code: "none came" })).toMatchObject({
      ...{ step: "code", isProblem: true },
      text: "There’s no code in that. Enter the digits that Garmin sent you.",
    });
    expect(harness.requests()).toEqual([]);
    expect(await act("code", { code: ` It is ${code()}. ` })).toMatchObject({
      ...{ status: 200, step: "done" },
      text: "Signed in to Garmin as Owner. I’ll carry on in the chat.",
    });
    expect(await link()).toMatchObject({ state: "linked", displayName: "Owner" });
    // A function of AWS stops after its answer, so it waits for this.
    await harness.service().settled();
    expect(told()).toEqual(["Signed in to Garmin as Owner.", expect.stringContaining("Garmin: linked")]);
  });

  test("a new code can be asked for", async () => {
    await start({ mfa: "email" });
    const { act } = await page.begin();
    await act("password", { email, password });
    harness.clock.advance(40);
    expect(await act("new_code")).toMatchObject({ step: "code", text: expect.stringContaining("sent a new code") });
    expect(await act("code", { code: code() })).toMatchObject({ step: "done" });
  });

  test("links with the address that Garmin's page ends on", async () => {
    await start();
    const { act } = await page.begin();
    expect(await act("pasted", { address: "https://example.org/" })).toMatchObject({ step: "ways", isProblem: true });
    const ticket = harness.sandbox.garmin.mintTicket(email);
    const address = `https://sso.garmin.com/sso/embed?ticket=${ticket}`;
    expect(await act("pasted", { address })).toMatchObject({ step: "done" });
    expect(await link()).toMatchObject({ state: "linked" });
  });

  test("a sign-in that waits for its code goes on where it was, on the page and in the chat alike", async () => {
    await start({ mfa: "email" });
    await (await page.begin()).act("password", { email, password });
    harness.clock.advance(60);
    const { opened, act } = await page.begin();
    expect(opened).toMatchObject({ step: "code", canSendNewCode: true, session: expect.any(String) });
    expect(await act("code", { code: code() })).toMatchObject({ step: "done" });
  });

  test("a sign-in whose profile Garmin doesn't say yet is kept, and goes on after a look, on a page opened later too", async () => {
    await start();
    const { act } = await page.begin();
    harness.sandbox.faults.turnOn("garmin_api_500");
    const asked = await act("password", { email, password });
    expect(asked).toMatchObject({ step: "look", text: expect.stringContaining("I’ll keep this sign-in") });
    expect(await page.open()).toMatchObject({ step: "look" });
    harness.sandbox.faults.turnOff("garmin_api_500");
    harness.requests();
    expect(await act("look")).toMatchObject({ step: "done" });
    expect(logins()).toBe(0);
    expect(await link()).toMatchObject({ state: "linked" });
  });

  test("what Garmin doesn't answer is said, and can be tried again", async () => {
    await start();
    const { act } = await page.begin();
    harness.sandbox.faults.add({ server: "garmin_sso", match: { path: /login/ }, effect: { type: "drop_after" } });
    expect(await act("password", { email, password })).toMatchObject({ status: 503, isProblem: true });
    expect(await act("password", { email, password })).toMatchObject({ step: "done" });
  });

  test("succeeds while the chat can't be reached, and the account is due for a run", async () => {
    await start();
    const { act } = await page.begin();
    harness.sandbox.faults.turnOn("telegram_down");
    expect(await act("password", { email, password })).toMatchObject({ step: "done" });
    await harness.service().settled();
    expect(harness.logged.join()).toContain("sign_in_not_told");
    expect((await harness.app.store.schedule.read(ACCOUNT))?.dueAt).toEqual(NOON);
  });

  test("another Garmin profile is linked only after a yes", async () => {
    await start({ linked: true });
    const other = { email: "other@example.org", password: "another-password" };
    harness.sandbox.garmin.addAccount({ ...other, displayName: "other", fullName: "Other", timezone: "UTC" });
    harness.clock.advance(60);
    const { opened, act } = await page.begin();
    expect(opened.text).toBe("You’re signed in as Owner. You can sign in again here.");
    const asked = await act("password", other);
    expect(asked).toMatchObject({ step: "profile", profileId: expect.any(String) });
    expect(await act("keep")).toMatchObject({ step: "ways", text: "Nothing has changed." });
    expect(await link()).toMatchObject({ displayName: "Owner" });
    const again = await act("password", other);
    expect(await act("switch", { profileId: again.profileId })).toMatchObject({ step: "done" });
    expect(await link()).toMatchObject({ displayName: "Other" });
  });

  test.each(["en", "de"] as const)("speaks the person's language (%s)", async (language) => {
    await start();
    await harness.app.store.accounts.save(ACCOUNT, { language });
    const { act } = await page.begin();
    const { text } = await act("password", { email, password: "wrong" });
    expect(text).toMatch(language === "en" ? /^Garmin doesn’t know/ : /^Garmin kennt/);
  });

  test("a refusal of one app offers the other, which then works", async () => {
    await start();
    const match = { method: "POST", path: "/mobile/api/login", form: { clientId: "GCM_IOS_DARK" } };
    const body = { error: { "status-code": "427" } };
    harness.sandbox.faults.add({ match, times: 9, effect: { type: "body", body } });
    const { act } = await page.begin();
    const { client, ...refused } = await act("password", { email, password });
    expect(refused).toMatchObject({ step: "ways", isProblem: true, text: expect.stringContaining("Android app") });
    expect(client).toBe("android");
    expect(await act("password", { email, password, client })).toMatchObject({ step: "done" });
  });
});

describe("before it asks for a password", () => {
  test("says that sign-ins rest, and leaves the form for the password out", async () => {
    await start();
    harness.sandbox.faults.turnOn("garmin_sso_429", { times: 1 });
    const { act } = await page.begin();
    expect(await act("password", { email, password })).toMatchObject({ step: "ways", isPasswordPointless: true });
    harness.requests();
    harness.clock.advance(60);
    const { opened } = await page.begin();
    expect(opened).toMatchObject({ step: "ways", isPasswordPointless: true, isProblem: true, email });
    expect(opened.text).toContain("I won’t try again until today 14:00.");
    expect(harness.requests()).toEqual([]);
    // The rest is the chat's too.
    expect(await harness.app.garminSignIn.rest(ACCOUNT)).toMatchObject({ type: "resting" });
    // Nothing but Garmin's own page works, and that does.
    const { act: again } = await page.begin();
    expect(await again("password", { email, password })).toMatchObject({ isPasswordPointless: true });
    expect(logins()).toBe(0);
    const address = `https://sso.garmin.com/sso/embed?ticket=${harness.sandbox.garmin.mintTicket(email)}`;
    expect(await again("pasted", { address })).toMatchObject({ step: "done" });
  });

  test("says that Garmin doesn't answer, and shows both ways all the same", async () => {
    await start();
    harness.sandbox.faults.add({
      server: "garmin_sso",
      match: { path: /./ },
      times: 9,
      effect: { type: "drop_after" },
    });
    const { opened } = await page.begin();
    expect(opened).toMatchObject({ status: 200, step: "ways", isProblem: true, session: expect.any(String) });
    expect(opened.isPasswordPointless).toBeUndefined();
    expect(opened.text).toContain("Garmin");
  });

  test("says that Garmin refuses this network", async () => {
    await start();
    harness.sandbox.faults.turnOn("garmin_sso_cloudflare_403");
    const { opened } = await page.begin();
    expect(opened).toMatchObject({ step: "ways", isPasswordPointless: true });
    expect(opened.text).toContain("refuses sign-ins from the network I run in");
  });
});

describe("who may use the page", () => {
  const FORBIDDEN = 401;

  test("what Telegram signed opens it for ten minutes, and nothing else does", async () => {
    const store = watched();
    await start({ wrapTable: store.wrapTable });
    const good = page.sign();
    expect((await page.open(good)).status).toBe(200);
    const before = store.calls();
    harness.requests();
    const fields = (change: (fields: URLSearchParams) => void) => {
      const changed = new URLSearchParams(good);
      change(changed);
      return changed.toString();
    };
    const refused = {
      "somebody else's id": fields((it) => it.set("user", JSON.stringify({ id: ACCOUNT + 1, first_name: "Owner" }))),
      "a later time": fields((it) => it.set("auth_date", String(Number(it.get("auth_date")) + 1))),
      "a field more": fields((it) => it.append("start_param", "x")),
      "a field less": fields((it) => it.delete("query_id")),
      "no hash": fields((it) => it.delete("hash")),
      "an empty hash": fields((it) => it.set("hash", "")),
      "a hash in capitals": fields((it) => it.set("hash", it.get("hash")?.toUpperCase() ?? "")),
      "a short hash": fields((it) => it.set("hash", it.get("hash")?.slice(0, 62) ?? "")),
      "another hash": fields((it) => it.set("hash", "0".repeat(64))),
      "another bot's signature": page.sign(OWNER_IN_TELEGRAM, "7310042:AAanother-token"),
      nothing: "",
      "no fields": "x",
    };
    for (const [what, initData] of Object.entries(refused)) {
      expect({ what, ...(await page.open(initData)) }).toEqual({ what, status: FORBIDDEN });
    }
    harness.clock.advance(600);
    expect((await page.open(good)).status).toBe(200);
    const afterwards = store.calls();
    harness.clock.advance(1);
    expect(await page.open(good)).toEqual({ status: FORBIDDEN });
    // Signed in the future: then this machine's clock is wrong.
    const early = page.sign();
    harness.clock.advance(-601);
    expect(await page.open(early)).toEqual({ status: FORBIDDEN });
    expect(store.calls()).toBe(afterwards);
    expect(before).toBeLessThan(afterwards);
    for (const secret of [good, new URLSearchParams(good).get("hash") ?? ""]) {
      expect(harness.logged.join("\n")).not.toContain(secret);
    }
  });

  test("what Telegram signed does nothing but open the page, and a session opens none", async () => {
    await start();
    const initData = page.sign();
    const { opened } = await page.begin(initData);
    harness.requests();
    expect(await page.post(`tma ${initData}`, { act: "password", email, password })).toEqual({ status: FORBIDDEN });
    expect(await page.post(`Bearer ${opened.session}`, { act: "open" })).toEqual({ status: FORBIDDEN });
    expect(harness.requests()).toEqual([]);
  });

  test("a session is over after a quarter of an hour", async () => {
    await start();
    const { act } = await page.begin();
    harness.clock.advance(15 * 60 - 1);
    expect((await act("password", { email, password: "wrong" })).status).toBe(200);
    harness.clock.advance(1);
    harness.requests();
    expect(await act("password", { email, password })).toEqual({ status: FORBIDDEN });
    expect(harness.requests()).toEqual([]);
  });

  test("a session is one person's: under another number, cut short or changed it doesn't open", async () => {
    const store = watched();
    await start({ wrapTable: store.wrapTable, env: { TELEGRAM_ALLOWED_IDS: `${ACCOUNT},${ACCOUNT + 1}` } });
    await harness.app.store.accounts.save(ACCOUNT + 1, {});
    const { opened } = await page.begin();
    const session = String(opened.session);
    const [account = "", ...sealed] = session.split(".");
    expect(account).toBe(String(ACCOUNT));
    const before = store.calls();
    const wrong = [
      [ACCOUNT + 1, ...sealed].join("."),
      session.slice(0, -1),
      `${session}A`,
      session.replace(/\.v1\./, ".v2."),
      sealed.join("."),
      `0${session}`,
      "",
      "x",
      page.sign(),
    ];
    for (const token of wrong) {
      expect(await page.post(`Bearer ${token}`, { act: "password", email, password }), token).toEqual({
        status: FORBIDDEN,
      });
    }
    expect(store.calls()).toBe(before);
  });

  test("a stranger can't open it, and a person who was removed can't go on", async () => {
    await start();
    const stranger = page.sign({ id: 999, firstName: "Stranger" });
    expect(await page.open(stranger)).toEqual({ status: 403, step: "over" });
    const { people, accounts } = harness.app.store;
    const anna = { id: 4712, firstName: "Anna" };
    await people.accept(await people.invite(), { telegramUserId: anna.id, name: anna.firstName });
    await accounts.save(anna.id, {});
    const { opened, act } = await page.begin(page.sign(anna));
    expect(opened.step).toBe("ways");
    await people.remove(anna.id);
    harness.requests();
    expect(await act("password", { email, password })).toEqual({ status: 403, step: "over" });
    expect(harness.requests()).toEqual([]);
    expect(await harness.app.store.links.facts(anna.id, "garmin")).toBeUndefined();
  });

  test("a person who removed everything can't go on", async () => {
    await start();
    const { act } = await page.begin();
    const account = await harness.app.store.accounts.find(ACCOUNT);
    if (account) await harness.app.disconnect(account, "everything");
    expect(await act("password", { email, password })).toEqual({ status: 403, step: "over" });
  });
});

describe("a request from elsewhere", () => {
  test("is refused before anything is looked at, with a valid session too", async () => {
    const store = watched();
    await start({ wrapTable: store.wrapTable });
    const { opened } = await page.begin();
    const before = store.calls();
    harness.requests();
    const elsewhere: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: `${harness.url}.evil.example` },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "content-type": "text/plain" },
      { "content-type": "application/x-www-form-urlencoded" },
      { "content-type": "text/plain; application/json" },
    ];
    for (const headers of elsewhere) {
      const answer = await page.post(`Bearer ${opened.session}`, { act: "password", email, password }, headers);
      expect({ headers, ...answer }).toEqual({ headers, status: 403 });
    }
    for (const method of ["OPTIONS", "PUT", "DELETE"]) {
      const answer = await harness.ask("/sign-in", { method, headers: { origin: "https://evil.example" } });
      expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([405, null]);
    }
    expect(store.calls()).toBe(before);
    expect(harness.requests()).toEqual([]);
  });

  test("that isn't one of the page's gets a refusal, and a long one isn't read to its end", async () => {
    await start();
    const { opened } = await page.begin();
    const authorization = `Bearer ${opened.session}`;
    for (const body of ["", "no json", "null", "[]", "{}", '{"act":"delete"}', '{"act":"password"}', { act: "code" }]) {
      expect(await page.post(authorization, body)).toEqual({ status: 400 });
    }
    expect(await page.post(authorization, { act: "code", code: "1".repeat(20_000) })).toEqual({ status: 413 });
  });
});

describe("twice", () => {
  test("of two passwords sent at once, one is tried, and the other is told to wait", async () => {
    await start({ mfa: "email", sandbox: { delaySeconds: 0.3 } });
    const { act } = await page.begin();
    harness.requests();
    const answers = await Promise.all([act("password", { email, password }), act("password", { email, password })]);
    expect(answers.map(({ step, isBusy }) => step ?? isBusy).toSorted()).toEqual(["code", true].toSorted());
    expect(harness.sandbox.garmin.inbox).toHaveLength(1);
    expect(logins()).toBe(1);
  });

  test("after the sign-in, neither the session nor what opened the page does anything", async () => {
    await start();
    const initData = page.sign();
    const { act } = await page.begin(initData);
    harness.clock.advance(20);
    expect(await act("password", { email, password })).toMatchObject({ step: "done" });
    harness.requests();
    const over = { status: 200, step: "done", text: "You’ve signed in to Garmin since you opened this page." };
    expect(await act("password", { email, password })).toEqual(over);
    expect(await act("pasted", { address: harness.sandbox.garmin.mintTicket(email) })).toEqual(over);
    expect(await page.open(initData)).toEqual(over);
    expect(harness.requests()).toEqual([]);
    // Opened again from the chat, it works.
    harness.clock.advance(20);
    expect((await page.open()).step).toBe("ways");
  });

  test("while the chat handles an update, the page waits, and the other way round", async () => {
    await start();
    const { act } = await page.begin();
    const turn = await harness.app.store.turns.acquire(`chat#${ACCOUNT}`, 60);
    expect(await act("password", { email, password })).toMatchObject({ isBusy: true });
    expect(await page.open()).toMatchObject({ isBusy: true });
    await turn?.release();
    expect(await act("password", { email, password })).toMatchObject({ step: "done" });
  });
});

describe("beside a sign-in in the chat", () => {
  test("success on the page ends it, so that what is typed later is no password", async () => {
    await start({ mfa: "email" });
    const owner = harness.sandbox.telegram.user(OWNER_IN_TELEGRAM);
    const { telegram } = harness.service().chat;
    telegram.poll({ onStart: async () => {}, greet: async () => {} }).catch(() => undefined);
    const heard = (text: string) => owner.waitForMessage((message) => message.text.includes(text));
    owner.say("/connect");
    await heard("Garmin: not linked");
    owner.tap("Link Garmin");
    await heard("On my sign-in page: a form outside this chat");
    const address = new URL(owner.openWebApp("On my sign-in page"));
    owner.tap("Here in the chat");
    await heard("Which e-mail");
    owner.say(email);
    await heard("the password for");
    expect(await harness.app.store.dialogs.read(String(ACCOUNT))).toBeDefined();

    await expect.poll(() => harness.sandbox.telegram.pendingUpdates()).toBe(0);
    // In the meantime, on the page that the chat's button has opened.
    expect(`${address.origin}${address.pathname}${address.search}`).toBe(`${harness.url}/sign-in?lang=en`);
    const { act } = await page.begin(new URLSearchParams(address.hash.slice(1)).get("tgWebAppData") ?? "");
    expect(await act("password", { email, password })).toMatchObject({ step: "code" });
    expect(await act("code", { code: code() })).toMatchObject({ step: "done" });
    await heard("Garmin: linked as Owner");
    expect(await harness.app.store.dialogs.read(String(ACCOUNT))).toBeUndefined();
    harness.requests();
    owner.say("blue cheese");
    await heard("I’m not sure what you mean");
    expect(harness.requests()).toEqual([]);
    const open = () => owner.messages.flatMap(({ buttons }) => buttons.flat().map(({ text }) => text));
    await expect.poll(open).toEqual(["Link Withings", "Status", "Sync now", "Help"]);
  });
});

test("without a public address there is no page", async () => {
  harness = await startTestApp({ linked: false });
  const answers = await Promise.all(
    ["GET", "POST", "PUT"].map((method) =>
      harness.service().http({ method, path: "/sign-in", query: new URLSearchParams(), headers: new Map(), body: [] }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
});
