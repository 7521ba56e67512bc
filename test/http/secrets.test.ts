import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT, startTestApp, type TestApp, type TestAppOptions } from "../support/test-app.ts";
import { watched } from "../support/watched-table.ts";

let harness: TestApp;
afterEach(() => harness.close());

const start = (options: TestAppOptions & { manualSyncToken?: string } = {}) => {
  const { manualSyncToken, ...more } = options;
  const env = manualSyncToken === undefined ? {} : { env: { MANUAL_SYNC_TOKEN: manualSyncToken } };
  return startTestApp({ hasAddress: true, linked: false, ...env, ...more });
};
const webhookSecret = () => harness.service().webhookSecret;
/** What the bot wrote in the owner's chat. */
const answers = () => harness.sandbox.telegram.outbox.flatMap(({ params }) => params.text ?? []);

describe("what Telegram brings", () => {
  const owner = { id: ACCOUNT, is_bot: false, first_name: "Owner" };
  const help = (more: object = {}) => ({
    update_id: 7,
    message: {
      ...{ message_id: 1, date: 1, text: "/help", from: owner, chat: { ...owner, type: "private" } },
      ...{ entities: [{ type: "bot_command", offset: 0, length: 5 }], ...more },
    },
  });
  const bring = (body: string, secret: string | undefined = webhookSecret(), method = "POST") =>
    harness.ask("/telegram", {
      method,
      headers: { ...(secret !== undefined && { "x-telegram-bot-api-secret-token": secret }) },
      ...(method === "POST" && { body }),
    });

  test("an update is handed to the bot and answered with an empty body", async () => {
    harness = await start();
    const answer = await bring(JSON.stringify(help()));
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(answers()).toEqual([expect.stringContaining("/status")]);
  });

  test("what is not an update gets 200, because Telegram would repeat it for a day and hold back its chat", async () => {
    harness = await start();
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
    expect(answers()).toEqual([]);
    expect(harness.logged.filter((line) => line.includes('"update_not_understood"'))).toHaveLength(7);
    expect((await bring("", webhookSecret(), "GET")).status).toBe(405);
  });

  test("an update that nothing was done about gets 503 and comes again soon", async () => {
    const store = watched();
    harness = await start({ wrapTable: store.wrapTable });
    store.takeAway();
    const answer = await bring(JSON.stringify(help()));
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "3"]);
    store.giveBack();
    expect((await bring(JSON.stringify(help()))).status).toBe(200);
    expect(answers()).toEqual([expect.stringContaining("/status")]);
  });

  test("an update may be much longer than a typed message", async () => {
    harness = await start();
    const carried = { message_id: 0, date: 1, text: "x".repeat(300_000), chat: { ...owner, type: "private" } };
    expect((await bring(JSON.stringify(help({ reply_to_message: carried })))).status).toBe(200);
    expect(answers()).toEqual([expect.stringContaining("/status")]);
  });
});

describe("a sync begun from outside", () => {
  const TOKEN = "a-token-of-many-characters-for-tests";
  const post = (path = "", init: RequestInit = {}, token = TOKEN) =>
    harness.ask(`/sync/manual${path}`, { method: "POST", ...init, headers: { authorization: `Bearer ${token}` } });
  const success = { status: "success", synced: 1, skipped: 0, held: 0, failed: 0 };

  test("a manual sync syncs every account and reports the result", async () => {
    harness = await start({ linked: true, manualSyncToken: TOKEN });
    harness.person.stepOnScale({ weightKg: 80.25 });
    await harness.app.store.accounts.save(ACCOUNT + 1, {});
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
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([80.25]);
  });

  test.each([
    ["the address", `?account=${ACCOUNT}`, {}],
    ["a form", "", { body: new URLSearchParams({ account: String(ACCOUNT) }) }],
    ["JSON", "", { body: JSON.stringify({ account: ACCOUNT }) }],
    ["JSON as text", "", { body: JSON.stringify({ account: String(ACCOUNT) }) }],
  ])("a manual sync syncs one account if it is named in %s", async (_where, path, init) => {
    harness = await start({ linked: true, manualSyncToken: TOKEN });
    harness.person.stepOnScale({ weightKg: 80.25 });
    const answer = await post(path, init);
    expect([answer.status, await answer.json()]).toEqual([200, success]);
  });

  test("a manual sync that has to wait gets 200 and says so in its status", async () => {
    harness = await start({ linked: true, manualSyncToken: TOKEN });
    harness.sandbox.faults.turnOn("withings_down");
    const answer = await post(`?account=${ACCOUNT}`);
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ status: "retry_later" })]);
  });

  test("a manual sync of an unknown account is refused in one sentence and starts nothing", async () => {
    harness = await start({ linked: true, manualSyncToken: TOKEN });
    harness.requests();
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
    expect((await harness.ask("/sync/manual", { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(405);
    expect(harness.requests()).toEqual([]);
  });

  test("a manual sync needs the token, and without a configured token there is none", async () => {
    harness = await start({ linked: true });
    for (const token of ["", "undefined", TOKEN]) {
      const answer = await post("", {}, token);
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    }
  });
});

test("a request without a route's secret causes no read, no write and no call to anybody", async () => {
  const store = watched();
  harness = await start({
    linked: true,
    wrapTable: store.wrapTable,
    manualSyncToken: "a-token-of-the-owner-alone",
  });
  harness.requests();
  const before = store.calls();
  const outbox = harness.sandbox.telegram.requests.length;
  const routes = [
    ["/telegram", {}, 401],
    ["/telegram", { "x-telegram-bot-api-secret-token": "wrong" }, 401],
    ["/telegram", { "x-telegram-bot-api-secret-token": `${webhookSecret()}x` }, 401],
    ["/sync/manual", {}, 401],
    ["/sync/manual?account=4711", { authorization: "Bearer wrong" }, 401],
    ["/sync/manual", { authorization: "Basic a-token-of-the-owner-alone" }, 401],
    ["/withings/notify?key=wrong", {}, 404],
  ] as const;
  for (const [path, headers, status] of routes) {
    for (const method of ["POST", "GET", "PUT"]) {
      const body = method === "POST" ? { body: '{"update_id":7}' } : {};
      const answer = await harness.ask(path, { method, headers, ...body });
      expect([answer.status, await answer.text()], `${method} ${path}`).toEqual([status, ""]);
    }
  }
  expect(store.calls()).toBe(before);
  expect(answers()).toEqual([]);
  expect(harness.requests()).toEqual([]);
  expect(harness.sandbox.telegram.requests.length).toBe(outbox);
});
