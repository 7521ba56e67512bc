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

const owner = () => [...demo.sandbox.withings.people.values()][0]?.userid;
const subscriptions = () =>
  demo.sandbox.withings.notifications.subscriptions.filter(({ userid }) => userid === owner());

async function link() {
  await act("link");
  expect(await observed()).toMatchObject({ linked: true, signedOut: false });
  await chat.waitForMessage(({ text }) => text.includes("now seen in Garmin"));
  await expect.poll(subscriptions).toHaveLength(3);
}

test("the chat of a fresh demo is empty, so it shows its Start button", async () => {
  await expect.poll(() => demo.sandbox.telegram.calls("sendMessage")).not.toEqual([]);
  expect(chat.messages).toEqual([]);
});

test("linked at once, the bot subscribes at Withings and brings over what is there, as after any linking", async () => {
  await link();
  expect(chat.messages.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^Withings is linked/));
  expect((await observed())?.weights).not.toEqual([]);
});

test("the bot hears at once that it was removed at Withings", async () => {
  await link();
  expect(await act("removeApp")).toMatch(/Withings tells it so/);
  await chat.waitForMessage(({ text }) => text.startsWith("You have removed me at Withings"));
  await expect.poll(observed).toMatchObject({ linked: false, signedOut: false });
});

test("an app removed at Withings in silence is found out by the next sync", async () => {
  await link();
  await act("loseSubscription");
  expect(await act("removeApp")).toMatch(/when it next asks/);
  chat.say("/sync");
  await expect.poll(observed).toMatchObject({ linked: false, signedOut: true });
});

test("a lost subscription is the owner's own, and there has to be one", async () => {
  const { notifications, people } = demo.sandbox.withings;
  const [mine, other] = [...people.keys()].map((userid) => ({ userid, appli: 1, callbackurl: "", comment: null }));
  notifications.subscriptions = [mine, other].flatMap((subscription) => subscription ?? []);
  expect(await act("loseSubscription")).toMatch(/no longer tells the bot/);
  expect(notifications.subscriptions).toEqual([other]);
  expect(await act("loseSubscription")).toMatch(/tells the bot nothing/);
});

test("what happens on the scale says how it gets to Garmin from there", async () => {
  expect(await act("guest")).toMatch(/once both are linked/);
  await link();
  expect(await act("guest")).toMatch(/Withings tells the bot/);
  await act("loseSubscription");
  expect(await act("guest")).toMatch(/send \/sync/);
});

test("blocking twice tells the bot once, and so does unblocking", async () => {
  for (const action of ["block", "block"] as const) await act(action);
  expect(chat.blocked).toBe(true);
  for (const action of ["unblock", "unblock"] as const) await act(action);
  expect(chat.blocked).toBe(false);
});

test("Withings leads back to the bot, and Garmin to a page whose address can be copied", async () => {
  const { withings, garmin } = demo.sandbox;
  const back = await fetch(withings.application.redirectUrls[0] ?? "");
  expect(await back.text()).toContain("Withings sends you to this page");
  const page = await fetch(`${garmin.ssoUrl}/sso/embed?ticket=ST-1`);
  expect(await page.text()).toContain("Copy the address</button>");
});
