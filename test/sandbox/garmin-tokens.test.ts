import { afterEach, beforeEach, expect, test } from "vitest";
import { FaultBoard } from "../../src/sandbox/faults.ts";
import { NATIVE_HEADERS } from "../../src/sandbox/garmin/native-headers.ts";
import { type Garmin, startGarmin } from "../../src/sandbox/garmin.ts";
import { CLIENT_ID, exchangeTicket, refreshTokens } from "../../src/sandbox/garmin-calls.ts";
import { createManualClock, type ManualClock } from "../../src/sandbox/manual-clock.ts";

const EMAIL = "ada@example.org";
const IOS = "https://mobile.integration.garmin.com/gcm/ios";

let clock: ManualClock;
let faults: FaultBoard;
let garmin: Garmin;

beforeEach(async () => {
  clock = createManualClock(new Date("2026-03-02T07:00:00Z"));
  faults = new FaultBoard();
  garmin = await startGarmin({ clock, faults });
  const person = { displayName: "ada-1815", fullName: "Ada L.", timezone: "Europe/Berlin" };
  garmin.addAccount({ email: EMAIL, password: "right", ...person });
});
afterEach(() => garmin.close());

const profile = (accessToken: string | undefined) =>
  fetch(`${garmin.connectapiUrl}/userprofile-service/socialProfile`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });

test("a ticket works once", async () => {
  const ticket = garmin.mintTicket(EMAIL, IOS);
  expect(await exchangeTicket(garmin, ticket, IOS)).toMatchObject({ http: 200, refresh_token_expires_in: 2_591_999 });
  expect(await exchangeTicket(garmin, ticket, IOS)).toMatchObject({ http: 400, error: "invalid_grant" });
});

test("a ticket expires after sixty seconds", async () => {
  const ticket = garmin.mintTicket(EMAIL, IOS);
  clock.advance(60);
  expect(await exchangeTicket(garmin, ticket, IOS)).toMatchObject({ http: 400 });
});

test("a ticket works only for its exact service, and a wrong one spends it", async () => {
  const ticket = garmin.mintTicket(EMAIL, IOS);
  expect(await exchangeTicket(garmin, ticket, `${IOS}/`)).toMatchObject({ http: 400 });
  expect(await exchangeTicket(garmin, ticket, IOS)).toMatchObject({ http: 400 });
});

test("a refused client id spends the ticket", async () => {
  const ticket = garmin.mintTicket(EMAIL, IOS);
  expect(await exchangeTicket(garmin, ticket, IOS, { clientId: "SOMETHING_ELSE" })).toMatchObject({
    http: 401,
    error: "invalid_client",
  });
  expect(await exchangeTicket(garmin, ticket, IOS)).toMatchObject({ http: 400 });
  const other = garmin.mintTicket(EMAIL, IOS);
  const basicId = "GARMIN_CONNECT_MOBILE_IOS_DI";
  expect(await exchangeTicket(garmin, other, IOS, { basicId })).toMatchObject({ http: 401 });
});

test("the access token is a JWT that names its expiry, and expires then", async () => {
  const answer = await exchangeTicket(garmin, garmin.mintTicket(EMAIL, IOS), IOS);
  const claims = JSON.parse(atob(String(answer.access_token).split(".")[1] ?? "")) as Record<string, number>;
  expect(claims).toMatchObject({ client_id: CLIENT_ID, exp: (claims.iat ?? 0) + Number(answer.expires_in) });
  expect(answer.expires_in).toBeGreaterThanOrEqual(64_000);
  expect(answer.expires_in).toBeLessThanOrEqual(108_000);
  expect(await (await profile(answer.access_token)).json()).toMatchObject({ fullName: "Ada L." });
  clock.advance(Number(answer.expires_in));
  const refused = await profile(answer.access_token);
  expect(refused.status).toBe(401);
  expect(refused.headers.get("www-authenticate")).toContain('error="invalid_token"');
});

test("a refresh token works once, and its refusal repeats it in clear", async () => {
  const link = garmin.issueLink(EMAIL);
  const next = await refreshTokens(garmin, link.refreshToken);
  expect(next).toMatchObject({ http: 200 });
  expect(await refreshTokens(garmin, link.refreshToken)).toEqual({
    http: 400,
    error: "invalid_grant",
    error_description: `Invalid refresh token: ${link.refreshToken}`,
  });
  expect(await refreshTokens(garmin, next.refresh_token)).toMatchObject({ http: 200 });
});

test("with a grace period the old refresh token works a little longer", async () => {
  garmin.settings.refreshGraceSeconds = 30;
  const { refreshToken } = garmin.issueLink(EMAIL);
  await refreshTokens(garmin, refreshToken);
  expect(await refreshTokens(garmin, refreshToken)).toMatchObject({ http: 200 });
  clock.advance(30);
  expect(await refreshTokens(garmin, refreshToken)).toMatchObject({ http: 400 });
});

test("an unused refresh token expires after thirty days", async () => {
  const { refreshToken } = garmin.issueLink(EMAIL);
  clock.advance(2_591_999);
  expect(await refreshTokens(garmin, refreshToken)).toMatchObject({ http: 400 });
});

test("signing out everywhere ends both tokens, and a new sign-in works while the switch is still on", async () => {
  const link = garmin.issueLink(EMAIL);
  faults.turnOn("garmin_signed_out");
  expect((await profile(link.accessToken)).status).toBe(401);
  expect(await refreshTokens(garmin, link.refreshToken)).toMatchObject({ http: 400, error: "invalid_grant" });
  const next = await exchangeTicket(garmin, garmin.mintTicket(EMAIL, IOS), IOS);
  expect((await profile(next.access_token)).status).toBe(200);
  garmin.revoke(EMAIL);
  expect((await profile(next.access_token)).status).toBe(401);
});

test("turning the switch off and on signs out again, even if Garmin wasn't asked in between", async () => {
  faults.turnOn("garmin_signed_out");
  const { access_token } = await exchangeTicket(garmin, garmin.mintTicket(EMAIL, IOS), IOS);
  faults.turnOff("garmin_signed_out");
  faults.turnOn("garmin_signed_out");
  expect((await profile(access_token)).status).toBe(401);
});

test("a request with the app's name but not its other headers gets Cloudflare's page", async () => {
  const { accessToken, refreshToken } = garmin.issueLink(EMAIL);
  const authorization = `Bearer ${accessToken}`;
  const ask = (headers: Record<string, string>) =>
    fetch(`${garmin.connectapiUrl}/userprofile-service/socialProfile`, { headers: { authorization, ...headers } });
  const app = { "user-agent": "GCM-Android-5.23" };
  const stopped = await ask(app);
  expect([stopped.status, stopped.headers.get("content-type")]).toEqual([403, "text/html; charset=UTF-8"]);
  const all = Object.fromEntries(NATIVE_HEADERS.map((name) => [name, "x"]));
  expect((await ask({ ...app, ...all })).status).toBe(200);
  // With another name, a client needs none of these headers.
  expect((await ask({ "user-agent": "another/1.0" })).status).toBe(200);
  expect((await refreshTokens(garmin, refreshToken)).http).toBe(200);
});
