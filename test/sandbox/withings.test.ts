import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FaultBoard } from "../../src/sandbox/faults.ts";
import { createManualClock, type ManualClock } from "../../src/sandbox/manual-clock.ts";
import { serve } from "../../src/sandbox/serve.ts";
import type { MeasureGroup } from "../../src/sandbox/withings/groups.ts";
import type { Person } from "../../src/sandbox/withings/person.ts";
import { startWithings, type Withings } from "../../src/sandbox/withings.ts";

const NOW = new Date("2026-03-02T07:00:00Z");
const USERID = 8_800_001;
const REDIRECT = "http://127.0.0.1:8080/oauth/withings/callback";

interface Envelope {
  status: number;
  error?: string;
  body?: Record<string, unknown> & { measuregrps?: MeasureGroup[] };
}

let clock: ManualClock;
let faults: FaultBoard;
let withings: Withings;
let ada: Person;

beforeEach(async () => {
  clock = createManualClock(NOW);
  faults = new FaultBoard();
  withings = await startWithings({ clock, faults });
  ada = withings.addPerson({ userid: USERID, name: "Ada", timezone: "Europe/Berlin" });
});
afterEach(() => withings.close());

async function post(path: string, fields: Record<string, string>, accessToken?: string) {
  const headers = accessToken === undefined ? undefined : { authorization: `Bearer ${accessToken}` };
  const answer = await fetch(withings.apiUrl + path, {
    method: "POST",
    body: new URLSearchParams(fields),
    ...(headers ? { headers } : {}),
  });
  return { httpStatus: answer.status, ...((await answer.json()) as Envelope) };
}

const client = () => ({
  action: "requesttoken",
  client_id: withings.application.clientId,
  client_secret: withings.application.clientSecret,
});
const exchange = (code: string, redirectUri = REDIRECT) =>
  post("/v2/oauth2", { ...client(), grant_type: "authorization_code", code, redirect_uri: redirectUri });
const refresh = (refreshToken: unknown) =>
  post("/v2/oauth2", { ...client(), grant_type: "refresh_token", refresh_token: String(refreshToken) });
const getMeas = (accessToken: unknown, fields: Record<string, string> = { lastupdate: "0" }) =>
  post("/measure", { action: "getmeas", category: "1", ...fields }, String(accessToken));
const newCode = () => new URL(withings.authorize(USERID, { state: "s1" })).searchParams.get("code") ?? "";
const grpids = (envelope: Envelope) => envelope.body?.measuregrps?.map(({ grpid }) => grpid);

describe("consent and code", () => {
  test("a code buys tokens once, and its userid is a string", async () => {
    const code = newCode();
    const first = await exchange(code);
    expect(first).toMatchObject({ httpStatus: 200, status: 0, body: { userid: "8800001", expires_in: 10_800 } });
    expect(await exchange(code)).toMatchObject({ httpStatus: 200, status: 503, error: "Invalid Params: invalid code" });
  });

  test("a code expires thirty seconds after the consent", async () => {
    const code = newCode();
    clock.advance(30);
    expect(await exchange(code)).toMatchObject({ status: 503, error: "Invalid Params: invalid code" });
  });

  test("the redirect address must be the same in the exchange and in the consent", async () => {
    expect(await exchange(newCode(), `${REDIRECT}/other`)).toMatchObject({ status: 503 });
  });

  test("a wrong client secret answers the same status with another text", async () => {
    const answer = await post("/v2/oauth2", { ...client(), client_secret: "x", grant_type: "refresh_token" });
    expect(answer).toEqual({ httpStatus: 200, status: 503, error: "Invalid Params: invalid client id/secret" });
  });

  test("the consent page lists the people and sends the browser back with code and state", async () => {
    const query = new URLSearchParams({
      response_type: "code",
      client_id: withings.application.clientId,
      redirect_uri: REDIRECT,
      state: "s2",
      scope: "user.info,user.metrics",
    });
    const url = `${withings.accountUrl}/oauth2_user/authorize2?${query}`;
    expect(await (await fetch(url)).text()).toContain("Allow for Ada");

    const press = async (form: Record<string, string>) => {
      const body = new URLSearchParams(form);
      const answer = await fetch(url, { method: "POST", body, redirect: "manual" });
      return new URL(answer.headers.get("location") ?? "").searchParams;
    };
    const allowed = await press({ userid: String(USERID), decision: "allow" });
    expect(allowed.get("state")).toBe("s2");
    expect((await exchange(allowed.get("code") ?? "")).status).toBe(0);
    expect(Object.fromEntries(await press({ decision: "refuse" }))).toEqual({ error: "access_denied", state: "s2" });

    for (const [name, value] of [
      ["scope", "user.info user.metrics"],
      ["redirect_uri", "https://elsewhere.example/"],
    ] as const) {
      const wrong = new URLSearchParams(query);
      wrong.set(name, value);
      expect((await fetch(`${withings.accountUrl}/oauth2_user/authorize2?${wrong}`)).status).toBe(400);
    }
  });
});

describe("token rotation", () => {
  test("each refresh brings a new refresh token, and the userid as a number", async () => {
    const link = withings.issueLink(USERID);
    const answer = await refresh(link.refreshToken);
    expect(answer.body).toMatchObject({ userid: USERID, token_type: "Bearer" });
    expect(answer.body?.refresh_token).not.toBe(link.refreshToken);
  });

  test("the old refresh token works for eight hours while the new access token is unused", async () => {
    const { refreshToken } = withings.issueLink(USERID);
    await refresh(refreshToken);
    clock.advance(8 * 3600 - 1);
    expect((await refresh(refreshToken)).status).toBe(0);
    clock.advance(1);
    const late = await refresh(refreshToken);
    expect(late).toEqual({ httpStatus: 200, status: 601, body: {}, error: "Same arguments in less than 10 seconds" });
    clock.advance(10);
    expect(await refresh(refreshToken)).toEqual({
      httpStatus: 200,
      status: 503,
      body: {},
      error: "Invalid Params: invalid refresh_token",
    });
    expect((await refresh("")).error).toBe("Invalid Params: Missing params");
  });

  test("the first use of the new access token ends the old refresh token", async () => {
    const { refreshToken } = withings.issueLink(USERID);
    const answer = await refresh(refreshToken);
    expect((await getMeas(answer.body?.access_token)).status).toBe(0);
    expect(withings.lastUsedAccessToken(USERID)).toBe(answer.body?.access_token);
    clock.advance(10);
    expect(await refresh(refreshToken)).toMatchObject({ status: 503, error: "Invalid Params: invalid refresh_token" });
  });

  test("the same refresh twice in ten seconds answers 601", async () => {
    const { refreshToken } = withings.issueLink(USERID);
    await refresh(refreshToken);
    expect((await refresh(refreshToken)).status).toBe(601);
    clock.advance(10);
    expect((await refresh(refreshToken)).status).toBe(0);
  });

  test("an access token expires after three hours, and a revoked link answers 401 and 503", async () => {
    const link = withings.issueLink(USERID);
    clock.advance(3 * 3600);
    expect(await getMeas(link.accessToken)).toEqual({
      httpStatus: 200,
      status: 401,
      body: {},
      error: "XRequestID: Not provided invalid_token: The access token provided is invalid",
    });
    withings.killRefreshToken(USERID);
    expect((await refresh(link.refreshToken)).status).toBe(503);
  });

  test("a token without the scope for measures answers 403", async () => {
    const answer = await getMeas(withings.issueLink(USERID, "user.info").accessToken);
    expect(answer.status).toBe(403);
    expect(answer.error).toContain("Insufficient_scope");
  });
});

describe("getmeas", () => {
  test("a weigh-in looks like a scale's: groups of one date, integers with units, big numbers as ids", async () => {
    const grpid = ada.stepOnScale({
      weightKg: 70.15,
      fatRatioPercent: 20,
      waterKg: 40.1,
      visceralFat: 3.3,
      siblings: true,
    });
    const { body } = await getMeas(withings.issueLink(USERID).accessToken);
    expect(body).toMatchObject({ timezone: "Europe/Berlin", updatetime: NOW.getTime() / 1000 });
    expect(body).not.toHaveProperty("more");
    expect(body).not.toHaveProperty("offset");
    expect(new Set(body?.measuregrps?.map(({ date }) => date)).size).toBe(1);
    expect(body?.measuregrps?.map(({ attrib, measures }) => [attrib, ...measures.map(({ type }) => type)])).toEqual([
      [0, 1, 5, 5, 6, 8, 8, 77, 170],
      [8, 91, 155],
      [0, 11],
    ]);
    const weighIn = body?.measuregrps?.find((group) => group.grpid === grpid);
    expect(grpid).toBeGreaterThan(2 ** 32);
    expect(weighIn).toMatchObject({ created: NOW.getTime() / 1000, date: NOW.getTime() / 1000 - 60 });
    expect(weighIn?.measures).toContainEqual({ value: 70_150, type: 1, unit: -3, algo: 0, fm: 3 });
    expect(weighIn?.measures).toContainEqual({ value: 33, type: 170, unit: -1, algo: 0, fm: 3, position: 7 });
  });

  test("typed readings have no device", async () => {
    const grpid = ada.stepOnScale({ weightKg: 70, attrib: 2 });
    expect(ada.group(grpid)).toMatchObject({ attrib: 2, deviceid: null, modelid: null, model: null });
  });

  test("lastupdate means changed after it, not measured after it", async () => {
    const { accessToken } = withings.issueLink(USERID);
    const old = ada.stepOnScale({ weightKg: 70, at: new Date("2026-02-01T07:00:00Z") });
    const late = ada.stepOnScale({ weightKg: 71, at: new Date("2026-01-01T07:00:00Z"), createdAt: NOW });
    const modified = ada.group(old).modified;
    expect(grpids(await getMeas(accessToken, { lastupdate: String(modified) }))).toEqual([late]);
    expect(grpids(await getMeas(accessToken, { lastupdate: String(modified - 1) }))).toEqual([old, late]);

    clock.advance(60);
    ada.edit(old, { weightKg: 69.5 });
    const changed = await getMeas(accessToken, { lastupdate: String(NOW.getTime() / 1000) });
    expect(changed.body?.measuregrps).toMatchObject([{ grpid: old, measures: [{ type: 1, value: 69_500 }] }]);
  });

  test("a removed reading is missing from later answers, without a trace", async () => {
    ada.remove(ada.stepOnScale({ weightKg: 70 }));
    expect(grpids(await getMeas(withings.issueLink(USERID).accessToken))).toEqual([]);
  });

  test("a range goes by date, newest first, and types narrow the groups down", async () => {
    const { accessToken } = withings.issueLink(USERID);
    const first = ada.stepOnScale({ weightKg: 70, fatRatioPercent: 20, at: new Date("2026-02-01T07:00:00Z") });
    const second = ada.stepOnScale({ weightKg: 70, at: new Date("2026-02-02T07:00:00Z") });
    ada.takeBloodPressure({ systolic: 121, diastolic: 79, at: new Date("2026-02-02T07:00:00Z") });
    const asked = { startdate: "1769800000", enddate: "1770030000", meastypes: "1" };
    const { body } = await getMeas(accessToken, asked);
    expect(body?.measuregrps?.map(({ grpid }) => grpid)).toEqual([second, first]);
    expect(body?.measuregrps?.flatMap(({ measures }) => measures.map(({ type }) => type))).toEqual([1, 1]);
  });

  test("goals are included unless category 1 is asked for", async () => {
    const { accessToken } = withings.issueLink(USERID);
    const goal = ada.addGroup({ category: 2, measures: [{ value: 65, type: 1, unit: 0 }] });
    expect(grpids(await getMeas(accessToken))).toEqual([]);
    expect(grpids(await getMeas(accessToken, { lastupdate: "0", category: "2" }))).toEqual([goal.grpid]);
  });

  test("450 readings come in pages, with more and offset on all but the last", async () => {
    withings.settings.pageSize = 200;
    for (let day = 0; day < 450; day++) {
      ada.stepOnScale({ weightKg: 70, at: new Date(NOW.getTime() - (450 - day) * 86_400_000) });
    }
    const { accessToken } = withings.issueLink(USERID);
    const pages = [await getMeas(accessToken)];
    for (const offset of ["200", "400"]) pages.push(await getMeas(accessToken, { lastupdate: "0", offset }));
    expect(pages.map(({ body }) => [body?.measuregrps?.length, body?.more, body?.offset])).toEqual([
      [200, 1, 200],
      [200, 1, 400],
      [50, 0, 0],
    ]);
    expect(new Set(pages.flatMap(grpids)).size).toBe(450);
  });

  test("the arguments can be in the query of a GET", async () => {
    const grpid = ada.stepOnScale({ weightKg: 70 });
    const answer = await fetch(`${withings.apiUrl}/measure?action=getmeas&lastupdate=0`, {
      headers: { authorization: `Bearer ${withings.issueLink(USERID).accessToken}` },
    });
    expect(grpids((await answer.json()) as Envelope)).toEqual([grpid]);
  });
});

describe("the access token", () => {
  test("works in the form as well as in the header", async () => {
    const grpid = ada.stepOnScale({ weightKg: 70 });
    const asked = { action: "getmeas", lastupdate: "0" };
    const { accessToken } = withings.issueLink(USERID);
    expect(grpids(await post("/measure", { ...asked, access_token: accessToken }))).toEqual([grpid]);
    expect((await post("/measure", { ...asked, access_token: "nonsense" })).status).toBe(401);
    expect((await post("/measure", asked)).status).toBe(401);
  });
});

describe("user", () => {
  test("getdevice lists each device once, with the times of its first and last measurement", async () => {
    const { accessToken } = withings.issueLink(USERID);
    const at = [new Date("2026-02-01T07:00:00Z"), new Date("2026-02-02T07:00:00Z"), new Date("2026-02-03T07:00:00Z")];
    ada.stepOnScale({ weightKg: 71, at: at[2] as Date });
    ada.stepOnScale({ weightKg: 70, at: at[0] as Date, siblings: true });
    ada.takeBloodPressure({ systolic: 121, diastolic: 79, at: at[1] as Date });
    ada.stepOnScale({ weightKg: 70, attrib: 2 });
    const { status, body } = await post("/v2/user", { action: "getdevice" }, accessToken);
    const seconds = at.map((it) => it.getTime() / 1000);
    const deviceid = expect.stringMatching(/^[0-9a-f]{40}$/);
    const common = { battery: "high", timezone: "Europe/Berlin", deviceid, hash_deviceid: deviceid };
    expect([status, body]).toEqual([
      0,
      {
        devices: [
          {
            ...{ type: "Scale", model: "Body Cardio", model_id: 6, ...common },
            ...{ first_session_date: seconds[0], last_session_date: seconds[2] },
          },
          {
            ...{ type: "Blood Pressure Monitor", model: "BPM Connect", model_id: 45, ...common },
            ...{ first_session_date: seconds[1], last_session_date: seconds[1] },
          },
        ],
      },
    ]);
  });

  test("goals that are not set are a list, and the scope is required", async () => {
    const ask = (scope: string) =>
      post("/v2/user", { action: "getgoals" }, withings.issueLink(USERID, scope).accessToken);
    expect(await ask("user.info")).toEqual({ httpStatus: 200, status: 0, body: { goals: [] } });
    expect((await ask("user.metrics")).status).toBe(403);
  });
});

test("an unknown path or action is answered with the usual envelope", async () => {
  const { accessToken } = withings.issueLink(USERID);
  const unknown = { httpStatus: 200, status: 2554, body: {}, error: "Not implemented" };
  expect(await post("/v2/nonsense", { action: "get" }, accessToken)).toEqual(unknown);
  expect(await post("/v2/user", { action: "nonsense" }, accessToken)).toEqual(unknown);
  expect((await fetch(`${withings.accountUrl}/oauth2_user/nonsense`)).status).toBe(404);
});

describe("limits", () => {
  test("a 601 can say in its body how long to wait", async () => {
    const { accessToken } = withings.issueLink(USERID);
    withings.limits.dedupe = "all";
    await getMeas(accessToken);
    clock.advance(4);
    expect((await getMeas(accessToken)).body).toEqual({});
    withings.limits.tellsWait = true;
    expect((await getMeas(accessToken)).body).toEqual({ wait_seconds: 6 });
    withings.limits.quotaPerMinute = 3;
    expect(await getMeas(accessToken, { lastupdate: "1" })).toMatchObject({
      error: "Too Many Requests",
      body: { wait_seconds: 56 },
    });
  });

  test("identical getmeas calls in ten seconds answer 601 only when all calls are deduped", async () => {
    const { accessToken } = withings.issueLink(USERID);
    expect((await getMeas(accessToken)).status).toBe(0);
    expect((await getMeas(accessToken)).status).toBe(0);
    withings.limits.dedupe = "all";
    expect((await getMeas(accessToken)).status).toBe(0);
    expect((await getMeas(accessToken)).status).toBe(601);
    expect((await getMeas(accessToken, { lastupdate: "1" })).status).toBe(0);
  });

  test("the application has 120 calls a minute for all people together", async () => {
    withings.addPerson({ userid: 2, name: "Ben", timezone: "Europe/Berlin" });
    const tokens = [withings.issueLink(USERID).accessToken, withings.issueLink(2).accessToken];
    for (let i = 0; i < 120; i++) expect((await getMeas(tokens[i % 2])).status).toBe(0);
    expect((await getMeas(tokens[0])).status).toBe(601);
    clock.advance(59);
    expect((await getMeas(tokens[1])).status).toBe(601);
    clock.advance(1);
    expect((await getMeas(tokens[1])).status).toBe(0);
    expect(withings.maxInAnyMinute()).toBe(122);
  });
});

describe("notifications", () => {
  test("a callback must answer HEAD, and then gets a call about each group, without its values", async () => {
    const { accessToken } = withings.issueLink(USERID);
    let headStatus = 404;
    const bot = await serve(
      (_request, { method }) => new Response(null, { status: method === "HEAD" ? headStatus : 200 }),
    );
    const callbackurl = `${bot.url}/withings/notify`;
    const subscribe = (appli: string) => post("/notify", { action: "subscribe", callbackurl, appli }, accessToken);
    expect((await subscribe("1")).status).toBe(293);
    headStatus = 200;
    expect(await subscribe("1")).toEqual({ httpStatus: 200, status: 0, body: {} });
    await subscribe("4");
    const list = await post("/notify", { action: "list" }, accessToken);
    expect(list.body?.profiles).toEqual([
      { appli: 1, callbackurl, comment: null, expires: 2_147_483_647 },
      { appli: 4, callbackurl, comment: null, expires: 2_147_483_647 },
    ]);

    ada.stepOnScale({ weightKg: 70, siblings: true, at: new Date(1_770_000_000_000) });
    await withings.notifications.delivered();
    const posted = bot.requests.filter(({ method }) => method === "POST").map(({ body }) => body);
    expect(posted.sort()).toEqual([
      "userid=8800001&startdate=1769999999&enddate=1770000000&appli=1",
      "userid=8800001&startdate=1769999999&enddate=1770000000&appli=1",
      "userid=8800001&startdate=1769999999&enddate=1770000000&appli=4",
    ]);

    expect((await post("/notify", { action: "revoke", callbackurl, appli: "1" }, accessToken)).status).toBe(0);
    expect((await post("/notify", { action: "revoke", callbackurl, appli: "1" }, accessToken)).status).toBe(294);
    await bot.close();
  });

  test("a callback elsewhere must follow the rules for addresses", async () => {
    const { accessToken } = withings.issueLink(USERID);
    const subscribe = async (callbackurl: string) =>
      (await post("/notify", { action: "subscribe", callbackurl, appli: "1" }, accessToken)).status;
    expect(await subscribe("https://bot.example.org/n?secret=x")).toBe(0);
    expect(await subscribe("http://bot.example.org/n")).toBe(293);
    expect(await subscribe("https://bot.example.org:8443/n")).toBe(293);
    expect(await subscribe("https://203.0.113.9/n")).toBe(293);
  });
});
