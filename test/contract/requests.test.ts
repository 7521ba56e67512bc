import { Decoder, Stream } from "@garmin/fitsdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RecordedRequest, type Served, serve } from "../../src/sandbox/serve.ts";
import { startTestBot } from "../bot/test-bot.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp, USERID } from "../support/test-app.ts";

/**
 * Every request the program sends to the vendors, line by line: what working clients send in November 2026, and nothing else. A
 * request missing from this list fails the test, and so does a listed one that is never sent. Before changing a request on
 * purpose, look at what those clients send (see `npm run test:clients`).
 */
interface Line {
  /** Server, method and path, as a pattern. */
  call: RegExp;
  /** Distinguishes requests with the same path: form fields that must have these values. */
  when?: Record<string, string>;
  query?: Record<string, unknown>;
  headers: Record<string, unknown>;
  body?: unknown;
}

const some = expect.stringMatching(/./);
const digits = expect.stringMatching(/^\d+$/);
const DATE = String.raw`\d{4}-\d\d-\d\d`;
const at = (path: string) => new RegExp(`^garmin_connectapi ${path}$`);

const SERVICE = "https://mobile.integration.garmin.com/gcm/ios";
const DI_CLIENT = "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2";
const FORM = "application/x-www-form-urlencoded";
const signInQuery = { clientId: "GCM_IOS_DARK", locale: "en-US", service: SERVICE };
/** The page that Garmin's app opens before it asks for a password. */
const signInPage = expect.stringMatching(
  /^http:.*\/mobile\/sso\/en_US\/sign-in\?clientId=GCM_IOS_DARK&service=https%3A/,
);
const signInHeaders = {
  accept: "application/json, text/plain, */*",
  "accept-language": "en-US,en;q=0.9",
  "content-type": "application/json",
  origin: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
  "user-agent":
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
};
const { "content-type": _json, ...withoutBody } = signInHeaders;
/** The load balancer's cookies too, or another of Garmin's machines wouldn't know the sign-in. */
const cookie = expect.stringMatching(/^SESSION=\S+; __VCAP_ID__=\S+; __cflb=\S+; __cf_bm=\S+; _cfuvid=\S+$/);
/** Garmin's Android app 5.23. */
const appHeaders = {
  accept: "application/json",
  "accept-language": "en-US,en;q=0.9",
  "user-agent": "GCM-Android-5.23",
  "x-app-ver": "10861",
  "x-garmin-client-platform": "Android",
  "x-garmin-paired-app-version": "10861",
  "x-garmin-user-agent":
    "com.garmin.android.apps.connectmobile/5.23; ; Google/sdk_gphone64_arm64/google; Android/33; Dalvik/2.1.0",
  "x-gcexperience": "GC5",
  "x-lang": "en",
};
const diauth = {
  ...appHeaders,
  authorization: `Basic ${btoa(`${DI_CLIENT}:`)}`,
  "cache-control": "no-cache",
  "content-type": FORM,
};
// A JWT: the token as it was given.
const connect = { ...appHeaders, authorization: expect.stringMatching(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/) };
const withingsForm = {
  accept: "application/json",
  "content-type": FORM,
  "user-agent": expect.stringMatching(/^weighbridge\/\d+\.\d+\.\d+$/),
};
const withings = { ...withingsForm, authorization: expect.stringMatching(/^Bearer [0-9a-f]{40}$/) };
const application = { client_id: "sandbox-withings-client", client_secret: "sandbox-withings-secret" };
const subscription = { callbackurl: some, appli: digits };

const LINES: Record<string, Line> = {
  "whether Garmin's sign-in can be reached": {
    call: /^garmin_sso GET \/mobile\/api\/login$/,
    query: signInQuery,
    headers: withoutBody,
  },
  "the page before a password": {
    call: /^garmin_sso GET \/mobile\/sso\/en_US\/sign-in$/,
    query: { clientId: "GCM_IOS_DARK", service: SERVICE },
    headers: {
      accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      "accept-language": "en-US,en;q=0.9",
      "user-agent": signInHeaders["user-agent"],
    },
  },
  "a password": {
    call: /^garmin_sso POST \/mobile\/api\/login$/,
    query: signInQuery,
    headers: { ...signInHeaders, referer: signInPage, cookie },
    body: { username: OWNER.email, password: OWNER.password, rememberMe: true, captchaToken: "" },
  },
  "a code": {
    call: /^garmin_sso POST \/mobile\/api\/mfa\/verifyCode$/,
    query: signInQuery,
    headers: { ...signInHeaders, referer: signInPage, cookie },
    body: {
      mfaMethod: "email",
      mfaVerificationCode: digits,
      rememberMyBrowser: true,
      reconsentList: [],
      mfaSetup: false,
    },
  },
  "a new code": {
    call: /^garmin_sso POST \/mobile\/api\/mfa\/sendCode$/,
    query: signInQuery,
    headers: { ...signInHeaders, referer: signInPage, cookie },
    body: { mfaMethod: "email" },
  },
  "a ticket for tokens": {
    call: /^garmin_diauth POST \/di-oauth2-service\/oauth\/token$/,
    when: { grant_type: "https://connectapi.garmin.com/di-oauth2-service/oauth/grant/service_ticket" },
    headers: diauth,
    body: {
      client_id: DI_CLIENT,
      grant_type: some,
      service_ticket: expect.stringMatching(/^ST-\d+-[A-Za-z0-9]{20}-(sso|cas)$/),
      // Of the sign-in that made the ticket: the phone app's, or the web page's.
      service_url: expect.stringMatching(
        /^(https:\/\/mobile\.integration\.garmin\.com\/gcm\/ios|http:.*\/sso\/embed)$/,
      ),
    },
  },
  "a refresh at Garmin": {
    call: /^garmin_diauth POST \/di-oauth2-service\/oauth\/token$/,
    when: { grant_type: "refresh_token" },
    headers: diauth,
    body: { client_id: DI_CLIENT, grant_type: "refresh_token", refresh_token: some },
  },
  "whose account it is": { call: /^garmin_connectapi GET \/userprofile-service\/socialProfile$/, headers: connect },
  "how tall its owner is": {
    call: /^garmin_connectapi GET \/userprofile-service\/userprofile\/user-settings$/,
    headers: connect,
  },
  "the consent to uploads": {
    call: /^garmin_connectapi GET \/gdprconsent-service\/feature\/UPLOAD$/,
    headers: connect,
  },
  "a file of weigh-ins": {
    call: /^garmin_connectapi POST \/upload-service\/upload$/,
    headers: { ...connect, "content-type": expect.stringMatching(/^multipart\/form-data; boundary=[^,]+$/) },
    body: {
      file: { name: "weight.fit", type: "application/octet-stream", messages: ["fileIdMesgs", "weightScaleMesgs"] },
    },
  },
  "weights read back": {
    call: at(`GET /weight-service/weight/range/${DATE}/${DATE}`),
    query: { includeAll: "true" },
    headers: connect,
  },
  "a weight away": {
    call: at(`DELETE /weight-service/weight/${DATE}/byversion/\\d{13}`),
    headers: connect,
  },
  "a blood pressure": {
    call: /^garmin_connectapi POST \/bloodpressure-service\/bloodpressure$/,
    headers: { ...connect, "content-type": "application/json" },
    body: {
      // Both with milliseconds and without an offset.
      measurementTimestampLocal: "2026-11-21T11:00:00.000",
      measurementTimestampGMT: "2026-11-21T10:00:00.000",
      systolic: expect.any(Number),
      diastolic: 79,
      pulse: 61,
      sourceType: "MANUAL",
      notes: "",
    },
  },
  "blood pressures read back": {
    call: at(`GET /bloodpressure-service/bloodpressure/range/${DATE}/${DATE}`),
    query: { includeAll: "true" },
    headers: connect,
  },
  "a blood pressure away": {
    call: at(`DELETE /bloodpressure-service/bloodpressure/${DATE}/\\d{13}`),
    headers: connect,
  },
  "a code for Withings' tokens": {
    call: /^withings POST \/v2\/oauth2$/,
    when: { grant_type: "authorization_code" },
    headers: withingsForm,
    body: {
      action: "requesttoken",
      grant_type: "authorization_code",
      ...application,
      code: some,
      redirect_uri: "http://127.0.0.1:8080/oauth/withings/callback",
    },
  },
  "a refresh at Withings": {
    call: /^withings POST \/v2\/oauth2$/,
    when: { grant_type: "refresh_token" },
    headers: withingsForm,
    body: { action: "requesttoken", grant_type: "refresh_token", ...application, refresh_token: some },
  },
  "measurements, on their first page": {
    call: /^withings POST \/measure$/,
    headers: withings,
    body: { action: "getmeas", meastypes: expect.stringMatching(/^\d+(,\d+)*$/), category: "1", lastupdate: digits },
  },
  "measurements, on a later page": {
    call: /^withings POST \/measure$/,
    when: { offset: "1" },
    headers: withings,
    body: {
      ...{ action: "getmeas", meastypes: expect.stringMatching(/^\d+(,\d+)*$/), category: "1", lastupdate: digits },
      offset: "1",
    },
  },
  "which notifications there are": {
    call: /^withings POST \/notify$/,
    when: { action: "list" },
    headers: withings,
    body: { action: "list" },
  },
  "to be notified": {
    call: /^withings POST \/notify$/,
    when: { action: "subscribe" },
    headers: withings,
    body: { action: "subscribe", ...subscription },
  },
  "no longer to be notified": {
    call: /^withings POST \/notify$/,
    when: { action: "revoke" },
    headers: withings,
    body: { action: "revoke", ...subscription },
  },
};

let here: Served;
let harness: TestApp;
let requests: RecordedRequest[];
let consentPage: URL;

beforeAll(async () => {
  here = await serve(() => new Response());
  harness = await startTestApp({ linked: false, heightM: 1.68, env: { PUBLIC_URL: here.url } });
  const { app, sandbox, person, clock } = harness;
  const { garmin } = sandbox;
  garmin.accounts.get(OWNER.email).mfa = "email";
  garmin.settings.wantsPageFirst = true;
  const code = () => garmin.inbox.at(-1)?.code ?? "";
  const done = async (what: Promise<{ type: string }>, type: string) => expect((await what).type).toBe(type);

  await app.garminSignIn.probe();
  consentPage = new URL(app.withingsLinking.begin(ACCOUNT));
  await done(app.withingsLinking.withPasted(ACCOUNT, sandbox.withings.allow(USERID, consentPage.href)), "linked");

  await done(app.garminSignIn.withPassword(ACCOUNT, OWNER.email, OWNER.password), "mfa_required");
  await done(app.garminSignIn.withCode(ACCOUNT, "000000"), "wrong_code");
  clock.advance(60);
  await done(app.garminSignIn.newCode(ACCOUNT), "code_sent");
  await done(app.garminSignIn.withCode(ACCOUNT, code()), "signed_in");
  await done(app.garminSignIn.withPasted(ACCOUNT, garmin.mintTicket(OWNER.email)), "signed_in");
  await app.subscriptions.keep(ACCOUNT);

  sandbox.withings.settings.pageSize = 1;
  const weighedAt = new Date("2026-11-21T09:00:00Z");
  const composition = { fatRatioPercent: 24.1, muscleKg: 46.3, boneKg: 2.4, waterKg: 35.6, visceralFat: 2.4 };
  const weighed = person.stepOnScale({ at: weighedAt, weightKg: 64.2, ...composition });
  const pressedAt = new Date("2026-11-21T10:00:00Z");
  const pressed = person.takeBloodPressure({ at: pressedAt, systolic: 121, diastolic: 79, pulse: 61 });
  await synced();
  sandbox.withings.settings.pageSize = 100;
  clock.advance(120);
  person.edit(weighed, { weightKg: 63.9 });
  person.edit(pressed, { systolic: 119 });
  await synced();
  // Long enough for the access tokens of both.
  clock.advance(40 * 3600);
  person.stepOnScale({ weightKg: 64 });
  await synced();
  await app.garminSignIn.uploadConsent(ACCOUNT);
  await app.vendors.garmin.openSinks(app.tokens.withAccess(ACCOUNT, "garmin")).profileHeight();
  await app.subscriptions.remove(ACCOUNT);
  requests = [...sandbox.withings.requests, ...garmin.requests];
});
afterAll(async () => {
  await harness.close();
  await here.close();
});

/** New and edited readings arrive, some only in a second run. */
async function synced() {
  for (let run = 0; run < 3; run++) {
    const report = await harness.sync();
    expect(report.status).toBe("success");
    harness.clock.advance(60);
  }
}

const formOf = (seen: RecordedRequest) =>
  seen.headers["content-type"] === FORM ? Object.fromEntries(new URLSearchParams(seen.body)) : {};

function nameOf(seen: RecordedRequest): string | undefined {
  const form = formOf(seen);
  const fits = ([, { call, when = {} }]: [string, Line]) =>
    call.test(`${seen.server} ${seen.method} ${seen.path}`) &&
    Object.entries(when).every(([name, value]) => form[name] === value);
  // The one that asks for the most.
  const found = Object.entries(LINES).filter(fits);
  return found.toSorted(([, a], [, b]) => Object.keys(b.when ?? {}).length - Object.keys(a.when ?? {}).length)[0]?.[0];
}

/** Without what HTTP itself adds. */
function headersOf({ headers }: RecordedRequest) {
  const { host, connection, "content-length": length, ...rest } = headers;
  return rest;
}

async function bodyOf(seen: RecordedRequest): Promise<unknown> {
  const type = seen.headers["content-type"] ?? "";
  if (type === "application/json") return JSON.parse(seen.body);
  if (type === FORM) return formOf(seen);
  if (!type.startsWith("multipart/")) return seen.body || undefined;
  const parts = await new Response(new Uint8Array(seen.bytes), { headers: { "content-type": type } }).formData();
  const described: Record<string, unknown> = {};
  for (const [name, part] of parts) {
    if (!(part instanceof File)) continue;
    const { messages, errors } = new Decoder(Stream.fromByteArray(new Uint8Array(await part.arrayBuffer()))).read();
    expect(errors).toEqual([]);
    described[name] = { name: part.name, type: part.type, messages: Object.keys(messages).toSorted() };
  }
  return described;
}

test("no request goes to a vendor endpoint that is not in the list", () => {
  const unknown = requests.filter((seen) => nameOf(seen) === undefined);
  expect(unknown.map(({ server, method, path }) => `${server} ${method} ${path}`)).toEqual([]);
});

describe("the requests, field by field:", () => {
  test.each(Object.entries(LINES))("%s", async (name, line) => {
    const said = requests.filter((seen) => nameOf(seen) === name);
    expect(said).not.toEqual([]);
    for (const seen of said) {
      expect({
        query: Object.fromEntries(seen.query),
        headers: headersOf(seen),
        body: await bodyOf(seen),
      }).toEqual({ query: line.query ?? {}, headers: line.headers, body: line.body });
    }
  });
});

test("no header, no field of a form and no part of a query is sent twice", () => {
  const twice = (names: Iterable<string>) => {
    const all = [...names].map((name) => name.toLowerCase());
    return all.filter((name, index) => all.indexOf(name) !== index);
  };
  for (const seen of requests) {
    expect(twice(seen.rawHeaders.map(([name]) => name))).toEqual([]);
    expect(twice(seen.query.keys())).toEqual([]);
    if (seen.headers["content-type"] === FORM) expect(twice(new URLSearchParams(seen.body).keys())).toEqual([]);
  }
});

test("the consent page at Withings is opened with these parameters and no others", () => {
  expect(consentPage.pathname).toBe("/oauth2_user/authorize2");
  expect(Object.fromEntries(consentPage.searchParams)).toEqual({
    response_type: "code",
    client_id: application.client_id,
    redirect_uri: "http://127.0.0.1:8080/oauth/withings/callback",
    // A space instead of the comma is refused.
    scope: "user.info,user.metrics",
    state: expect.stringMatching(/^\S{20,}$/),
  });
});

test("Garmin's sign-in page is opened so that the ticket stays in the address", () => {
  const page = new URL(harness.app.garminSignIn.pageUrl());
  const embed = `${harness.sandbox.garmin.ssoUrl}/sso/embed`;
  expect(page.origin + page.pathname).toBe(`${harness.sandbox.garmin.ssoUrl}/sso/signin`);
  expect(Object.fromEntries(page.searchParams)).toEqual({
    id: "gauth-widget",
    embedWidget: "true",
    gauthHost: embed,
    service: embed,
    source: embed,
    redirectAfterAccountLoginUrl: embed,
    redirectAfterAccountCreationUrl: embed,
  });
});

test("Telegram is asked by POST, with JSON and no other headers", async () => {
  const bots = await startTestBot();
  try {
    bots.startBot();
    bots.owner.say("/status");
    await bots.quiet();
    await expect.poll(() => bots.telegram.requests.map(({ path }) => path.split("/").at(-1))).toContain("sendMessage");
    for (const seen of bots.telegram.requests) {
      expect(`${seen.method} ${seen.path}`).toMatch(new RegExp(`^POST /bot${bots.telegram.token}/[A-Za-z]+$`));
      expect(headersOf(seen)).toEqual({ "content-type": "application/json" });
      expect(JSON.parse(seen.body)).toBeTypeOf("object");
      expect(seen.query.size).toBe(0);
    }
  } finally {
    await bots.close();
  }
});
