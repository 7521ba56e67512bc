import { afterEach, beforeEach, expect, test } from "vitest";
import { DEMO_USER, startDemo } from "../../src/sandbox/demo.ts";
import { namedFaults } from "../../src/sandbox/named-faults.ts";
import type { ActionInput, ActionName } from "../../src/sandbox/panel-contract.ts";
import type { PanelState } from "../../src/sandbox/panel-state.ts";
import { DEMO_NAME } from "../../src/sandbox/people.ts";
import { otherTroubles, stories, type Trouble } from "../../src/sandbox/stories.ts";
import type { PersonChat } from "../../src/sandbox/telegram/chat.ts";

let demo: Awaited<ReturnType<typeof startDemo>>;
let chat: PersonChat;

beforeEach(async () => {
  demo = await startDemo({ paced: false });
  chat = demo.sandbox.telegram.user({ id: DEMO_USER, firstName: DEMO_NAME });
});

afterEach(() => demo.close());

async function act<Name extends ActionName>(action: Name, ...[input]: InputOf<Name>): Promise<string> {
  const response = await fetch(`${demo.url}/panel/action/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(input ?? {}),
  });
  const { message } = (await response.json()) as { message: string };
  expect(response.status, message).toBe(200);
  return message;
}
type InputOf<Name extends ActionName> =
  Record<string, never> extends ActionInput<Name> ? [input?: ActionInput<Name>] : [input: ActionInput<Name>];

const trouble = (name: Trouble, on: boolean) => act("trouble", { name, on });
const EMAIL = "owner@example.org";
const inGarmin = () => demo.sandbox.garmin.weights(EMAIL).length;
const patienceHours = async () => (await demo.program.app().store.accounts.find(DEMO_USER))?.settings.patienceHours;

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
  await chat.waitForMessage(({ text }) => text.includes("in Garmin."));
  await expect.poll(subscriptions).toHaveLength(3);
}

/** Before 09:00, the next morning would be today's. */
function beginByDay() {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  demo.time.advance(demo.time.until("10:00", timeZone));
}

test("the chat of a fresh demo is empty, so it shows its Start button", async () => {
  await expect.poll(() => demo.sandbox.telegram.calls("setMyCommands")).not.toEqual([]);
  expect(chat.messages).toEqual([]);
  expect((await observed())?.mails).toEqual([]);
});

test("after linking both at once, the bot subscribes at Withings and copies what is there", async () => {
  await link();
  expect(chat.messages.map(({ text }) => text)).toContainEqual(expect.stringMatching(/^Withings is linked/));
  expect((await observed())?.weights).not.toEqual([]);
});

test("the person of the demo has a name of their own, in Telegram and at Garmin", async () => {
  await link();
  chat.say("/people");
  await chat.waitForMessage(({ text }) => /^Robin \(you\): /m.test(text));
  chat.say("/status");
  await chat.waitForMessage(({ text }) => /^Garmin: linked as Robin$/m.test(text));
});

test("the bot learns at once that it was removed at Withings", async () => {
  await link();
  expect(await act("removeApp")).toMatch(/and Withings tells it/);
  await chat.waitForMessage(({ text }) => text.startsWith("You’ve removed me at Withings"));
  await expect.poll(observed).toMatchObject({ linked: false, signedOut: false });
});

test("without a subscription, the next sync finds out that the app was removed at Withings", async () => {
  await link();
  await act("loseSubscription");
  expect(await act("removeApp")).toMatch(/when it next asks/);
  chat.say("/sync");
  await expect.poll(observed).toMatchObject({ linked: false, signedOut: true });
});

test("only the owner's subscription can be lost, and only if there is one", async () => {
  const { notifications, people } = demo.sandbox.withings;
  const [mine, other] = [...people.keys()].map((userid) => ({ userid, appli: 1, callbackurl: "", comment: null }));
  notifications.subscriptions = [mine, other].flatMap((subscription) => subscription ?? []);
  expect(await act("loseSubscription")).toMatch(/no longer tells the bot/);
  expect(notifications.subscriptions).toEqual([other]);
  expect(await act("loseSubscription")).toMatch(/already stopped telling the bot/);
});

test("after stepping on the scale, the page says how the reading gets to Garmin", async () => {
  expect(await act("guest")).toMatch(/once both are linked/);
  await link();
  expect(await act("guest")).toMatch(/Withings will tell the bot/);
  await act("loseSubscription");
  expect(await act("guest")).toMatch(/send \/sync/);
});

test("blocking the bot twice counts once, and so does unblocking it", async () => {
  for (const on of [true, true]) await trouble("bot_blocked", on);
  expect(chat.blocked).toBe(true);
  for (const on of [false, false]) await trouble("bot_blocked", on);
  expect(chat.blocked).toBe(false);
});

test("every trouble has a switch in exactly one story, and a label of its own", async () => {
  const all = [...Object.keys(namedFaults), ...Object.keys(otherTroubles)];
  const switches = stories.flatMap((story) => story.switches);
  expect(switches.toSorted()).toEqual(all.toSorted());
  const labels = (await observed())?.stories.flatMap((story) => story.switches.map(({ label }) => label)) ?? [];
  expect(new Set(labels).size).toBe(all.length);
});

test("every switch shows that it is on, and one tap turns them all off", async () => {
  const on = async () => (await observed())?.stories.flatMap(({ switches }) => switches.filter((it) => it.on)) ?? [];
  const troubles = stories.flatMap((story) => story.switches);
  for (const name of troubles) {
    await trouble(name, true);
    expect((await on()).map((it) => it.name)).toContain(name);
  }
  // The computer has one clock, and two troubles set it.
  expect(await on()).toHaveLength(troubles.length - 1);
  expect(await act("putRight")).toMatch(/^(Everything works again|Nothing is broken any more)/);
  expect(await on()).toEqual([]);
  expect(demo.program.isRunning()).toBe(true);
});

test("weigh-ins, blood pressures and guests are dated at the moment the button was pressed", async () => {
  const [person] = demo.sandbox.withings.people.values();
  for (const action of ["weighIn", "bloodPressure", "guest"] as const) {
    const before = Math.floor(Date.now() / 1000);
    const known = person?.groups.length ?? 0;
    await act(action);
    const added = person?.groups.slice(known) ?? [];
    expect(added).not.toEqual([]);
    for (const { date, created } of added) {
      expect(date).toBeGreaterThanOrEqual(before);
      expect(date).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
      expect(created).toBeGreaterThanOrEqual(date);
    }
  }
});

test("the demo's bot reports an outage after a minute, unless the switch or the person says otherwise", async () => {
  chat.say("/start");
  await expect.poll(patienceHours).toBe(1 / 60);
  chat.say("/settings");
  await chat.waitForMessage(({ text }) => /after 1 minute$/m.test(text));
  await act("patience", { isShort: false });
  expect(await patienceHours()).toBe(6);
  await act("patience", { isShort: true });
  expect(await patienceHours()).toBe(1 / 60);
  await demo.program.app().store.accounts.save(DEMO_USER, { settings: { patienceHours: 12 } });
  chat.say("/status");
  await chat.waitForMessage();
  await act("patience", { isShort: false });
  expect(await patienceHours()).toBe(12);
});

test("the bot reports an outage after its minute, and an hour passes with one tap", async () => {
  await link();
  await trouble("withings_down", true);
  const before = chat.messages.length;
  await act("passTime", { until: "hour" });
  await expect.poll(() => chat.messages.length).toBeGreaterThan(before);
  await act("putRight");
});

test("one tap brings the next morning with its summary, and another brings three days", async () => {
  beginByDay();
  await link();
  const summaries = () =>
    demo.sandbox.telegram.calls("sendMessage").filter(({ params }) => params.disable_notification);
  const before = summaries().length;
  await act("weighIn");
  expect(await act("passTime", { until: "morning" })).toMatch(/^A night later: it is \w+day.* 09:01\.$/);
  await expect.poll(() => summaries().length).toBeGreaterThan(before);
  const { aheadSeconds } = demo.time;
  await act("passTime", { until: "three_days" });
  expect(demo.time.aheadSeconds - aheadSeconds).toBeGreaterThan(2.9 * 86_400);
  expect(demo.time.aheadSeconds - aheadSeconds).toBeLessThan(3.1 * 86_400);
});

test("a clock that is ahead causes no summary, and doesn't stop later ones", async () => {
  beginByDay();
  await link();
  const summaries = () => chat.messages.filter(({ text }) => / ✓ in Garmin/.test(text)).length;
  const before = summaries();
  await act("weighIn");
  await act("passTime", { until: "morning" });
  await expect.poll(summaries).toBe(before + 1);
  await trouble("clock_ahead", true);
  await act("weighIn");
  await chat.waitForMessage(({ text }) => text.startsWith("The clock on"));
  await act("passTime", { until: "hour" });
  expect(summaries()).toBe(before + 1);
  await trouble("clock_ahead", false);
  await chat.waitForMessage(({ text }) => text.startsWith("The clock is right again"));
  await act("passTime", { until: "morning" });
  await expect.poll(summaries).toBe(before + 2);
});

test("after a refused sign-in, one tap moves time on until signing in is possible again", async () => {
  chat.say("/start");
  await chat.waitForMessage();
  await trouble("garmin_sso_429", true);
  const { garminSignIn } = demo.program.app();
  expect(await garminSignIn.withPassword(DEMO_USER, EMAIL, "owner-password")).toMatchObject({ type: "resting" });
  expect(await act("putRight")).toMatch(/sign in to Garmin in the chat again/);
  expect(await garminSignIn.obstacle(DEMO_USER)).toBeUndefined();
  expect(await garminSignIn.withPassword(DEMO_USER, EMAIL, "owner-password")).toMatchObject({ type: "mfa_required" });
});

test("what happened while the program was stopped is done when it starts", async () => {
  await link();
  await trouble("program_stopped", true);
  const before = inGarmin();
  expect(await act("weighIn")).toMatch(/stopped/);
  chat.say("/status");
  expect((await observed())?.linked).toBe(true);
  await trouble("program_stopped", false);
  await chat.waitForMessage(({ text }) => text.includes("Withings"));
  await act("passTime", { until: "hour" });
  await expect.poll(inGarmin).toBe(before + 1);
});

test("the heartbeat of a stopped program is missed, and alarms arrive as mail", async () => {
  await link();
  const subjects = async () => (await observed())?.mails.map(({ to }) => to) ?? [];
  await trouble("program_stopped", true);
  expect(await subjects()).toEqual([]);
  await act("passTime", { until: "hour" });
  expect(await subjects()).toEqual(["HEARTBEAT_URL"]);
  await trouble("program_stopped", false);
  expect(await subjects()).toEqual([]);
  // A running program looks only every five minutes of real time.
  await trouble("telegram_token_revoked", true);
  await trouble("program_stopped", true);
  await trouble("program_stopped", false);
  await expect
    .poll(async () => {
      await demo.pass(60);
      return subjects();
    })
    .toContain("ALARM_URL");
});

test.each([true, false])(
  "another program takes the person's messages until everything is put right (address: %s)",
  async (on) => {
    await link();
    if (!on) await act("address", { on });
    await trouble("bot_taken", true);
    chat.say("/status");
    await expect.poll(() => demo.sandbox.telegram.pendingUpdates()).toBe(0);
    const known = chat.messages.length;
    await act("putRight");
    expect((await observed())?.stories.some(({ switches }) => switches.some((it) => it.on))).toBe(false);
    expect(chat.messages.length).toBe(known);
    chat.say("/status");
    await chat.waitForMessage(({ text }) => text.includes("Withings"));
  },
);

test("putting everything right doesn’t claim that everything works while Garmin has signed the person out", async () => {
  await link();
  await trouble("garmin_signed_out", true);
  await act("weighIn");
  await act("passTime", { until: "hour" });
  expect(await act("putRight")).toBe(
    "Nothing is broken any more. In the chat, you still have to sign in to Garmin again.",
  );
  await act("link");
  expect(await act("putRight")).toBe("Everything works again.");
});

test("every made-up weight shows whether Garmin keeps only tenths", async () => {
  const words = await Promise.all(Array.from({ length: 40 }, () => act("weighIn")));
  for (const each of words) expect(each).toMatch(/^\d+\.\d[2-8] kg is at Withings/);
});

test("putting everything right doesn’t claim that everything works while the bot waits for a decision", async () => {
  await link();
  await trouble("garmin_rounds_weight", true);
  await act("weighIn");
  await act("passTime", { until: "hour" });
  expect(await act("putRight")).toBe(
    "Nothing is broken any more. In the chat, you still have to answer what /status asks.",
  );
});

test("after older data is put back, nothing arrives twice", async () => {
  await link();
  expect(await act("putOldDataBack")).toMatch(/Garmin shows it once/);
});

test("on an empty folder the program ends and says why in the chat, and one tap starts it in its own folder", async () => {
  await link();
  const known = chat.messages.length;
  expect(await act("startOnEmptyFolder")).toMatch(/^It has ended: /);
  expect(chat.messages.length).toBeGreaterThan(known);
  expect(demo.program.isRunning()).toBe(false);
  await act("putRight");
  expect((await observed())?.linked).toBe(true);
});

test("a program that ended by itself is shown as stopped, with the reason", async () => {
  await trouble("program_stopped", true);
  await trouble("telegram_token_revoked", true);
  await trouble("program_stopped", false);
  await expect.poll(async () => (await observed())?.ended).toMatch(/401: Unauthorized/);
  expect(demo.program.isRunning()).toBe(false);
  await act("putRight");
  await expect.poll(() => demo.program.isRunning()).toBe(true);
  expect((await observed())?.ended).toBeUndefined();
});

test("without a public address, the person pastes the address from Withings, and nothing is announced", async () => {
  await act("address", { on: false });
  expect(await act("link")).toMatch(/Linked/);
  await chat.waitForMessage(({ text }) => text.includes("in Garmin."));
  expect(subscriptions()).toEqual([]);
  const [, landing = ""] = demo.sandbox.withings.application.redirectUrls;
  expect(await (await fetch(landing)).text()).toContain("Copy the address</button>");
  expect(await act("weighIn")).toMatch(/Withings doesn’t tell the bot/);
  await act("address", { on: true });
  await act("passTime", { until: "hour" });
  await expect.poll(subscriptions).toHaveLength(3);
});

test("starting over brings everything back to the beginning", async () => {
  await link();
  await trouble("withings_down", true);
  await trouble("clock_ahead", true);
  await act("patience", { isShort: false });
  await act("address", { on: false });
  await act("passTime", { until: "morning" });
  expect(await act("startOver")).toMatch(/back at the beginning/);
  const state = (await (await fetch(`${demo.url}/panel/state`)).json()) as PanelState;
  expect(state).toMatchObject({ beginning: 2, chat: { messages: [], blocked: false } });
  expect(state.observed).toMatchObject({
    ...{ linked: false, weights: [], bloodPressures: [], mails: [], aheadSeconds: 0 },
    ...{ hasShortPatience: true, hasAddress: true },
  });
  expect(state.observed?.stories.flatMap(({ switches }) => switches.filter(({ on }) => on))).toEqual([]);
  chat = demo.sandbox.telegram.user({ id: DEMO_USER, firstName: DEMO_NAME });
  await link();
});

test("Withings sends the browser back to the bot, and Garmin to a page whose address can be copied", async () => {
  const { withings, garmin } = demo.sandbox;
  const back = await fetch(withings.application.redirectUrls[0] ?? "");
  expect(await back.text()).toContain("Withings sends you to this page");
  const page = await fetch(`${garmin.ssoUrl}/sso/embed?ticket=ST-1`);
  expect(await page.text()).toContain("Copy the address</button>");
});
