import { request as nodeRequest } from "node:http";
import { afterEach, describe, expect, test, vi } from "vitest";
import { RetryLaterError } from "../src/errors.ts";
import { listen } from "../src/node-http.ts";
import type { Table } from "../src/store/table.ts";
import { settleUnlinked } from "../src/sync/unlinked.ts";
import { ACCOUNT, NOON, USERID } from "./support/household.ts";
import { startWebHouse, WEBHOOK_SECRET, type WebHouse } from "./support/web-house.ts";

let house: WebHouse;
afterEach(() => house.close());

/** Counts what is asked of the store, and can take it away. */
function watched() {
  let calls = 0;
  let isAway = false;
  const through =
    <A extends unknown[], T>(call: (...given: A) => Promise<T>) =>
    async (...given: A) => {
      calls++;
      if (isAway) throw new RetryLaterError("the store is away");
      return call(...given);
    };
  return {
    wrapTable: (table: Table): Table => ({
      get: through(table.get),
      list: through(table.list),
      put: through(table.put),
      delete: through(table.delete),
      close: () => table.close(),
    }),
    calls: () => calls,
    takeAway: () => {
      isAway = true;
    },
  };
}

const form = (fields: Record<string, string>) => ({ method: "POST", body: new URLSearchParams(fields) });
const weighIn = (userid = USERID) =>
  form({ userid: String(userid), startdate: "1795262399", enddate: "1795262400", appli: "1" });
const link = () => house.app.links.read(ACCOUNT, "withings");

describe("the page after the consent", () => {
  test("links the account that began, tells its chat, and sends its reader back to Telegram", async () => {
    house = await startWebHouse();
    const answer = await fetch(house.consent());
    expect(answer.status).toBe(200);
    expect(await answer.text()).toMatch(/<h1>Linked<\/h1>.*Go back to Telegram\./);
    const result = { type: "linked", withingsUserId: String(USERID) };
    expect(house.heard).toEqual([{ account: ACCOUNT, result }]);
    expect((await link())?.value).toMatchObject({ state: "linked", vendorUserId: String(USERID) });
  });

  test("holds no script, is kept by nobody, and says nowhere else where it came from", async () => {
    house = await startWebHouse();
    for (const path of ["/withings/callback", "/withings/callback?code=x&state=%3Cscript%3E"]) {
      const answer = await house.ask(path);
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

  test("opened twice at once links once, and tells the chat once", async () => {
    house = await startWebHouse();
    const address = house.consent();
    const pages = await Promise.all([fetch(address), fetch(address)].map(async (it) => (await it).text()));
    expect(pages.filter((page) => page.includes("<h1>Linked</h1>"))).toHaveLength(1);
    expect(pages.filter((page) => page.includes("<h1>Used already</h1>"))).toHaveLength(1);
    expect(house.heard).toHaveLength(1);
  });

  test("is not spent by Withings' probe, nor by a program that looks before its person does", async () => {
    house = await startWebHouse();
    const address = house.consent();
    expect((await fetch(address, { method: "HEAD" })).status).toBe(200);
    expect(await (await house.ask("/withings/callback")).text()).toContain("<h1>Weighbridge</h1>");
    expect((await house.ask("/withings/callback", { method: "HEAD" })).status).toBe(200);
    expect(house.heard).toEqual([]);
    expect(await (await fetch(address)).text()).toContain("<h1>Linked</h1>");
  });

  test("says what is wrong with the address, and costs neither the store nor Withings anything", async () => {
    const store = watched();
    house = await startWebHouse({ wrapTable: store.wrapTable });
    const late = house.consent();
    house.clock.advance(600);
    house.requests();
    const before = store.calls();
    const says = async (address: string) => {
      const answer = await fetch(address);
      expect(answer.status).toBe(400);
      return answer.text();
    };
    expect(await says(`${house.url}/withings/callback?code=abc&state=made-up`)).toContain("does not come from me");
    expect(await says(`${house.url}/withings/callback?code=abc`)).toContain("does not come from me");
    expect(await says(late)).toContain("ten minutes");
    expect(await says(`${house.url}/withings/callback?error=access_denied`)).toContain("Nothing was shared");
    expect(store.calls()).toBe(before);
    expect(house.requests()).toEqual([]);
    // Only the one that was ours has somebody to tell.
    expect(house.heard).toEqual([{ account: ACCOUNT, result: { type: "late_state" } }]);
  });

  test("says when Withings, the store or the application's secret are the matter, and repeats no secret in the log", async () => {
    const store = watched();
    house = await startWebHouse({ wrapTable: store.wrapTable });
    const refuse = (error: string) =>
      house.sandbox.faults.add({
        ...{ server: "withings", match: { path: "/v2/oauth2" } },
        effect: { type: "body", body: { status: 503, error } },
      });
    const addresses = [house.consent(), house.consent(), house.consent()];
    const open = async (address = "") => {
      const answer = await fetch(address);
      return `${answer.status} ${(await answer.text()).replace(/<[^>]*>/g, " ")}`;
    };
    refuse("Invalid Params: invalid client id/secret");
    expect(await open(addresses[0])).toMatch(/^500 .*Whoever runs it/);
    refuse("Something new");
    expect(await open(addresses[1])).toMatch(/^503 .*in time/);
    store.takeAway();
    expect(await open(addresses[2])).toMatch(/^503 .*in time/);
    expect(house.heard).toEqual([]);
    for (const address of addresses) {
      for (const secret of new URL(address).searchParams.values()) expect(house.logged.join()).not.toContain(secret);
    }
  });
});

describe("a notification", () => {
  test("is queued for the account that the person belongs to, and answered with nothing", async () => {
    house = await startWebHouse({ linked: true });
    const answer = await fetch(house.notifyUrl, weighIn());
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(await house.jobs()).toEqual([`${ACCOUNT} withings_notified`]);
    expect((await house.app.jobs.list())[0]?.value.dueAt).toEqual(new Date(NOON.getTime() + 8000));
  });

  test("may be sent as either kind of form", async () => {
    house = await startWebHouse({ linked: true });
    const body = new FormData();
    for (const [name, value] of weighIn().body) body.append(name, value);
    expect((await fetch(house.notifyUrl, { method: "POST", body })).status).toBe(200);
    expect(await house.jobs()).toEqual([`${ACCOUNT} withings_notified`]);
  });

  test("without the right key is answered like an address that does not exist, and nothing is looked up", async () => {
    const store = watched();
    house = await startWebHouse({ linked: true, wrapTable: store.wrapTable });
    const before = store.calls();
    const key = house.app.notifyKey;
    const wrong = ["", "?key=", "?key=wrong", `?key=${key}x`, `?key=${key.slice(1)}`, `?key=${key.toLowerCase()}`];
    for (const query of wrong) {
      for (const method of ["GET", "HEAD", "POST", "PUT"]) {
        const body = method === "POST" ? { body: weighIn().body } : {};
        const answer = await house.ask(`/withings/notify${query}`, { method, ...body });
        expect([answer.status, await answer.text()], `${method} ${query}`).toEqual([404, ""]);
      }
    }
    expect(store.calls()).toBe(before);
    expect(await house.jobs()).toEqual([]);
  });

  test("is what Withings asks for with HEAD before it subscribes", async () => {
    house = await startWebHouse();
    for (const method of ["HEAD", "GET"]) expect((await fetch(house.notifyUrl, { method })).status).toBe(200);
    expect((await fetch(house.notifyUrl, { method: "PUT" })).status).toBe(405);
  });

  test("about somebody unknown, or in words unknown, is answered with 200 and forgotten", async () => {
    house = await startWebHouse({ linked: true });
    const multipart = { "content-type": "multipart/form-data; boundary=x" };
    for (const init of [
      weighIn(999),
      form({ appli: "1" }),
      form({ userid: "31400001#account", appli: "1" }),
      { method: "POST" },
      { method: "POST", body: "{}" },
      { method: "POST", body: "no form", headers: multipart },
    ]) {
      expect((await fetch(house.notifyUrl, init)).status).toBe(200);
    }
    expect(await house.jobs()).toEqual([]);
  });

  test("is refused while it cannot be stored, so that Withings sends it again", async () => {
    const store = watched();
    house = await startWebHouse({ linked: true, wrapTable: store.wrapTable });
    store.takeAway();
    expect((await fetch(house.notifyUrl, weighIn())).status).toBe(503);
  });

  test("that is too long is not read to its end", async () => {
    house = await startWebHouse({ linked: true });
    const body = `userid=${USERID}&appli=1&more=${"x".repeat(64 * 1024)}`;
    expect((await fetch(house.notifyUrl, { method: "POST", body })).status).toBe(413);
    expect(await house.jobs()).toEqual([]);
    // The next request is none the worse for it.
    expect((await fetch(house.notifyUrl, weighIn())).status).toBe(200);
  });

  test("about the profile asks for a look only when the person is gone", async () => {
    house = await startWebHouse({ linked: true });
    await house.app.subscriptions.keep(ACCOUNT);
    const { notifications } = house.sandbox.withings;
    notifications.announceProfile(USERID, "update");
    await notifications.delivered();
    expect(await house.jobs()).toEqual([]);
    notifications.announceProfile(USERID, "unlink");
    notifications.announceProfile(USERID, "delete");
    await notifications.delivered();
    expect(await house.jobs()).toEqual([`${ACCOUNT} withings_unlinked`]);
    expect(notifications.sent.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe("from the scale to Garmin", () => {
  const runs = () => house.logged.filter((line) => line.includes('"run_ended"')).length;

  test("one weigh-in with its three notifications is one sync", async () => {
    house = await startWebHouse({ linked: true });
    await house.app.subscriptions.keep(ACCOUNT);
    const worker = house.startWorker();
    house.person.stepOnScale({ weightKg: 80.25, siblings: true });
    await house.sandbox.withings.notifications.delivered();
    expect(house.sandbox.withings.notifications.sent.map(({ status }) => status)).toEqual([200, 200, 200]);
    house.clock.advance(8);
    worker.wake();
    await vi.waitFor(async () => expect(await house.jobs()).toEqual([]), { timeout: 5000 });
    await worker.stop();
    expect(house.weights().map(({ weightKg }) => weightKg)).toEqual([80.25]);
    expect(runs()).toBe(1);
  });

  test("a program that is killed after it has answered does the work when it is back", async () => {
    house = await startWebHouse({ linked: true });
    await house.app.subscriptions.keep(ACCOUNT);
    house.person.stepOnScale({ weightKg: 80.25 });
    await house.sandbox.withings.notifications.delivered();
    house.clock.advance(3600);
    expect(house.weights()).toEqual([]);
    const worker = house.startWorker();
    await vi.waitFor(async () => expect(await house.jobs()).toEqual([]), { timeout: 5000 });
    await worker.stop();
    expect(house.weights().map(({ weightKg }) => weightKg)).toEqual([80.25]);
  });

  test("what is announced while another run is at work is looked at again", async () => {
    house = await startWebHouse({ linked: true });
    const job = { account: ACCOUNT, reason: "withings_notified" as const, dueAt: NOON, attempts: 0 };
    const lease = await house.app.leases.acquire(`account#${ACCOUNT}`, 60);
    await house.work(job);
    await lease?.release();
    const next = await house.app.agenda.read(ACCOUNT);
    expect(next?.dueAt).toEqual(new Date(house.clock.now().getTime() + 60_000));
  });
});

describe("a person who is said to be gone", () => {
  const OTHER = ACCOUNT + 1;
  const OTHER_USERID = USERID + 1;
  const job = { account: ACCOUNT, reason: "withings_unlinked" as const, dueAt: NOON, attempts: 0 };
  const addNeighbour = async () => {
    house.sandbox.withings.addPerson({ userid: OTHER_USERID, name: "other", timezone: "Europe/Berlin" });
    await house.app.accounts.save(OTHER, {});
    await fetch(house.consent(OTHER, OTHER_USERID));
  };

  test("and whom Withings no longer lets us read is unlinked, free for others, and told once", async () => {
    house = await startWebHouse({ linked: true });
    await addNeighbour();
    await house.app.subscriptions.keep(ACCOUNT);
    house.sandbox.withings.revoke(USERID);
    await house.work(job);
    await house.work(job);
    expect(house.unlinked).toEqual([ACCOUNT]);
    expect(await link()).toBeUndefined();
    expect(await house.app.withingsUsers.accountOf(String(USERID))).toBeUndefined();
    expect(await house.app.subscriptionMemory.read(ACCOUNT)).toBeUndefined();
    expect((await house.app.links.read(OTHER, "withings"))?.value.state).toBe("linked");
    expect((await house.app.links.read(ACCOUNT, "garmin"))?.value.state).toBe("linked");
  });

  test("and who links anew while they are told of it, stays linked", async () => {
    house = await startWebHouse({ linked: true });
    house.sandbox.withings.revoke(USERID);
    const { run } = house.app;
    const onUnlinked = async () => void (await fetch(house.consent()));
    const deps = { ...house.app, source: run.source, onUnlinked, now: house.clock.now(), log: run.log };
    await settleUnlinked(deps, ACCOUNT);
    expect((await link())?.value.state).toBe("linked");
    expect(await house.app.withingsUsers.accountOf(String(USERID))).toBe(ACCOUNT);
  });

  test("and is not, stays linked", async () => {
    house = await startWebHouse({ linked: true });
    const before = await link();
    await house.work(job);
    expect(await link()).toEqual(before);
    expect(house.unlinked).toEqual([]);
  });

  test("stays linked while Withings gives no answer, and is looked at again", async () => {
    house = await startWebHouse({ linked: true });
    house.sandbox.withings.revoke(USERID);
    house.sandbox.faults.turnOn("withings_down");
    await expect(house.work(job)).rejects.toThrow(RetryLaterError);
    expect((await link())?.value.state).toBe("linked");
    house.sandbox.faults.clear();
    house.clock.advance(60);
    await house.work(job);
    expect(await link()).toBeUndefined();
  });

  test("stays linked when only a scope is too small", async () => {
    house = await startWebHouse({ linked: true });
    house.sandbox.faults.add({
      ...{ server: "withings", match: { path: "/measure" } },
      effect: { type: "body", body: { status: 403, error: "Insufficient_scope" } },
    });
    await house.work(job);
    expect((await link())?.value.state).toBe("linked");
  });
});

describe("what Telegram brings", () => {
  const bring = (body: string, secret: string | undefined = WEBHOOK_SECRET, method = "POST") =>
    house.ask("/telegram", {
      method,
      headers: { ...(secret !== undefined && { "x-telegram-bot-api-secret-token": secret }) },
      ...(method === "POST" && { body }),
    });

  test("is handed on, and answered with nothing", async () => {
    house = await startWebHouse();
    const answer = await bring('{"update_id":7,"message":{}}');
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(house.updates).toEqual([7]);
  });

  test("is not asked for again where it is no update: it would come for a day, and nothing else of its chat", async () => {
    house = await startWebHouse();
    for (const body of [
      "",
      "no json",
      "null",
      "[]",
      '{"update_id":"7"}',
      '{"update_id":7.5}',
      "x".repeat(1024 * 1025),
    ]) {
      expect((await bring(body)).status).toBe(200);
    }
    expect(house.updates).toEqual([]);
    expect(house.logged.filter((line) => line.includes('"update_not_understood"'))).toHaveLength(7);
    expect((await bring("", WEBHOOK_SECRET, "GET")).status).toBe(405);
  });

  test("comes again soon where nothing was done", async () => {
    const onUpdate = vi.fn(async () => {}).mockRejectedValueOnce(new RetryLaterError("another copy is at work"));
    house = await startWebHouse({ onUpdate });
    const answer = await bring('{"update_id":7}');
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "3"]);
    expect((await bring('{"update_id":7}')).status).toBe(200);
  });

  test("may carry much more than was typed", async () => {
    house = await startWebHouse();
    expect((await bring(JSON.stringify({ update_id: 7, message: "x".repeat(300_000) }))).status).toBe(200);
    expect(house.updates).toEqual([7]);
  });
});

describe("a sync begun from outside", () => {
  const TOKEN = "a-token-of-many-characters-for-tests";
  const post = (path = "", init: RequestInit = {}, token = TOKEN) =>
    house.ask(`/sync/manual${path}`, { method: "POST", ...init, headers: { authorization: `Bearer ${token}` } });
  const success = { status: "success", synced: 1, skipped: 0, held: 0, failed: 0 };

  test("brings over what is new of every account, and says what came of it", async () => {
    house = await startWebHouse({ linked: true, manualSyncToken: TOKEN });
    house.person.stepOnScale({ weightKg: 80.25 });
    await house.app.accounts.save(ACCOUNT + 1, {});
    const answer = await post();
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        ...{ ...success, status: "action_needed", action: "link_withings" },
        accounts: [
          { account: ACCOUNT, ...success },
          { account: ACCOUNT + 1, ...success, status: "action_needed", synced: 0, action: "link_withings" },
        ],
      },
    ]);
    expect(house.weights().map(({ weightKg }) => weightKg)).toEqual([80.25]);
  });

  test.each([
    ["the address", `?account=${ACCOUNT}`, {}],
    ["a form", "", { body: new URLSearchParams({ account: String(ACCOUNT) }) }],
    ["JSON", "", { body: JSON.stringify({ account: ACCOUNT }) }],
    ["JSON as text", "", { body: JSON.stringify({ account: String(ACCOUNT) }) }],
  ])("is of one account where one is named in %s", async (_where, path, init) => {
    house = await startWebHouse({ linked: true, manualSyncToken: TOKEN });
    house.person.stepOnScale({ weightKg: 80.25 });
    const answer = await post(path, init);
    expect([answer.status, await answer.json()]).toEqual([200, success]);
  });

  test("says in its status, and not as a failure of the request, that time or an owner has to move", async () => {
    house = await startWebHouse({ linked: true, manualSyncToken: TOKEN });
    house.sandbox.faults.turnOn("withings_down");
    const answer = await post(`?account=${ACCOUNT}`);
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ status: "retry_later" })]);
  });

  test("of nobody is refused in one sentence, and begins nothing", async () => {
    house = await startWebHouse({ linked: true, manualSyncToken: TOKEN });
    house.requests();
    const unknown = await post("?account=999");
    expect([unknown.status, await unknown.json()]).toEqual([
      404,
      { status: "error", message: "There is no account 999." },
    ]);
    for (const init of [{ body: "account=anna" }, { body: "{" }, { body: '{"account":null}' }, { body: "account=" }]) {
      const answer = await post("", init);
      expect([answer.status, await answer.json()], init.body).toEqual([
        400,
        {
          status: "error",
          message: "Name the account by its Telegram user id, as in account=123456789, or name none for all.",
        },
      ]);
    }
    expect((await house.ask("/sync/manual", { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(405);
    expect(house.requests()).toEqual([]);
  });

  test("needs the token, and there is none where none was set", async () => {
    house = await startWebHouse({ linked: true });
    for (const token of ["", "undefined", TOKEN]) {
      const answer = await post("", {}, token);
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    }
  });
});

test("whoever does not know a route's secret costs no look into the store, no write and no call to anybody", async () => {
  const store = watched();
  house = await startWebHouse({
    linked: true,
    wrapTable: store.wrapTable,
    manualSyncToken: "a-token-of-the-owner-alone",
  });
  house.requests();
  const before = store.calls();
  const outbox = house.sandbox.telegram.requests.length;
  const routes = [
    ["/telegram", {}, 401],
    ["/telegram", { "x-telegram-bot-api-secret-token": "wrong" }, 401],
    ["/telegram", { "x-telegram-bot-api-secret-token": `${WEBHOOK_SECRET}x` }, 401],
    ["/sync/manual", {}, 401],
    ["/sync/manual?account=4711", { authorization: "Bearer wrong" }, 401],
    ["/sync/manual", { authorization: "Basic a-token-of-the-owner-alone" }, 401],
    ["/withings/notify?key=wrong", {}, 404],
  ] as const;
  for (const [path, headers, status] of routes) {
    for (const method of ["POST", "GET", "PUT"]) {
      const body = method === "POST" ? { body: '{"update_id":7}' } : {};
      const answer = await house.ask(path, { method, headers, ...body });
      expect([answer.status, await answer.text()], `${method} ${path}`).toEqual([status, ""]);
    }
  }
  expect(store.calls()).toBe(before);
  expect(house.updates).toEqual([]);
  expect(house.requests()).toEqual([]);
  expect(house.sandbox.telegram.requests.length).toBe(outbox);
});

describe("everything else", () => {
  test("health is said without a look into the store", async () => {
    const store = watched();
    house = await startWebHouse({ wrapTable: store.wrapTable });
    const before = store.calls();
    const answer = await house.ask("/health");
    expect([answer.status, await answer.json()]).toEqual([200, { status: "ok", version: "1.2.3" }]);
    expect((await house.ask("/health", { method: "HEAD" })).status).toBe(200);
    expect(store.calls()).toBe(before);
  });

  test("unknown addresses are 404, and wrong methods 405 with the right ones", async () => {
    house = await startWebHouse();
    for (const path of [
      "/",
      "/withings",
      "/withings/callback/",
      "/withings/notify/",
      "/Health",
      "//health/x",
      "/%00",
    ]) {
      expect((await house.ask(path)).status, path).toBe(404);
    }
    for (const path of ["/health", "/withings/callback"]) {
      const answer = await house.ask(path, { method: "DELETE" });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    }
  });

  test("a request that is none is answered with 400", async () => {
    house = await startWebHouse();
    const { port } = new URL(house.url);
    const status = await new Promise((resolve, reject) => {
      const path = "http://[";
      nodeRequest({ port, path, host: "127.0.0.1" }, ({ statusCode }) => resolve(statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(400);
  });

  test("a port that is taken is one sentence", async () => {
    house = await startWebHouse();
    const log = house.app.run.log;
    const { port } = new URL(house.url);
    const second = listen(async () => new Response(), { host: "127.0.0.1", port: Number(port), log });
    await expect(second).rejects.toThrow(
      `Port ${port} is in use by another program. Stop that one, or set PORT to another number.`,
    );
    const nowhere = listen(async () => new Response(), { host: "203.0.113.9", port: 0, log });
    await expect(nowhere).rejects.toThrow("This machine has no address 203.0.113.9.");
  });
});
