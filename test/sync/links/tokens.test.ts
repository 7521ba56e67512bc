import { afterEach, describe, expect, test } from "vitest";
import { openTable } from "../../../src/app/open-stores.ts";
import { readConfig } from "../../../src/config/config.ts";
import { RetryLaterError, UsageError } from "../../../src/lib/errors.ts";
import type { Transport } from "../../../src/lib/http-client.ts";
import type { FaultEffect } from "../../../src/sandbox/fault.ts";
import type { NewFault } from "../../../src/sandbox/faults.ts";
import { refreshTokens } from "../../../src/sandbox/garmin-calls.ts";
import { keys } from "../../../src/store/keys.ts";
import type { Table } from "../../../src/store/table.ts";
import { AccessRefusedError, type Vendor } from "../../../src/sync/model/link.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp, USERID } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

const HOUR = 3600;
/** After this, the access tokens of both vendors have run out, and neither refresh token. */
const A_WHILE = 31 * HOUR;

/** The stored link as it is in the table, with its version. */
async function stored(vendor: Vendor) {
  const table = await openTable(readConfig(harness.env, ["store"]).store, harness.clock);
  const item = await table.get(keys.link(ACCOUNT, vendor));
  await table.close();
  return item;
}
const link = async (vendor: Vendor) => {
  const found = await harness.app.store.links.read(ACCOUNT, vendor);
  if (!found) throw new Error(`no ${vendor} link`);
  return found;
};
const linkWithings = () => {
  const { withingsLinking } = harness.app;
  return withingsLinking.withPasted(ACCOUNT, harness.sandbox.withings.allow(USERID, withingsLinking.begin(ACCOUNT)));
};
const isTokenRequest = ({ path }: { path: string }) => /oauth/.test(path);
const tokenRequests = (vendor: Vendor) => harness.sandbox[vendor].requests.filter(isTokenRequest).length;

/** A linked account with one weigh-in to send, before any request. */
async function waitingWeighIn() {
  harness = await startTestApp();
  harness.clock.advance(A_WHILE);
  harness.person.stepOnScale({ weightKg: 80.25 });
  harness.requests();
}

const TOKENS: Record<Vendor, Pick<NewFault, "server" | "match">> = {
  withings: { server: "withings", match: { path: "/v2/oauth2" } },
  garmin: { server: "garmin_diauth", match: {} },
};
const page = "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>";
const noVerdict: Record<Vendor, Record<string, FaultEffect>> = {
  withings: {
    "status 601": { type: "body", body: { status: 601, body: {}, error: "Same arguments in less than 10 seconds" } },
    "a status nobody has seen": { type: "body", body: { status: 98765, body: {}, error: "Something new" } },
    "HTTP 429": { type: "status", status: 429 },
    "HTTP 500": { type: "status", status: 500 },
    "HTTP 502 with a page": { type: "status", status: 502, body: page },
    "HTTP 403 with a page": { type: "status", status: 403, body: page },
    "HTTP 200 with a page": { type: "body", body: page },
    "an empty object": { type: "body", body: {} },
    "a success without tokens": { type: "body", body: { status: 0, body: {} } },
    "a success with half of the tokens": {
      type: "body",
      body: { status: 0, body: { userid: USERID, access_token: "new", expires_in: 10800 } },
    },
    "no answer": { type: "drop_before" },
    "a lost answer": { type: "drop_after" },
  },
  garmin: {
    "HTTP 429": { type: "status", status: 429, body: { error: "Too Many Requests" } },
    "HTTP 500": { type: "status", status: 500 },
    "HTTP 503 with a text": { type: "status", status: 503, body: "upstream connect error" },
    "HTTP 403 with Cloudflare's page": { type: "status", status: 403, body: page },
    "HTTP 401 with a page": { type: "status", status: 401, body: page },
    "HTTP 400 with a page": { type: "status", status: 400, body: page },
    "HTTP 200 with a page": { type: "body", body: page },
    "an empty object": { type: "body", body: {} },
    "a success without an access token": { type: "body", body: { refresh_token: "new", expires_in: 64000 } },
    "no answer": { type: "drop_before" },
  },
};

const cases = (["withings", "garmin"] as const).flatMap((vendor) =>
  Object.entries(noVerdict[vendor]).map(([what, effect]) => [vendor, what, effect] as const),
);

describe("a renewal that ends without a clear answer", () => {
  test("with a client id that Garmin no longer knows asks for a new setting, and ends no link", async () => {
    await waitingWeighIn();
    await linkWithings();
    const before = await stored("garmin");
    const effect = { type: "status", status: 400, body: { error: "invalid_client" } } as const;
    harness.sandbox.faults.add({ ...TOKENS.garmin, times: 1, effect });
    expect(await harness.sync()).toMatchObject({ status: "action_needed", action: "fix_garmin_client_id" });
    expect(await stored("garmin")).toEqual(before);
    harness.clock.advance(121);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  });

  test.each(cases)(
    "at %s in %s leaves the stored link as it is, byte by byte, and a later run goes on",
    async (vendor, _what, effect) => {
      await waitingWeighIn();
      // So that only the link in question has to be renewed.
      if (vendor === "garmin") await linkWithings();
      const before = await stored(vendor);
      harness.sandbox.faults.add({ ...TOKENS[vendor], times: 1, effect });
      const report = await harness.sync();
      expect(["retry_later", "error"]).toContain(report.status);
      expect(report).not.toHaveProperty("action");
      expect(await stored(vendor)).toEqual(before);

      harness.clock.advance(121);
      expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    },
  );

  test("in status 601 or a limit is for later, not an error", async () => {
    await waitingWeighIn();
    harness.sandbox.faults.turnOn("withings_601");
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
  });

  test("because our own client secret is refused ends no link, and asks for the application to be fixed", async () => {
    await waitingWeighIn();
    const before = await stored("withings");
    harness.sandbox.faults.turnOn("withings_503_client_secret", { times: 1 });
    expect(await harness.sync()).toMatchObject({ status: "action_needed", action: "fix_withings_application" });
    expect(await stored("withings")).toEqual(before);
    harness.clock.advance(11);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  });
});

test.each<[string, FaultEffect]>([
  ["a page", { type: "body", body: page }],
  ["HTTP 403 with a page", { type: "status", status: 403, body: page }],
  ["HTTP 429", { type: "status", status: 429 }],
  ["HTTP 500", { type: "status", status: 500 }],
])("readings answered with %s end no link at either vendor", async (_what, effect) => {
  await waitingWeighIn();
  await harness.link();
  const before = [await stored("withings"), await stored("garmin")];
  for (const server of ["withings", "garmin_connectapi"] as const) {
    harness.sandbox.faults.add({ name: server, server, match: {}, times: Infinity, effect });
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
    harness.sandbox.faults.clear();
    harness.clock.advance(121);
  }
  expect([await stored("withings"), await stored("garmin")]).toEqual(before);
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
});

describe("a renewed link", () => {
  test("is stored before its access token is used for the first time, at both vendors", async () => {
    await waitingWeighIn();
    const events: string[] = [];
    const known = new Set([
      (await link("withings")).value.tokens.accessToken,
      (await link("garmin")).value.tokens.accessToken,
    ]);
    const app = await harness.newApp({
      wrapTable: (table: Table) => ({
        ...table,
        put: async (key, value, options) => {
          const outcome = await table.put(key, value, options);
          if (key.sk.startsWith("link#")) events.push(`${key.sk} ${outcome.type}`);
          return outcome;
        },
      }),
      wrapSend: (send: Transport) => (request) => {
        const bearer = /^Bearer (.*)/.exec(request.headers?.authorization ?? "")?.[1];
        if (bearer && !known.has(bearer)) {
          known.add(bearer);
          events.push(
            `first use at ${new URL(request.url).port === new URL(harness.sandbox.withings.apiUrl).port ? "withings" : "garmin"}`,
          );
        }
        return send(request);
      },
    });
    expect(await harness.sync({}, app)).toMatchObject({ status: "success", synced: 1 });
    expect(events).toEqual([
      ...["link#withings written", "first use at withings"],
      ...["link#garmin written", "first use at garmin"],
    ]);
  });

  test("that a crash keeps from being stored is renewed again at Withings, and nothing is lost", async () => {
    await waitingWeighIn();
    const dying = await harness.newApp({
      wrapTable: (table: Table) => ({
        ...table,
        put: (key, value, options) => {
          if (key.sk === "link#withings") throw new Error("the process dies here");
          return table.put(key, value, options);
        },
      }),
    });
    expect(await harness.sync({}, dying)).toMatchObject({ status: "error" });
    expect(tokenRequests("withings")).toBe(1);
    harness.clock.advance(121);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect((await link("withings")).value.state).toBe("linked");
  });

  test("is used by a run that was refused the token before it", async () => {
    await waitingWeighIn();
    await harness.sync();
    harness.requests();
    harness.clock.advance(60);
    await harness.sync();
    expect([tokenRequests("withings"), tokenRequests("garmin")]).toEqual([0, 0]);
  });

  test("knows when its refresh token dies", async () => {
    await waitingWeighIn();
    await harness.sync();
    const daysLeft = async (vendor: Vendor) =>
      ((await link(vendor)).value.tokens.refreshExpiresAt.getTime() - harness.clock.now().getTime()) / 86_400_000;
    expect(await daysLeft("withings")).toBeCloseTo(365, 2);
    expect(await daysLeft("garmin")).toBeCloseTo(30, 2);
  });
});

describe("an access token that the vendor refuses", () => {
  test("once is renewed once, and the run goes on", async () => {
    harness = await startTestApp();
    harness.person.stepOnScale({ weightKg: 80.25 });
    await harness.sync();
    harness.clock.advance(60);
    harness.person.stepOnScale({ weightKg: 80.5 });
    harness.sandbox.withings.expireAccessToken(USERID);
    harness.sandbox.garmin.expireAccessToken(OWNER.email);
    harness.requests();
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect([tokenRequests("withings"), tokenRequests("garmin")]).toEqual([1, 1]);
    expect(harness.weights()).toHaveLength(2);
  });

  const EVERYWHERE: Record<Vendor, NewFault> = {
    withings: {
      ...{ name: "401", server: "withings", match: { path: /measure|notify/ }, times: Infinity },
      effect: { type: "body", body: { status: 401, body: {}, error: "invalid_token" } },
    },
    garmin: {
      ...{ name: "401", server: "garmin_connectapi", match: {}, times: Infinity },
      effect: { type: "status", status: 401 },
    },
  };
  const vendors = ["withings", "garmin"] as const;

  test.each(vendors)(
    "by every endpoint of %s for ten minutes has ended: the owner is asked, and no vendor any more",
    async (vendor) => {
      await waitingWeighIn();
      harness.sandbox.faults.add(EVERYWHERE[vendor]);
      expect(await harness.sync()).toMatchObject({ status: "retry_later" });
      harness.clock.advance(9 * 60);
      expect(await harness.sync()).toMatchObject({ status: "retry_later" });
      expect((await link(vendor)).value.state).toBe("linked");
      harness.clock.advance(60);
      expect(await harness.sync()).toMatchObject({ status: "action_needed", action: `relink_${vendor}` });
      expect((await link(vendor)).value.state).toBe("stale");

      harness.requests();
      harness.clock.advance(23 * HOUR);
      expect(await harness.sync()).toEqual({
        ...{ status: "action_needed", action: `relink_${vendor}`, synced: 0, skipped: 0, held: 0, failed: 0 },
        since: expect.any(Date),
      });
      const asked = harness.requests().filter((it) => it.startsWith(vendor));
      expect(asked).toEqual([]);
      harness.sandbox.faults.clear();
      await harness.link();
      expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    },
  );

  test.each([
    ["withings", { ...EVERYWHERE.withings, match: { path: "/measure" } }],
    ["withings", EVERYWHERE.withings],
    ["garmin", { ...EVERYWHERE.garmin, match: { path: /upload/ } }],
    ["garmin", EVERYWHERE.garmin],
  ] as const)("a few times within a minute, at %s, ends nothing: a minute later all is well", async (vendor, fault) => {
    await waitingWeighIn();
    harness.sandbox.faults.add(fault);
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
    harness.sandbox.faults.clear();
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    const { value } = await link(vendor);
    expect(value.state).toBe("linked");
    // Forgotten: the next refusal counts as the first again.
    expect(value.refusal).toBeUndefined();
  });

  test.each([
    ["withings", { ...EVERYWHERE.withings, match: { path: "/measure" } }],
    ["garmin", { ...EVERYWHERE.garmin, match: { path: /upload/ } }],
  ] as const)("by one endpoint of %s alone, for days, never ends the link", async (vendor, fault) => {
    await waitingWeighIn();
    harness.sandbox.faults.add(fault);
    for (let hours = 0; hours < 72; hours += 4) {
      expect(await harness.sync()).toMatchObject({ status: "retry_later" });
      harness.clock.advance(4 * HOUR);
    }
    expect((await link(vendor)).value.state).toBe("linked");
  });

  test.each<[string, FaultEffect]>([
    ["a page", { type: "body", body: page }],
    ["nothing", { type: "drop_before" }],
    ["an empty object", { type: "body", body: {} }],
    ["HTTP 403", { type: "status", status: 403, body: page }],
  ])("everywhere, while Garmin's profile answers with %s, is never confirmed", async (_what, effect) => {
    await waitingWeighIn();
    harness.sandbox.faults.add({
      ...{ server: "garmin_connectapi", match: { path: /socialProfile/ }, times: Infinity, effect },
    });
    harness.sandbox.faults.add(EVERYWHERE.garmin);
    for (let times = 0; times < 3; times++) {
      expect(await harness.sync()).toMatchObject({ status: "retry_later" });
      harness.clock.advance(HOUR);
    }
    expect((await link("garmin")).value.state).toBe("linked");
  });

  test.each(vendors)("doesn't end the %s link because of /doctor, however often it is run", async (vendor) => {
    await waitingWeighIn();
    harness.sandbox.faults.add(EVERYWHERE[vendor]);
    const look = () =>
      vendor === "garmin"
        ? harness.app.garminSignIn.uploadConsent(ACCOUNT)
        : harness.app.withingsLinking.check(ACCOUNT);
    for (let presses = 0; presses < 4; presses++) {
      await expect(look()).rejects.toThrow();
      harness.clock.advance(6 * 60);
    }
    expect((await link(vendor)).value.state).toBe("linked");
    harness.sandbox.faults.clear();
    if (vendor === "withings") harness.sandbox.withings.killRefreshToken(USERID);
    else harness.sandbox.garmin.revoke(OWNER.email);
    harness.clock.advance(A_WHILE);
    await expect(look()).rejects.toThrow(`relink_${vendor}`);
    expect((await link(vendor)).value.state).toBe("linked");
  });

  test("twice doesn't end a link that its owner has made again in between", async () => {
    await waitingWeighIn();
    await harness.link();
    harness.sandbox.faults.add({
      ...{ server: "garmin_connectapi", match: { method: "POST" }, times: 2 },
      effect: { type: "status", status: 401 },
    });
    let refusals = 0;
    const app = await harness.newApp({
      wrapSend: (send) => async (request) => {
        const answer = await send(request);
        if (answer.status === 401 && ++refusals === 2) await harness.link();
        return answer;
      },
    });
    expect(await harness.sync({}, app)).toMatchObject({ status: "retry_later" });
    expect((await link("garmin")).value.state).toBe("linked");
    harness.clock.advance(121);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  });
});

describe("a stale link", () => {
  const ENDED: Record<Vendor, NewFault> = {
    withings: {
      ...TOKENS.withings,
      effect: { type: "body", body: { status: 503, error: "Invalid Params: invalid refresh_token" } },
    },
    garmin: { ...TOKENS.garmin, effect: { type: "status", status: 400, body: { error: "invalid_grant" } } },
  };
  const DAY = 24 * HOUR;

  test.each<Vendor>(["withings", "garmin"])(
    "is tried once a day, and comes back by itself when %s had only erred",
    async (vendor) => {
      await waitingWeighIn();
      if (vendor === "garmin") await linkWithings();
      harness.sandbox.faults.add({ ...ENDED[vendor], name: "ended", times: Infinity });
      const stale = { status: "action_needed", action: `relink_${vendor}` };
      expect(await harness.sync()).toMatchObject(stale);
      harness.requests();
      for (let hours = 0; hours < 72; hours += 3) {
        harness.clock.advance(3 * HOUR);
        expect(await harness.sync()).toMatchObject(stale);
      }
      const tries = harness
        .requests()
        .filter((it) => /oauth/.test(it))
        .filter((it) => it.startsWith(vendor)).length;
      expect(tries).toBeGreaterThanOrEqual(2);
      expect(tries).toBeLessThanOrEqual(vendor === "withings" ? 6 : 4);
      harness.sandbox.faults.remove("ended");
      harness.clock.advance(DAY + 1);
      expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
      expect((await link(vendor)).value).toMatchObject({ state: "linked" });
      expect((await link(vendor)).value.triedAt).toBeUndefined();
    },
  );

  test("stays one that needs its owner while its vendor is down", async () => {
    await waitingWeighIn();
    harness.sandbox.faults.add(ENDED.garmin);
    await harness.sync();
    harness.sandbox.faults.turnOn("garmin_diauth_down");
    harness.clock.advance(DAY + 1);
    expect(await harness.sync()).toMatchObject({ status: "action_needed", action: "relink_garmin" });
  });

  test("stored by an older version, which did not save when it was tried, is tried too", async () => {
    await waitingWeighIn();
    const { value, version } = await link("garmin");
    await harness.app.store.links.write(ACCOUNT, "garmin", { ...value, state: "stale" }, version);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  });

  test("that was last tried with a clock far ahead is tried anyway", async () => {
    await waitingWeighIn();
    const { value, version } = await link("garmin");
    const triedAt = new Date(harness.clock.now().getTime() + 400 * DAY * 1000);
    await harness.app.store.links.write(ACCOUNT, "garmin", { ...value, state: "stale", triedAt }, version);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  });
});

describe("a refusal to renew", () => {
  const unclear: Array<[Vendor, string, FaultEffect]> = [
    ["withings", "status 250", { type: "body", body: { status: 250, error: "Invalid Params: invalid token" } }],
    ["withings", "status 503 without words", { type: "body", body: { status: 503 } }],
    ["garmin", "another error", { type: "status", status: 401, body: { error: "unauthorized_client" } }],
    ["garmin", "no error", { type: "status", status: 403, body: { message: "Forbidden" } }],
    ["garmin", "an odd error", { type: "status", status: 400, body: { error: { code: 7 } } }],
  ];
  test.each(unclear)(
    "at %s in words that nobody knows (%s) waits for three days, then asks the owner by name, and heals by itself",
    async (vendor, _what, effect) => {
      await waitingWeighIn();
      if (vendor === "garmin") await linkWithings();
      harness.sandbox.faults.add({ ...TOKENS[vendor], name: "unclear", times: Infinity, effect });
      for (let hours = 0; hours < 72; hours += 6) {
        expect(await harness.sync()).toMatchObject({ status: "retry_later" });
        harness.clock.advance(6 * HOUR);
        if (vendor === "garmin") await linkWithings();
      }
      expect(await harness.sync()).toMatchObject({ status: "action_needed", action: `relink_${vendor}` });
      expect((await link(vendor)).value.state).toBe("linked");
      harness.sandbox.faults.remove("unclear");
      harness.clock.advance(HOUR);
      expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
      expect((await link(vendor)).value.refusal).toBeUndefined();
    },
  );

  test("at Withings in unknown words doesn't make the next refusal the second one", async () => {
    const answers = (status: number): FaultEffect => ({ type: "body", body: { status, body: {}, error: "no" } });
    await waitingWeighIn();
    harness.sandbox.faults.add({ ...TOKENS.withings, effect: answers(2555) });
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
    harness.clock.advance(4 * HOUR);
    harness.sandbox.faults.add({ ...TOKENS.withings, name: "refusing", times: Infinity, effect: answers(401) });
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
    expect((await link("withings")).value).toMatchObject({ state: "linked", refusal: { of: "renewal" } });
    harness.sandbox.faults.remove("refusing");
    harness.clock.advance(HOUR);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  });

  test("by Withings that doesn't mention the refresh token counts once it has lasted ten minutes", async () => {
    const refused: FaultEffect = { type: "body", body: { status: 401, body: {}, error: "invalid_token" } };
    await waitingWeighIn();
    harness.sandbox.faults.add({ ...TOKENS.withings, effect: refused });
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
    harness.clock.advance(60);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });

    harness.clock.advance(A_WHILE);
    harness.sandbox.faults.add({ ...TOKENS.withings, times: Infinity, effect: refused });
    expect(await harness.sync()).toMatchObject({ status: "retry_later" });
    harness.clock.advance(600);
    expect(await harness.sync()).toMatchObject({ status: "action_needed", action: "relink_withings" });
    expect((await link("withings")).value.state).toBe("stale");
  });
});

describe("a refresh token that the vendor refuses", () => {
  test.each<Vendor>(["withings", "garmin"])(
    "at %s ends the link, in words, without a further request, and a new sign-in heals it",
    async (vendor) => {
      await waitingWeighIn();
      if (vendor === "withings") harness.sandbox.withings.killRefreshToken(USERID);
      else harness.sandbox.garmin.revoke(OWNER.email);
      expect(await harness.sync()).toMatchObject({ status: "action_needed", action: `relink_${vendor}`, synced: 0 });
      expect(harness.logged.some((line) => line.includes('"link_stale"'))).toBe(true);
      harness.requests();
      expect(await harness.sync()).toMatchObject({ status: "action_needed", action: `relink_${vendor}` });
      expect(harness.requests()).toEqual([]);

      harness.clock.advance(3 * 24 * HOUR);
      harness.person.stepOnScale({ weightKg: 80.5 });
      await harness.link();
      expect(await harness.sync()).toMatchObject({ status: "success", synced: 2 });
      expect(harness.weights().map((it) => it.weightKg)).toEqual([80.25, 80.5]);
    },
  );

  test("was renewed by another process in the meantime: the store is read again, and its token used", async () => {
    await waitingWeighIn();
    const app = await harness.newApp({
      wrapSend: (send) => async (request) => {
        const isRefresh = String(request.body).includes("refresh_token") && String(request.url).includes("di-oauth2");
        if (isRefresh) {
          // The other one is first, and stores what it got.
          const { value, version } = await link("garmin");
          const answer = await refreshTokens(harness.sandbox.garmin, value.tokens.refreshToken);
          const { access_token: accessToken = "", refresh_token: refreshToken = "" } = answer;
          const accessExpiresAt = new Date(harness.clock.now().getTime() + 64_000_000);
          const tokens = { ...value.tokens, accessToken, refreshToken, accessExpiresAt };
          expect(await harness.app.store.links.write(ACCOUNT, "garmin", { ...value, tokens }, version)).toBe(true);
        }
        return send(request);
      },
    });
    expect(await harness.sync({}, app)).toMatchObject({ status: "success", synced: 1 });
    expect((await link("garmin")).value.state).toBe("linked");
  });

  test("gives way to the one before it, as a last chance", async () => {
    await waitingWeighIn();
    const { value, version } = await link("garmin");
    const tokens = { ...value.tokens, refreshToken: "one that Garmin never made valid" };
    await harness.app.store.links.write(
      ACCOUNT,
      "garmin",
      { ...value, tokens, previousRefreshToken: value.tokens.refreshToken },
      version,
    );
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    expect((await link("garmin")).value.state).toBe("linked");
  });

  test("doesn't end a link that its owner makes again at this very moment", async () => {
    await waitingWeighIn();
    harness.sandbox.garmin.revoke(OWNER.email);
    const app = await harness.newApp({
      wrapSend: (send) => async (request) => {
        const answer = await send(request);
        if (answer.status === 400) await harness.link();
        return answer;
      },
    });
    expect((await harness.sync({}, app)).status).not.toBe("action_needed");
    expect((await link("garmin")).value.state).toBe("linked");
    harness.clock.advance(121);
    await harness.sync();
    expect(harness.weights()).toHaveLength(1);
  });
});

describe("a link that is asked for by whose it is", () => {
  const SPOUSE = { email: "spouse@example.org", password: "a-password-for-tests" };
  const signInSpouse = () => harness.signInAs(SPOUSE.email);
  const isRefresh = (request: { url: URL | string; body?: unknown }) =>
    String(request.body).includes("refresh_token") && String(request.url).includes("di-oauth2");
  /** What a call with access to the owner's profile ended with, and which tokens it was given. */
  async function use(app = harness.app, call: (token: string) => void = () => {}) {
    const given: string[] = [];
    const access = app.tokens.withAccess(ACCOUNT, "garmin", profileId);
    const end = await access(async (token) => {
      given.push(token);
      call(token);
    }).then(
      () => "good",
      (error: Error) => `${error.name}: ${error.message}`,
    );
    return { end, given };
  }
  const CHANGED = "RetryLaterError: the garmin link was changed while it was used";
  let profileId: string;
  async function two() {
    await waitingWeighIn();
    harness.sandbox.garmin.addAccount({ ...SPOUSE, displayName: "s", fullName: "Spouse", timezone: "Europe/Berlin" });
    profileId = (await link("garmin")).value.vendorUserId;
  }

  test("gives access while it is the same one, renewed or made again", async () => {
    await two();
    expect((await use()).end).toBe("good");
    await harness.link();
    expect((await use()).end).toBe("good");
  });

  test("gives none when it is another profile by now, and isn't renewed either", async () => {
    await two();
    await signInSpouse();
    harness.clock.advance(A_WHILE);
    harness.requests();
    expect(await use()).toEqual({ end: CHANGED, given: [] });
    expect(harness.requests()).toEqual([]);
    expect((await link("garmin")).value.state).toBe("linked");
  });

  test("gives none when it becomes another profile just before it is renewed", async () => {
    await two();
    const app = await harness.newApp({
      wrapTable: (table: Table) => ({
        ...table,
        put: async (key, value, options) => {
          if (key.pk.startsWith("lease#link#garmin")) await signInSpouse();
          return table.put(key, value, options);
        },
      }),
    });
    expect(await use(app)).toEqual({ end: CHANGED, given: [] });
  });

  test.each(["before", "after"])("gives none when it becomes another profile %s Garmin's answer", async (when) => {
    await two();
    if (when === "before") harness.sandbox.garmin.revoke(OWNER.email);
    const app = await harness.newApp({
      wrapSend: (send) => async (request) => {
        const answer = await send(request);
        if (isRefresh(request)) await signInSpouse();
        return answer;
      },
    });
    expect(await use(app)).toEqual({ end: CHANGED, given: [] });
    expect((await link("garmin")).value).toMatchObject({ state: "linked", displayName: "Spouse" });
  });

  test("gives none when it becomes another profile while its token is refused", async () => {
    await two();
    await harness.link();
    let relinked: Promise<unknown> = Promise.resolve();
    const access = harness.app.tokens.withAccess(ACCOUNT, "garmin", profileId);
    let calls = 0;
    const end = access(async () => {
      calls++;
      relinked = signInSpouse();
      await relinked;
      throw new AccessRefusedError("Garmin");
    });
    await expect(end).rejects.toThrow("changed while it was used");
    expect(calls).toBe(1);
  });
});

describe("renewed tokens that the store doesn't take", () => {
  /** A copy of the program whose store refuses the first `times` writes of this link; `lands` if they happen all the same. */
  const stubborn = (vendor: Vendor, times: number, { lands = false, onPut = () => {} } = {}) => {
    let left = times;
    return harness.newApp({
      wrapTable: (table: Table) => ({
        ...table,
        put: async (key, value, options) => {
          if (key.sk !== `link#${vendor}`) return table.put(key, value, options);
          onPut();
          if (left-- <= 0) return table.put(key, value, options);
          if (lands) await table.put(key, value, options);
          throw new RetryLaterError("Another process is holding the database");
        },
      }),
    });
  };

  test.each<[Vendor, boolean]>([
    ["withings", false],
    ["withings", true],
    ["garmin", false],
    ["garmin", true],
  ])("at once are kept and offered again, at %s (the write took effect: %s)", async (vendor, lands) => {
    await waitingWeighIn();
    const app = await stubborn(vendor, 1, { lands });
    expect(await harness.sync({}, app)).toMatchObject({ status: "success", synced: 1 });
    expect(tokenRequests(vendor)).toBe(1);
    harness.clock.advance(1800);
    expect(await harness.sync()).toMatchObject({ status: "success" });
  });

  test("are offered five times, with pauses of 1, 2, 4 and 8 seconds, all inside the lease", async () => {
    await waitingWeighIn();
    const startedAt = harness.clock.now().getTime();
    const offeredAt: number[] = [];
    const onPut = () => offeredAt.push((harness.clock.now().getTime() - startedAt) / 1000);
    const app = await stubborn("garmin", 99, { onPut });
    await expect(app.garminSignIn.uploadConsent(ACCOUNT)).rejects.toThrow(RetryLaterError);
    expect(offeredAt).toEqual([0, 1, 3, 7, 15]);
    expect((await link("garmin")).value.state).toBe("linked");
  });

  test("for another reason than time are not offered again", async () => {
    await waitingWeighIn();
    let offered = 0;
    const app = await harness.newApp({
      wrapTable: (table: Table) => ({
        ...table,
        put: async (key, value, options) => {
          if (key.sk !== "link#garmin") return table.put(key, value, options);
          offered++;
          throw new Error("a bug");
        },
      }),
    });
    await expect(app.garminSignIn.uploadConsent(ACCOUNT)).rejects.toThrow("a bug");
    expect(offered).toBe(1);
  });

  test("are used all the same when the lease can't be released", async () => {
    await waitingWeighIn();
    const app = await harness.newApp({
      wrapTable: (table: Table) => ({
        ...table,
        delete: (key, options) => {
          if (key.pk.startsWith("lease#link#")) throw new RetryLaterError("Another process is holding the database");
          return table.delete(key, options);
        },
      }),
    });
    expect(await harness.sync({}, app)).toMatchObject({ status: "success", synced: 1 });
  });
});

describe("renewed tokens that the store refuses for a while", () => {
  const REASONS: Array<[string, number, () => Error]> = [
    ["denied once", 1, () => new UsageError("AWS refuses access to the table")],
    ["the disk is full", 1, () => new UsageError("The disk is full. Free some space there.")],
    ["damaged in a way nobody knows", 1, () => new Error("disk I/O error")],
    ["throttled for half a minute", 5, () => new RetryLaterError("DynamoDB does not answer")],
    ["throttled for minutes", 12, () => new RetryLaterError("DynamoDB does not answer")],
  ];
  const cases = (["withings", "garmin"] as const).flatMap((vendor) =>
    REASONS.map(([what, times, error]) => [vendor, what, times, error] as const),
  );

  test.each(cases)("of %s (%s) are kept, and offered again by the next run", async (vendor, _what, times, error) => {
    await waitingWeighIn();
    let left: number = times;
    const app = await harness.newApp({
      wrapTable: (table: Table) => ({
        ...table,
        put: async (key, value, options) => {
          if (key.sk === `link#${vendor}` && left-- > 0) throw error();
          return table.put(key, value, options);
        },
      }),
    });
    const bearers: string[] = [];
    for (let runs = 0; runs < 6; runs++) {
      const report = await harness.sync({}, app);
      expect(report).not.toHaveProperty("action");
      bearers.push(report.status);
      harness.clock.advance(1800);
    }
    expect(bearers.at(0)).not.toBe("success");
    expect(bearers.at(-1)).toBe("success");
    // No second one was asked for.
    expect(tokenRequests("garmin")).toBe(1);
    expect((await link(vendor)).value.state).toBe("linked");
    expect(harness.weights()).toHaveLength(1);
  });

  test("give way to a sign-in, but not to a note that the old ones are dead", async () => {
    await waitingWeighIn();
    let refuses = true;
    const app = await harness.newApp({
      wrapTable: (table: Table) => ({
        ...table,
        put: async (key, value, options) => {
          if (key.sk === "link#garmin" && refuses) throw new UsageError("The disk is full. Free some space there.");
          return table.put(key, value, options);
        },
      }),
    });
    await harness.sync({}, app);
    // Another copy of the program finds the old token dead.
    expect(await harness.sync()).toMatchObject({ action: "relink_garmin" });
    refuses = false;
    harness.clock.advance(60);
    expect(await harness.sync({}, app)).toMatchObject({ status: "success", synced: 1 });

    refuses = true;
    harness.clock.advance(A_WHILE);
    harness.person.stepOnScale({ weightKg: 80.5 });
    await harness.sync({}, app);
    await harness.link();
    const signedIn = await link("garmin");
    refuses = false;
    harness.clock.advance(60);
    expect(await harness.sync({}, app)).toMatchObject({ status: "success", synced: 1 });
    expect((await link("garmin")).value.tokens).toEqual(signedIn.value.tokens);
  });
});

describe("a renewal that outlasts its lease", () => {
  /** A copy of the program that gets Garmin's answer and then waits until it may go on. */
  async function heldUp() {
    const arrived = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const app = await harness.newApp({
      wrapSend: (send) => async (request) => {
        const answer = await send(request);
        if (String(request.url).includes("di-oauth2")) {
          arrived.resolve();
          await goOn.promise;
        }
        return answer;
      },
    });
    const end = app.garminSignIn.uploadConsent(ACCOUNT).then(
      () => "good",
      (error: Error) => error.message,
    );
    await arrived.promise;
    return { end, goOn: goOn.resolve };
  }

  test("writes its tokens over the mark of another process that found the old ones dead", async () => {
    await waitingWeighIn();
    const slow = await heldUp();
    harness.clock.advance(121);
    await expect(harness.app.tokens.keepAlive(ACCOUNT, "garmin")).resolves.toBeDefined();
    await expect(harness.app.tokens.withAccess(ACCOUNT, "garmin")(async () => {})).rejects.toThrow("relink_garmin");
    expect((await link("garmin")).value.state).toBe("stale");
    slow.goOn();
    expect(await slow.end).toBe("good");
    expect((await link("garmin")).value.state).toBe("linked");
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  });

  test("gives way to a sign-in that came in the meantime", async () => {
    await waitingWeighIn();
    const slow = await heldUp();
    await harness.link();
    const signedIn = await link("garmin");
    slow.goOn();
    expect(await slow.end).toBe("good");
    expect(await link("garmin")).toEqual(signedIn);
  });

  test("by less than two minutes doesn't exist: the other process waits", async () => {
    await waitingWeighIn();
    const slow = await heldUp();
    harness.clock.advance(119);
    await expect(harness.app.garminSignIn.uploadConsent(ACCOUNT)).rejects.toThrow("another process is renewing");
    slow.goOn();
    expect(await slow.end).toBe("good");
  });
});

describe("a link that nobody needs", () => {
  const DAY = 24 * HOUR;
  const keepAlive = (vendor: Vendor = "garmin", app = harness.app) => app.tokens.keepAlive(ACCOUNT, vendor);

  test("is left alone for a week, and then renewed once", async () => {
    harness = await startTestApp();
    harness.requests();
    harness.clock.advance(7 * DAY);
    await keepAlive();
    expect(harness.requests()).toEqual([]);
    harness.clock.advance(1);
    await keepAlive();
    await keepAlive();
    expect(tokenRequests("garmin")).toBe(1);
    expect((await link("garmin")).value.renewedAt).toEqual(harness.clock.now());
  });

  test("is still alive after a quarter of a year without a reading", async () => {
    harness = await startTestApp();
    harness.requests();
    for (let days = 0; days < 92; days++) {
      harness.clock.advance(DAY);
      await keepAlive();
    }
    expect(tokenRequests("garmin")).toBe(11);
    harness.person.stepOnScale({ weightKg: 80.25 });
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  });

  test("counts from its last renewal, for whatever reason that was", async () => {
    harness = await startTestApp();
    harness.clock.advance(5 * DAY);
    await harness.app.garminSignIn.uploadConsent(ACCOUNT);
    harness.requests();
    harness.clock.advance(5 * DAY);
    await keepAlive();
    expect(harness.requests()).toEqual([]);
  });

  test("starts over with a sign-in", async () => {
    harness = await startTestApp();
    harness.clock.advance(10 * DAY);
    await keepAlive();
    harness.clock.advance(10 * DAY);
    await harness.link();
    harness.requests();
    await keepAlive();
    expect(harness.requests()).toEqual([]);
  });

  test.each<[string, number]>([
    ["a year", 365],
    ["two days", 2],
  ])("is renewed when its last renewal lies %s in the future, by a clock that was wrong", async (_what, days) => {
    harness = await startTestApp();
    const ahead = {
      now: () => new Date(harness.clock.now().getTime() + days * DAY * 1000),
      sleep: harness.clock.sleep,
    };
    const app = await harness.newApp({ clock: ahead });
    await app.tokens.withAccess(ACCOUNT, "garmin")(async () => {});
    if (days < 7) {
      const { value, version } = await link("garmin");
      await harness.app.store.links.write(ACCOUNT, "garmin", { ...value, renewedAt: ahead.now() }, version);
    }
    await keepAlive();
    expect((await link("garmin")).value.renewedAt).toEqual(harness.clock.now());
  });

  test("isn't renewed twice at once", async () => {
    harness = await startTestApp();
    harness.clock.advance(8 * DAY);
    harness.requests();
    await Promise.all([keepAlive(), keepAlive("garmin", await harness.newApp())]);
    expect(tokenRequests("garmin")).toBe(1);
    expect((await link("garmin")).value.state).toBe("linked");
  });

  test("and that can't be renewed just now is logged, and tried again the next time", async () => {
    harness = await startTestApp();
    harness.clock.advance(8 * DAY);
    harness.sandbox.faults.turnOn("garmin_diauth_down", { times: 1 });
    const before = await stored("garmin");
    await keepAlive();
    const lines = harness.logged.filter((line) => line.includes('"link_not_renewed"')).map((line) => JSON.parse(line));
    expect(lines).toMatchObject([{ level: "warn", account: ACCOUNT, vendor: "garmin", error: "RetryLaterError" }]);
    expect(await stored("garmin")).toEqual(before);
    await keepAlive();
    expect((await link("garmin")).value.renewedAt).toEqual(harness.clock.now());
  });

  test("and was ended at the vendor asks for its owner", async () => {
    harness = await startTestApp();
    harness.clock.advance(8 * DAY);
    harness.sandbox.garmin.revoke(OWNER.email);
    await expect(keepAlive()).rejects.toThrow("relink_garmin");
    await expect(keepAlive()).rejects.toThrow("relink_garmin");
    expect((await link("garmin")).value.state).toBe("stale");
  });

  test("and is missing asks for its owner", async () => {
    harness = await startTestApp({ linked: false });
    await expect(keepAlive()).rejects.toThrow("link_garmin");
  });
});

test("a Garmin renewal whose answer is lost ends as a link that asks for its owner, never silently, and a sign-in repairs it", async () => {
  await waitingWeighIn();
  harness.sandbox.faults.turnOn("garmin_refresh_lost_answer", { times: 1 });
  expect(await harness.sync()).toMatchObject({ status: "retry_later" });
  expect((await link("garmin")).value.state).toBe("linked");
  harness.clock.advance(600);
  expect(await harness.sync()).toMatchObject({ status: "action_needed", action: "relink_garmin" });
  expect((await link("garmin")).value.state).toBe("stale");
  await harness.link();
  harness.clock.advance(60);
  expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
});

test("no token, refused or good, ever reaches the log or the report", async () => {
  await waitingWeighIn();
  const secrets = [(await link("withings")).value.tokens, (await link("garmin")).value.tokens];
  await harness.sync();
  secrets.push((await link("withings")).value.tokens, (await link("garmin")).value.tokens);
  harness.clock.advance(A_WHILE);
  harness.sandbox.garmin.revoke(OWNER.email);
  harness.sandbox.withings.killRefreshToken(USERID);
  harness.person.stepOnScale({ weightKg: 80.5 });
  const reports = [await harness.sync()];
  await linkWithings();
  reports.push(await harness.sync());
  expect(reports.map((it) => it.action)).toEqual(["relink_withings", "relink_garmin"]);
  const said = `${harness.logged.join("")}${JSON.stringify(reports)}`;
  for (const { accessToken, refreshToken } of secrets) {
    expect(said).not.toContain(accessToken);
    expect(said).not.toContain(refreshToken);
  }
});
