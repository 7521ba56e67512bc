import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { NewFault } from "../../../src/sandbox/faults.ts";
import { createWithingsOAuth } from "../../../src/sync/withings/oauth.ts";
import { ACCOUNT, startTestApp, type TestApp, USERID } from "../../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness?.close());

const STATE = "a-state-of-this-test";
const CODE = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c";

/** As people have copied it from their browsers, most recently in February 2026. */
const MISMATCH_PAGE =
  '{"errors":[{"message":"redirect_uri_mismatch: The redirect URI provided is missing or does not match partner callback url"}]}';

const redirectUrl = "https://weighbridge.example.org/withings?from=here";
const oauth = createWithingsOAuth({
  call: () => Promise.reject(new Error("nothing is to be asked")),
  application: { clientId: "the-client", clientSecret: "never-in-an-address", redirectUrl },
  accountUrl: "https://account.example.org/",
  now: () => new Date(),
});

describe("the consent page", () => {
  test("is asked with comma-separated scopes and the registered address, unchanged", () => {
    const url = new URL(oauth.authorizeUrl(STATE));
    expect(url.origin + url.pathname).toBe("https://account.example.org/oauth2_user/authorize2");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: "code",
      client_id: "the-client",
      redirect_uri: redirectUrl,
      scope: "user.info,user.metrics",
      state: STATE,
    });
    expect(url.href).not.toContain("never-in-an-address");
  });
});

describe("what the owner pastes", () => {
  const code = { type: "code", code: CODE, state: STATE };
  test.each<[string, string, object]>([
    ["the address", `https://weighbridge.example.org/withings?code=${CODE}&state=${STATE}`, code],
    ["the parameters the other way round", `https://x.example.org/?state=${STATE}&code=${CODE}&more=1`, code],
    ["blanks around it", `  https://x.example.org/withings?code=${CODE}&state=${STATE}\n`, code],
    ["an address on this machine", `http://127.0.0.1:8080/callback?code=${CODE}&state=${STATE}`, code],
    ["no state", `https://x.example.org/?code=${CODE}`, { type: "code", code: CODE, state: "" }],
    ["the bare code", CODE, { type: "bare_code", code: CODE }],
    ["the bare code on a line of its own", `\n${CODE}\n`, { type: "bare_code", code: CODE }],
    [
      "a refused consent",
      `https://x.example.org/?error=access_denied&state=${STATE}`,
      { type: "refused", state: STATE },
    ],
    ["an address without a code", `https://x.example.org/?state=${STATE}`, { type: "no_code" }],
    ["an empty code", `https://x.example.org/?code=&state=${STATE}`, { type: "no_code" }],
    ["the text of the page that refuses the callback", MISMATCH_PAGE, { type: "callback_refused" }],
    [
      "an address that says the callback is refused",
      "https://account.withings.com/oauth2_user/authorize2?error=redirect_uri_mismatch&state=x",
      { type: "callback_refused" },
    ],
    ["a word of forty characters that are not hexadecimal", "g".repeat(40), { type: "not_an_address" }],
    ["a sentence", "here is my address", { type: "not_an_address" }],
    ["a single long word", "understood", { type: "not_an_address" }],
    ["a host without an address", "account.withings.com", { type: "not_an_address" }],
    ["nothing", "   ", { type: "not_an_address" }],
  ])("%s is understood", (_what, pasted, answer) => {
    expect(oauth.pastedAnswer(pasted)).toEqual(answer);
  });
});

describe("linking", () => {
  const OTHER = ACCOUNT + 1;
  const OTHER_USERID = USERID + 1;
  const linking = () => harness.app.withingsLinking;
  const link = (account = ACCOUNT) => harness.app.store.links.read(account, "withings");
  const consent = (account = ACCOUNT, userid = USERID) =>
    harness.sandbox.withings.allow(userid, linking().begin(account));
  const paste = (address: string, account = ACCOUNT) => linking().withPasted(account, address);
  const call = (address: string) => linking().withCallback(new URL(address).searchParams);
  const asked = () => harness.sandbox.withings.requests.length;
  const linked = { type: "linked", withingsUserId: String(USERID) };
  const withState = (address: string, state: string) => {
    const url = new URL(address);
    url.searchParams.set("state", state);
    return url.href;
  };
  const stateOf = (address: string) => new URL(address).searchParams.get("state") ?? "";

  test("works with the address the browser ended on, at once", async () => {
    harness = await startTestApp({ linked: false });
    expect(await paste(consent())).toEqual(linked);
    expect((await link())?.value).toMatchObject({ state: "linked", vendorUserId: String(USERID) });
    expect(asked()).toBe(1);
  });

  test("works with the callback, for the account that started", async () => {
    harness = await startTestApp({ linked: false });
    expect(await call(consent())).toEqual({ account: ACCOUNT, result: linked });
    expect((await link())?.value).toMatchObject({ state: "linked", vendorUserId: String(USERID) });
  });

  test("works with the bare code", async () => {
    harness = await startTestApp({ linked: false });
    expect(await paste(new URL(consent()).searchParams.get("code") ?? "")).toEqual(linked);
  });

  test("with a code older than thirty seconds, or one that was used, says that it has expired", async () => {
    harness = await startTestApp({ linked: false });
    const late = consent();
    harness.clock.advance(31);
    expect(await paste(late)).toEqual({ type: "code_expired" });
    expect(await link()).toBeUndefined();
    const second = consent();
    await paste(second);
    const before = await link();
    expect(await paste(new URL(second).searchParams.get("code") ?? "")).toEqual({ type: "code_expired" });
    expect(await link()).toEqual(before);
  });

  test("works once with an address, however often it comes back", async () => {
    harness = await startTestApp({ linked: false });
    const address = consent();
    const results = await Promise.all([call(address), call(address), paste(address)]);
    const types = results.map((it) => ("result" in it ? it.result.type : it.type));
    expect(types.toSorted()).toEqual(["linked", "used_state", "used_state"]);
    expect(asked()).toBe(1);
    harness.clock.advance(9 * 60);
    expect(await call(address)).toEqual({ account: ACCOUNT, result: { type: "used_state" } });
  });

  test("with an address after ten minutes is late, and makes no request", async () => {
    harness = await startTestApp({ linked: false });
    const page = linking().begin(ACCOUNT);
    harness.clock.advance(600);
    const address = harness.sandbox.withings.allow(USERID, page);
    expect(await call(address)).toEqual({ account: ACCOUNT, result: { type: "late_state" } });
    expect(await paste(address)).toEqual({ type: "late_state" });
    expect(asked()).toBe(0);
  });

  test("an address with a state that we did not sign makes no request", async () => {
    harness = await startTestApp({ linked: false });
    const address = consent();
    const state = stateOf(address);
    const turned = (at: number) => `${state.slice(0, at)}${state[at] === "A" ? "B" : "A"}${state.slice(at + 1)}`;
    const forged = [...Array.from({ length: state.length }, (_, at) => turned(at)), "", "x", `${state}A`, `${state}=`];
    for (const each of forged) {
      expect(await call(withState(address, each))).toEqual({ result: { type: "wrong_state" } });
      expect(await paste(withState(address, each))).toEqual({ type: "wrong_state" });
    }
    expect(asked()).toBe(0);
    expect(await paste(address)).toEqual(linked);
  });

  test("an address from another chat is refused, and still works where it belongs", async () => {
    harness = await startTestApp({ linked: false });
    const address = consent();
    expect(await paste(address, OTHER)).toEqual({ type: "other_chat" });
    expect(await link(OTHER)).toBeUndefined();
    expect(asked()).toBe(0);
    expect(await paste(address)).toEqual(linked);
  });

  test("a refused consent is reported once to the account that asked", async () => {
    harness = await startTestApp({ linked: false });
    const refusal = (state: string) => new URLSearchParams({ error: "access_denied", state });
    const state = stateOf(linking().begin(ACCOUNT));
    const result = { type: "refused" };
    expect(await linking().withCallback(refusal(state))).toEqual({ account: ACCOUNT, result });
    expect(await linking().withCallback(refusal(state))).toEqual({ result });
    expect(await linking().withCallback(refusal("made up"))).toEqual({ result });
  });

  test("one Withings person belongs to one account", async () => {
    harness = await startTestApp({ linked: false });
    await harness.app.store.accounts.save(OTHER, {});
    await paste(consent());
    expect(await paste(consent(OTHER), OTHER)).toEqual({ type: "taken" });
    expect(await link(OTHER)).toBeUndefined();
    expect(await paste(consent())).toEqual(linked);
  });

  test("a person claimed by an account whose link was never saved is free", async () => {
    harness = await startTestApp({ linked: false });
    await harness.app.store.accounts.save(OTHER, {});
    await harness.app.store.withingsUsers.claim(String(USERID), OTHER);
    expect(await paste(consent())).toEqual(linked);
    expect(await harness.app.store.withingsUsers.accountOf(String(USERID))).toBe(ACCOUNT);
  });

  test("a person claimed by an account that is just saving its link is waited for, and then taken", async () => {
    harness = await startTestApp({ linked: false });
    await harness.app.store.accounts.save(OTHER, {});
    await paste(consent(OTHER), OTHER);
    const saved = await link(OTHER);
    if (!saved) throw new Error("the other account is not linked");
    await harness.app.store.links.remove(OTHER, "withings");
    const lease = await harness.app.store.leases.acquire(`account-links#${OTHER}`, 60);
    const { sleep } = harness.clock;
    let waits = 0;
    harness.clock.sleep = async (seconds) => {
      waits++;
      await harness.app.store.links.replace(OTHER, "withings", saved.value);
      await lease?.release();
      await sleep(seconds);
    };
    expect(await paste(consent())).toEqual({ type: "taken" });
    expect(waits).toBe(1);
  });

  test("a person who was linked by mistake is free again when the right one is linked", async () => {
    harness = await startTestApp({ linked: false });
    await harness.app.store.accounts.save(OTHER, {});
    harness.sandbox.withings.addPerson({ userid: OTHER_USERID, name: "other", timezone: "Europe/Berlin" });
    await paste(consent(ACCOUNT, OTHER_USERID));
    await paste(consent());
    expect(await linking().switchPerson(ACCOUNT, String(USERID))).toEqual(linked);
    expect(await paste(consent(OTHER, OTHER_USERID), OTHER)).toMatchObject({ type: "linked" });
  });

  describe("of a different person from the linked one", () => {
    const question = { type: "other_person", withingsUserId: String(OTHER_USERID), linkedUserId: String(USERID) };

    async function askedAboutOther() {
      harness = await startTestApp({ linked: false });
      harness.sandbox.withings.addPerson({ userid: OTHER_USERID, name: "other", timezone: "Europe/Berlin" });
      await paste(consent());
      const before = await link();
      expect(await call(consent(ACCOUNT, OTHER_USERID))).toEqual({ account: ACCOUNT, result: question });
      expect(await link()).toEqual(before);
      expect(await harness.app.store.withingsUsers.accountOf(String(OTHER_USERID))).toBeUndefined();
      return before;
    }

    test("asks first, and a yes replaces the link without another consent, also from another copy", async () => {
      await askedAboutOther();
      harness.clock.advance(9 * 60);
      const other = await harness.newApp();
      expect(await other.withingsLinking.question(ACCOUNT)).toEqual(question);
      expect(await other.withingsLinking.switchPerson(ACCOUNT, String(OTHER_USERID))).toMatchObject({ type: "linked" });
      expect((await link())?.value).toMatchObject({ state: "linked", vendorUserId: String(OTHER_USERID) });
      expect(await harness.app.store.withingsUsers.accountOf(String(USERID))).toBeUndefined();
      expect(await linking().question(ACCOUNT)).toBeUndefined();
    });

    test("asks even if the link has ended", async () => {
      await askedAboutOther();
      const now = await link();
      if (!now) throw new Error("there is no link");
      await harness.app.store.links.write(ACCOUNT, "withings", { ...now.value, state: "stale" }, now.version);
      expect(await paste(consent(ACCOUNT, OTHER_USERID))).toEqual(question);
      expect(await paste(consent())).toEqual(linked);
    });

    test.each<[string, () => Promise<unknown>]>([
      ["a no", () => linking().keepPerson(ACCOUNT)],
      ["ten minutes without an answer", async () => harness.clock.advance(10 * 60)],
      ["the right person's consent", () => paste(consent())],
      [
        "the link's end by its owner",
        async () => {
          await harness.app.disconnect(await harness.app.store.accounts.save(ACCOUNT, {}), "withings");
        },
      ],
    ])("leaves nothing behind after %s", async (_what, answer) => {
      await askedAboutOther();
      await answer();
      const before = await link();
      expect(await linking().switchPerson(ACCOUNT, String(OTHER_USERID))).toEqual({ type: "late_answer" });
      expect(await linking().question(ACCOUNT)).toBeUndefined();
      expect(await link()).toEqual(before);
      expect(await harness.app.store.withingsUsers.accountOf(String(OTHER_USERID))).toBeUndefined();
    });

    test("is answered for the person who was asked about, and for nobody else", async () => {
      const before = await askedAboutOther();
      expect(await linking().switchPerson(ACCOUNT, String(USERID))).toEqual({ type: "late_answer" });
      expect(await linking().switchPerson(OTHER, String(OTHER_USERID))).toEqual({ type: "late_answer" });
      expect(await link()).toEqual(before);
    });

    test("who was linked by somebody else in the meantime stays theirs", async () => {
      await askedAboutOther();
      await harness.app.store.accounts.save(OTHER, {});
      await paste(consent(OTHER, OTHER_USERID), OTHER);
      const before = await link();
      expect(await linking().switchPerson(ACCOUNT, String(OTHER_USERID))).toEqual({ type: "taken" });
      expect(await link()).toEqual(before);
    });

    test("keeps the tokens sealed in the meantime", async () => {
      await askedAboutOther();
      const bytes = readdirSync(harness.dataDir).map((name) =>
        readFileSync(path.join(harness.dataDir, name), "latin1"),
      );
      // The token of the person in question, as Withings is asked with it.
      await linking().personInQuestion(ACCOUNT);
      const secrets = harness.sandbox.withings.requests.at(-1)?.headers.authorization?.replace("Bearer ", "") ?? "";
      expect(secrets.length).toBeGreaterThan(20);
      expect(bytes.join("")).toContain("sealedValue");
      expect(bytes.join("")).not.toContain(secrets);
    });
  });

  test("without permission to read measurements nothing is linked", async () => {
    harness = await startTestApp({ linked: false });
    const page = new URL(linking().begin(ACCOUNT));
    page.searchParams.set("scope", "user.info");
    expect(await paste(harness.sandbox.withings.allow(USERID, page.href))).toEqual({ type: "scope_missing" });
    expect(await link()).toBeUndefined();
  });

  test("a state that was signed before the key was replaced is still good, and one of a stranger's key is not", async () => {
    const [oldKey, newKey] = [
      "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
      "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
    ];
    harness = await startTestApp({ linked: false, env: { SEALING_KEY: oldKey } });
    const [first, second] = [consent(), consent()];
    harness.env.SEALING_KEY = `${newKey},${oldKey}`;
    const after = (await harness.newApp()).withingsLinking;
    expect(await after.withPasted(ACCOUNT, first)).toEqual(linked);
    harness.env.SEALING_KEY = newKey;
    const without = (await harness.newApp()).withingsLinking;
    expect(await without.withPasted(ACCOUNT, second)).toEqual({ type: "wrong_state" });
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
    ["a page", body("<h1>Back soon</h1>")],
    ["HTTP 429", atRefresh({ type: "status", status: 429 })],
    ["HTTP 502", atRefresh({ type: "status", status: 502, body: "<h1>Bad gateway</h1>" })],
    ["a line that breaks before it arrives", atRefresh({ type: "drop_before" })],
    ["a success without a refresh token", body({ status: 0, body: { userid: 1, access_token: "x", expires_in: 9 } })],
    ["a success without a body", body({ status: 0 })],
    ["a wrong client secret", body({ status: 503, error: "Invalid Params: invalid client id/secret" })],
  ])("%s leaves the stored tokens as they were, and the next one goes on with them", async (_what, fault) => {
    harness = await startTestApp();
    harness.clock.advance(3 * 3600);
    const before = await harness.app.store.links.read(ACCOUNT, "withings");
    harness.sandbox.faults.add(fault);
    expect((await harness.sync()).status).not.toBe("success");
    expect(await harness.app.store.links.read(ACCOUNT, "withings")).toEqual(before);
    harness.clock.advance(60);
    expect((await harness.sync()).status).toBe("success");
  });

  test("with a lost answer leaves the old refresh token good once more", async () => {
    harness = await startTestApp();
    harness.clock.advance(3 * 3600);
    const before = await harness.app.store.links.read(ACCOUNT, "withings");
    harness.sandbox.faults.add(atRefresh({ type: "drop_after" }));
    expect((await harness.sync()).status).toBe("retry_later");
    expect(await harness.app.store.links.read(ACCOUNT, "withings")).toEqual(before);
    harness.clock.advance(60);
    expect((await harness.sync()).status).toBe("success");
  });

  test("with a dead refresh token ends the link, and keeps its tokens in case Withings was wrong", async () => {
    harness = await startTestApp();
    const before = await harness.app.store.links.read(ACCOUNT, "withings");
    harness.sandbox.withings.killRefreshToken(USERID);
    harness.clock.advance(3 * 3600);
    expect(await harness.sync()).toMatchObject({ status: "action_needed", action: "relink_withings" });
    const after = await harness.app.store.links.read(ACCOUNT, "withings");
    expect(after?.value).toEqual({ ...before?.value, state: "stale", triedAt: harness.clock.now() });
  });
});
