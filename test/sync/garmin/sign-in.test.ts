import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createGarminSso, type GarminSso } from "../../../src/sync/garmin/sso.ts";
import { signInPageUrl, ticketFromPasted } from "../../../src/sync/garmin/ticket.ts";
import { endOf, headerLines, page, type Stub, startStub } from "../../fixtures/stub-vendor.ts";
import type { Answer, RecordedRequest } from "../../sandbox/serve.ts";
import { ACCOUNT, type Household, NOON, OWNER, startHousehold } from "../../support/household.ts";

const MOBILE = "https://mobile.integration.garmin.com/gcm";

describe("with the sandbox", () => {
  let house: Household;
  afterEach(() => house?.close());

  async function start(mfa?: "email" | "phone") {
    house = await startHousehold({ linked: false });
    house.sandbox.garmin.accounts.get(OWNER.email).mfa = mfa;
    return house;
  }
  const withPassword = (password = OWNER.password, app = house.app) =>
    app.garminSignIn.withPassword(ACCOUNT, OWNER.email, password);
  const lastCode = () => house.sandbox.garmin.inbox.at(-1)?.code ?? "";
  const wrongCode = () => (lastCode() === "000000" ? "111111" : "000000");
  const link = async () => (await house.app.links.read(ACCOUNT, "garmin"))?.value;
  const asked = () => house.requests().length;
  const DAY = 24 * 3600;

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
      expect(house.sandbox.garmin.requests.map((it) => `${it.server} ${it.method} ${it.path}`)).toEqual([
        "garmin_sso POST /mobile/api/login",
        "garmin_diauth POST /di-oauth2-service/oauth/token",
        "garmin_connectapi GET /userprofile-service/socialProfile",
        "garmin_connectapi GET /gdprconsent-service/feature/UPLOAD",
      ]);
    });

    test("is followed by a word on the upload consent", async () => {
      await start();
      house.sandbox.garmin.setConsent(OWNER.email, false);
      expect(await withPassword()).toMatchObject({ type: "signed_in", uploadConsent: false });
    });

    test("signs in even when the consent cannot be asked for", async () => {
      await start();
      house.sandbox.faults.add({ match: { path: /gdprconsent/ }, effect: { type: "status", status: 503 } });
      expect(await withPassword()).toMatchObject({ type: "signed_in", uploadConsent: undefined });
    });

    test.each([
      ["wrong_password", () => withPassword("wrong")],
      ["captcha", () => withFault("garmin_captcha")],
      ["account_locked", () => withFault("garmin_account_locked")],
      ["blocked", () => withFault("garmin_sso_cloudflare_403")],
    ] as const)("that ends in %s is tried once, and changes nothing", async (type, attempt) => {
      await start();
      await house.link();
      const before = await house.app.links.read(ACCOUNT, "garmin");
      asked();
      expect(await attempt()).toEqual({ type });
      expect(house.requests()).toEqual(["garmin_sso POST /mobile/api/login"]);
      expect(await house.app.links.read(ACCOUNT, "garmin")).toEqual(before);
      house.sandbox.faults.clear();
      expect(await withPassword()).toMatchObject({ type: "signed_in" });
    });
    function withFault(name: "garmin_captcha" | "garmin_account_locked" | "garmin_sso_cloudflare_403") {
      house.sandbox.faults.turnOn(name);
      return withPassword();
    }
  });

  describe("a limit", () => {
    test.each(["garmin_sso_429", "garmin_sso_429_in_200"] as const)(
      "said as %s rests sign-in for two hours, twice as long each time, a day at most",
      async (fault) => {
        await start();
        house.sandbox.faults.turnOn(fault);
        for (const hours of [2, 4, 8, 16, 24, 24]) {
          const until = new Date(house.clock.now().getTime() + hours * 3600_000);
          expect(await withPassword()).toEqual({ type: "resting", until });
          expect(asked()).toBe(1);
          house.clock.advance(hours * 3600 - 1);
          expect(await withPassword()).toEqual({ type: "resting", until });
          expect(asked()).toBe(0);
          house.clock.advance(1);
        }
      },
    );

    test("holds in every copy of the program", async () => {
      await start();
      house.sandbox.faults.turnOn("garmin_sso_429", { times: 1 });
      await withPassword();
      asked();
      const other = await house.newApp();
      expect(await withPassword(OWNER.password, other)).toMatchObject({ type: "resting" });
      expect(asked()).toBe(0);
    });

    test("is forgotten after a success", async () => {
      await start();
      house.sandbox.faults.turnOn("garmin_sso_429", { times: 2 });
      await withPassword();
      house.clock.advance(2 * 3600);
      await withPassword();
      house.clock.advance(4 * 3600);
      expect(await withPassword()).toMatchObject({ type: "signed_in" });
      house.sandbox.faults.turnOn("garmin_sso_429");
      expect(await withPassword()).toEqual({
        type: "resting",
        until: new Date(house.clock.now().getTime() + 2 * 3600_000),
      });
    });

    test("long after the last one begins at two hours again", async () => {
      await start();
      house.sandbox.faults.turnOn("garmin_sso_429");
      await withPassword();
      house.clock.advance(2 * 3600 + DAY + 1);
      const until = new Date(house.clock.now().getTime() + 2 * 3600_000);
      expect(await withPassword()).toEqual({ type: "resting", until });
    });

    test("leaves the way over Garmin's own page open", async () => {
      await start();
      house.sandbox.faults.turnOn("garmin_sso_429");
      await withPassword();
      const ticket = house.sandbox.garmin.mintTicket(OWNER.email);
      expect(await house.app.garminSignIn.withPasted(ACCOUNT, ticket)).toMatchObject({ type: "signed_in" });
    });

    test("met while a code is asked for keeps codes from going out too", async () => {
      await start("email");
      await withPassword();
      house.clock.advance(31);
      house.sandbox.faults.add({ match: { path: /mfa\/sendCode/ }, effect: { type: "status", status: 429 } });
      expect(await house.app.garminSignIn.newCode(ACCOUNT)).toMatchObject({ type: "resting" });
      asked();
      expect(await house.app.garminSignIn.newCode(ACCOUNT)).toMatchObject({ type: "resting" });
      expect(await house.app.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "resting" });
      expect(await withPassword()).toMatchObject({ type: "resting" });
      expect(asked()).toBe(0);
    });
  });

  describe("a code", () => {
    test("is asked for, and another copy of the program finishes what this one began", async () => {
      await start("email");
      expect(await withPassword()).toEqual({ type: "mfa_required", sentTo: "ow*****@example.org" });
      expect(await link()).toBeUndefined();
      const other = await house.newApp();
      expect(await other.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({
        type: "signed_in",
        displayName: "Owner",
      });
      expect(await link()).toMatchObject({ state: "linked" });
      expect(house.sandbox.garmin.inbox.length).toBe(1);
      asked();
      expect(await other.garminSignIn.withCode(ACCOUNT, lastCode())).toEqual({ type: "expired" });
      expect(asked()).toBe(0);
    });

    test("to a phone names the phone, and is verified for it", async () => {
      await start("phone");
      expect(await withPassword()).toEqual({ type: "mfa_required", sentTo: "*******42" });
      expect(await house.app.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
      const verified = house.sandbox.garmin.requests.find((it) => it.path.endsWith("/verifyCode"));
      expect(JSON.parse(verified?.body ?? "")).toMatchObject({ mfaMethod: "phone" });
    });

    test("that is wrong can be followed by the right one, also in another copy", async () => {
      await start("email");
      await withPassword();
      for (let tries = 0; tries < 3; tries++) {
        expect(await house.app.garminSignIn.withCode(ACCOUNT, wrongCode())).toEqual({ type: "wrong_code" });
      }
      const other = await house.newApp();
      expect(await other.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
    });

    test("that is wrong too often ends the sign-in", async () => {
      await start("email");
      await withPassword();
      for (let tries = 0; tries < 4; tries++) await house.app.garminSignIn.withCode(ACCOUNT, wrongCode());
      expect(await house.app.garminSignIn.withCode(ACCOUNT, wrongCode())).toEqual({ type: "too_many_codes" });
      asked();
      expect(await house.app.garminSignIn.withCode(ACCOUNT, lastCode())).toEqual({ type: "expired" });
      expect(asked()).toBe(0);
    });

    test("can be sent anew, which ends the older one", async () => {
      await start("email");
      await withPassword();
      const older = lastCode();
      expect(await house.app.garminSignIn.newCode(ACCOUNT)).toEqual({ type: "code_too_soon" });
      house.clock.advance(30);
      const other = await house.newApp();
      expect(await other.garminSignIn.newCode(ACCOUNT)).toEqual({ type: "code_sent", sentTo: "ow*****@example.org" });
      expect(house.sandbox.garmin.inbox.length).toBe(2);
      if (older !== lastCode())
        expect(await house.app.garminSignIn.withCode(ACCOUNT, older)).toEqual({ type: "wrong_code" });
      expect(await house.app.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
    });

    test("that nobody waits for asks Garmin nothing", async () => {
      await start("email");
      expect(await house.app.garminSignIn.withCode(ACCOUNT, "123456")).toEqual({ type: "expired" });
      expect(await house.app.garminSignIn.newCode(ACCOUNT)).toEqual({ type: "expired" });
      expect(asked()).toBe(0);
    });

    test("is waited for ten minutes and no longer", async () => {
      await start("email");
      await withPassword();
      house.clock.advance(599);
      expect(await house.app.garminSignIn.withCode(ACCOUNT, wrongCode())).toEqual({ type: "wrong_code" });
      house.clock.advance(2);
      asked();
      expect(await house.app.garminSignIn.withCode(ACCOUNT, lastCode())).toEqual({ type: "expired" });
      expect(await house.app.garminSignIn.newCode(ACCOUNT)).toEqual({ type: "expired" });
      expect(asked()).toBe(0);
    });

    test("of a newer sign-in counts, not of the older", async () => {
      await start("email");
      await withPassword();
      const older = lastCode();
      await withPassword();
      if (older !== lastCode())
        expect(await house.app.garminSignIn.withCode(ACCOUNT, older)).toEqual({ type: "wrong_code" });
      expect(await house.app.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
    });

    test("is still waited for after an outage, which is no wrong code", async () => {
      await start("email");
      await withPassword();
      const outage = { type: "status", status: 500, body: { message: "HTTP 500" } } as const;
      house.sandbox.faults.add({ match: { path: /mfa\/verifyCode/ }, effect: outage });
      expect(await house.app.garminSignIn.withCode(ACCOUNT, lastCode())).toEqual({ type: "unclear" });
      house.sandbox.faults.add({ match: { path: /mfa\/verifyCode/ }, effect: { type: "drop_before" } });
      expect(await endOf(house.app.garminSignIn.withCode(ACCOUNT, lastCode()))).toBe("RetryLaterError");
      expect(await house.app.garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
    });

    test("of one account is nothing to another", async () => {
      await start("email");
      await withPassword();
      expect(await house.app.garminSignIn.withCode(ACCOUNT + 1, lastCode())).toEqual({ type: "expired" });
    });
  });

  describe("a ticket of Garmin's page", () => {
    const paste = (pasted: string) => house.app.garminSignIn.withPasted(ACCOUNT, pasted);
    const ticket = (service?: string) => house.sandbox.garmin.mintTicket(OWNER.email, service);

    test.each([
      ["as the full address", (it: string) => `${house.sandbox.garmin.ssoUrl}/sso/embed?ticket=${it}`],
      ["as Garmin's own full address", (it: string) => `https://sso.garmin.com/sso/embed?ticket=${it}`],
      ["bare", (it: string) => it],
      ["bare, with blanks around it", (it: string) => `  ${it}\n`],
      [
        "in the text of the page",
        (it: string) => `{serviceUrl:'${house.sandbox.garmin.ssoUrl}/sso/embed', serviceTicket:'${it}'}`,
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
      house.clock.advance(61);
      expect(await paste(old)).toEqual({ type: "ticket_refused" });
    });

    test("of another service is refused", async () => {
      await start();
      expect(await paste(ticket(`${MOBILE}/android`))).toEqual({ type: "ticket_refused" });
      expect(await link()).toBeUndefined();
    });

    test("that Garmin's data does not accept leaves the old link as it was", async () => {
      await start();
      await house.link();
      const before = await link();
      house.sandbox.faults.turnOn("garmin_token_not_active");
      expect(await paste(ticket())).toEqual({ type: "access_refused" });
      expect(await link()).toEqual(before);
    });

    test("that Garmin's data does not accept makes no link where there was none", async () => {
      await start();
      house.sandbox.faults.turnOn("garmin_token_not_active");
      expect(await paste(ticket())).toEqual({ type: "access_refused" });
      expect(await link()).toBeUndefined();
    });

    test("is not lost to a hiccup when the profile is looked at", async () => {
      await start();
      house.sandbox.faults.turnOn("garmin_api_500", { times: 2 });
      expect(await paste(ticket())).toMatchObject({ type: "signed_in" });
    });

    test("leaves the old link as it was when the profile cannot be looked at", async () => {
      await start();
      await house.link();
      const before = await link();
      house.sandbox.faults.turnOn("garmin_api_500");
      expect(await endOf(paste(ticket()))).toBe("RetryLaterError");
      expect(await link()).toEqual(before);
    });

    test("brings a stale link back to life", async () => {
      await start();
      await house.link();
      house.sandbox.garmin.revoke(OWNER.email);
      house.person.stepOnScale({ weightKg: 80.25 });
      expect(await house.sync()).toMatchObject({ action: "relink_garmin" });
      expect(await link()).toMatchObject({ state: "stale" });
      await paste(ticket());
      expect(await link()).toMatchObject({ state: "linked" });
      expect(await house.sync()).toMatchObject({ status: "success", synced: 1 });
    });

    test("is found on the page that the owner is sent to", async () => {
      await start();
      const asked = await fetch(house.app.signInPageUrl());
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
      const done = await fetch(house.app.signInPageUrl(), { method: "POST", headers: { cookie }, body: form });
      const address = /response_url = "([^"]+)"/.exec(await done.text())?.[1] ?? "";
      expect(await paste(address)).toMatchObject({ type: "signed_in" });
    });
  });

  test("no password, code, ticket, cookie or token is in the log or readable on disk, whatever happens", async () => {
    await start("email");
    const { garminSignIn } = house.app;
    await withPassword("not-the-password-4711");
    await withPassword();
    await garminSignIn.withCode(ACCOUNT, wrongCode());
    house.clock.advance(31);
    await garminSignIn.newCode(ACCOUNT);
    house.sandbox.faults.add({ match: { path: /verifyCode/ }, effect: { type: "status", status: 500, body: "x" } });
    await garminSignIn.withCode(ACCOUNT, lastCode());
    house.sandbox.faults.add({ match: { path: /verifyCode/ }, effect: { type: "drop_before" } });
    await garminSignIn.withCode(ACCOUNT, lastCode()).catch(() => undefined);
    const onDiskBefore = bytesOnDisk();
    await garminSignIn.withCode(ACCOUNT, lastCode());
    await house.link();
    const spent = house.sandbox.garmin.mintTicket(OWNER.email);
    await garminSignIn.withPasted(ACCOUNT, spent);
    await garminSignIn.withPasted(ACCOUNT, spent);
    for (const fault of ["garmin_refresh_lost_answer", "garmin_token_not_active"] as const) {
      house.sandbox.faults.turnOn(fault, { times: 3 });
      house.person.stepOnScale({ weightKg: 80.25 });
      await house.sync();
      house.sandbox.faults.clear();
      house.clock.advance(DAY);
    }
    house.sandbox.garmin.revoke(OWNER.email);
    await house.sync();
    house.sandbox.withings.killRefreshToken(31_400_001);
    await house.sync();
    const tokens = await Promise.all((["withings", "garmin"] as const).map((it) => house.app.links.read(ACCOUNT, it)));

    const secrets = new Set([
      OWNER.password,
      "not-the-password-4711",
      ...house.sandbox.garmin.inbox.map(({ code }) => code),
      ...[...house.sandbox.garmin.requests, ...house.sandbox.withings.requests].flatMap(secretsOf),
      ...tokens.flatMap((it) => (it ? [it.value.tokens.accessToken, it.value.tokens.refreshToken] : [])),
    ]);
    expect(secrets.size).toBeGreaterThan(20);
    const logged = house.logged.join("");
    const onDisk = bytesOnDisk();
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(5);
      const places = { log: logged.includes(secret), disk: onDisk.includes(secret) || onDiskBefore.includes(secret) };
      expect(places, secret).toEqual({ log: false, disk: false });
    }
    expect(logged).not.toContain(OWNER.email);
    expect(logged.length).toBeGreaterThan(200);
  });

  /** Everything in a request that opens a door: cookies, tokens, tickets, codes. */
  function secretsOf({ headers, body }: RecordedRequest): string[] {
    const cookies = (headers.cookie ?? "").split("; ").map((pair) => pair.slice(pair.indexOf("=") + 1));
    const form = new URLSearchParams(headers["content-type"]?.includes("urlencoded") ? body : "");
    const fields = ["service_ticket", "refresh_token", "code", "client_secret"].map((name) => form.get(name) ?? "");
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
    return [...cookies, ...fields, bearer].filter((it) => it !== "");
  }

  function bytesOnDisk(): string {
    const files = readdirSync(house.dataDir).map((name) => readFileSync(path.join(house.dataDir, name), "latin1"));
    expect(files.length).toBeGreaterThan(0);
    return files.join("\n");
  }
});

describe("what is sent", () => {
  let stub: Stub;
  let sso: GarminSso;
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
    expect(headerLines(last(), "user-agent")).toEqual([expect.stringContaining("iPhone")]);
  };

  test("for a password: the app's question, word for word", async () => {
    stub.willAnswer(answer("SUCCESSFUL", { serviceTicketId: "ST-1-abc-sso" }));
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
    expect(headerLines(last(), "cookie")).toEqual([]);
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

  test("cookies come back though their expiry holds a comma; those that are taken away do not", async () => {
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
    stub.willAnswer(mfa, wrong, wrong.clone());
    const asked = await sso.login("kim@example.org", "x");
    if (asked.type !== "mfa_required") throw new Error(asked.type);
    expect(asked.pending).toEqual({
      cookies: { SESSION: "abc==", __cflb: "b", _cfuvid: "c" },
      method: "email",
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
    ["427 inside 200", () => Response.json({ error: { "status-code": "427" } }), "unclear"],
    ["502 with a page", () => page(502), "unclear"],
    ["500 with JSON", () => Response.json({ message: "HTTP 500" }, { status: 500 }), "unclear"],
    ["200 with a page", () => page(), "unclear"],
    ["a success without a ticket", () => answer("SUCCESSFUL"), "unclear"],
    ["a word nobody knows", () => answer("SOMETHING_NEW"), "unclear"],
  ])("what %s to a password means", async (_what, said, type) => {
    const from = stub.requests.length;
    stub.willAnswer(said());
    expect((await sso.login("kim@example.org", "x")).type).toBe(type);
    expect(stub.requests.length - from).toBe(1);
  });

  test.each<[string, () => Answer, string]>([
    ["INVALID_MFA_CODE", () => answer("INVALID_MFA_CODE", {}, 401), "wrong_code"],
    ["MFA_FAILED", () => answer("MFA_FAILED"), "wrong_code"],
    ["401 without a word", () => Response.json({}, { status: 401 }), "wrong_code"],
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
    ["405, from Garmin itself", () => Response.json({}, { status: 405 }), "reachable"],
    ["403, the wall", () => page(403), "blocked"],
    ["429", () => page(429), "rate_limited"],
    ["502", () => page(502), "unclear"],
  ])("a probe without a password is answered by %s", async (_what, said, verdict) => {
    stub.willAnswer(said());
    expect(await sso.probe()).toMatchObject({ verdict });
    expect(last()).toMatchObject({ method: "GET", path: "/mobile/api/login", body: "" });
  });
});

describe("the page and the ticket", () => {
  const SSO = "https://sso.garmin.com";
  const EMBED = `${SSO}/sso/embed`;

  test("the owner is sent to Garmin's page for the service that does not spend the ticket", () => {
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
    ["nothing", "", "no_ticket"],
    ["half a ticket", "ST-", "no_ticket"],
  ])("%s is told from a ticket that may work", (_what, pasted, type) => {
    expect(ticketFromPasted(pasted, SSO)).toEqual({ type });
  });
});
