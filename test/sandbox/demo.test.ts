import { afterEach, beforeEach, expect, test } from "vitest";
import { DEMO_USER, startDemo } from "./demo.ts";
import type { ActionName } from "./panel-contract.ts";
import type { PanelState } from "./panel-state.ts";
import type { PersonChat } from "./telegram/chat.ts";

let demo: Awaited<ReturnType<typeof startDemo>>;
let chat: PersonChat;

beforeEach(async () => {
  demo = await startDemo();
  chat = demo.sandbox.telegram.user({ id: DEMO_USER, firstName: "You" });
});

afterEach(() => demo.close());

async function act(action: ActionName): Promise<string> {
  const response = await fetch(`${demo.url}/panel/action/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { message: string }).message;
}

async function observed() {
  const state = (await (await fetch(`${demo.url}/panel/state`)).json()) as PanelState;
  return state.observed;
}

test("an app removed at Withings is found out by the next sync", async () => {
  await act("link");
  expect(await observed()).toMatchObject({ linked: true, signedOut: false });
  await act("removeApp");
  chat.say("/sync");
  await expect.poll(observed, { timeout: 10_000 }).toMatchObject({ linked: false, signedOut: true });
});

test("a lost subscription is the owner's own, and there has to be one", async () => {
  const { notifications, people } = demo.sandbox.withings;
  const [owner, other] = [...people.keys()].map((userid) => ({ userid, appli: 1, callbackurl: "", comment: null }));
  notifications.subscriptions = [owner, other].flatMap((subscription) => subscription ?? []);
  expect(await act("loseSubscription")).toMatch(/no longer tells the bot/);
  expect(notifications.subscriptions).toEqual([other]);
  expect(await act("loseSubscription")).toMatch(/has no subscription/);
});

test("blocking twice tells the bot once, and so does unblocking", async () => {
  for (const action of ["block", "block"] as const) await act(action);
  expect(chat.blocked).toBe(true);
  for (const action of ["unblock", "unblock"] as const) await act(action);
  expect(chat.blocked).toBe(false);
});

test("both sign-ins end on a page that says what to do with its address", async () => {
  const { withings, garmin } = demo.sandbox;
  const [callback] = withings.application.redirectUrls;
  for (const address of [`${callback}?code=c&state=s`, `${garmin.ssoUrl}/sso/embed?ticket=ST-1`]) {
    const page = await fetch(address);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("Copy the whole address of this page and send it to the bot.");
  }
});
