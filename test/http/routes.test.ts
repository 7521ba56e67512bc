import { request as nodeRequest } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import project from "../../package.json" with { type: "json" };
import { listen } from "../../src/http/node-server.ts";
import { ACCOUNT, NOON, startTestApp, type TestApp, type TestAppOptions, USERID } from "../support/test-app.ts";
import { watched } from "../support/watched-table.ts";

let harness: TestApp;
afterEach(() => harness.close());

const start = (options: TestAppOptions = {}) => startTestApp({ hasAddress: true, linked: false, ...options });
const consents = () =>
  harness.logged.map((line) => JSON.parse(line)).filter(({ event }) => event === "consent_answered");
const notifyUrl = () => `${harness.url}/withings/notify?key=${harness.app.store.notifyKey}`;

const form = (fields: Record<string, string>) => ({ method: "POST", body: new URLSearchParams(fields) });
const weighIn = (userid = USERID) =>
  form({ userid: String(userid), startdate: "1795262399", enddate: "1795262400", appli: "1" });
const link = () => harness.app.store.links.read(ACCOUNT, "withings");

describe("the page after the consent", () => {
  test("the callback page links the account that started, tells its chat, and sends its reader back to Telegram", async () => {
    harness = await start();
    const answer = await fetch(harness.consent());
    expect(answer.status).toBe(200);
    const page = await answer.text();
    expect(page).toMatch(/<h1>Linked<\/h1>.*Go back to Telegram\./);
    expect(consents()).toMatchObject([{ account: ACCOUNT, result: "linked" }]);
    expect((await link())?.value).toMatchObject({ state: "linked", vendorUserId: String(USERID) });
  });

  test("the callback page has no script, is not cached, and sends no referrer", async () => {
    harness = await start();
    for (const path of ["/withings/callback", "/withings/callback?code=x&state=%3Cscript%3E"]) {
      const answer = await harness.ask(path);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "content-type": "text/html; charset=utf-8",
      });
      const policy = answer.headers.get("content-security-policy");
      expect(policy).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'/,
      );
      expect(await answer.text()).not.toMatch(/<script|<a |<img|<link|src=|href=/);
    }
  });

  test("a callback address opened twice at once links once and tells the chat once", async () => {
    harness = await start();
    const address = harness.consent();
    const pages = await Promise.all([fetch(address), fetch(address)].map(async (it) => (await it).text()));
    expect(pages.filter((page) => page.includes("<h1>Linked</h1>"))).toHaveLength(1);
    expect(pages.filter((page) => page.includes("<h1>Already used</h1>"))).toHaveLength(1);
    expect(consents()).toHaveLength(1);
  });

  test("neither Withings' probe nor a link preview uses up a consent", async () => {
    harness = await start();
    const address = harness.consent();
    expect((await fetch(address, { method: "HEAD" })).status).toBe(200);
    expect(await (await harness.ask("/withings/callback")).text()).toContain("<h1>Weighbridge</h1>");
    expect((await harness.ask("/withings/callback", { method: "HEAD" })).status).toBe(200);
    expect(consents()).toEqual([]);
    expect(await (await fetch(address)).text()).toContain("<h1>Linked</h1>");
  });

  test("a wrong callback address is explained without touching the store or Withings", async () => {
    const store = watched();
    harness = await start({ wrapTable: store.wrapTable });
    const late = harness.consent();
    harness.clock.advance(600);
    harness.requests();
    const before = store.calls();
    const says = async (address: string) => {
      const answer = await fetch(address);
      expect(answer.status).toBe(400);
      return answer.text();
    };
    expect(await says(`${harness.url}/withings/callback?code=abc&state=made-up`)).toContain("isn’t from me");
    expect(await says(`${harness.url}/withings/callback?code=abc`)).toContain("isn’t from me");
    expect(await says(`${harness.url}/withings/callback?error=access_denied`)).toContain("Nothing was shared");
    expect(store.calls()).toBe(before);
    expect(await says(late)).toContain("ten minutes");
    expect(harness.requests()).toEqual([]);
    expect(consents()).toMatchObject([{ account: ACCOUNT, result: "late_state" }]);
  });

  test("the callback page says if Withings, the store or the application is the problem, and no secret is logged", async () => {
    const store = watched();
    harness = await start({ wrapTable: store.wrapTable });
    const refuse = (error: string) =>
      harness.sandbox.faults.add({
        ...{ server: "withings", match: { path: "/v2/oauth2" } },
        effect: { type: "body", body: { status: 503, error } },
      });
    const addresses = [harness.consent(), harness.consent(), harness.consent(), harness.consent()];
    const open = async (address = "") => {
      const answer = await fetch(address);
      return `${answer.status} ${(await answer.text()).replace(/<[^>]*>/g, " ")}`;
    };
    refuse("Invalid Params: invalid client id/secret");
    expect(await open(addresses[0])).toMatch(/^500 .*its Withings client id or secret/);
    refuse("Invalid Params: invalid redirect_uri");
    const callback = await open(addresses[3]);
    expect(callback).toMatch(/^500 .*callback address/);
    expect(callback).not.toContain("WITHINGS_CLIENT");
    refuse("Something new");
    expect(await open(addresses[1])).toMatch(/^503 .*in time/);
    store.takeAway();
    expect(await open(addresses[2])).toMatch(/^503 .*in time/);
    expect(consents()).toEqual([]);
    for (const address of addresses) {
      for (const secret of new URL(address).searchParams.values()) expect(harness.logged.join()).not.toContain(secret);
    }
  });
});

describe("a notification", () => {
  test("a notification is queued for the account of its person, and answered with an empty body", async () => {
    harness = await start({ linked: true });
    const answer = await fetch(notifyUrl(), weighIn());
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(await harness.jobs()).toEqual([`${ACCOUNT} withings_notified`]);
    expect((await harness.app.store.jobs.list())[0]?.value.dueAt).toEqual(new Date(NOON.getTime() + 8000));
  });

  test("a notification may be sent in either encoding of a form", async () => {
    harness = await start({ linked: true });
    const body = new FormData();
    for (const [name, value] of weighIn().body) body.append(name, value);
    expect((await fetch(notifyUrl(), { method: "POST", body })).status).toBe(200);
    expect(await harness.jobs()).toEqual([`${ACCOUNT} withings_notified`]);
  });

  test("a notification without the right key gets 404 and causes no lookup", async () => {
    const store = watched();
    harness = await start({ linked: true, wrapTable: store.wrapTable });
    const before = store.calls();
    const key = harness.app.store.notifyKey;
    const wrong = ["", "?key=", "?key=wrong", `?key=${key}x`, `?key=${key.slice(1)}`, `?key=${key.toLowerCase()}`];
    for (const query of wrong) {
      for (const method of ["GET", "HEAD", "POST", "PUT"]) {
        const body = method === "POST" ? { body: weighIn().body } : {};
        const answer = await harness.ask(`/withings/notify${query}`, { method, ...body });
        expect([answer.status, await answer.text()], `${method} ${query}`).toEqual([404, ""]);
      }
    }
    expect(store.calls()).toBe(before);
    expect(await harness.jobs()).toEqual([]);
  });

  test("the notify address answers the HEAD that Withings sends before it subscribes", async () => {
    harness = await start();
    for (const method of ["HEAD", "GET"]) expect((await fetch(notifyUrl(), { method })).status).toBe(200);
    expect((await fetch(notifyUrl(), { method: "PUT" })).status).toBe(405);
  });

  test("a notification about an unknown person, or one that makes no sense, gets 200 and is dropped", async () => {
    harness = await start({ linked: true });
    const multipart = { "content-type": "multipart/form-data; boundary=x" };
    for (const init of [
      weighIn(999),
      form({ appli: "1" }),
      form({ userid: "31400001#account", appli: "1" }),
      { method: "POST" },
      { method: "POST", body: "{}" },
      { method: "POST", body: "no form", headers: multipart },
    ]) {
      expect((await fetch(notifyUrl(), init)).status).toBe(200);
    }
    expect(await harness.jobs()).toEqual([]);
  });

  test("a notification that cannot be stored gets 503, so that Withings sends it again", async () => {
    const store = watched();
    harness = await start({ linked: true, wrapTable: store.wrapTable });
    store.takeAway();
    expect((await fetch(notifyUrl(), weighIn())).status).toBe(503);
  });

  test("a notification that is too long is not read to its end", async () => {
    harness = await start({ linked: true });
    const body = `userid=${USERID}&appli=1&more=${"x".repeat(64 * 1024)}`;
    const refused = await fetch(notifyUrl(), { method: "POST", body });
    expect([refused.status, refused.headers.get("connection")]).toEqual([413, "close"]);
    expect(await harness.jobs()).toEqual([]);
    expect((await fetch(notifyUrl(), weighIn())).status).toBe(200);
  });

  test("a notification about a profile is queued only if the person is gone", async () => {
    harness = await start({ linked: true });
    await harness.app.subscriptions.keep(ACCOUNT);
    const { notifications } = harness.sandbox.withings;
    notifications.announceProfile(USERID, "update");
    await notifications.delivered();
    expect(await harness.jobs()).toEqual([]);
    notifications.announceProfile(USERID, "unlink");
    notifications.announceProfile(USERID, "delete");
    await notifications.delivered();
    expect(await harness.jobs()).toEqual([`${ACCOUNT} withings_unlinked`]);
    expect(notifications.sent.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe("everything else", () => {
  test("health is answered without the store", async () => {
    const store = watched();
    harness = await start({ wrapTable: store.wrapTable });
    const before = store.calls();
    const answer = await harness.ask("/health");
    expect([answer.status, await answer.json()]).toEqual([200, { status: "ok", version: project.version }]);
    expect((await harness.ask("/health", { method: "HEAD" })).status).toBe(200);
    expect(store.calls()).toBe(before);
  });

  test("unknown addresses get 404, and wrong methods 405 with the allowed ones", async () => {
    harness = await start();
    for (const path of [
      "/",
      "/withings",
      "/withings/callback/",
      "/withings/notify/",
      "/Health",
      "//health/x",
      "/%00",
    ]) {
      expect((await harness.ask(path)).status, path).toBe(404);
    }
    for (const path of ["/health", "/withings/callback"]) {
      const answer = await harness.ask(path, { method: "DELETE" });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    }
  });

  test("an invalid request gets 400", async () => {
    harness = await start();
    const { port } = new URL(harness.url);
    const status = await new Promise((resolve, reject) => {
      const path = "http://[";
      nodeRequest({ port, path, host: "127.0.0.1" }, ({ statusCode }) => resolve(statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(400);
  });

  test("a port that is in use is explained in one sentence", async () => {
    harness = await start();
    const log = harness.app.log;
    const { port } = new URL(harness.url);
    const nothing = async () => ({ status: 200, headers: {} });
    const second = listen(nothing, { host: "127.0.0.1", port: Number(port), log });
    await expect(second).rejects.toThrow(
      `Port ${port} is in use by another program. Stop that one, or set PORT to another number.`,
    );
    const nowhere = listen(nothing, { host: "203.0.113.9", port: 0, log });
    await expect(nowhere).rejects.toThrow("This machine has no address 203.0.113.9.");
  });
});
