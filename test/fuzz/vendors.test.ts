import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import type { Environment } from "../../src/config/environment.ts";
import { ActionNeededError, RetryLaterError, UnexpectedAnswerError } from "../../src/lib/errors.ts";
import type { HttpRequest, Transport } from "../../src/lib/http-client.ts";
import type { RecordedRequest } from "../../src/sandbox/serve.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp, USERID } from "../support/test-app.ts";
import { cases } from "./cases.ts";
import { mutatedText, type TextMutation, textMutation } from "./mutate.ts";

/** Which answer is corrupted: the next one to such a request. */
const ANSWERS = {
  "Withings' list": (it: HttpRequest) => pathOf(it) === "/measure",
  "Withings' notifications": (it: HttpRequest) => pathOf(it) === "/notify",
  "Withings' tokens": (it: HttpRequest) => pathOf(it) === "/v2/oauth2",
  "Garmin's weights": (it: HttpRequest) => pathOf(it).startsWith("/weight-service/weight/range"),
  "Garmin's pressures": (it: HttpRequest) => pathOf(it).startsWith("/bloodpressure-service/bloodpressure/range"),
  "Garmin's tokens": (it: HttpRequest) => pathOf(it).endsWith("/oauth/token"),
  "Garmin's page before a password": (it: HttpRequest) => pathOf(it).endsWith("/sign-in"),
  "Garmin's answer to a password": (it: HttpRequest) => it.method === "POST" && pathOf(it).endsWith("/login"),
  "Garmin's answer to a code": (it: HttpRequest) => pathOf(it).endsWith("/verifyCode"),
  "Garmin's answer to the wish for a code": (it: HttpRequest) => pathOf(it).endsWith("/sendCode"),
  "Garmin's profile": (it: HttpRequest) => pathOf(it).endsWith("/socialProfile"),
  "Garmin's consent": (it: HttpRequest) => pathOf(it).includes("gdprconsent"),
  "an upload": (it: HttpRequest) => it.method === "POST" && /^\/(upload|bloodpressure)-service/.test(pathOf(it)),
  "a removal": (it: HttpRequest) => it.method === "DELETE",
} satisfies Record<string, (request: HttpRequest) => boolean>;
type AnswerName = keyof typeof ANSWERS;
const pathOf = ({ url }: HttpRequest) => new URL(url).pathname;

/** One linked account for all cases of a test: after each it is in order again, or the test has failed. */
let harness: TestApp | undefined;
let spoil: { name: AnswerName; how: TextMutation } | undefined;
afterEach(async () => {
  spoil = undefined;
  await harness?.close();
  harness = undefined;
});

const spoiling =
  (send: Transport): Transport =>
  async (request) => {
    const answer = await send(request);
    if (!spoil || !ANSWERS[spoil.name](request)) return answer;
    const { how } = spoil;
    spoil = undefined;
    return { ...answer, text: mutatedText(answer.text, how) };
  };

async function setUp(env: Environment = {}) {
  const started = await startTestApp({ env });
  harness = started;
  const { sandbox, clock } = started;
  const app = await started.newApp({ wrapSend: spoiling });
  const account = await app.store.accounts.find(ACCOUNT);
  if (!account) throw new Error("the account of the tests is missing");
  const linkWithings = () =>
    app.withingsLinking.withPasted(ACCOUNT, sandbox.withings.allow(USERID, app.withingsLinking.begin(ACCOUNT)));
  const signIn = () => app.garminSignIn.withPasted(ACCOUNT, sandbox.garmin.mintTicket(OWNER.email));
  return {
    ...{ ...started, app, linkWithings, signIn },
    sync: () => app.sync.run(account),
    ago: (minutes: number) => new Date(clock.now().getTime() - minutes * 60_000),
  };
}

/** Tokens, codes, tickets and secrets, as they went over the wire. */
function expectNoSecret(logged: readonly string[], requests: readonly RecordedRequest[]) {
  const secrets = requests.flatMap(({ headers, body }) => {
    const form = new URLSearchParams(body);
    const named = ["code", "refresh_token", "service_ticket", "client_secret"].map((name) => form.get(name) ?? "");
    return [/^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "", ...named];
  });
  const text = logged.join("");
  expect(logged.length).toBeGreaterThan(10);
  expect([...new Set(secrets)].filter((secret) => secret.length > 5 && text.includes(secret))).toEqual([]);
}

test("a corrupted answer ends no link, and no reading is lost or sent twice once answers are right again", async () => {
  const { app, clock, person, sandbox, sync, ago, link, weights, pressures, logged } = await setUp();
  const of = fc.constantFrom<AnswerName>(
    ...(["Withings' list", "Withings' tokens", "Garmin's weights", "Garmin's pressures"] as const),
    ...(["Garmin's tokens", "an upload", "an upload", "a removal"] as const),
  );
  let n = 0;
  await fc.assert(
    fc.asyncProperty(of, textMutation, async (name, how) => {
      n += 1;
      clock.advance(3600);
      const weighIn = { at: ago(3), weightKg: 80 + (n % 100) / 100, fatRatioPercent: 20 };
      const pressure = { at: ago(2), systolic: 110 + (n % 40), diastolic: 80, pulse: 60 };
      const grpid = person.stepOnScale(weighIn);
      person.takeBloodPressure(pressure);
      if (name === "a removal") {
        await sync();
        clock.advance(60);
        weighIn.weightKg += 0.5;
        person.edit(grpid, { weightKg: weighIn.weightKg });
      }
      if (name === "Withings' tokens") sandbox.withings.expireAccessToken(USERID);
      if (name === "Garmin's tokens") sandbox.garmin.expireAccessToken(OWNER.email);
      spoil = { name, how };
      await sync();
      expect(spoil, "nothing was spoilt").toBeUndefined();

      for (const vendor of ["withings", "garmin"] as const) {
        const stored = (await app.store.links.read(ACCOUNT, vendor))?.value;
        const isGood = sandbox[vendor].takesRefreshToken(stored?.tokens.refreshToken ?? "");
        expect(stored?.state === "stale" && isGood, `${vendor} still takes the link that was ended`).toBe(false);
      }
      // Tokens lost on their way cannot be recovered: then the owner signs in again.
      await link();
      for (const seconds of [150, 3600, 25 * 3600, 25 * 3600]) {
        clock.advance(seconds);
        await sync();
      }
      expect((await sync()).status).toBe("success");
      const sameTime = (at: Date) => (it: { takenAt: Date }) => epoch(it.takenAt) === epoch(at);
      expect(
        weights()
          .filter(sameTime(weighIn.at))
          .map((it) => it.weightKg.toFixed(2)),
      ).toEqual([weighIn.weightKg.toFixed(2)]);
      expect(
        pressures()
          .filter(sameTime(pressure.at))
          .map((it) => it.systolic),
      ).toEqual([pressure.systolic]);
    }),
    // Leftovers of a failed case would affect the smaller ones.
    { ...cases(15), endOnFailure: true },
  );
  expectNoSecret(logged, [...sandbox.withings.requests, ...sandbox.garmin.requests]);
});

test("a sign-in with one corrupted answer ends with a result or says what was not understood, and the next one works", async () => {
  const { clock, sandbox, signIn, linkWithings, logged } = await setUp();
  const of = fc.constantFrom<AnswerName>("Withings' tokens", "Garmin's tokens", "Garmin's profile", "Garmin's consent");
  const understood = (error: unknown) => {
    const kinds = [ActionNeededError, RetryLaterError, UnexpectedAnswerError];
    if (!kinds.some((kind) => error instanceof kind)) throw error;
  };
  await fc.assert(
    fc.asyncProperty(of, textMutation, async (name, how) => {
      clock.advance(60);
      spoil = { name, how };
      await (name === "Withings' tokens" ? linkWithings() : signIn()).catch(understood);
      expect(spoil, "nothing was spoilt").toBeUndefined();
      clock.advance(60);
      expect((await signIn()).type).toBe("signed_in");
      expect((await linkWithings()).type).toBe("linked");
    }),
    { ...cases(25), endOnFailure: true },
  );
  expectNoSecret(logged, [...sandbox.withings.requests, ...sandbox.garmin.requests]);
});

test("a sign-in with a password and a code, any answer of which is corrupted, ends with a result, and the next one works", async () => {
  const { app, clock, sandbox, logged, requests } = await setUp();
  sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
  const { garminSignIn } = app;
  const of = fc.constantFrom<AnswerName>(
    ...(["Garmin's page before a password", "Garmin's answer to a password", "Garmin's answer to a password"] as const),
    ...(["Garmin's answer to a code", "Garmin's answer to a code", "Garmin's answer to the wish for a code"] as const),
  );
  const asked = () => requests().filter((it) => it.includes("POST /mobile/api"));
  const lastCode = () => sandbox.garmin.inbox.at(-1)?.code ?? "";
  await fc.assert(
    fc.asyncProperty(of, textMutation, async (name, how) => {
      asked();
      spoil = { name, how };
      const first = await garminSignIn.withPassword(ACCOUNT, OWNER.email, OWNER.password);
      if (first.type === "mfa_required") {
        clock.advance(31);
        if (name === "Garmin's answer to the wish for a code") await garminSignIn.newCode(ACCOUNT);
        await garminSignIn.withCode(ACCOUNT, lastCode());
      }
      expect(spoil, "nothing was spoilt").toBeUndefined();
      // Whatever was answered, a password and a code go out once.
      expect(asked().filter((it) => !it.includes("sendCode")).length).toBeLessThanOrEqual(2);
      // Longer than any rest that an answer may have caused.
      clock.advance(25 * 3600);
      expect(await garminSignIn.withPassword(ACCOUNT, OWNER.email, OWNER.password)).toMatchObject({
        type: "mfa_required",
      });
      expect(await garminSignIn.withCode(ACCOUNT, lastCode())).toMatchObject({ type: "signed_in" });
      clock.advance(25 * 3600);
    }),
    { ...cases(40), endOnFailure: true },
  );
  expectNoSecret(logged, [...sandbox.withings.requests, ...sandbox.garmin.requests]);
  for (const secret of [OWNER.password, ...sandbox.garmin.inbox.map(({ code }) => code)]) {
    expect(logged.join("")).not.toContain(secret);
  }
});

test("a check of the notifications with a corrupted answer ends in words, and the next one sets them up", async () => {
  const { app, clock, sandbox, logged } = await setUp({ PUBLIC_URL: "https://weighbridge.example.org" });
  const { subscriptions } = app;
  await fc.assert(
    fc.asyncProperty(textMutation, fc.boolean(), async (how, isGone) => {
      if (isGone) sandbox.withings.notifications.drop(USERID);
      clock.advance(25 * 3600);
      spoil = { name: "Withings' notifications", how };
      await subscriptions.keep(ACCOUNT).catch((error: unknown) => expect(error).toBeInstanceOf(UnexpectedAnswerError));
      expect(spoil, "nothing was spoilt").toBeUndefined();
      clock.advance(25 * 3600);
      await subscriptions.keep(ACCOUNT);
      expect(await subscriptions.look(ACCOUNT)).toBe("on");
    }),
    { ...cases(25), endOnFailure: true },
  );
  expectNoSecret(logged, sandbox.withings.requests);
});

const epoch = (at: Date) => Math.floor(at.getTime() / 1000);
