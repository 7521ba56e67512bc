import { afterEach, expect, test } from "vitest";
import type { HttpResponse } from "../../src/http/message.ts";
import { initDataFor } from "../../src/sandbox/telegram/web-app.ts";
import { crashAt } from "../support/crash.ts";
import { ACCOUNT, OWNER, startTestApp, type TestApp } from "../support/test-app.ts";

let harness: TestApp;
afterEach(() => harness.close());

type Moment = Parameters<typeof crashAt>;
const { email, password } = OWNER;

/** Like the page, with a process that may die. Resolves to nothing if it did. */
async function visit(http: (body: object, authorization: string) => Promise<HttpResponse>) {
  const initData = initDataFor(
    { id: ACCOUNT, firstName: "Owner" },
    harness.sandbox.telegram.token,
    harness.clock.now(),
  );
  const opened = await http({ act: "open" }, `tma ${initData}`);
  const { session, step } = JSON.parse(opened.body ?? "{}");
  return { step, act: (act: string, more: object = {}) => http({ act, ...more }, `Bearer ${session}`) };
}

/** One person signs in on the page of a process that dies at this moment, and afterwards on the page of another. */
async function play(...moment: Moment) {
  harness = await startTestApp({ hasAddress: true, linked: false });
  const crash = crashAt(...moment);
  const ask =
    (service: ReturnType<TestApp["service"]>) =>
    (body: object, authorization: string): Promise<HttpResponse> =>
      service.http({
        ...{ method: "POST", path: "/sign-in", query: new URLSearchParams() },
        headers: new Map(Object.entries({ authorization, "content-type": "application/json" })),
        body: [new TextEncoder().encode(JSON.stringify(body))],
      });
  const dying = harness.newService(await harness.newApp({ wrapTable: crash.wrapTable, wrapSend: crash.wrapSend }));
  const first = await visit(ask(dying));
  await first.act("password", { email, password });
  await dying.settled();
  const { links, pendingLinks } = harness.app.store;
  const isLinked = async () => (await links.facts(ACCOUNT, "garmin")) !== undefined;
  const wasLinked = await isLinked();
  const isKept = wasLinked || (await pendingLinks.read(ACCOUNT, "garmin")) !== undefined;
  const before = { moments: crash.moments(), isDead: crash.isDead(), wasLinked, isKept };

  // The dead process's leases run out.
  harness.clock.advance(130);
  const next = harness.newService(harness.app);
  let { step, act } = await visit(ask(next));
  if (step === "ways" && !(await isLinked()))
    step = JSON.parse((await act("password", { email, password })).body ?? "{}").step;
  await next.settled();
  const requests = harness.requests();
  return {
    ...before,
    step,
    link: await links.facts(ACCOUNT, "garmin"),
    isTold: harness.sandbox.telegram.outbox.some(({ params }) => params.text === "Signed in to Garmin as Owner."),
    pending: await pendingLinks.read(ACCOUNT, "garmin"),
    logins: requests.filter((it) => it.endsWith("/mobile/api/login") && it.includes("POST")).length,
    exchanges: requests.filter((it) => it.startsWith("garmin_diauth")).length,
  };
}

test("whenever the process dies, its person signs in with one more visit, and a ticket that was exchanged isn't lost", async () => {
  const undisturbed = await play(Number.POSITIVE_INFINITY, "before");
  expect(undisturbed).toMatchObject({ isDead: false, logins: 1, exchanges: 1, link: { state: "linked" } });
  expect(undisturbed.moments.length).toBeGreaterThan(15);
  let kept = 0;
  for (const moment of undisturbed.moments) {
    await harness.close();
    const { moments: _, step, link, pending, ...rest } = await play(...moment);
    const seen = { moment, ...rest, step, state: link?.state, pending };
    expect(seen).toMatchObject({ isDead: true, state: "linked", pending: undefined });
    expect(["ways", "done"], JSON.stringify(seen)).toContain(step);
    // If the process that made the link dies, nobody says so; the account is due all the same.
    if (!rest.wasLinked) expect(seen).toMatchObject({ isTold: true });
    if (!rest.isKept) continue;
    // Garmin exchanges a ticket once, so what came of it has to be enough.
    expect(seen).toMatchObject({ logins: 1, exchanges: 1 });
    kept += 1;
  }
  expect(kept).toBeGreaterThan(5);
});
