import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ACCOUNT, OWNER, startTestApp, type TestApp, USERID } from "../../support/test-app.ts";

let harness: TestApp;
beforeEach(async () => {
  harness = await startTestApp();
});
afterEach(() => harness.close());

/** Everything that is stored, as "partition | sort key". */
function stored(): string[] {
  const database = new DatabaseSync(path.join(harness.dataDir, "weighbridge.sqlite"), { readOnly: true });
  const items = database.prepare("SELECT pk, sk FROM weighbridge ORDER BY pk, sk").all();
  database.close();
  return items.map(({ pk, sk }) => `${pk} | ${sk}`);
}
/** What doesn't say who somebody is or what they measured: spent addresses, ended leases, how often we ask. */
const isTrace = (item: string) => /^(once#consent|lease|rate-limit)#/.test(item);
const isErased = () => expect(stored().filter((item) => !isTrace(item))).toEqual([]);
const account = async () => (await harness.app.store.accounts.find(ACCOUNT)) ?? expect.fail("the account is missing");

describe("everything of an account", () => {
  test("is gone when its owner says so, and both sides are free for others", async () => {
    harness.person.stepOnScale({ weightKg: 80.25 });
    await harness.sync();
    await harness.app.garminSignIn.rememberEmail(ACCOUNT, OWNER.email);
    await harness.app.store.dialogs.write(String(ACCOUNT), {});
    await harness.app.disconnect(await account(), "everything");
    expect(stored().filter((item) => !isTrace(item))).toEqual([]);
  });

  test("leaves no trace in the files, although the program keeps running", async () => {
    harness.person.stepOnScale({ weightKg: 80.25 });
    await harness.sync();
    await harness.app.garminSignIn.rememberEmail(ACCOUNT, OWNER.email);
    const database = new DatabaseSync(path.join(harness.dataDir, "weighbridge.sqlite"), { readOnly: true });
    const texts = database
      .prepare("SELECT value FROM weighbridge")
      .all()
      .map(({ value }) => String(value));
    database.close();
    const sealed = texts.flatMap((text) => text.match(/v1\.[\w.+/=-]{40,}/g) ?? []);
    expect(sealed.length).toBeGreaterThanOrEqual(3);
    const bytes = () =>
      readdirSync(harness.dataDir)
        .filter((name) => name.startsWith("weighbridge.sqlite"))
        .map((name) => readFileSync(path.join(harness.dataDir, name), "latin1"))
        .join("");
    // A long text is spread over several pages.
    const pieces = [...sealed.map((text) => text.slice(12, 44)), '"weightKg":80.25', String(USERID)];
    const secrets = pieces.filter((piece) => bytes().includes(piece));
    expect(secrets.length).toBeGreaterThanOrEqual(4);
    await harness.app.disconnect(await account(), "everything");
    expect(secrets.filter((secret) => bytes().includes(secret))).toEqual([]);
  });

  test("stays gone when a sweep that started before comes to it", async () => {
    const before = await account();
    await harness.app.disconnect(before, "everything");
    await harness.app.sync.run(before);
    expect(stored().filter((item) => !isTrace(item))).toEqual([]);
  });

  test("stays gone when an older button is pressed: nobody is linked, and nobody is kept out", async () => {
    const { withingsLinking } = harness.app;
    const answer = new URL(harness.sandbox.withings.allow(USERID, withingsLinking.begin(ACCOUNT)));
    await harness.app.disconnect(await account(), "everything");
    expect(await withingsLinking.withCallback(answer.searchParams)).toEqual({ result: { type: "account_removed" } });
    expect(stored().filter((item) => !isTrace(item))).toEqual([]);
  });
});

describe("everything removed while a link is being made", () => {
  const OTHER = ACCOUNT + 1;
  type Copy = Awaited<ReturnType<TestApp["newApp"]>>;
  const WAYS: Record<
    string,
    { path: string; link: (app: Copy, account?: number) => Promise<{ type: string }>; linked: string }
  > = {
    "at Withings, by its callback": {
      path: "/v2/oauth2",
      link: async ({ withingsLinking }) => {
        const address = harness.sandbox.withings.allow(USERID, withingsLinking.begin(ACCOUNT));
        const { account, result } = await withingsLinking.withCallback(new URL(address).searchParams);
        // There is no chat left to write to.
        if (result.type === "account_removed") expect(account).toBeUndefined();
        return result;
      },
      linked: "linked",
    },
    "at Withings, by a pasted code": {
      path: "/v2/oauth2",
      link: ({ withingsLinking }, to = ACCOUNT) => {
        const address = harness.sandbox.withings.allow(USERID, withingsLinking.begin(to));
        return withingsLinking.withPasted(to, new URL(address).searchParams.get("code") ?? "");
      },
      linked: "linked",
    },
    "at Garmin": {
      path: "/di-oauth2-service/oauth/token",
      link: ({ garminSignIn }, to = ACCOUNT) =>
        garminSignIn.withPasted(to, harness.sandbox.garmin.mintTicket(OWNER.email)),
      linked: "signed_in",
    },
  };
  beforeEach(async () => {
    for (const vendor of ["withings", "garmin"] as const) {
      await harness.app.disconnect(await account(), vendor);
    }
  });

  test.each(Object.entries(WAYS))("%s, before the vendor has answered, leaves nothing", async (_what, way) => {
    const app = await harness.newApp({
      wrapSend: (send) => async (request) => {
        const answer = await send(request);
        if (new URL(request.url).pathname === way.path) await harness.app.disconnect(await account(), "everything");
        return answer;
      },
    });
    expect(await way.link(app)).toEqual({ type: "account_removed" });
    isErased();
    const again = await harness.app.store.accounts.save(OTHER, {});
    if (_what === "at Withings, by its callback") return;
    expect(await way.link(harness.app, again.telegramUserId)).toMatchObject({ type: way.linked });
  });

  test.each(Object.entries(WAYS))(
    "%s, while the link is being saved, waits and takes it away too",
    async (_what, way) => {
      const removing: Array<Promise<void>> = [];
      const owner = await account();
      const app = await harness.newApp({
        wrapTable: (table) => ({
          ...table,
          put: async (key, value, options) => {
            if (key.pk.startsWith("vendor-user#") && removing.length === 0) {
              removing.push(harness.app.disconnect(owner, "everything"));
              // Enough time for it to remove everything if it were not held back.
              for (let n = 0; n < 8; n++) await new Promise((resolve) => setImmediate(resolve));
            }
            return table.put(key, value, options);
          },
        }),
      });
      await way.link(app);
      expect(removing).toHaveLength(1);
      await Promise.all(removing);
      isErased();
    },
  );

  test("makes an older claim of an account that is gone meaningless", async () => {
    await harness.app.store.withingsUsers.claim(String(USERID), 999);
    expect(await WAYS["at Withings, by a pasted code"]?.link(harness.app)).toMatchObject({ type: "linked" });
  });
});

test("no notifications are said to be on once the link is gone, even if it ended before", async () => {
  const web = await startTestApp({ hasAddress: true });
  const { app } = web;
  await app.subscriptions.keep(ACCOUNT);
  expect(await app.subscriptions.state(ACCOUNT)).toMatchObject({ state: "on" });
  web.sandbox.withings.revoke(USERID);
  expect(await web.sync()).toMatchObject({ action: "relink_withings" });
  await app.disconnect((await app.store.accounts.find(ACCOUNT)) ?? expect.fail("the account is missing"), "withings");
  expect(await app.subscriptions.state(ACCOUNT)).toEqual({ state: "off" });
  await web.close();
});
