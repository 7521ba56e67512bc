import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Answer, RecordedRequest } from "../../../src/sandbox/serve.ts";
import { createGarminSso } from "../../../src/sync/garmin/sso.ts";
import { signInPageUrl, ticketFromPasted } from "../../../src/sync/garmin/ticket.ts";
import type { UnknownAnswer } from "../../../src/sync/model/vendor-answers.ts";
import { endOf, headerLines, page, type Stub, startStub } from "../../fixtures/stub-vendor.ts";
import { ACCOUNT, NOON, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

const MOBILE = "https://mobile.integration.garmin.com/gcm";

describe("with the sandbox", () => {
  let harness: TestApp;
  afterEach(() => harness?.close());

  async function start(mfa?: "email" | "phone") {
    harness = await startTestApp({ linked: false });
    harness.sandbox.garmin.accounts.get(OWNER.email).mfa = mfa;
    return harness;
  }
  const withPassword = (password = OWNER.password, app = harness.app) =>
    app.garminSignIn.withPassword(ACCOUNT, OWNER.email, password);
  const lastCode = () => harness.sandbox.garmin.inbox.at(-1)?.code ?? "";
  const wrongCode = () => (lastCode() === "000000" ? "111111" : "000000");
  const link = async () => (await harness.app.store.links.read(ACCOUNT, "garmin"))?.value;
  const asked = () => harness.requests().length;
  const DAY = 24 * 3600;

  test.each([
    ["the page before a password", "GET", /sign-in$/, () => withPassword()],
    ["a password", "POST", /\/login$/, () => withPassword()],
    ["a code", "POST", /verifyCode$/, () => harness.app.garminSignIn.withCode(ACCOUNT, lastCode())],
    ["the request for another code", "POST", /sendCode$/, () => harness.app.garminSignIn.newCode(ACCOUNT)],
    ["the question whether sign-ins work", "GET", /\/login$/, () => harness.app.garminSignIn.probe()],
  ] as const)("if no answer comes to %s, the trouble is Garmin’s", async (_what, method, path, attempt) => {
    await start("email");
    if (/Code/.test(path.source)) await withPassword();
    harness.sandbox.faults.add({ server: "garmin_sso", match: { method, path }, effect: { type: "drop_before" } });
    await expect(attempt()).rejects.toMatchObject({ delayedBy: "garmin_silent" });
  });

  describe("a password", () => {
    test("signs in where no second factor is asked for, and says whose account it is", async () => {
      await start();
      expect(await withPassword()).toEqual({
        type: "signed_in",
        displayName: "Owner",
        refreshExpiresAt: new Date(NOON.getTime() + 2_591_999_000),
        uploadConsent: true,
      });
      expect(await link()).toMatchObject({ state: "linked", displayName: "Owner", linkedAt: NOON });
      expect(harness.sandbox.garmin.requests.map((it) => `${it.server} ${it.method} ${it.path}`)).toEqual([
        "garmin_sso GET /mobile/sso/en_US/sign-in",
        "garmin_sso POST /mobile/api/login",
        "garmin_diauth POST /di-oauth2-service/oauth/token",
        "garmin_connectapi GET /userprofile-service/socialProfile",
        "garmin_connectapi GET /gdprconsent-service/feature/UPLOAD",
      ]);
    });

    test("leaves in the log which app the tokens belong to and how long they live, and not the tokens themselves", async () => {
      await start();
      await withPassword();
      const line = harness.logged.find((it) => it.includes("garmin_signed_in")) ?? "{}";
      expect(JSON.parse(line)).toMatchObject({
        clientId: "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2",
        accessExpiresAt: expect.stringMatching(/^20/),
        refreshExpiresAt: expect.stringMatching(/^20/),
      });
      const { tokens } = (await link()) ?? {};
      for (const token of [tokens?.accessToken, tokens?.refreshToken]) expect(line).not.toContain(token);
    });

    test("is followed by a sentence on the upload consent", async () => {
      await start();
      harness.sandbox.garmin.setConsent(OWNER.email, false);
      expect(await withPassword()).toMatchObject({ type: "signed_in", uploadConsent: false });
    });

    test("signs in even when the consent can't be asked for", async () => {
      await start();
      harness.sandbox.faults.add({ match: { path: /gdprconsent/ }, effect: { type: "status", status: 503 } });
      expect(await withPassword()).toMatchObject({ type: "signed_in", uploadConsent: undefined });
    });

    test.each([
      ["wrong_password", () => withPassword("wrong")],
      ["captcha", () => withFault("garmin_captcha")],
      ["account_locked", () => withFault("garmin_account_locked")],
      ["blocked", () => withFault("garmin_sso_cloudflare_403")],
    ] as const)("that ends in %s is tried once, and changes nothing", async (type, attempt) => {
      await start();
      await harness.link();
      const before = await harness.app.store.links.read(ACCOUNT, "garmin");
      asked();
      expect(await attempt()).toEqual({ type });
      // Somebody blocked at the page has not sent a password.
      const page = "garmin_sso GET /mobile/sso/en_US/sign-in";
      expect(harness.requests()).toEqual(type === "blocked" ? [page] : [page, "garmin_sso POST /mobile/api/login"]);
      expect(await harness.app.store.links.read(ACCOUNT, "garmin")).toEqual(before);
      harness.sandbox.faults.clear();
      expect(await withPassword()).toMatchObject({ type: "signed_in" });
    });
    function withFault(name: "garmin_captcha" | "garmin_account_locked" | "garmin_sso_cloudflare_403") {
      harness.sandbox.faults.turnOn(name);
      return withPassword();
    }
  });

  describe("the check before a password", () => {
    const obstacle = () => harness.app.garminSignIn.obstacle(ACCOUNT);
    const onProbe = (status: number) =>
      harness.sandbox.faults.add({
        match: { method: "GET", path: "/mobile/api/login" },
        effect: { type: "status", status },
      });

    test("asks Garmin without a password, and finds nothing if Garmin itself answers", async () => {
      await start();
      asked();
      expect(await obstacle()).toBeUndefined();
      expect(harness.requests()).toEqual(["garmin_sso GET /mobile/api/login"]);
    });

    test.each([
      [403, { type: "blocked" }],
      [429, { type: "network_limited" }],
      // An unknown answer keeps nobody out.
      [404, undefined],
      [500, undefined],
    ])("a probe that is answered with %s", async (status, expected) => {
      await start();
      onProbe(status);
      expect(await obstacle()).toEqual(expected);
    });

    test("finds a rest without asking Garmin", async () => {
      await start();
      harness.sandbox.faults.turnOn("garmin_sso_429", { times: 1 });
      const rests = await withPassword();
      asked();
      expect(await obstacle()).toEqual(rests);
      expect(asked()).toBe(0);
    });

    test.each<[string, () => Promise<unknown>]>([
      ["a password", () => withPassword()],
      ["a code", () => harness.app.garminSignIn.withCode(ACCOUNT, lastCode())],
      ["the wish for a new code", () => harness.app.garminSignIn.newCode(ACCOUNT)],
    ])("a limit said to %s is no strike for the account when the network is limited too", async (_what, attempt) => {
      await start("email");
      await withPassword();
      for (const method of ["POST", "GET"]) {
        harness.sandbox.faults.add({
          match: { method, path: /^\/mobile\/api\// },
          effect: { type: "status", status: 429 },
        });
      }
      expect(await attempt()).toEqual({ type: "network_limited" });
      expect(await obstacle()).toBeUndefined();
      expect(await harness.app.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
    });
  });

  describe("a limit", () => {
    test.each(["garmin_sso_429", "garmin_sso_429_in_200"] as const)(
      "said as %s rests sign-in for two hours, twice as long each time, a day at most",
      async (fault) => {
        await start();
        harness.sandbox.faults.turnOn(fault);
        for (const hours of [2, 4, 8, 16, 24, 24]) {
          const until = new Date(harness.clock.now().getTime() + hours * 3600_000);
          expect(await withPassword()).toEqual({ type: "resting", until });
          // The last is the network's probe.
          expect(harness.requests()).toEqual([
            "garmin_sso GET /mobile/sso/en_US/sign-in",
            "garmin_sso POST /mobile/api/login",
            "garmin_sso GET /mobile/api/login",
          ]);
          harness.clock.advance(hours * 3600 - 1);
          expect(await withPassword()).toEqual({ type: "resting", until });
          expect(asked()).toBe(0);
          harness.clock.advance(1);
        }
      },
    );

    test.each([
      ["POST", "an hour, which is shorter than our own rest", "3600", 2],
      ["POST", "ten hours", "36000", 10],
      ["POST", "a week", "604800", 24],
      ["GET", "ten hours, at the page before a password", "36000", 10],
    ])("on a %s that asks for a rest of %s", async (method, _what, seconds, hours) => {
      await start();
      harness.sandbox.faults.add({
        match: { method, path: method === "GET" ? /sign-in$/ : /login$/ },
        effect: { type: "status", status: 429, headers: { "retry-after": seconds } },
      });
      const until = new Date(harness.clock.now().getTime() + hours * 3600_000);
      expect(await withPassword()).toEqual({ type: "resting", until });
    });

    test("holds in every copy of the program", async () => {
      await start();
      harness.sandbox.faults.turnOn("garmin_sso_429", { times: 1 });
      await withPassword();
      asked();
      const other = await harness.newApp();
      expect(await withPassword(OWNER.password, other)).toMatchObject({ type: "resting" });
      expect(asked()).toBe(0);
    });

    test("that a clock a year ahead has dated doesn't rest sign-in for a year", async () => {
      await start();
      harness.sandbox.faults.turnOn("garmin_sso_429", { times: 1 });
      const now = () => new Date(harness.clock.now().getTime() + 365 * DAY * 1000);
      const ahead = await harness.newApp({ clock: { now, sleep: harness.clock.sleep } });
      expect(await withPassword(OWNER.password, ahead)).toMatchObject({ type: "resting" });
      expect(await withPassword()).toMatchObject({ type: "signed_in" });
    });

    test("is forgotten after a success", async () => {
      await start();
      harness.sandbox.faults.turnOn("garmin_sso_429", { times: 2 });
      await withPassword();
      harness.clock.advance(2 * 3600);
      await withPassword();
      harness.clock.advance(4 * 3600);
      expect(await withPassword()).toMatchObject({ type: "signed_in" });
      harness.sandbox.faults.turnOn("garmin_sso_429");
      expect(await withPassword()).toEqual({
        type: "resting",
        until: new Date(harness.clock.now().getTime() + 2 * 3600_000),
      });
    });

    test("long after the last one starts at two hours again", async () => {
      await start();
      harness.sandbox.faults.turnOn("garmin_sso_429");
      await withPassword();
      harness.clock.advance(2 * 3600 + DAY + 1);
      const until = new Date(harness.clock.now().getTime() + 2 * 3600_000);
      expect(await withPassword()).toEqual({ type: "resting", until });
    });

    test("leaves the way over Garmin's own page open", async () => {
      await start();
      harness.sandbox.faults.turnOn("garmin_sso_429");
      await withPassword();
      const ticket = harness.sandbox.garmin.mintTicket(OWNER.email);
      expect(await harness.app.garminSignIn.withPasted(ACCOUNT, ticket)).toMatchObject({ type: "signed_in" });
    });

    test("met while a code is awaited keeps codes from going out too", async () => {
      await start("email");
      await withPassword();
      harness.clock.advance(31);
      harness.sandbox.faults.add({ match: { path: /mfa\/sendCode/ }, effect: { type: "status", status: 429 } });
      expect(await harness.app.garminSignIn.newCode(ACCOUNT)).toMatchObject({ type: "resting" });
      asked();
      expect(await harness.app.garminSignIn.newCode(ACCOUNT)).toMatchObject({ type: "resting" });
      expect(await harness.app.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "resting" });
      expect(await withPassword()).toMatchObject({ type: "resting" });
      expect(asked()).toBe(0);
    });
  });

  describe("a code", () => {
    test("is asked for, and another copy of the program finishes what this one started", async () => {
      await start("email");
      expect(await withPassword()).toEqual({
        ...{ type: "mfa_required", sentBy: "email", sentTo: "ow*****@example.org" },
      });
      expect(await link()).toBeUndefined();
      const other = await harness.newApp();
      expect(await other.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({
        type: "signed_in",
        displayName: "Owner",
      });
      expect(await link()).toMatchObject({ state: "linked" });
      expect(harness.sandbox.garmin.inbox.length).toBe(1);
      asked();
      expect(await other.garminSignIn.withCode(ACCOUNT, lastCode())).toEqual({ type: "expired" });
      expect(asked()).toBe(0);
    });

    test("to a phone names the phone, and is verified for it", async () => {
      await start("phone");
      expect(await withPassword()).toEqual({ type: "mfa_required", sentBy: "phone", sentTo: "*******42" });
      expect(await harness.app.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
      const verified = harness.sandbox.garmin.requests.find((it) => it.path.endsWith("/verifyCode"));
      expect(JSON.parse(verified?.body ?? "")).toMatchObject({ mfaMethod: "phone" });
    });

    test("that is wrong can be followed by the right one, also in another copy", async () => {
      await start("email");
      await withPassword();
      for (let tries = 0; tries < 2; tries++) {
        expect(await harness.app.garminSignIn.withCode(ACCOUNT, wrongCode())).toEqual({ type: "wrong_code" });
      }
      const other = await harness.newApp();
      expect(await other.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
    });

    test("that is wrong three times ends the sign-in, whichever copies got it and whatever codes were sent in between", async () => {
      await start("email");
      await withPassword();
      await harness.app.garminSignIn.withCode(ACCOUNT, wrongCode());
      harness.clock.advance(30);
      await harness.app.garminSignIn.newCode(ACCOUNT);
      const other = await harness.newApp();
      expect(await other.garminSignIn.withCode(ACCOUNT, wrongCode())).toEqual({ type: "wrong_code" });
      expect(await harness.app.garminSignIn.withCode(ACCOUNT, wrongCode())).toEqual({ type: "code_tries_over" });
      asked();
      expect(await harness.app.garminSignIn.withCode(ACCOUNT, lastCode())).toEqual({ type: "expired" });
      expect(asked()).toBe(0);
    });

    test("can be sent again, which ends the older one", async () => {
      await start("email");
      await withPassword();
      const older = lastCode();
      expect(await harness.app.garminSignIn.newCode(ACCOUNT)).toEqual({ type: "code_too_soon" });
      harness.clock.advance(30);
      const other = await harness.newApp();
      expect(await other.garminSignIn.newCode(ACCOUNT)).toEqual({
        ...{ type: "code_sent", sentBy: "email", sentTo: "ow*****@example.org" },
      });
      expect(harness.sandbox.garmin.inbox.length).toBe(2);
      if (older !== lastCode())
        expect(await harness.app.garminSignIn.withCode(ACCOUNT, older)).toEqual({ type: "wrong_code" });
      expect(await harness.app.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
    });

    test("makes no request if no sign-in waits for it", async () => {
      await start("email");
      expect(await harness.app.garminSignIn.withCode(ACCOUNT, "123456")).toEqual({ type: "expired" });
      expect(await harness.app.garminSignIn.newCode(ACCOUNT)).toEqual({ type: "expired" });
      expect(asked()).toBe(0);
    });

    test("is accepted for ten minutes and no longer", async () => {
      await start("email");
      await withPassword();
      harness.clock.advance(599);
      expect(await harness.app.garminSignIn.withCode(ACCOUNT, wrongCode())).toEqual({ type: "wrong_code" });
      harness.clock.advance(2);
      asked();
      expect(await harness.app.garminSignIn.withCode(ACCOUNT, lastCode())).toEqual({ type: "expired" });
      expect(await harness.app.garminSignIn.newCode(ACCOUNT)).toEqual({ type: "expired" });
      expect(asked()).toBe(0);
    });

    test("of a newer sign-in counts, not of the older", async () => {
      await start("email");
      await withPassword();
      const older = lastCode();
      await withPassword();
      if (older !== lastCode())
        expect(await harness.app.garminSignIn.withCode(ACCOUNT, older)).toEqual({ type: "wrong_code" });
      expect(await harness.app.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
    });

    test("is still awaited after an outage, which is no wrong code", async () => {
      await start("email");
      await withPassword();
      const outage = { type: "status", status: 500, body: { message: "HTTP 500" } } as const;
      harness.sandbox.faults.add({ match: { path: /mfa\/verifyCode/ }, effect: outage });
      expect(await harness.app.garminSignIn.withCode(ACCOUNT, lastCode())).toEqual({ type: "unclear" });
      harness.sandbox.faults.add({ match: { path: /mfa\/verifyCode/ }, effect: { type: "drop_before" } });
      expect(await endOf(harness.app.garminSignIn.withCode(ACCOUNT, lastCode()))).toBe("RetryLaterError");
      expect(await harness.app.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
    });

    test("of one account doesn't fit another", async () => {
      await start("email");
      await withPassword();
      expect(await harness.app.garminSignIn.withCode(ACCOUNT + 1, lastCode())).toEqual({ type: "expired" });
    });
  });

  describe("a ticket of Garmin's page", () => {
    const paste = (pasted: string) => harness.app.garminSignIn.withPasted(ACCOUNT, pasted);
    const ticket = (service?: string) => harness.sandbox.garmin.mintTicket(OWNER.email, service);

    test.each([
      ["as the full address", (it: string) => `${harness.sandbox.garmin.ssoUrl}/sso/embed?ticket=${it}`],
      ["as Garmin's own full address", (it: string) => `https://sso.garmin.com/sso/embed?ticket=${it}`],
      ["bare", (it: string) => it],
      ["bare, with blanks around it", (it: string) => `  ${it}\n`],
      [
        "in the text of the page",
        (it: string) => `{serviceUrl:'${harness.sandbox.garmin.ssoUrl}/sso/embed', serviceTicket:'${it}'}`,
      ],
      ["in a sentence", (it: string) => `Here you are: https://sso.garmin.com/sso/embed?ticket=${it}, thanks`],
    ])("signs in %s", async (_how, pasted) => {
      await start();
      expect(await paste(pasted(ticket()))).toMatchObject({ type: "signed_in", displayName: "Owner" });
    });

    test.each([
      ["as the address of the phone app", (it: string) => `${MOBILE}/ios?ticket=${it}`, "ios"],
      ["as that of the other one", (it: string) => `${MOBILE}/android?ticket=${it}`, "android"],
      ["bare", (it: string) => it, "ios"],
    ])("of the phone app signs in %s", async (_how, pasted, system) => {
      await start();
      expect(await paste(pasted(ticket(`${MOBILE}/${system}`)))).toMatchObject({ type: "signed_in" });
    });

    test("is good once", async () => {
      await start();
      const spent = ticket();
      await paste(spent);
      const before = await link();
      expect(await paste(spent)).toEqual({ type: "ticket_refused" });
      expect(await link()).toEqual(before);
      expect(await paste(ticket())).toMatchObject({ type: "signed_in" });
    });

    test("is good for a minute", async () => {
      await start();
      const old = ticket();
      harness.clock.advance(61);
      expect(await paste(old)).toEqual({ type: "ticket_refused" });
    });

    test("of another service is refused", async () => {
      await start();
      expect(await paste(ticket(`${MOBILE}/android`))).toEqual({ type: "ticket_refused" });
      expect(await link()).toBeUndefined();
    });

    test("that Garmin's data refuses leaves the old link as it was", async () => {
      await start();
      await harness.link();
      const before = await link();
      harness.sandbox.faults.turnOn("garmin_token_not_active");
      expect(await paste(ticket())).toEqual({ type: "access_refused", next: "ios" });
      expect(await link()).toEqual(before);
    });

    test("that Garmin's data refuses makes no link where there was none", async () => {
      await start();
      harness.sandbox.faults.turnOn("garmin_token_not_active");
      expect(await paste(ticket())).toEqual({ type: "access_refused", next: "ios" });
      expect(await link()).toBeUndefined();
    });

    test("is not lost to a hiccup while the profile is read", async () => {
      await start();
      harness.sandbox.faults.turnOn("garmin_api_500", { times: 2 });
      expect(await paste(ticket())).toMatchObject({ type: "signed_in" });
    });

    test.each<[string, number, unknown]>([
      ["a wall", 403, "<html>Just a moment...</html>"],
      ["a limit", 429, { error: "Too Many Requests" }],
      ["a broken server", 500, { message: "HTTP 500" }],
      ["nothing at all", 204, undefined],
      ["an empty list", 200, []],
      ["a page", 200, "<html>Back soon</html>"],
      ["another shape", 200, { profileId: { id: 1 } }],
    ])("is not lost when the first tries to read the profile meet %s", async (_what, status, body) => {
      await start();
      await harness.link();
      const before = await link();
      const odd = { match: { path: /socialProfile/ }, effect: { type: "status", status, body } } as const;
      harness.sandbox.faults.add({ ...odd, times: 3 });
      expect(await paste(ticket())).toEqual({ type: "profile_unknown" });
      expect(await link()).toEqual(before);
      harness.clock.advance(9 * 60);
      harness.requests();
      const other = await harness.newApp();
      expect(await other.garminSignIn.lookAgain(ACCOUNT)).toMatchObject({ type: "signed_in", displayName: "Owner" });
      // Neither the ticket nor the sign-in is asked for again.
      expect(harness.requests().filter((it) => !it.startsWith("garmin_connectapi"))).toEqual([]);
      expect(await link()).not.toEqual(before);
      expect(await harness.app.garminSignIn.lookAgain(ACCOUNT)).toBeUndefined();
    });

    test("asks for the profile once when Garmin asks to wait, and keeps the sign-in", async () => {
      await start();
      harness.sandbox.faults.add({
        ...{ match: { path: /socialProfile/ }, times: 3 },
        effect: { type: "status", status: 429, headers: { "retry-after": "300" } },
      });
      asked();
      expect(await paste(ticket())).toEqual({ type: "profile_unknown" });
      expect(harness.requests().filter((it) => it.includes("socialProfile"))).toHaveLength(1);
      harness.sandbox.faults.clear();
      harness.clock.advance(300);
      expect(await harness.app.garminSignIn.lookAgain(ACCOUNT)).toMatchObject({ type: "signed_in" });
    });

    test.each<[string, () => unknown]>([
      ["ten minutes later", () => harness.clock.advance(10 * 60)],
      ["after a new sign-in", () => harness.link()],
      [
        "after its owner has taken everything away",
        async () => harness.app.disconnect(await harness.app.store.accounts.save(ACCOUNT, {}), "everything"),
      ],
      [
        "after the link was taken away",
        async () => harness.app.disconnect(await harness.app.store.accounts.save(ACCOUNT, {}), "garmin"),
      ],
    ])("is forgotten %s", async (_when, then) => {
      await start();
      harness.sandbox.faults.add({
        match: { path: /socialProfile/ },
        times: 3,
        effect: { type: "status", status: 503 },
      });
      await paste(ticket());
      await then();
      expect(await harness.app.garminSignIn.lookAgain(ACCOUNT)).toBeUndefined();
    });

    test("that Garmin's data refuses only after the check is forgotten too", async () => {
      await start();
      harness.sandbox.faults.add({
        match: { path: /socialProfile/ },
        times: 3,
        effect: { type: "status", status: 503 },
      });
      await paste(ticket());
      harness.sandbox.faults.turnOn("garmin_token_not_active");
      expect(await harness.app.garminSignIn.lookAgain(ACCOUNT)).toEqual({ type: "access_refused", next: "ios" });
      expect(await harness.app.garminSignIn.lookAgain(ACCOUNT)).toBeUndefined();
    });

    describe("of a different profile from the linked one", () => {
      const OTHER = { email: "other@example.org", password: "p", displayName: "other", fullName: "Owner" };
      const profileId = (email: string) => String(harness.sandbox.garmin.accounts.get(email).profileId);

      async function askedAboutOther() {
        await start();
        await harness.link();
        harness.sandbox.garmin.addAccount({ ...OTHER, timezone: "UTC" });
        const before = await link();
        const question = {
          type: "other_profile",
          // Two of the same name: the number tells them apart.
          profile: { profileId: profileId(OTHER.email), displayName: "Owner" },
          linked: { profileId: profileId(OWNER.email), displayName: "Owner" },
        };
        expect(await paste(harness.sandbox.garmin.mintTicket(OTHER.email))).toEqual(question);
        expect(await link()).toEqual(before);
        expect(await harness.app.garminSignIn.lookAgain(ACCOUNT)).toEqual(question);
        return before;
      }

      test("asks first; a yes needs no other sign-in, and frees the old profile", async () => {
        await askedAboutOther();
        const other = await harness.newApp();
        expect(await other.garminSignIn.switchProfile(ACCOUNT, profileId(OTHER.email))).toMatchObject({
          type: "signed_in",
        });
        expect(await link()).toMatchObject({ state: "linked", vendorUserId: profileId(OTHER.email) });
        await harness.app.store.accounts.save(ACCOUNT + 1, {});
        expect(await harness.app.garminSignIn.withPasted(ACCOUNT + 1, ticket())).toMatchObject({ type: "signed_in" });
      });

      test("asks even if Garmin has signed the linked one out", async () => {
        await askedAboutOther();
        harness.sandbox.garmin.revoke(OWNER.email);
        harness.person.stepOnScale({ weightKg: 80.25 });
        await harness.sync();
        expect(await link()).toMatchObject({ state: "stale" });
        expect(await paste(harness.sandbox.garmin.mintTicket(OTHER.email))).toMatchObject({ type: "other_profile" });
        expect(await link()).toMatchObject({ vendorUserId: profileId(OWNER.email) });
      });

      test.each<[string, () => unknown]>([
        ["a no", () => harness.app.garminSignIn.keepProfile(ACCOUNT)],
        ["ten minutes", () => harness.clock.advance(10 * 60)],
        ["another sign-in as before", () => paste(ticket())],
      ])("is over after %s", async (_what, answer) => {
        await askedAboutOther();
        await answer();
        const before = await link();
        expect(await harness.app.garminSignIn.switchProfile(ACCOUNT, profileId(OTHER.email))).toEqual({
          type: "sign_in_forgotten",
        });
        expect(await link()).toEqual(before);
      });

      test("is answered for the profile that was asked about, by the account that was asked", async () => {
        const before = await askedAboutOther();
        const { garminSignIn } = harness.app;
        await harness.app.store.accounts.save(ACCOUNT + 1, {});
        expect(await garminSignIn.switchProfile(ACCOUNT, profileId(OWNER.email))).toEqual({
          type: "sign_in_forgotten",
        });
        expect(await garminSignIn.switchProfile(ACCOUNT + 1, profileId(OTHER.email))).toEqual({
          type: "sign_in_forgotten",
        });
        expect(await link()).toEqual(before);
      });

      test("that belongs to another account here is refused without a question", async () => {
        await askedAboutOther();
        await harness.app.store.accounts.save(ACCOUNT + 1, {});
        await harness.app.garminSignIn.withPasted(ACCOUNT + 1, harness.sandbox.garmin.mintTicket(OTHER.email));
        expect(await harness.app.garminSignIn.switchProfile(ACCOUNT, profileId(OTHER.email))).toMatchObject({
          type: "taken",
        });
        expect(await paste(harness.sandbox.garmin.mintTicket(OTHER.email))).toMatchObject({ type: "taken" });
      });
    });

    test("brings a stale link back", async () => {
      await start();
      await harness.link();
      harness.sandbox.garmin.revoke(OWNER.email);
      harness.person.stepOnScale({ weightKg: 80.25 });
      expect(await harness.sync()).toMatchObject({ action: "relink_garmin" });
      expect(await link()).toMatchObject({ state: "stale" });
      await paste(ticket());
      expect(await link()).toMatchObject({ state: "linked" });
      expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
    });

    test("is found on the page that the owner is sent to", async () => {
      await start();
      const asked = await fetch(harness.app.garminSignIn.pageUrl());
      const html = await asked.text();
      const form = new URLSearchParams({
        username: OWNER.email,
        password: OWNER.password,
        embed: "true",
        _csrf: /name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? "",
      });
      const cookie = asked.headers
        .getSetCookie()
        .map((it) => it.split(";")[0])
        .join("; ");
      const done = await fetch(harness.app.garminSignIn.pageUrl(), { method: "POST", headers: { cookie }, body: form });
      const address = /response_url = "([^"]+)"/.exec(await done.text())?.[1] ?? "";
      expect(await paste(address)).toMatchObject({ type: "signed_in" });
    });
  });

  describe("Garmin's other app", () => {
    const as = (client?: "ios" | "android") =>
      harness.app.garminSignIn.withPassword(ACCOUNT, OWNER.email, OWNER.password, client);
    const clientIds = () =>
      harness.sandbox.garmin.requests
        .filter(({ server, method }) => server === "garmin_sso" && method === "POST")
        .map(({ query }) => query.get("clientId"));

    test("is offered after a refusal, and tried only when the owner says so", async () => {
      await start();
      const refusal = { error: { "status-code": "427" } };
      const match = { method: "POST", path: "/mobile/api/login", form: { clientId: "GCM_IOS_DARK" } };
      harness.sandbox.faults.add({ match, times: 9, effect: { type: "body", body: refusal } });
      expect(await as()).toEqual({ type: "client_refused", next: "android" });
      expect(clientIds()).toEqual(["GCM_IOS_DARK"]);
      expect(await as("android")).toMatchObject({ type: "signed_in" });
      expect(clientIds()).toEqual(["GCM_IOS_DARK", "GCM_ANDROID_DARK"]);
    });

    test("is the last one", async () => {
      await start();
      harness.sandbox.faults.turnOn("garmin_token_not_active");
      expect(await as("ios")).toEqual({ type: "access_refused", next: "android" });
      expect(await as("android")).toEqual({ type: "access_refused", next: undefined });
    });

    test("stays the same until the sign-in ends, also in another copy", async () => {
      await start("email");
      await as("android");
      harness.clock.advance(30);
      const other = await harness.newApp();
      await other.garminSignIn.newCode(ACCOUNT);
      await other.garminSignIn.withCode(ACCOUNT, wrongCode());
      expect(await other.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
      expect(clientIds()).toEqual(Array(4).fill("GCM_ANDROID_DARK"));
      const exchange = harness.sandbox.garmin.requests.find(({ server }) => server === "garmin_diauth");
      expect(new URLSearchParams(exchange?.body).get("service_url")).toBe(`${MOBILE}/android`);
    });
  });

  test("no password, code, ticket, cookie or token is in the log or readable on disk, whatever happens", async () => {
    await start("email");
    const { garminSignIn } = harness.app;
    await withPassword("not-the-password-4711");
    await withPassword();
    await garminSignIn.withCode(ACCOUNT, wrongCode());
    harness.clock.advance(31);
    await garminSignIn.newCode(ACCOUNT);
    harness.sandbox.faults.add({ match: { path: /verifyCode/ }, effect: { type: "status", status: 500, body: "x" } });
    await garminSignIn.withCode(ACCOUNT, lastCode());
    harness.sandbox.faults.add({ match: { path: /verifyCode/ }, effect: { type: "drop_before" } });
    await garminSignIn.withCode(ACCOUNT, lastCode()).catch(() => undefined);
    const onDiskBefore = bytesOnDisk();
    await garminSignIn.withCode(ACCOUNT, lastCode());
    await harness.link();
    const spent = harness.sandbox.garmin.mintTicket(OWNER.email);
    await garminSignIn.withPasted(ACCOUNT, spent);
    await garminSignIn.withPasted(ACCOUNT, spent);
    for (const fault of ["garmin_refresh_lost_answer", "garmin_token_not_active"] as const) {
      harness.sandbox.faults.turnOn(fault, { times: 3 });
      harness.person.stepOnScale({ weightKg: 80.25 });
      await harness.sync();
      harness.sandbox.faults.clear();
      harness.clock.advance(DAY);
    }
    harness.sandbox.garmin.revoke(OWNER.email);
    await harness.sync();
    harness.sandbox.withings.killRefreshToken(31_400_001);
    await harness.sync();
    const tokens = await Promise.all(
      (["withings", "garmin"] as const).map((it) => harness.app.store.links.read(ACCOUNT, it)),
    );

    const secrets = new Set([
      OWNER.password,
      "not-the-password-4711",
      ...harness.sandbox.garmin.inbox.map(({ code }) => code),
      ...[...harness.sandbox.garmin.requests, ...harness.sandbox.withings.requests].flatMap(secretsOf),
      ...tokens.flatMap((it) => (it ? [it.value.tokens.accessToken, it.value.tokens.refreshToken] : [])),
    ]);
    expect(secrets.size).toBeGreaterThan(20);
    const logged = harness.logged.join("");
    const onDisk = bytesOnDisk();
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(5);
      const places = { log: logged.includes(secret), disk: onDisk.includes(secret) || onDiskBefore.includes(secret) };
      expect(places, secret).toEqual({ log: false, disk: false });
    }
    expect(logged).not.toContain(OWNER.email);
    expect(logged.length).toBeGreaterThan(200);
  });

  /** Everything in a request that grants access: cookies, tokens, tickets, codes. */
  function secretsOf({ headers, body }: RecordedRequest): string[] {
    const cookies = (headers.cookie ?? "").split("; ").map((pair) => pair.slice(pair.indexOf("=") + 1));
    const form = new URLSearchParams(headers["content-type"]?.includes("urlencoded") ? body : "");
    const fields = ["service_ticket", "refresh_token", "code", "client_secret"].map((name) => form.get(name) ?? "");
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
    return [...cookies, ...fields, bearer].filter((it) => it !== "");
  }

  function bytesOnDisk(): string {
    const files = readdirSync(harness.dataDir).map((name) => readFileSync(path.join(harness.dataDir, name), "latin1"));
    expect(files.length).toBeGreaterThan(0);
    return files.join("\n");
  }
});

describe("what is sent", () => {
  let stub: Stub;
  let sso: ReturnType<typeof createGarminSso>;
  beforeAll(async () => {
    stub = await startStub();
    sso = createGarminSso({ ssoUrl: `${stub.url}/`, send: stub.send, now: () => NOON });
  });
  afterAll(() => stub.close());
  const last = () => stub.requests.at(-1);
  const answer = (type: string, more: object = {}, status = 200) =>
    Response.json(
      { serviceTicketId: null, responseStatus: { type, message: "", httpStatus: "X" }, ...more },
      { status },
    );
  const answerSaying = (type: string, message: string) => answer("", { responseStatus: { type, message } }, 401);
  /** What Garmin's app opens before it sends a password. */
  const appPage = (cookie = "_cfuvid=of-the-page") =>
    new Response("<title>Garmin SSO Portal</title>", { headers: { "set-cookie": `${cookie}; Path=/; Secure` } });
  const referer =
    "/mobile/sso/en_US/sign-in?clientId=GCM_IOS_DARK&service=https%3A%2F%2Fmobile.integration.garmin.com%2Fgcm%2Fios";
  const pending = { cookies: { SESSION: "s=1", __cflb: "b" }, method: "email", startedAt: NOON };

  const expectAppRequest = (call: string) => {
    expect(last()).toMatchObject({ method: "POST", path: `/mobile/api/${call}` });
    expect(Object.fromEntries(last()?.query ?? [])).toEqual({
      clientId: "GCM_IOS_DARK",
      locale: "en-US",
      service: "https://mobile.integration.garmin.com/gcm/ios",
    });
    expect(headerLines(last(), "content-type")).toEqual(["application/json"]);
    expect(headerLines(last(), "accept")).toEqual(["application/json, text/plain, */*"]);
    expect(headerLines(last(), "origin")).toEqual([stub.url]);
    expect(headerLines(last(), "referer")).toEqual([stub.url + referer]);
    expect(headerLines(last(), "user-agent")).toEqual([expect.stringContaining("iPhone")]);
  };

  test("for a password: the app's question, word for word", async () => {
    stub.willAnswer(appPage(), answer("SUCCESSFUL", { serviceTicketId: "ST-1-abc-sso" }));
    expect(await sso.login("kim@example.org", 'pass"word')).toEqual({
      type: "ticket",
      ticket: "ST-1-abc-sso",
      service: "https://mobile.integration.garmin.com/gcm/ios",
    });
    expectAppRequest("login");
    expect(JSON.parse(last()?.body ?? "")).toEqual({
      username: "kim@example.org",
      password: 'pass"word',
      rememberMe: true,
      captchaToken: "",
    });
    expect(headerLines(last(), "cookie")).toEqual(["_cfuvid=of-the-page"]);
    const opened = stub.requests.at(-2);
    expect(`${opened?.method} ${opened?.path}?${opened?.query}`).toBe(`GET ${referer}`);
    expect(headerLines(opened, "user-agent")).toEqual([expect.stringContaining("iPhone")]);
  });

  test.each([
    [429, "rate_limited"],
    [403, "blocked"],
    [427, "client_refused"],
  ])("a page that is refused with %i ends the sign-in before the password is sent", async (status, type) => {
    const from = stub.requests.length;
    stub.willAnswer(page(status));
    expect(await sso.login("kim@example.org", "x")).toEqual({ type });
    expect(stub.requests.slice(from).map(({ method, body }) => [method, body])).toEqual([["GET", ""]]);
  });

  test("a broken page doesn't stop the password from being tried", async () => {
    stub.willAnswer(page(502), answer("SUCCESSFUL", { serviceTicketId: "ST-1-abc-sso" }));
    expect(await sso.login("kim@example.org", "x")).toMatchObject({ type: "ticket" });
  });

  test("for a code: the method of the sign-in and all its cookies", async () => {
    stub.willAnswer(answer("SUCCESSFUL", { serviceTicketId: "ST-2-abc-sso" }));
    await sso.verifyCode(pending, "123456");
    expectAppRequest("mfa/verifyCode");
    expect(JSON.parse(last()?.body ?? "")).toEqual({
      mfaMethod: "email",
      mfaVerificationCode: "123456",
      rememberMyBrowser: true,
      reconsentList: [],
      mfaSetup: false,
    });
    expect(headerLines(last(), "cookie")).toEqual(["SESSION=s=1; __cflb=b"]);
  });

  test("for a new code", async () => {
    stub.willAnswer(answer("MFA_CODE_SENT"));
    expect(await sso.sendCode(pending)).toMatchObject({ type: "sent" });
    expectAppRequest("mfa/sendCode");
    expect(JSON.parse(last()?.body ?? "")).toEqual({ mfaMethod: "email" });
  });

  test("cookies come back though their expiry holds a comma; deleted ones don't", async () => {
    const cookies = new Headers();
    const expires = "Expires=Wed, 21 Oct 2037 07:28:00 GMT; Path=/; HttpOnly";
    for (const pair of ["SESSION=abc==", "__cflb=b", "_cfuvid=c"]) cookies.append("set-cookie", `${pair}; ${expires}`);
    const mfa = Response.json(
      {
        serviceTicketId: null,
        responseStatus: { type: "MFA_REQUIRED" },
        customerMfaInfo: { email: "ki*****@example.org", mfaLastMethodUsed: "email" },
      },
      { headers: cookies },
    );
    const wrong = answer("INVALID_MFA_CODE", {}, 401);
    wrong.headers.append("set-cookie", "__cflb=; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    wrong.headers.append("set-cookie", "_cfuvid=; Max-Age=0");
    wrong.headers.append("set-cookie", "__cf_bm=new; Max-Age=1800");
    stub.willAnswer(appPage("_cfuvid=old"), mfa, wrong, wrong.clone());
    const asked = await sso.login("kim@example.org", "x");
    if (asked.type !== "mfa_required") throw new Error(asked.type);
    expect(asked.pending).toEqual({
      cookies: { SESSION: "abc==", __cflb: "b", _cfuvid: "c" },
      client: "ios",
      method: "email",
      sentBy: "email",
      sentTo: "ki*****@example.org",
      startedAt: NOON,
    });
    const again = await sso.verifyCode(asked.pending, "1");
    if (again.type !== "wrong_code") throw new Error(again.type);
    await sso.verifyCode(again.pending, "2");
    expect(headerLines(last(), "cookie")).toEqual(["SESSION=abc==; __cf_bm=new"]);
  });

  test.each<[string, () => Answer, string]>([
    ["429 with a page", () => page(429), "rate_limited"],
    ["429 inside 200", () => Response.json({ error: { "status-code": "429" } }), "rate_limited"],
    ["429 as a number inside 200", () => Response.json({ error: { "status-code": 429 } }), "rate_limited"],
    ["RATE_LIMITED", () => answer("RATE_LIMITED"), "rate_limited"],
    ["CAPTCHA_REQUIRED", () => answer("CAPTCHA_REQUIRED"), "captcha"],
    ["NEED_CAPTCHA", () => answer("NEED_CAPTCHA"), "captcha"],
    ["ACCOUNT_LOCKED", () => answer("ACCOUNT_LOCKED", {}, 401), "account_locked"],
    ["INVALID_USERNAME_PASSWORD", () => answer("INVALID_USERNAME_PASSWORD", {}, 401), "wrong_password"],
    ["403 with a page", () => page(403), "blocked"],
    ["403 with JSON", () => Response.json({ message: "Forbidden" }, { status: 403 }), "blocked"],
    ["427 inside 200", () => Response.json({ error: { "status-code": "427" } }), "client_refused"],
    ["427 with a page", () => page(427), "client_refused"],
    ["427 with JSON", () => Response.json({}, { status: 427 }), "client_refused"],
    ["427 with the verdict on the password", () => answer("INVALID_USERNAME_PASSWORD", {}, 427), "wrong_password"],
    ["PASSWORD_EXPIRED", () => answer("PASSWORD_EXPIRED", {}, 401), "password_expired"],
    ["renewPassword as its message", () => answerSaying("SOMETHING", "renewPassword"), "password_expired"],
    ["TERMS_NOT_ACCEPTED", () => answer("TERMS_NOT_ACCEPTED"), "terms_changed"],
    ["ACCOUNT_DISABLED", () => answer("ACCOUNT_DISABLED", {}, 401), "account_disabled"],
    ["generalLoginAccountDisabled", () => answerSaying("FAILED", "generalLoginAccountDisabled"), "account_disabled"],
    ["generalLoginAccountLocked", () => answerSaying("FAILED", "generalLoginAccountLocked"), "account_locked"],
    ["MAX_LOGINS", () => answer("MAX_LOGINS", {}, 401), "max_logins"],
    ["generalValidationMaxLogins", () => answerSaying("FAILED", "generalValidationMaxLogins"), "max_logins"],
    ["an MFA without a way", () => answer("MFA_REQUIRED", { customerMfaInfo: 7 }), "mfa_required"],
    ["502 with a page", () => page(502), "unclear"],
    ["500 with JSON", () => Response.json({ message: "HTTP 500" }, { status: 500 }), "unclear"],
    ["200 with a page", () => page(), "unclear"],
    ["a success without a ticket", () => answer("SUCCESSFUL"), "unclear"],
    ["a word nobody knows", () => answer("SOMETHING_NEW"), "unclear"],
  ])("what %s to a password means", async (_what, said, type) => {
    const from = stub.requests.length;
    stub.willAnswer(appPage(), said());
    expect((await sso.login("kim@example.org", "x")).type).toBe(type);
    expect(stub.requests.length - from).toBe(2);
  });

  test.each<[string, () => Answer, string]>([
    ["INVALID_MFA_CODE", () => answer("INVALID_MFA_CODE", {}, 401), "wrong_code"],
    ["MFA_FAILED", () => answer("MFA_FAILED"), "wrong_code"],
    ["400 and a word nobody knows", () => answer("SOMETHING_NEW", {}, 400), "wrong_code"],
    ["401 without a word", () => Response.json({}, { status: 401 }), "wrong_code"],
    ["401 without a body", () => new Response(null, { status: 401 }), "wrong_code"],
    ["200 without a body", () => new Response(""), "wrong_code"],
    [
      "401 in Spring's own words",
      () => Response.json({ status: 401, error: "Unauthorized", path: "/mobile" }, { status: 401 }),
      "wrong_code",
    ],
    ["an error that is null", () => Response.json({ error: null }, { status: 401 }), "wrong_code"],
    ["a status that is null", () => answer("x", { responseStatus: null }, 401), "wrong_code"],
    [
      "a status of another kind",
      () => answer("x", { responseStatus: "FAILED", serviceTicketId: 7 }, 401),
      "wrong_code",
    ],
    ["a list", () => Response.json([], { status: 401 }), "wrong_code"],
    ["codeEntryInvalid", () => answerSaying("FAILED", "codeEntryInvalid"), "wrong_code"],
    ["codeEntryExpired", () => answerSaying("FAILED", "codeEntryExpired"), "expired"],
    ["codeEntryMaxLimit", () => answerSaying("FAILED", "codeEntryMaxLimit"), "too_many_codes"],
    ["generalValidationMaxLogins", () => answerSaying("FAILED", "generalValidationMaxLogins"), "too_many_codes"],
    ["a success without a ticket", () => answer("SUCCESSFUL"), "unclear"],
    ["401 with a page", () => page(401), "unclear"],
    ["200 with a page", () => page(), "unclear"],
    ["429 with JSON", () => Response.json({}, { status: 429 }), "rate_limited"],
    ["429 inside 200", () => Response.json({ error: { "status-code": 429 } }), "rate_limited"],
    ["403 with JSON", () => Response.json({ message: "Forbidden" }, { status: 403 }), "blocked"],
    ["427 with a page", () => page(427), "client_refused"],
    ["427 inside 200", () => Response.json({ error: { "status-code": 427 } }), "client_refused"],
    ["SESSION_EXPIRED", () => answer("SESSION_EXPIRED", {}, 401), "expired"],
    ["EXPIRED_MFA_CODE", () => answer("EXPIRED_MFA_CODE", {}, 401), "expired"],
    ["MFA_CODE_MAX_LIMIT", () => answer("MFA_CODE_MAX_LIMIT", {}, 401), "too_many_codes"],
    ["429", () => page(429), "rate_limited"],
    ["403 with a page", () => page(403), "blocked"],
    ["502 with a page", () => page(502), "unclear"],
    ["500 with JSON", () => Response.json({ message: "HTTP 500" }, { status: 500 }), "unclear"],
  ])("what %s to a code means", async (_what, said, type) => {
    stub.willAnswer(said());
    expect((await sso.verifyCode(pending, "123456")).type).toBe(type);
  });

  test.each<[string, () => Answer, string]>([
    ["427 with a page", () => page(427), "client_refused"],
    ["427 inside 200", () => Response.json({ error: { "status-code": 427 } }), "client_refused"],
    ["429 with a page", () => page(429), "rate_limited"],
    ["403 with a page", () => page(403), "blocked"],
  ])("what %s to a request for a new code means", async (_what, said, type) => {
    stub.willAnswer(said());
    expect((await sso.sendCode(pending)).type).toBe(type);
  });

  test.each<[string, () => Answer, string]>([
    ["405, from Garmin itself", () => Response.json({}, { status: 405 }), "reachable"],
    ["403, the wall", () => page(403), "blocked"],
    ["429", () => page(429), "rate_limited"],
    ["502", () => page(502), "unclear"],
  ])("a probe without a password is answered by %s", async (_what, said, verdict) => {
    stub.willAnswer(said());
    expect(await sso.probe()).toMatchObject({ verdict });
    expect(last()).toMatchObject({ method: "GET", path: "/mobile/api/login", body: "" });
    // The wall in front of Garmin judges how a request looks, so this one looks like a sign-in.
    expect(Object.fromEntries(last()?.query ?? [])).toMatchObject({ clientId: "GCM_IOS_DARK", locale: "en-US" });
    expect(headerLines(last(), "accept")).toEqual(["application/json, text/plain, */*"]);
    expect(headerLines(last(), "origin")).toEqual([stub.url]);
  });

  test.each<[string, object, object]>([
    ["email", { email: "ki*@example.org", phoneNumber: "*42" }, { sentBy: "email", sentTo: "ki*@example.org" }],
    ["E-MAIL", { email: "" }, { sentBy: "email" }],
    ["phone", { email: "ki*@example.org", phoneNumber: "*42" }, { sentBy: "phone", sentTo: "*42" }],
    ["sms", { phoneNumber: "*42" }, { sentBy: "phone", sentTo: "*42" }],
    ["totp", { email: "ki*@example.org", phoneNumber: "*42" }, { sentBy: "other" }],
    ["authenticator", { email: "ki*@example.org" }, { sentBy: "other" }],
  ])("a code that comes by %s is never said to have gone elsewhere", async (method, info, expected) => {
    stub.willAnswer(appPage(), answer("MFA_REQUIRED", { customerMfaInfo: { ...info, mfaLastMethodUsed: method } }));
    const asked = await sso.login("kim@example.org", "x");
    if (asked.type !== "mfa_required") throw new Error(asked.type);
    const { sentBy, sentTo } = asked.pending;
    expect({ sentBy, ...(sentTo !== undefined && { sentTo }) }).toEqual(expected);
    expect(asked.pending.method).toBe(method);
  });

  test("an empty name for how the code was sent counts as missing", async () => {
    const info = { mfaLastMethodUsed: "", defaultMfaMethod: "phone", phoneNumber: "*42" };
    stub.willAnswer(appPage(), answer("MFA_REQUIRED", { customerMfaInfo: info }));
    expect(await sso.login("kim@example.org", "x")).toMatchObject({ pending: { method: "phone", sentTo: "*42" } });
  });

  test("an answer that was not understood is noted with its content's shape", async () => {
    const noted: UnknownAnswer[] = [];
    const noting = createGarminSso({
      ssoUrl: stub.url,
      send: stub.send,
      now: () => NOON,
      onUnknown: (it) => noted.push(it),
    });
    const codes = [answer("MFA_FAILED"), answer("INVALID_MFA_CODE", {}, 401), page(502)];
    stub.willAnswer(appPage(), answer("SOMETHING_NEW"), ...codes);
    await noting.login("kim@example.org", "x");
    for (let tries = 0; tries < 3; tries++) await noting.verifyCode(pending, "123456");
    expect(noted.map(({ call, httpStatus, where }) => [call, httpStatus, where])).toEqual([
      ["Garmin POST /mobile/api/login", 200, "responseStatus.type: SOMETHING_NEW"],
      ["Garmin POST /mobile/api/mfa/verifyCode", 200, "responseStatus.type: MFA_FAILED"],
      ["Garmin POST /mobile/api/mfa/verifyCode", 502, "no responseStatus"],
    ]);
  });
});

describe("the page and the ticket", () => {
  const SSO = "https://sso.garmin.com";
  const EMBED = `${SSO}/sso/embed`;

  test("the owner is sent to Garmin's page for the service that doesn't spend the ticket", () => {
    const url = new URL(signInPageUrl(`${SSO}/`));
    expect(url.origin + url.pathname).toBe("https://sso.garmin.com/sso/signin");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      id: "gauth-widget",
      embedWidget: "true",
      gauthHost: EMBED,
      service: EMBED,
      source: EMBED,
      redirectAfterAccountLoginUrl: EMBED,
      redirectAfterAccountCreationUrl: EMBED,
    });
  });

  test("for somebody else the page asks again, even if the browser has somebody signed in", () => {
    expect(new URL(signInPageUrl(SSO, { asSomebodyElse: true })).searchParams.get("reauth")).toBe("true");
  });

  test.each([
    ["an underscore", "ST-1-aa_b-cas"],
    ["a dot and a tilde", "ST-1-aa.b~c-cas"],
    ["dashes", "ST-1-a-b-c-cas"],
  ])("a ticket with %s is not cut off", (_what, ticket) => {
    for (const pasted of [`${EMBED}?ticket=${ticket}`, `${EMBED}?ticket=${ticket}&x=1`, `${ticket}.`, `'${ticket}'`]) {
      expect(ticketFromPasted(pasted, SSO)).toMatchObject({ type: "ticket", ticket });
    }
    expect(ticketFromPasted(`https://example.org/?u=https%3A%2F%2Fx%3Fticket%3D${ticket}`, SSO)).toMatchObject({
      ticket,
    });
  });

  test("the exchange names the service the ticket was issued for", () => {
    const cas = "ST-123456-AbCdEfGhIjKlMnOpQrSt-cas";
    const sso = "ST-123456-AbCdEfGhIjKlMnOpQrSt-sso";
    const service = (pasted: string) => ticketFromPasted(pasted, SSO);
    expect(service(`${EMBED}?ticket=${cas}`)).toEqual({ type: "ticket", ticket: cas, service: EMBED });
    expect(service(`${EMBED}?ticket=${cas}&more=1#top`)).toEqual({ type: "ticket", ticket: cas, service: EMBED });
    expect(service(cas)).toEqual({ type: "ticket", ticket: cas, service: EMBED });
    expect(service(sso)).toEqual({ type: "ticket", ticket: sso, service: `${MOBILE}/ios` });
    expect(service(`${MOBILE}/android?ticket=${sso}`)).toEqual({
      ...{ type: "ticket", ticket: sso },
      service: `${MOBILE}/android`,
    });
  });

  test.each([
    [
      "an address that Garmin Connect has used up",
      "https://connect.garmin.com/app?ticket=ST-1-abc-cas",
      "spent_ticket",
    ],
    ["the older one of these", "https://connect.garmin.com/modern/?ticket=ST-1-abc-cas", "spent_ticket"],
    ["any other of Garmin Connect", "https://connect.garmin.com/signin?ticket=ST-1-abc-cas", "spent_ticket"],
    ["an address without a ticket", `${EMBED}?ticket=`, "no_ticket"],
    ["a sentence", "it does not work", "no_ticket"],
    ["a word that ends like one", "my TEST-drive-car", "no_ticket"],
    ["an address of garmin.cn with a ticket", "https://sso.garmin.cn/sso/embed?ticket=ST-1-abc-cas", "chinese_account"],
    ["an address of garmin.cn without", "https://connect.garmin.cn/modern/", "chinese_account"],
    ["nothing", "", "no_ticket"],
    ["half a ticket", "ST-", "no_ticket"],
  ])("%s is told from a ticket that may work", (_what, pasted, type) => {
    expect(ticketFromPasted(pasted, SSO)).toEqual({ type });
  });
});
