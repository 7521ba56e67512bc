import { afterEach, expect, test, vi } from "vitest";
import { ACCOUNT, OWNER, USERID } from "../support/test-app.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

let server: TestServer;
afterEach(() => server.close());

const WAIT = { timeout: 30_000, interval: 20 };
const saw = (text: string) => server.heard(text);
const code = () => server.sandbox.garmin.inbox.at(-1)?.code ?? "";
const arrived = (count: number) => vi.waitFor(() => expect(server.weights()).toHaveLength(count), WAIT);

/** Opens the consent page as a browser does, and follows it back to us. */
async function allowAtWithings() {
  const page = server.chat.messages
    .flatMap(({ buttons }) => buttons.flat())
    .findLast((it) => it.text === "Link Withings");
  const back = server.sandbox.withings.allow(USERID, page?.url ?? "");
  const shown = await (await fetch(back)).text();
  expect(shown).toContain("Linked");
  expect(shown).toContain('<a href="https://t.me/weighbridge_bot">Back to Telegram</a>');
  await saw("Withings is linked");
}

async function signInHere() {
  server.chat.tap("Here in the chat");
  await saw("Which e-mail address");
  server.chat.say(OWNER.email);
  await saw("the password for");
  server.chat.say(OWNER.password);
  await saw("Garmin sent a code");
}

test("a person who links both sides, weighs in, is signed out and signs in again hears only what matters", async () => {
  server = await startTestServer({ linked: false });
  const { chat, sandbox, person, clock, start, told, theirs } = server;
  sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
  const first = await start();

  // From nothing to both links, with a restart between password and code.
  chat.say("/start");
  await saw("Withings: not linked");
  await allowAtWithings();
  await saw("Garmin: not linked");
  chat.tap("Link Garmin");
  await saw("Three ways to sign in");
  await signInHere();
  await first.stop();
  const second = await start();
  chat.say("000000");
  await saw("That code isn’t right");
  chat.say(code());
  await saw("Signed in to Garmin as Owner");
  await saw("Nothing new. Garmin has every reading.");
  await vi.waitFor(() => expect(theirs.subscriptions).toHaveLength(3), WAIT);

  // Withings announces a weigh-in, but the program stops before it has looked. The next one sends it, and says so, because it is the very first.
  clock.advance(3600);
  const before = told().length;
  person.stepOnScale({ weightKg: 80.25 });
  person.takeBloodPressure({ systolic: 121, diastolic: 79, pulse: 61 });
  await theirs.delivered();
  await second.stop();
  expect(await server.app.store.jobs.list()).toHaveLength(1);
  clock.advance(10);
  const third = await start();
  await arrived(1);
  await third.said("run_ended");
  await saw("1 weigh-in and 1 blood pressure reading, today, are in Garmin.");
  expect(told()).toHaveLength(before + 1);
  await third.stop();

  // Signed out: one message with both ways to sign in; after the code, one message that all is well again.
  sandbox.garmin.revoke(OWNER.email);
  sandbox.garmin.expireAccessToken(OWNER.email);
  clock.advance(3600);
  const rounds = await start(0.005);
  person.stepOnScale({ weightKg: 80.5 });
  const stale = await saw("Garmin has signed me out.");
  expect(stale.buttons.flat().map(({ text }) => text)).toEqual([
    "On my sign-in page",
    "On Garmin’s page",
    "Here in the chat",
  ]);
  await vi.waitFor(
    () => expect(rounds.logged.filter(({ event }) => event === "run_ended").length).toBeGreaterThan(3),
    WAIT,
  );
  expect(told().filter((text) => text.startsWith("Garmin has signed me out."))).toHaveLength(1);
  clock.advance(31);
  chat.tap("Here in the chat");
  await saw("Which e-mail address");
  chat.tap(OWNER.email);
  await saw("the password for");
  chat.say(OWNER.password);
  await saw("Garmin sent a code");
  chat.say(code());
  await saw("Signed in to Garmin as Owner");
  await arrived(2);
  await vi.waitFor(
    () => expect(told().filter((text) => text.startsWith("Garmin lets me in again."))).toHaveLength(1),
    WAIT,
  );
  const ended = rounds.logged.length;
  await vi.waitFor(() => expect(rounds.logged.length).toBeGreaterThan(ended + 5), WAIT);
  expect(told().filter((text) => text.startsWith("Garmin lets me in again."))).toHaveLength(1);
  expect(told().filter((text) => text.startsWith("Garmin has signed me out."))).toHaveLength(1);
  expect(server.pressures()).toHaveLength(1);
  expect(chat.messages.filter(({ from }) => from === "person").map(({ text }) => text)).toEqual(["/start"]);
});

test("before a link that couldn't be renewed for weeks ends, its owner hears how to fix it", async () => {
  server = await startTestServer({ linked: true });
  const { clock, sandbox, start, told, chat } = server;
  sandbox.faults.turnOn("garmin_diauth_down");
  await server.app.store.accounts.save(ACCOUNT, { settings: { patienceHours: 10_000, cards: "needed" } });
  const said: string[] = [];
  for (let day = 0; day < 30; day++) {
    clock.advance(24 * 3600);
    const { said: logged, stop } = await start();
    await logged("run_ended");
    await stop();
    for (const text of told().slice(said.length)) said.push(text);
  }
  const expiry = (days: string) => expect.stringMatching(new RegExp(`^My access to Garmin ends in ${days},`));
  const silence = expect.stringMatching(/^Withings was linked 3 days ago, and no reading/);
  expect(said).toEqual([silence, expiry("14 days"), expiry("5 days"), expiry("1 day")]);
  expect(chat.lastMessage?.buttons.flat().map(({ text }) => text)).toEqual([
    "On my sign-in page",
    "On Garmin’s page",
    "Here in the chat",
  ]);
});
