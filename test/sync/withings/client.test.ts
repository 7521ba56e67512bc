import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { UnknownAnswer } from "../../../src/sync/model/vendor-answers.ts";
import { createWithingsCall, type WithingsCall } from "../../../src/sync/withings/client.ts";
import { getMeas } from "../../../src/sync/withings/measure.ts";
import { createWithingsOAuth } from "../../../src/sync/withings/oauth.ts";
import { endOf, formOf, headerLines, page, type Stub, startStub } from "../../fixtures/stub-vendor.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const APPLICATION = {
  clientId: "the-client",
  clientSecret: "the+secret/&=",
  redirectUrl: "https://weighbridge.example.org/withings?from=here",
};

let stub: Stub;
let call: WithingsCall;
beforeAll(async () => {
  stub = await startStub();
  call = createWithingsCall({ apiUrl: `${stub.url}/`, send: stub.send, rateLimited: (task) => task() });
});
afterAll(() => stub.close());

const readMeasures = () => getMeas(call, { accessToken: "bearer-1", lastUpdate: 1_795_000_000 });
const oauth = (by = call) =>
  createWithingsOAuth({ call: by, application: APPLICATION, accountUrl: "", now: () => NOW });
const refresh = (by = call) => oauth(by).refresh({ refreshToken: "refresh-1" });
const exchange = (by = call) => oauth(by).exchangeCode("code-1");

const status = (status: unknown, error?: string) => Response.json({ status, body: {}, ...(error && { error }) });
const tokenBody = (changed: object = {}) =>
  Response.json({
    status: 0,
    body: { userid: "31400001", access_token: "access-2", refresh_token: "refresh-2", expires_in: 10_800, ...changed },
  });

describe("an answer to a data call", () => {
  const later = "RetryLaterError";
  const ours = "WithingsRefusal";
  test.each<[string, () => Response, string]>([
    ["HTTP 429", () => new Response("", { status: 429 }), later],
    [
      "HTTP 429 that names a time",
      () => new Response("", { status: 429, headers: { "retry-after": "90" } }),
      `${later} 90`,
    ],
    [
      "HTTP 503 that names a date",
      () =>
        new Response("", {
          status: 503,
          headers: { date: "Sat, 21 Nov 2026 12:00:00 GMT", "retry-after": "Sat, 21 Nov 2026 12:10:00 GMT" },
        }),
      `${later} 600`,
    ],
    ["HTTP 500 with a verdict in it", () => Response.json({ status: 401 }, { status: 500 }), later],
    ["HTTP 502", () => page(502), later],
    ["a page where JSON belongs", () => page(), later],
    ["a page with HTTP 403, from a wall in between", () => page(403), later],
    ["nothing", () => new Response(""), later],
    ["JSON without a status", () => Response.json({ body: { measuregrps: [] } }), later],
    ["a status that is no number", () => status("0"), later],
    ["JSON that is no object", () => Response.json([0]), later],
    ["a status nobody has seen", () => status(98_765, "Something new"), later],
    ["601, the same call again", () => status(601, "Same arguments in less than 10 seconds"), later],
    [
      "601 that says how long to wait",
      () => Response.json({ status: 601, body: { wait_seconds: 42 }, error: "Too Many Requests" }),
      `${later} 42`,
    ],
    [
      "601 that says so in words, for longer than a day",
      () => Response.json({ status: 601, body: { wait_seconds: "999999" } }),
      `${later} 86400`,
    ],
    ["601 that says nothing of use", () => Response.json({ status: 601, body: { wait_seconds: -1 } }), later],
    ["601 with an error that is null", () => Response.json({ status: 601, body: {}, error: null }), later],
    ["401 with an error that is an object", () => Response.json({ status: 401, error: {} }), "AccessRefusedError"],
    ["601 without a body", () => Response.json({ status: 601, error: "Too Many Requests" }), later],
    ["522, a timeout", () => status(522), later],
    ["524, a bad state", () => status(524), later],
    ["602", () => status(602), later],
    ["an internal error", () => status(2551), later],
    ["100", () => status(100), "AccessRefusedError"],
    ["101", () => status(101), "AccessRefusedError"],
    ["102", () => status(102), "AccessRefusedError"],
    ["200", () => status(200), "AccessRefusedError"],
    ["401", () => status(401, "XRequestID: none, invalid_token: it is invalid"), "AccessRefusedError"],
    ["401 in body and HTTP status", () => Response.json({ status: 401 }, { status: 401 }), "AccessRefusedError"],
    ["403, a scope too small", () => Response.json({ status: 403, error: "x" }), "ActionNeededError relink_withings"],
    ["status 0 without a body", () => Response.json({ status: 0 }), "UnexpectedAnswerError"],
    ["status 0 with another body", () => Response.json({ status: 0, body: { series: [] } }), "UnexpectedAnswerError"],
    ["201, the first of the invalid params", () => status(201), ours],
    ["293, an invalid callback", () => status(293), ours],
    ["400", () => status(400), ours],
    ["503, invalid params", () => status(503, "Invalid Params: invalid offset"), ours],
    ["2554, an unknown action", () => status(2554, "Not implemented"), ours],
    ["3019, the last of the invalid params", () => status(3019), ours],
    ["214, unauthorized", () => status(214), ours],
    ["277, unauthorized", () => status(277), ours],
    ["2553, unauthorized", () => status(2553), ours],
  ])("%s: who acts next", async (_what, answer, kind) => {
    stub.willAnswer(answer());
    expect(await endOf(readMeasures())).toBe(kind);
  });

  test("whose status is a neighbour of the invalid params is for later", async () => {
    for (const neighbour of [
      215, 219, 222, 226, 233, 239, 253, 259, 268, 282, 289, 296, 298, 322, 354, 500, 512, 3016,
    ]) {
      stub.willAnswer(status(neighbour));
      expect(await endOf(readMeasures()), String(neighbour)).toBe(later);
    }
  });

  test("that breaks off is for later", async () => {
    stub.willAnswer("drop");
    expect(await endOf(readMeasures())).toBe(later);
  });

  test("that is an error never carries what the vendor wrote or a token", async () => {
    for (const answer of [status(503, "secret words"), status(98_765, "secret words"), tokenBody({ measuregrps: 7 })]) {
      stub.willAnswer(answer);
      const error: unknown = await readMeasures().catch((it: unknown) => it);
      expect(`${error}`).not.toMatch(/secret words|access-2|refresh-2|bearer-1/);
    }
  });
});

describe("an answer of the token endpoint", () => {
  test.each<[string, () => Response, string]>([
    [
      "503 for a wrong secret",
      () => status(503, "Invalid Params: invalid client id/secret"),
      "ActionNeededError fix_withings_application",
    ],
    [
      "503 for another callback address",
      () => status(503, "Invalid Params: invalid redirect_uri"),
      "ActionNeededError fix_withings_callback",
    ],
    [
      "293 for another callback address",
      () => status(293, "Wrong redirect_uri - Please use same as in the authorize call"),
      "ActionNeededError fix_withings_callback",
    ],
    ["503 for anything else", () => status(503, "Invalid Params: invalid grant_type"), "RetryLaterError"],
    ["503 without words", () => status(503), "RetryLaterError"],
    ["250 in words nobody has seen", () => status(250, "Invalid Params: invalid token"), "RetryLaterError"],
    ["601 for the same call again", () => status(601, "Same arguments in less than 10 seconds"), "RetryLaterError"],
    [
      "601 that speaks of the refresh_token",
      () => status(601, "Same refresh_token and code in less than 10 seconds"),
      "RetryLaterError",
    ],
    ["601 that speaks of the client id", () => status(601, "Too many requests of this client id"), "RetryLaterError"],
    ["522 that speaks of a code", () => status(522, "Timeout, error code 7"), "RetryLaterError"],
    ["an unknown status", () => status(98_765, "invalid refresh_token service"), "RetryLaterError"],
    ["403", () => status(403), "RetryLaterError"],
    ["HTTP 429", () => new Response("", { status: 429, headers: { "retry-after": "30" } }), "RetryLaterError 30"],
    ["HTTP 502", () => page(502), "RetryLaterError"],
    ["a page", () => page(), "RetryLaterError"],
    ["a success without a refresh token", () => tokenBody({ refresh_token: undefined }), "UnexpectedAnswerError"],
    ["a success with an empty access token", () => tokenBody({ access_token: "" }), "UnexpectedAnswerError"],
  ])("%s means the same for a code and a refresh token", async (_what, answer, kind) => {
    stub.willAnswer(answer(), answer());
    expect([await endOf(refresh()), await endOf(exchange())]).toEqual([kind, kind]);
  });

  test.each([0, -1, 1e300, 315_360_001, "10800", null, undefined, {}])(
    "tokens whose life makes no sense (%j) are kept, for an hour",
    async (odd) => {
      stub.willAnswer(tokenBody({ expires_in: odd, scope: 7 }), tokenBody({ expires_in: odd, scope: 7 }));
      const tokens = {
        ...{ accessToken: "access-2", accessExpiresAt: new Date(NOW.getTime() + 3600_000) },
        ...{ refreshToken: "refresh-2", refreshExpiresAt: new Date(NOW.getTime() + 365 * 24 * 3600_000) },
      };
      expect(await refresh()).toEqual({ type: "refreshed", tokens });
      expect(await exchange()).toEqual({ type: "linked", withingsUserId: "31400001", tokens });
    },
  );

  test.each([null, {}, ""])("with a userid that makes no sense (%j) ends a code exchange only", async (userid) => {
    stub.willAnswer(tokenBody({ userid }), tokenBody({ userid }));
    expect(await refresh()).toMatchObject({ type: "refreshed", tokens: { refreshToken: "refresh-2" } });
    expect(await endOf(exchange())).toBe("UnexpectedAnswerError");
  });

  test.each([
    ["error beside a body without one", { status: 503, body: {}, error: "Invalid Params: invalid refresh_token" }],
    ["error inside the body", { status: 503, body: { error: "Invalid Params: invalid refresh_token" }, error: null }],
  ])("the words of an %s are read", async (_what, answer) => {
    stub.willAnswer(Response.json(answer));
    expect(await refresh()).toEqual({ type: "refused" });
  });

  test("503 for the refresh token refuses it", async () => {
    stub.willAnswer(status(503, "Invalid Params: invalid refresh_token"));
    expect(await refresh()).toEqual({ type: "refused" });
  });

  test.each([
    ["401", 401, "XRequestID: none, invalid_token"],
    ["100", 100, ""],
    ["102", 102, ""],
    ["200", 200, ""],
  ])("%s, without a word on the refresh token, is a doubt, and no verdict on a code", async (_what, code, words) => {
    stub.willAnswer(Response.json({ status: code, error: words }), Response.json({ status: code, error: words }));
    expect(await refresh()).toEqual({ type: "doubtful" });
    expect(await endOf(exchange())).toBe("RetryLaterError");
  });

  test("503 for the code says that the code has expired", async () => {
    stub.willAnswer(status(503, "Invalid Params: invalid code"));
    expect(await exchange()).toEqual({ type: "code_expired" });
  });

  test("with a userid as a number or a string is understood", async () => {
    stub.willAnswer(tokenBody({ userid: 31_400_001 }), tokenBody({ userid: "31400001" }));
    const outcomes = [await exchange(), await exchange()];
    expect(outcomes).toEqual([outcomes[0], outcomes[0]]);
    expect(outcomes[0]).toEqual({
      type: "linked",
      withingsUserId: "31400001",
      tokens: {
        accessToken: "access-2",
        accessExpiresAt: new Date("2026-11-21T15:00:00Z"),
        refreshToken: "refresh-2",
        refreshExpiresAt: new Date("2027-11-21T12:00:00Z"),
      },
    });
  });
});

describe("an answer that was not understood", () => {
  test.each<[string, () => Response, string]>([
    ["a page", () => page(), "the whole: invalid_type"],
    ["a status nobody has seen", () => status(98_765, "Something new"), "status: 98765"],
    ["another body", () => Response.json({ status: 0, body: { series: [] } }), "measuregrps: invalid_type"],
  ])("(%s) is noted with where and without a token", async (_what, answer, where) => {
    const noted: UnknownAnswer[] = [];
    const noting = createWithingsCall({
      ...{ apiUrl: stub.url, send: stub.send, rateLimited: (task) => task() },
      onUnknown: (it) => noted.push(it),
    });
    stub.willAnswer(answer());
    await endOf(getMeas(noting, { accessToken: "bearer-1", lastUpdate: 1 }));
    expect(noted).toMatchObject([
      { vendor: "withings", call: "Withings POST /measure getmeas", httpStatus: 200, where },
    ]);
    expect(JSON.stringify(noted)).not.toContain("bearer-1");
  });

  test("isn't noted when it only asks to wait", async () => {
    const noted: UnknownAnswer[] = [];
    const noting = createWithingsCall({
      ...{ apiUrl: stub.url, send: stub.send, rateLimited: (task) => task() },
      onUnknown: (it) => noted.push(it),
    });
    for (const known of [status(601), status(2551), status(401)]) {
      stub.willAnswer(known);
      await endOf(getMeas(noting, { accessToken: "bearer-1", lastUpdate: 1 }));
    }
    expect(noted).toEqual([]);
  });
});

describe("what is sent", () => {
  const last = () => stub.requests.at(-1);

  test("every request says which program it is", async () => {
    const named = createWithingsCall({
      ...{ apiUrl: stub.url, send: stub.send, rateLimited: (task) => task(), version: "1.2.3" },
    });
    stub.willAnswer(tokenBody(), Response.json({ status: 0, body: { measuregrps: [] } }));
    await refresh(named);
    expect(headerLines(last(), "user-agent")).toEqual(["weighbridge/1.2.3"]);
    await getMeas(named, { accessToken: "bearer-1", lastUpdate: 1 });
    expect(headerLines(last(), "user-agent")).toEqual(["weighbridge/1.2.3"]);
  });

  test("getmeas: one form with the bearer token, the real measures only, and exactly the known types", async () => {
    stub.willAnswer(Response.json({ status: 0, body: { measuregrps: [] } }));
    await readMeasures();
    expect(formOf(last())).toEqual({
      action: "getmeas",
      meastypes: "1,4,5,6,8,9,10,11,54,71,73,76,77,88,91,155,168,169,170,226,227",
      category: "1",
      lastupdate: "1795000000",
    });
    expect(last()).toMatchObject({ method: "POST", path: "/measure" });
    expect([...(last()?.query ?? [])]).toEqual([]);
    expect(headerLines(last(), "content-type")).toEqual(["application/x-www-form-urlencoded"]);
    expect(headerLines(last(), "authorization")).toEqual(["Bearer bearer-1"]);
    expect(headerLines(last(), "accept")).toEqual(["application/json"]);
  });

  test("requesttoken for a code: the registered address, everything in the body, no bearer token", async () => {
    stub.willAnswer(tokenBody());
    await exchange();
    expect(formOf(last())).toEqual({
      action: "requesttoken",
      grant_type: "authorization_code",
      client_id: APPLICATION.clientId,
      client_secret: APPLICATION.clientSecret,
      code: "code-1",
      redirect_uri: APPLICATION.redirectUrl,
    });
    expect(last()).toMatchObject({ method: "POST", path: "/v2/oauth2" });
    expect([...(last()?.query ?? [])]).toEqual([]);
    expect(headerLines(last(), "content-type")).toEqual(["application/x-www-form-urlencoded"]);
    expect(headerLines(last(), "authorization")).toEqual([]);
  });

  test("requesttoken for a refresh token", async () => {
    stub.willAnswer(tokenBody());
    await refresh();
    expect(formOf(last())).toEqual({
      action: "requesttoken",
      grant_type: "refresh_token",
      client_id: APPLICATION.clientId,
      client_secret: APPLICATION.clientSecret,
      refresh_token: "refresh-1",
    });
    expect(headerLines(last(), "authorization")).toEqual([]);
  });

  test("everything waits for its turn except the code, which would expire by then", async () => {
    const asked: boolean[] = [];
    const stuck = createWithingsCall({
      apiUrl: stub.url,
      send: stub.send,
      rateLimited: (task, { urgent }) => {
        asked.push(urgent);
        return urgent ? task() : new Promise(() => {});
      },
    });
    stub.willAnswer(tokenBody());
    expect(await exchange(stuck)).toMatchObject({ type: "linked" });
    const before = stub.requests.length;
    void refresh(stuck);
    void getMeas(stuck, { accessToken: "bearer-1", lastUpdate: 0 });
    expect([asked, stub.requests.length - before]).toEqual([[true, false, false], 0]);
  });
});
