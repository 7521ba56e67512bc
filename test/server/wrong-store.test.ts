import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OWNER } from "../support/cli-process.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

/** Where the store was noted: only where no person sees it. */
const marks = (server: TestServer) =>
  server.sandbox.telegram
    .calls("setMyShortDescription")
    .flatMap(({ params }) => (params.short_description?.includes("in the store") ? [params.language_code] : []));

describe("a program started on a different store from the one its bot was used with", () => {
  let server: TestServer;
  const empty = () => mkdtempSync(path.join(tmpdir(), "weighbridge-empty-"));
  beforeEach(async () => {
    server = await startTestServer({ linked: true });
    const first = await server.start();
    await first.said("bot_started");
    await first.stop();
  });
  afterEach(async () => {
    rmSync(server.env.DATA_DIR ?? "", { recursive: true, force: true });
    await server.close();
  });

  test.each([
    ["the name of the table has a typing error", () => ({ TOKEN_TABLE_NAME: "weighbrige" })],
    ["the folder of the data is not mounted", () => ({ DATA_DIR: empty() })],
  ])("a program on an empty store refuses to start and tells its owner, once a day, if %s", async (_why, change) => {
    Object.assign(server.env, change());
    for (let times = 0; times < 3; times++) {
      const { ended, stop } = await server.start();
      expect(await ended).toMatchObject({
        name: "UsageError",
        message: expect.stringMatching(
          /^I was started with an empty store .*DATA_DIR and TOKEN_TABLE_NAME.*start --new$/,
        ),
      });
      await stop();
    }
    const told = () => server.told().filter((text) => text.includes("empty store"));
    expect(told()).toHaveLength(1);
    expect(told()[0]).toContain(`table ${server.env.TOKEN_TABLE_NAME ?? "weighbridge"} in ${server.env.DATA_DIR}`);
    server.clock.advance(24 * 3600 + 1);
    await (await server.start()).ended;
    expect(told()).toHaveLength(2);
  });

  test("start --new goes on with an empty store, even after the next start", async () => {
    server.env.DATA_DIR = empty();
    const started = await server.start(60, { isNew: true });
    await started.said("bot_started");
    await started.stop();
    await (await server.start()).said("bot_started");
    expect(server.told().join()).not.toContain("empty store");
  });

  test("an account added to an empty store counts as the owner's confirmation, and the bot warns that two copies send readings twice", async () => {
    server.env.DATA_DIR = empty();
    const app = await server.newApp();
    await app.store.accounts.save(OWNER, { language: "de" });
    await (await server.start()).said("bot_started");
    expect(server.told()).toEqual([expect.stringMatching(/^Dieser Bot lief zuletzt mit einem anderen Speicher/)]);
  });

  test("the same store is recognised even after everybody in it was removed, and people see nothing of that", async () => {
    await server.app.disconnect(await server.app.store.accounts.save(OWNER, {}), "everything");
    await (await server.start()).said("bot_started");
    expect(server.told()).toEqual([]);
    expect(marks(server)).toEqual(["la"]);
  });

  test("the program starts if Telegram doesn't say which store the bot was used with", async () => {
    server.env.DATA_DIR = empty();
    server.sandbox.faults.add({
      ...{ server: "telegram", match: { path: /getMyShortDescription$/ } },
      effect: { type: "status", status: 400, body: { ok: false, error_code: 400, description: "Bad Request" } },
    });
    const { said } = await server.start();
    await said("store_not_compared");
    await said("bot_started");
  });
});
