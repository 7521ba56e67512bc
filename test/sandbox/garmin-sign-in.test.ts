import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Garmin, startGarmin } from "../../src/sandbox/garmin.ts";
import { exchangeTicket } from "../../src/sandbox/garmin-calls.ts";
import { createManualClock, type ManualClock } from "../../src/sandbox/manual-clock.ts";

const EMAIL = "ada@example.org";
const IOS = "https://mobile.integration.garmin.com/gcm/ios";

let clock: ManualClock;
let garmin: Garmin;

beforeEach(async () => {
  clock = createManualClock(new Date("2026-03-02T07:00:00Z"));
  garmin = await startGarmin({ clock });
  garmin.addAccount({
    email: EMAIL,
    password: "right",
    displayName: "ada-1815",
    fullName: "Ada L.",
    timezone: "Europe/Berlin",
  });
});
afterEach(() => garmin.close());

function postJson(call: string, body: object, cookies: string[] = [], clientId = "GCM_IOS_DARK") {
  const query = new URLSearchParams({ clientId, locale: "en-US", service: IOS });
  return fetch(`${garmin.ssoUrl}/mobile/api/${call}?${query}`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie: cookies.join("; ") },
    body: JSON.stringify(body),
  });
}
const login = (password = "right", clientId?: string, email = EMAIL) =>
  postJson("login", { username: email, password, rememberMe: true, captchaToken: "" }, [], clientId);
const verify = (code: string, cookies: string[], mfaMethod = "email") =>
  postJson("mfa/verifyCode", { mfaMethod, mfaVerificationCode: code, rememberMyBrowser: true }, cookies);
const cookiesOf = (answer: Response) =>
  answer.headers.getSetCookie().map((cookie) => cookie.slice(0, cookie.indexOf(";")));

async function outcome(answer: Response) {
  const body = (await answer.json()) as { responseStatus: { type: string }; serviceTicketId: string | null };
  return { http: answer.status, type: body.responseStatus.type, ticket: body.serviceTicketId };
}

describe("the apps' sign-in", () => {
  test("the right password brings a ticket for the service it asked for, and the cookie that remembers", async () => {
    const answer = await login();
    expect(cookiesOf(answer).map((cookie) => cookie.split("=")[0])).toContain("CASTGC");
    const { http, type, ticket } = await outcome(answer);
    expect([http, type]).toEqual([200, "SUCCESSFUL"]);
    expect(ticket).toMatch(/^ST-\d+-[A-Za-z0-9]{20}-sso$/);
  });

  test("a wrong password and an unknown e-mail look alike", async () => {
    const refusal = { http: 401, type: "INVALID_USERNAME_PASSWORD", ticket: null };
    expect(await outcome(await login("wrong"))).toEqual(refusal);
    expect(await outcome(await login("right", undefined, "nobody@example.org"))).toEqual(refusal);
  });

  test("a captcha and a lock come before the password", async () => {
    const account = garmin.accounts.get(EMAIL);
    account.needsCaptcha = true;
    expect(await outcome(await login())).toMatchObject({ http: 200, type: "CAPTCHA_REQUIRED" });
    account.locked = true;
    expect(await outcome(await login())).toMatchObject({ http: 401, type: "ACCOUNT_LOCKED" });
  });

  test("a GET of the login call answers 405 in JSON", async () => {
    const answer = await fetch(`${garmin.ssoUrl}/mobile/api/login`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([405, "application/json"]);
  });

  test("where the page is required first, its cookies and its address let a password through", async () => {
    garmin.settings.wantsPageFirst = true;
    expect((await login()).status).toBe(429);
    const page = `${garmin.ssoUrl}/mobile/sso/en_US/sign-in?${new URLSearchParams({ clientId: "GCM_IOS_DARK", service: IOS })}`;
    const cookie = cookiesOf(await fetch(page)).join("; ");
    const body = JSON.stringify({ username: EMAIL, password: "right" });
    const url = `${garmin.ssoUrl}/mobile/api/login?${new URLSearchParams({ clientId: "GCM_IOS_DARK", service: IOS })}`;
    const statusWith = async (headers: Record<string, string>) =>
      (await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body })).status;
    expect(await statusWith({ cookie })).toBe(429);
    expect(await statusWith({ referer: page })).toBe(429);
    expect(await statusWith({ cookie, referer: page })).toBe(200);
  });

  test("there is no ticket for a service that isn't Garmin's", async () => {
    const query = new URLSearchParams({ clientId: "GCM_IOS_DARK", service: "https://bot.example.org/" });
    const answer = await fetch(`${garmin.ssoUrl}/mobile/api/login?${query}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: EMAIL, password: "right" }),
    });
    expect(answer.status).toBe(400);
  });

  test("the sixth sign-in in an hour is refused per client id and e-mail, and every retry restarts the wait", async () => {
    for (let i = 0; i < 5; i++) expect((await login("wrong")).status).toBe(401);
    expect((await login()).status).toBe(429);
    expect((await login("right", "GCM_ANDROID_DARK")).status).toBe(200);
    clock.advance(7199);
    expect((await login()).status).toBe(429);
    clock.advance(7199);
    garmin.settings.limitInsideHttp200 = true;
    const inside = await login();
    expect([inside.status, await inside.json()]).toEqual([200, { error: { "status-code": "429" } }]);
    clock.advance(7200);
    expect(await outcome(await login())).toMatchObject({ type: "SUCCESSFUL" });
  });
});

describe("the second factor", () => {
  beforeEach(() => {
    garmin.accounts.get(EMAIL).mfa = "email";
  });
  const lastCode = () => garmin.inbox.at(-1)?.code ?? "";

  test("the login mails a code, which with all the cookies brings a ticket", async () => {
    const asked = await login();
    const cookies = cookiesOf(asked);
    expect(await asked.json()).toMatchObject({
      responseStatus: { type: "MFA_REQUIRED" },
      serviceTicketId: null,
      customerMfaInfo: { email: "ad*****@example.org", mfaLastMethodUsed: "email" },
    });
    expect(garmin.inbox).toHaveLength(1);
    const answer = await verify(lastCode(), cookies);
    const body = (await answer.json()) as { serviceTicketId: string };
    expect(Object.keys(body).sort()).toEqual([
      "authType",
      "responseReason",
      "responseStatus",
      "samlResponse",
      "serviceTicketId",
      "serviceURL",
    ]);
    expect(await exchangeTicket(garmin, body.serviceTicketId, IOS)).toMatchObject({ http: 200 });
  });

  test("a session that exists already gets no new cookies", async () => {
    const warm = await fetch(`${garmin.ssoUrl}/mobile/sso/en/sign-in?clientId=GCM_IOS_DARK`);
    const cookies = cookiesOf(warm);
    const asked = await postJson("login", { username: EMAIL, password: "right" }, cookies);
    expect(cookiesOf(asked)).toEqual([]);
    expect(await outcome(await verify(lastCode(), cookies))).toMatchObject({ type: "SUCCESSFUL" });
  });

  test.each(["SESSION", "__VCAP_ID__", "__cflb"])("without the cookie %s the session is not found", async (name) => {
    const cookies = cookiesOf(await login());
    const fewer = cookies.filter((cookie) => !cookie.startsWith(`${name}=`));
    expect(fewer.length).toBe(cookies.length - 1);
    expect(await outcome(await verify(lastCode(), fewer))).toMatchObject({ type: "SESSION_EXPIRED" });
    expect(await outcome(await verify(lastCode(), cookies))).toMatchObject({ type: "SUCCESSFUL" });
  });

  test("a wrong code or method keeps the pending login, until the fifth", async () => {
    const cookies = cookiesOf(await login());
    expect(await outcome(await verify("000000", cookies))).toMatchObject({ http: 401, type: "INVALID_MFA_CODE" });
    expect(await outcome(await verify(lastCode(), cookies, "phone"))).toMatchObject({ type: "INVALID_MFA_CODE" });
    expect(await outcome(await verify(lastCode(), cookies))).toMatchObject({ type: "SUCCESSFUL" });

    const others = cookiesOf(await login());
    for (let i = 0; i < 4; i++) await verify("000000", others);
    expect(await outcome(await verify("000000", others))).toMatchObject({ type: "MFA_CODE_MAX_LIMIT" });
    expect(await outcome(await verify(lastCode(), others))).toMatchObject({ type: "SESSION_EXPIRED" });
  });

  test.each([
    ["401 empty", 401, ""],
    ["401 Spring", 401, expect.stringContaining('"error":"Unauthorized"')],
    ["200 named", 200, expect.stringContaining('"type":"INVALID_MFA_CODE"')],
  ] as const)("a wrong code may be answered as %s, and the right one still counts", async (setting, status, text) => {
    garmin.settings.wrongCode = setting;
    const cookies = cookiesOf(await login());
    const answer = await verify("000000", cookies);
    expect([answer.status, await answer.text()]).toEqual([status, text]);
    expect(await outcome(await verify(lastCode(), cookies))).toMatchObject({ type: "SUCCESSFUL" });
  });

  test("a code works for half an hour", async () => {
    const cookies = cookiesOf(await login());
    clock.advance(1800);
    expect(await outcome(await verify(lastCode(), cookies))).toMatchObject({ type: "EXPIRED_MFA_CODE" });
  });

  test("a new code is sent thirty seconds after the last, and ends the older one", async () => {
    const cookies = cookiesOf(await login());
    const first = lastCode();
    const send = () => postJson("mfa/sendCode", { mfaMethod: "email" }, cookies);
    clock.advance(29);
    expect((await send()).status).toBe(400);
    clock.advance(1);
    expect(await outcome(await send())).toMatchObject({ http: 200, type: "MFA_CODE_SENT" });
    expect(garmin.inbox).toHaveLength(2);
    expect(await outcome(await verify(first, cookies))).toMatchObject({ type: "INVALID_MFA_CODE" });
    expect(await outcome(await verify(lastCode(), cookies))).toMatchObject({ type: "SUCCESSFUL" });
  });

  test("the portal refuses such accounts with 427 inside HTTP 200", async () => {
    const query = new URLSearchParams({ clientId: "GarminConnect", service: "https://connect.garmin.com/app" });
    const answer = await fetch(`${garmin.ssoUrl}/portal/api/login?${query}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username: EMAIL, password: "right" }),
    });
    expect([answer.status, await answer.json()]).toEqual([200, { error: { "status-code": "427" } }]);
  });
});

describe("the sign-in page", () => {
  const signInUrl = () => {
    const embed = `${garmin.ssoUrl}/sso/embed`;
    const query = new URLSearchParams({ id: "gauth-widget", embedWidget: "true", service: embed, source: embed });
    return `${garmin.ssoUrl}/sso/signin?${query}`;
  };
  const titleOf = (html: string) => /<title>([^<]*)/.exec(html)?.[1];
  const csrfOf = (html: string) => /name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? "";
  const postForm = (url: string, cookies: string[], fields: Record<string, string>) =>
    fetch(url, { method: "POST", headers: { cookie: cookies.join("; ") }, body: new URLSearchParams(fields) });
  const ticketUrlOf = (html: string) => /response_url = "([^"]+)"/.exec(html)?.[1] ?? "";

  test("ends at the embed page with a ticket in the address, and next time gives one without asking", async () => {
    const opened = await fetch(signInUrl());
    const fields = { username: EMAIL, embed: "true", _csrf: csrfOf(await opened.text()) };
    const cookies = cookiesOf(opened);
    const wrong = await (await postForm(signInUrl(), cookies, { ...fields, password: "wrong" })).text();
    expect(titleOf(wrong)).toBe("GARMIN Authentication Application");

    const right = { ...fields, password: "right", _csrf: csrfOf(wrong) };
    const signedIn = await postForm(signInUrl(), cookies, right);
    const html = await signedIn.text();
    expect(titleOf(html)).toBe("Success");
    const target = new URL(ticketUrlOf(html));
    expect(target.origin + target.pathname).toBe(`${garmin.ssoUrl}/sso/embed`);
    expect(target.searchParams.get("ticket")).toMatch(/-cas$/);
    const last = await (await fetch(target)).text();
    expect(titleOf(last)).toBe("GAuth Embedded Version");
    expect(last).toContain("<pre>ERROR: clientId parameter must be specified!!!");
    const ticket = target.searchParams.get("ticket") ?? "";
    expect(await exchangeTicket(garmin, ticket, `${garmin.ssoUrl}/sso/embed`)).toMatchObject({ http: 200 });

    const again = await fetch(signInUrl(), { headers: { cookie: cookiesOf(signedIn).join("; ") } });
    const fresh = ticketUrlOf(await again.text());
    expect(fresh).toContain("?ticket=ST-");
    expect(fresh).not.toBe(target.href);
  });

  test("a form without its csrf value is shown again", async () => {
    const opened = await fetch(signInUrl());
    const fields = { username: EMAIL, password: "right", embed: "true", _csrf: "stale" };
    expect(titleOf(await (await postForm(signInUrl(), cookiesOf(opened), fields)).text())).not.toBe("Success");
  });

  test("has to ask for a code before it takes one", async () => {
    garmin.accounts.get(EMAIL).mfa = "email";
    const opened = await fetch(signInUrl());
    const cookies = cookiesOf(opened);
    const fields = { username: EMAIL, password: "right", embed: "true", _csrf: csrfOf(await opened.text()) };
    const page = await (await postForm(signInUrl(), cookies, fields)).text();
    expect(page).toContain('var mfaMethod = "email"');
    expect(page).toContain('var codeSentTo = ""');
    expect(garmin.inbox).toEqual([]);

    const customerGuid = /customerGuid = "([^"]+)"/.exec(page)?.[1];
    await fetch(`${garmin.ssoUrl}/sso/verifyMFA/mfaCode`, {
      method: "POST",
      headers: { cookie: cookies.join("; "), "content-type": "application/json" },
      body: JSON.stringify({ customerGuid, mfaMethod: "email", locale: "en" }),
    });
    const url = `${garmin.ssoUrl}/sso/verifyMFA/loginEnterMfaCode${new URL(signInUrl()).search}`;
    const enter = async (code: string, csrf: string) => {
      const fields = { "mfa-code": code, embed: "true", fromPage: "setupEnterMfaCode", _csrf: csrf };
      return postForm(url, cookies, fields);
    };
    const wrong = await (await enter("000000", csrfOf(page))).text();
    expect(wrong).toContain('var codeSentTo = "ad*****"');
    const done = await enter(garmin.inbox[0]?.code ?? "", csrfOf(wrong));
    expect(titleOf(await done.text())).toBe("Success");
  });
});
