import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { NewFault } from "../../../src/sandbox/faults.ts";
import type { Answer } from "../../../src/sandbox/serve.ts";
import { createDiTokens } from "../../../src/sync/garmin/tokens.ts";
import { endOf, formOf, headerLines, page, type Stub, startStub } from "../../fixtures/stub-vendor.ts";
import { ACCOUNT, NOON, OWNER, startTestApp, type TestApp } from "../../support/test-app.ts";

const CLIENT_ID = "GARMIN_CONNECT_MOBILE_ANDROID_DI_2025Q2";
const SERVICE = "https://sso.garmin.com/sso/embed";

let stub: Stub;
let tokens: ReturnType<typeof createDiTokens>;
beforeAll(async () => {
  stub = await startStub();
  tokens = createDiTokens({ diauthUrl: `${stub.url}/`, clientId: CLIENT_ID, send: stub.send, now: () => NOON });
});
afterAll(() => stub.close());

const old = (clientId?: string) => ({ refreshToken: "refresh+1/=", ...(clientId && { clientId }) });
const success = (changed: object = {}) =>
  Response.json({
    access_token: "access-2",
    refresh_token: "refresh-2",
    expires_in: 97_344,
    refresh_token_expires_in: 2_591_999,
    token_type: "Bearer",
    scope: "CONNECT_READ",
    ...changed,
  });
const refusal = (error: string, status = 400) =>
  Response.json({ error, error_description: "Invalid refresh token: refresh+1/=" }, { status });

describe("what is sent", () => {
  const last = () => stub.requests.at(-1);

  test("for a ticket: the exact service, and the client id twice, once with an empty secret", async () => {
    stub.willAnswer(success());
    await tokens.exchangeTicket("ST-1-abc-cas", SERVICE);
    expect(last()).toMatchObject({ method: "POST", path: "/di-oauth2-service/oauth/token" });
    expect(formOf(last())).toEqual({
      client_id: CLIENT_ID,
      service_ticket: "ST-1-abc-cas",
      grant_type: "https://connectapi.garmin.com/di-oauth2-service/oauth/grant/service_ticket",
      service_url: SERVICE,
    });
    expect([...(last()?.query ?? [])]).toEqual([]);
    expect(headerLines(last(), "authorization")).toEqual([`Basic ${btoa(`${CLIENT_ID}:`)}`]);
    expect(headerLines(last(), "content-type")).toEqual(["application/x-www-form-urlencoded"]);
    expect(headerLines(last(), "user-agent")).toEqual(["GCM-Android-5.23"]);
    expect(headerLines(last(), "x-garmin-paired-app-version")).toEqual(["10861"]);
    expect(headerLines(last(), "x-gcexperience")).toEqual(["GC5"]);
    expect(headerLines(last(), "cache-control")).toEqual(["no-cache"]);
  });

  test("for a refresh: the client id that the tokens were issued to", async () => {
    stub.willAnswer(success(), success());
    await tokens.refresh(old("AN_OLDER_ONE"));
    expect(formOf(last())).toEqual({
      client_id: "AN_OLDER_ONE",
      grant_type: "refresh_token",
      refresh_token: "refresh+1/=",
    });
    expect(headerLines(last(), "authorization")).toEqual([`Basic ${btoa("AN_OLDER_ONE:")}`]);
    await tokens.refresh(old());
    expect(formOf(last()).client_id).toBe(CLIENT_ID);
  });
});

describe("a success", () => {
  test("brings both tokens and when they die", async () => {
    stub.willAnswer(success());
    expect(await tokens.refresh(old("AN_OLDER_ONE"))).toEqual({
      type: "refreshed",
      tokens: {
        accessToken: "access-2",
        accessExpiresAt: new Date(NOON.getTime() + 97_344_000),
        refreshToken: "refresh-2",
        refreshExpiresAt: new Date(NOON.getTime() + 2_591_999_000),
        clientId: "AN_OLDER_ONE",
      },
    });
  });

  const jwt = (claims: string) => `e30.${Buffer.from(claims).toString("base64url")}.c2ln`;
  test.each([
    ["another client id", '{"client_id":"NAMED_BY_THE_TOKEN"}', "NAMED_BY_THE_TOKEN"],
    ["none", "{}", CLIENT_ID],
    ["one that is no text", '{"client_id":7}', CLIENT_ID],
    ["something that is no name", '{"client_id":"a b\\n"}', CLIENT_ID],
    ["nothing that can be read", "not json", CLIENT_ID],
  ])("whose token names %s is renewed with the right one", async (_what, claims, expected) => {
    stub.willAnswer(success({ access_token: jwt(claims) }), success());
    const outcome = await tokens.exchangeTicket("ST-1-abc-cas", SERVICE);
    if (outcome.type !== "tokens") throw new Error(outcome.type);
    expect(formOf(stub.requests.at(-1)).client_id).toBe(CLIENT_ID);
    expect(outcome.tokens.clientId).toBe(expected);
    await tokens.refresh(outcome.tokens);
    expect(formOf(stub.requests.at(-1)).client_id).toBe(expected);
  });

  test("of a refresh without a new refresh token keeps the old one", async () => {
    stub.willAnswer(success({ refresh_token: undefined, refresh_token_expires_in: undefined }));
    expect(await tokens.refresh(old())).toMatchObject({ tokens: { refreshToken: "refresh+1/=" } });
  });

  test.each([0, -1, 1e300, 315_360_001, "97344", null, undefined, {}])(
    "whose life makes no sense (%j) is kept: an hour for access, thirty days to renew it",
    async (odd) => {
      const answer = { expires_in: odd, refresh_token_expires_in: odd };
      stub.willAnswer(success(answer), success(answer));
      const refreshed = await tokens.refresh(old());
      const exchanged = await tokens.exchangeTicket("ST-1-abc-cas", SERVICE);
      for (const outcome of [refreshed, exchanged]) {
        if (!("tokens" in outcome)) throw new Error(outcome.type);
        expect(outcome.tokens).toMatchObject({
          ...{ accessToken: expect.any(String), refreshToken: "refresh-2" },
          accessExpiresAt: new Date(NOON.getTime() + 3600_000),
          refreshExpiresAt: new Date(NOON.getTime() + 2_591_999_000),
        });
      }
    },
  );

  test("of an exchange without a refresh token is none", async () => {
    stub.willAnswer(success({ refresh_token: undefined }));
    expect(await endOf(tokens.exchangeTicket("ST-1-abc-cas", SERVICE))).toBe("UnexpectedAnswerError");
  });
});

describe("who acts next", () => {
  test.each(["invalid_grant", "invalid_token"])("%s refuses a ticket and a refresh token", async (error) => {
    stub.willAnswer(refusal(error), refusal(error), refusal(error, 401));
    expect(await tokens.refresh(old())).toEqual({ type: "refused" });
    expect(await tokens.exchangeTicket("ST-1-abc-cas", SERVICE)).toEqual({ type: "refused" });
    expect(await tokens.refresh(old())).toEqual({ type: "refused" });
  });

  test.each<[string, () => Answer, string]>([
    ["429", () => new Response("", { status: 429, headers: { "retry-after": "60" } }), "RetryLaterError 60"],
    ["429 with a refusal in it", () => refusal("invalid_grant", 429), "RetryLaterError"],
    ["503 with a refusal in it", () => refusal("invalid_grant", 503), "RetryLaterError"],
    ["502 with a page", () => page(502), "RetryLaterError"],
    ["403 with a page, Cloudflare's wall", () => page(403), "RetryLaterError"],
    ["401 with a page", () => page(401), "RetryLaterError"],
    ["400 with a page", () => page(400), "RetryLaterError"],
    ["a refusal of the client", () => refusal("invalid_client", 401), "ActionNeededError fix_garmin_client_id"],
    ["a broken line", () => "drop", "RetryLaterError"],
    ["200 with a page", () => page(), "RetryLaterError"],
    ["200 without an access token", () => success({ access_token: undefined }), "UnexpectedAnswerError"],
  ])("%s ends no link", async (_what, answer, kind) => {
    stub.willAnswer(answer(), answer());
    expect(await endOf(tokens.refresh(old()))).toBe(kind);
    expect(await endOf(tokens.exchangeTicket("ST-1-abc-cas", SERVICE))).toBe(kind);
  });

  test("no error repeats a token, though Garmin does", async () => {
    for (const answer of [
      refusal("invalid_client"),
      refusal("refresh+1/="),
      success({ access_token: undefined, expires_in: "access-2" }),
      page(400),
    ]) {
      stub.willAnswer(answer);
      const error: unknown = await tokens.refresh(old()).catch((it: unknown) => it);
      expect(error).toBeInstanceOf(Error);
      expect(`${error} ${JSON.stringify(error)}`).not.toMatch(/refresh\+1|access-2|refresh-2/);
    }
  });
});

describe("a refresh that does not succeed", () => {
  let harness: TestApp;
  afterEach(() => harness.close());
  const atRefresh = (effect: NewFault["effect"]): NewFault => ({
    server: "garmin_diauth",
    match: { form: { grant_type: "refresh_token" } },
    effect,
  });

  test.each<[string, NewFault]>([
    ["429", atRefresh({ type: "status", status: 429 })],
    ["503", atRefresh({ type: "status", status: 503, body: "upstream connect error" })],
    ["Cloudflare's wall", atRefresh({ type: "status", status: 403, body: "<title>Just a moment...</title>" })],
    ["a page", atRefresh({ type: "body", body: "<h1>Back soon</h1>" })],
    ["a line that breaks before it arrives", atRefresh({ type: "drop_before" })],
    ["a success without an access token", atRefresh({ type: "body", body: { refresh_token: "x", expires_in: 9 } })],
  ])("%s leaves the stored tokens as they were, and the next one goes on with them", async (_what, fault) => {
    harness = await startTestApp();
    harness.sandbox.garmin.expireAccessToken(OWNER.email);
    const before = await harness.app.store.links.read(ACCOUNT, "garmin");
    harness.sandbox.faults.add(fault);
    harness.person.stepOnScale({ weightKg: 80.25 });
    expect((await harness.sync()).status).not.toBe("success");
    expect(await harness.app.store.links.read(ACCOUNT, "garmin")).toEqual(before);
    expect(await harness.sync()).toMatchObject({ status: "success", synced: 1 });
  });
});
