import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { WithAccess } from "../../../src/sync/model/link.ts";
import type { WithingsNotifyApi } from "../../../src/sync/model/withings-link.ts";
import { createWithingsCall } from "../../../src/sync/withings/client.ts";
import { createWithingsNotify } from "../../../src/sync/withings/notify.ts";
import { endOf, formOf, headerLines, type Stub, startStub } from "../../fixtures/stub-vendor.ts";

const callbackUrl = "https://weighbridge.example.org/withings/notify?key=abc-_123";
const one = { appli: 4, callbackUrl };
const access: WithAccess = (use) => use("bearer-1");

let stub: Stub;
let api: WithingsNotifyApi;
beforeAll(async () => {
  stub = await startStub();
  api = createWithingsNotify(createWithingsCall({ apiUrl: stub.url, send: stub.send, rateLimited: (task) => task() }));
});
afterAll(() => stub.close());

const status = (status: number) => Response.json({ status, body: {}, error: "some words" });
const done = () => Response.json({ status: 0, body: {} });
const list = (profiles: unknown) => Response.json({ status: 0, body: { profiles } });

describe("what is sent", () => {
  test.each<[string, () => Promise<unknown>, () => Response, Record<string, string>]>([
    ["list", () => api.list(access), () => list([]), { action: "list" }],
    ["list of one kind", () => api.list(access, 46), () => list([]), { action: "list", appli: "46" }],
    [
      "subscribe",
      () => api.subscribe(access, one),
      done,
      { action: "subscribe", callbackurl: callbackUrl, appli: "4" },
    ],
    ["revoke", () => api.revoke(access, one), done, { action: "revoke", callbackurl: callbackUrl, appli: "4" }],
  ])("%s: one form with the bearer token of the person", async (_what, ask, answer, form) => {
    stub.willAnswer(answer());
    await ask();
    const last = stub.requests.at(-1);
    expect(formOf(last)).toEqual(form);
    expect(last).toMatchObject({ method: "POST", path: "/notify" });
    expect([...(last?.query ?? [])]).toEqual([]);
    expect(headerLines(last, "content-type")).toEqual(["application/x-www-form-urlencoded"]);
    expect(headerLines(last, "authorization")).toEqual(["Bearer bearer-1"]);
  });
});

describe("what is understood", () => {
  test("a list, with unknown entries and fields in it", async () => {
    const profile = { appli: 1, callbackurl: callbackUrl, comment: null, expires: 2_147_483_647 };
    stub.willAnswer(list([profile, { ...profile, appli: 99, comment: "theirs", new: {} }]));
    expect(await api.list(access)).toEqual([
      { appli: 1, callbackUrl },
      { appli: 99, callbackUrl },
    ]);
  });

  test("one odd entry doesn't affect the others, and a number may be a text", async () => {
    const profile = { appli: "1", callbackurl: callbackUrl };
    stub.willAnswer(list([null, { appli: 4 }, { ...profile, appli: [] }, "x", profile]));
    expect(await api.list(access)).toEqual([{ appli: 1, callbackUrl }]);
  });

  test("a list without a readable entry is not taken for an empty one", async () => {
    stub.willAnswer(list([{ appli: 1, callback: callbackUrl }]));
    expect(await endOf(api.list(access))).toBe("UnexpectedAnswerError");
  });

  test("an answer without a list is not taken for an empty one", async () => {
    stub.willAnswer(done());
    expect(await endOf(api.list(access))).toBe("UnexpectedAnswerError");
  });

  test("a success without a body", async () => {
    stub.willAnswer(Response.json({ status: 0 }), Response.json({ status: 0 }));
    expect(await api.subscribe(access, one)).toBe("subscribed");
    expect(await endOf(api.revoke(access, one))).toBe("success");
  });

  test.each([293, 343])("%i: Withings can't reach the address", async (code) => {
    stub.willAnswer(status(code));
    expect(await api.subscribe(access, one)).toBe("callback_unreachable");
  });

  test.each([286, 294])("%i: what is to be revoked is gone already", async (code) => {
    stub.willAnswer(status(code));
    expect(await endOf(api.revoke(access, one))).toBe("success");
  });

  test.each([
    [601, "RetryLaterError"],
    [401, "AccessRefusedError"],
    [403, "ActionNeededError relink_withings"],
    [305, "RetryLaterError"],
    [304, "WithingsRefusal"],
  ])("%i means the same as for any other request", async (code, kind) => {
    stub.willAnswer(status(code), status(code));
    expect([await endOf(api.subscribe(access, one)), await endOf(api.revoke(access, one))]).toEqual([kind, kind]);
  });
});
