import { afterEach, describe, expect, test } from "vitest";
import { UsageError } from "../../../src/errors.ts";
import { authorizeUrl, codeFromPasted } from "../../../src/sync/withings/oauth.ts";
import type { NewFault } from "../../sandbox/faults.ts";
import { ACCOUNT, type Household, startHousehold, USERID } from "../../support/household.ts";

let house: Household;
afterEach(() => house?.close());

const STATE = "a-state-of-this-test";
const CODE = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c";

describe("the consent page", () => {
  const application = {
    clientId: "the-client",
    clientSecret: "never-in-an-address",
    redirectUrl: "https://weighbridge.example.org/withings?from=here",
  };

  test("is asked with comma-separated scopes and the registered address, unchanged", () => {
    const url = new URL(authorizeUrl("https://account.example.org/", application, STATE));
    expect(url.origin + url.pathname).toBe("https://account.example.org/oauth2_user/authorize2");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: "code",
      client_id: "the-client",
      redirect_uri: application.redirectUrl,
      scope: "user.info,user.metrics",
      state: STATE,
    });
    expect(url.href).not.toContain("never-in-an-address");
  });
});

describe("what the owner pastes", () => {
  test.each([
    ["the address", `https://weighbridge.example.org/withings?code=${CODE}&state=${STATE}`],
    [
      "the address with the parameters the other way round",
      `https://x.example.org/?state=${STATE}&code=${CODE}&more=1`,
    ],
    ["the address with blanks around it", `  https://weighbridge.example.org/withings?code=${CODE}&state=${STATE}\n`],
    ["an address on this machine", `http://127.0.0.1:8080/oauth/withings/callback?code=${CODE}&state=${STATE}`],
    ["the bare code", CODE],
    ["the bare code on a line of its own", `\n${CODE}\n`],
  ])("%s holds the code", (_what, pasted) => {
    expect(codeFromPasted(pasted, STATE)).toBe(CODE);
  });

  test.each([
    ["a refused consent", `https://x.example.org/?error=access_denied&state=${STATE}`, /refused/],
    ["another sign-in's state", `https://x.example.org/?code=${CODE}&state=another`, /another sign-in/],
    ["no state", `https://x.example.org/?code=${CODE}`, /another sign-in/],
    ["an address without a code", `https://x.example.org/?state=${STATE}`, /no code/],
    ["an empty code", `https://x.example.org/?code=&state=${STATE}`, /no code/],
    ["a sentence", "here is my address", /neither/],
    ["a single long word", "understood", /neither/],
    ["a host without an address", "account.withings.com", /neither/],
    ["nothing", "   ", /neither/],
  ])("%s is answered in words", (_what, pasted, words) => {
    expect(() => codeFromPasted(pasted, STATE)).toThrow(UsageError);
    expect(() => codeFromPasted(pasted, STATE)).toThrow(words);
  });

  test("words about a wrong address never repeat the code", () => {
    expect(() => codeFromPasted(`https://x.example.org/?code=${CODE}&state=another`, STATE)).not.toThrow(CODE);
  });
});

describe("linking", () => {
  const link = () => house.app.links.read(ACCOUNT, "withings");
  const consent = () => house.sandbox.withings.authorize(USERID, { state: STATE });
  const asked = () => house.sandbox.withings.requests.length;

  test("with the address the browser ended on, at once", async () => {
    house = await startHousehold({ linked: false });
    expect(await house.app.withingsLinking.withPasted(ACCOUNT, consent(), STATE)).toEqual({
      type: "linked",
      withingsUserId: String(USERID),
    });
    expect((await link())?.value).toMatchObject({ state: "linked", vendorUserId: String(USERID) });
    expect(asked()).toBe(1);
  });

  test("with the bare code", async () => {
    house = await startHousehold({ linked: false });
    const code = new URL(consent()).searchParams.get("code") ?? "";
    expect(await house.app.withingsLinking.withPasted(ACCOUNT, code, STATE)).toMatchObject({ type: "linked" });
  });

  test("a code older than thirty seconds has expired, and one that was used too", async () => {
    house = await startHousehold({ linked: false });
    const address = consent();
    house.clock.advance(31);
    expect(await house.app.withingsLinking.withPasted(ACCOUNT, address, STATE)).toEqual({ type: "code_expired" });
    expect(await link()).toBeUndefined();
    const second = consent();
    await house.app.withingsLinking.withPasted(ACCOUNT, second, STATE);
    const before = await link();
    expect(await house.app.withingsLinking.withPasted(ACCOUNT, second, STATE)).toEqual({ type: "code_expired" });
    expect(await link()).toEqual(before);
  });

  test("an address of another sign-in asks nobody anything", async () => {
    house = await startHousehold({ linked: false });
    await expect(house.app.withingsLinking.withPasted(ACCOUNT, consent(), "another")).rejects.toThrow(UsageError);
    expect(asked()).toBe(0);
  });

  test("one Withings person belongs to one account", async () => {
    house = await startHousehold({ linked: false });
    await house.app.withingsLinking.withPasted(ACCOUNT, consent(), STATE);
    expect(await house.app.withingsLinking.withPasted(ACCOUNT + 1, consent(), STATE)).toEqual({ type: "taken" });
    expect(await house.app.links.read(ACCOUNT + 1, "withings")).toBeUndefined();
    expect(await house.app.withingsLinking.withPasted(ACCOUNT, consent(), STATE)).toMatchObject({ type: "linked" });
  });
});

describe("a refresh that does not succeed", () => {
  const atRefresh = (effect: NewFault["effect"]): NewFault => ({
    server: "withings",
    match: { path: "/v2/oauth2", form: { grant_type: "refresh_token" } },
    effect,
  });
  const body = (body: unknown) => atRefresh({ type: "body", body });

  test.each<[string, NewFault]>([
    ["601", body({ status: 601, body: {}, error: "Same arguments in less than 10 seconds" })],
    ["a timeout", body({ status: 522, body: {} })],
    ["a status nobody has seen", body({ status: 98_765, body: {}, error: "refresh_token service" })],
    ["503 without words", body({ status: 503, body: {} })],
    ["a page", body("<h1>Back soon</h1>")],
    ["HTTP 429", atRefresh({ type: "status", status: 429 })],
    ["HTTP 502", atRefresh({ type: "status", status: 502, body: "<h1>Bad gateway</h1>" })],
    ["a line that breaks before it arrives", atRefresh({ type: "drop_before" })],
    ["a success without a refresh token", body({ status: 0, body: { userid: 1, access_token: "x", expires_in: 9 } })],
    ["a success without a body", body({ status: 0 })],
    ["a wrong client secret", body({ status: 503, error: "Invalid Params: invalid client id/secret" })],
  ])("%s leaves the stored tokens as they were, and the next one goes on with them", async (_what, fault) => {
    house = await startHousehold();
    house.clock.advance(3 * 3600);
    const before = await house.app.links.read(ACCOUNT, "withings");
    house.sandbox.faults.add(fault);
    expect((await house.sync()).status).not.toBe("success");
    expect(await house.app.links.read(ACCOUNT, "withings")).toEqual(before);
    house.clock.advance(60);
    expect((await house.sync()).status).toBe("success");
  });

  test("with a lost answer the old refresh token is good once more", async () => {
    house = await startHousehold();
    house.clock.advance(3 * 3600);
    const before = await house.app.links.read(ACCOUNT, "withings");
    house.sandbox.faults.add(atRefresh({ type: "drop_after" }));
    expect((await house.sync()).status).toBe("retry_later");
    expect(await house.app.links.read(ACCOUNT, "withings")).toEqual(before);
    house.clock.advance(60);
    expect((await house.sync()).status).toBe("success");
  });

  test("a dead refresh token ends the link, and keeps its tokens should Withings have erred", async () => {
    house = await startHousehold();
    const before = await house.app.links.read(ACCOUNT, "withings");
    house.sandbox.withings.killRefreshToken(USERID);
    house.clock.advance(3 * 3600);
    expect(await house.sync()).toMatchObject({ status: "action_needed", action: "relink_withings" });
    const after = await house.app.links.read(ACCOUNT, "withings");
    expect(after?.value).toEqual({ ...before?.value, state: "stale" });
  });
});
