import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HttpResponse } from "../../src/http/message.ts";
import { initDataFor } from "../../src/sandbox/telegram/web-app.ts";
import { ACCOUNT, startTestApp, type TestApp } from "../support/test-app.ts";
import { cases, textLike } from "./cases.ts";

let harness: TestApp;
let initData = "";
let session = "";
beforeAll(async () => {
  harness = await startTestApp({ hasAddress: true, linked: false });
  initData = initDataFor({ id: ACCOUNT, firstName: "Owner" }, harness.sandbox.telegram.token, harness.clock.now());
  const { body = "" } = await ask(`tma ${initData}`, '{"act":"open"}');
  session = JSON.parse(body).session;
  harness.requests();
});
afterAll(() => harness.close());

function ask(authorization: string, body: string): Promise<HttpResponse> {
  const headers = new Map([
    ["authorization", authorization],
    ["content-type", "application/json"],
  ]);
  const bytes = [new TextEncoder().encode(body)];
  return harness
    .service()
    .http({ method: "POST", path: "/sign-in", query: new URLSearchParams(), headers, body: bytes });
}

describe("the sign-in page", () => {
  test("takes no authorization but its own, and never breaks on another", async () => {
    const parts = [
      "tma ",
      "Bearer ",
      "hash=",
      "auth_date=",
      "user={}",
      "&",
      "=",
      `${ACCOUNT}`,
      ".",
      "v1.",
      "%",
      "null",
    ];
    const like = textLike(parts);
    await fc.assert(
      fc.asyncProperty(like, async (text) => {
        expect((await ask(text, '{"act":"look"}')).status).toBe(401);
      }),
      cases(500),
    );
    for (const known of [`tma ${initData}`, `Bearer ${session}`]) {
      await fc.assert(
        fc.asyncProperty(fc.nat(known.length - 1), fc.string({ minLength: 1, maxLength: 3 }), async (at, text) => {
          const changed = known.slice(0, at) + text + known.slice(at + 1);
          if (changed !== known) expect((await ask(changed, '{"act":"look"}')).status).toBe(401);
        }),
        cases(300),
      );
    }
    expect(harness.requests()).toEqual([]);
  });

  test("answers whatever the script wouldn't ask with a refusal, and asks nobody about it", async () => {
    const acts = fc.constantFrom("open", "password", "code", "new_code", "look", "keep", "pasted", "switch", "", "x");
    const fields = fc.dictionary(
      fc.constantFrom("email", "password", "code", "address", "profileId", "client", "__proto__", "x"),
      fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string())),
    );
    const bodies = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .tuple(fc.constantFrom("password", "code", "pasted", "switch"), fields)
        .map(([act, more]) => JSON.stringify({ act, ...more })),
      acts.map((act) => `{"act":"${act}"`),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        expect((await ask(`Bearer ${session}`, body)).status).toBe(400);
      }),
      cases(500),
    );
    expect(harness.requests()).toEqual([]);
    expect(harness.logged.filter((line) => line.includes('"error"'))).toEqual([]);
  });
});
