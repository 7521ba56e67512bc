import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Garmin, startGarmin } from "../../src/sandbox/garmin.ts";
import { CLIENT_ID } from "../../src/sandbox/garmin-calls.ts";
import { startWithings, type Withings } from "../../src/sandbox/withings.ts";
import { encodeWeighIns } from "../../src/sync/garmin/fit.ts";
import { garminShapes, withingsShapes } from "../fixtures/vendor-shapes.ts";

const at = new Date("2026-11-20T06:30:15Z");
const EMAIL = "ada@example.org";
const MFA_EMAIL = "mfa@example.org";
const USERID = 8_800_001;
const IOS = "https://mobile.integration.garmin.com/gcm/ios";
const JSON_TYPE = { "content-type": "application/json" };

let garmin: Garmin;
let withings: Withings;
let garminToken: string;
let withingsToken: string;
beforeAll(async () => {
  garmin = await startGarmin();
  const person = { password: "right", displayName: "ada-1815", fullName: "Ada L.", timezone: "Europe/Berlin" };
  garmin.addAccount({ email: EMAIL, ...person });
  garmin.addAccount({ email: MFA_EMAIL, ...person, mfa: "email" });
  garminToken = garmin.issueLink(EMAIL).accessToken;
  withings = await startWithings();
  const ada = withings.addPerson({ userid: USERID, name: "Ada", timezone: "Europe/Berlin" });
  ada.stepOnScale({ at, weightKg: 70.15, fatRatioPercent: 20, waterKg: 40, visceralFat: 3.3, siblings: true });
  ada.stepOnScale({ at, weightKg: 70.15, attrib: 2 });
  ada.takeBloodPressure({ at, systolic: 121, diastolic: 79, pulse: 61 });
  withingsToken = withings.issueLink(USERID).accessToken;
});
afterAll(() => Promise.all([garmin.close(), withings.close()]));

describe("Garmin", () => {
  const connect = (method: string, path: string, body?: RequestInit["body"], headers: Record<string, string> = {}) =>
    fetch(garmin.connectapiUrl + path, {
      method,
      headers: { authorization: `Bearer ${garminToken}`, ...headers },
      ...(body !== undefined && { body }),
    });
  const pressure = () =>
    connect(
      "POST",
      "/bloodpressure-service/bloodpressure",
      JSON.stringify({
        measurementTimestampLocal: "2026-11-20T07:30:00.000",
        measurementTimestampGMT: "2026-11-20T06:30:00.000",
        systolic: 121,
        diastolic: 79,
      }),
      JSON_TYPE,
    );
  const upload = async () => {
    const reading = {
      kind: "weigh_in",
      measureGroupId: 1,
      takenAt: at,
      modifiedAt: at,
      attribution: "certain",
    } as const;
    const composition = { bodyFatPercent: 18.37, muscleMassKg: 52.91, visceralFatIndex: 6, metabolicAgeYears: 34 };
    const file = await encodeWeighIns([{ ...reading, imported: false, weightKg: 70.15, ...composition }], 1.68);
    const form = new FormData();
    form.append("file", new Blob([new Uint8Array(file)]), "weight.fit");
    return connect("POST", "/upload-service/upload", form);
  };
  const token = (fields: Record<string, string>) =>
    fetch(`${garmin.diauthUrl}/di-oauth2-service/oauth/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:`)}` },
      body: new URLSearchParams({ client_id: CLIENT_ID, ...fields }),
    });
  const sso = (call: string, body: object, cookie = "", flavour = "mobile", service = IOS) =>
    fetch(`${garmin.ssoUrl}/${flavour}/api/${call}?${new URLSearchParams({ clientId: "GCM_IOS_DARK", service })}`, {
      method: "POST",
      headers: { ...JSON_TYPE, cookie },
      body: JSON.stringify(body),
    });
  const login = (username: string, password = "right") => sso("login", { username, password });
  const cookiesOf = (answer: Response) =>
    answer.headers
      .getSetCookie()
      .map((cookie) => cookie.split(";")[0])
      .join("; ");

  const ASKED: Record<keyof typeof garminShapes, [status: number, ask: () => Promise<Response>]> = {
    "any-404.json": [404, () => connect("DELETE", "/weight-service/weight/2026-11-20/byversion/1")],
    "any-412-eu-consent.json": [
      412,
      async () => {
        garmin.setConsent(EMAIL, false);
        return upload().finally(() => garmin.setConsent(EMAIL, true));
      },
    ],
    "bp-post-200.json": [200, pressure],
    "bp-range-200.json": [
      200,
      async () => {
        await pressure();
        return connect("GET", "/bloodpressure-service/bloodpressure/range/2026-11-19/2026-11-21?includeAll=true");
      },
    ],
    "di-token-200.json": [
      200,
      () => token({ grant_type: "refresh_token", refresh_token: garmin.issueLink(EMAIL).refreshToken }),
    ],
    "di-token-400-invalid-grant.json": [400, () => token({ grant_type: "refresh_token", refresh_token: "dead" })],
    "sso-error-envelope-427.json": [
      200,
      () => sso("login", { username: MFA_EMAIL, password: "right" }, "", "portal", "https://connect.garmin.com/app"),
    ],
    "sso-error-envelope-429.json": [
      200,
      async () => {
        garmin.settings.limitInsideHttp200 = true;
        let answer = await login("limited@example.org");
        for (let tries = 0; tries < 5; tries++) answer = await login("limited@example.org");
        return answer;
      },
    ],
    "sso-login-200-mfa-required.json": [200, () => login(MFA_EMAIL)],
    "sso-login-200-successful.json": [200, () => login(EMAIL)],
    "sso-login-401-invalid.json": [401, () => login(EMAIL, "wrong")],
    "sso-verifycode-200-successful.json": [
      200,
      async () => {
        const cookies = cookiesOf(await login(MFA_EMAIL));
        const mfaVerificationCode = garmin.inbox.at(-1)?.code;
        return sso("mfa/verifyCode", { mfaMethod: "email", mfaVerificationCode }, cookies);
      },
    ],
    // An activity's: nobody has recorded a weight's.
    "upload-202-activity.json": [
      202,
      async () => {
        garmin.settings.uploadStatus = 202;
        return upload();
      },
    ],
    "weight-dayview-200.json": [
      200,
      async () => {
        await upload();
        return connect("GET", "/weight-service/weight/dayview/2026-11-20");
      },
    ],
    "weight-dayview-200-empty.json": [200, () => connect("GET", "/weight-service/weight/dayview/2020-01-01")],
    "weight-range-200.json": [
      200,
      async () => {
        await upload();
        garmin.addManualWeight(EMAIL, { at: new Date("2026-11-19T06:00:00Z"), weightKg: 70.2 });
        return connect("GET", "/weight-service/weight/range/2026-11-19/2026-11-21?includeAll=true");
      },
    ],
  };

  test.each(Object.entries(ASKED))("%s", async (name, [status, ask]) => {
    const answer = await ask();
    expect(answer.status).toBe(status);
    const checked = garminShapes[name as keyof typeof garminShapes].safeParse(await answer.json());
    expect(checked.error?.issues).toBeUndefined();
  });
});

describe("Withings", () => {
  const post = async (path: string, fields: Record<string, string>) =>
    (
      await fetch(withings.apiUrl + path, {
        method: "POST",
        headers: { authorization: `Bearer ${withingsToken}` },
        body: new URLSearchParams(fields),
      })
    ).json() as Promise<{ body?: { measuregrps?: unknown } }>;
  const subscription = { callbackurl: "https://bot.example.org/notify?key=x", appli: "1" };
  const getMeas = () => post("/measure", { action: "getmeas", category: "1", lastupdate: "0" });
  const groups = async () => (await getMeas()).body?.measuregrps;

  const ASKED: Record<keyof typeof withingsShapes, () => Promise<unknown>> = {
    "getmeas-bodyplus-weight-only-duplicate-grpid.json": getMeas,
    "measuregrps-bodycardio-bpmconnect-slice.json": groups,
    "measuregrps-bodyscan-segmental.json": groups,
    "notify-list.json": async () => {
      await post("/notify", { action: "subscribe", ...subscription });
      return post("/notify", { action: "list" });
    },
    "notify-revoke-ok.json": async () => {
      await post("/notify", { action: "subscribe", ...subscription });
      return post("/notify", { action: "revoke", ...subscription });
    },
    "notify-subscribe-ok.json": () => post("/notify", { action: "subscribe", ...subscription }),
    "user-getdevice.json": () => post("/v2/user", { action: "getdevice" }),
  };

  test.each(Object.entries(ASKED))("%s", async (name, ask) => {
    const checked = withingsShapes[name as keyof typeof withingsShapes].safeParse(await ask());
    expect(checked.error?.issues).toBeUndefined();
  });
});
