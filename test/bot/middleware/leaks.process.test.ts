import { afterEach, beforeEach, expect, test } from "vitest";
import type { RecordedRequest } from "../../../src/sandbox/serve.ts";
import { type CliProcess, type Machine, OWNER, startMachine } from "../../support/cli-process.ts";
import { holdsSecret } from "../../support/holds-secret.ts";

let machine: Machine;
let program: CliProcess;
beforeEach(async () => {
  machine = await startMachine({ mfa: "email" });
  program = machine.start("start", { LOG_LEVEL: "info" });
  await program.said("bot_started");
});
afterEach(() => machine.close());

const chat = () => machine.sandbox.telegram.user({ id: OWNER, firstName: "Owner" });
const heard = (text: string) => chat().waitForMessage((message) => message.text.includes(text));

/** The secrets that the vendors saw, which must be nowhere else. */
function secretsOf(requests: readonly RecordedRequest[]): string[] {
  const found = requests.flatMap(({ headers, body, query }) => {
    const form = new URLSearchParams(body);
    const cookies = (headers.cookie ?? "").split("; ").map((pair) => pair.slice(pair.indexOf("=") + 1));
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
    const named = ["code", "refresh_token", "service_ticket", "client_secret"].map((name) => form.get(name) ?? "");
    return [...cookies, bearer, ...named, query.get("ticket") ?? ""];
  });
  return [...new Set(found)].filter((secret) => secret.length >= 6);
}

test("nothing that was typed, pasted, mailed or issued as a secret is in the log, the store or the chat", async () => {
  const { sandbox, credentials, ticket, person } = machine;
  const { garmin, withings, faults } = sandbox;
  const [email = "", password = ""] = credentials();
  const WRONG_PASSWORD = "Wrong-Password-e71c";
  const typed = [password, WRONG_PASSWORD];
  const say = (text: string) => {
    typed.push(text);
    chat().say(text);
  };
  const code = () => garmin.inbox.at(-1)?.code ?? "";
  async function beginSignIn() {
    chat().say("/connect");
    await heard("Garmin:");
    chat().tap("garmin");
    await heard("Two ways");
    chat().tap("Here in the chat");
    await heard("Which e-mail");
    chat().say(email);
    await heard("the password for");
  }

  /** The dialogs stored so far, opened: a secret mustn’t be in them even sealed. */
  const dialogs: string[] = [];
  const openDialog = async () => {
    const state = await machine.inside((app) => app.store.dialogs.read(String(OWNER)));
    dialogs.push(JSON.stringify(state));
  };

  chat().say("/start");
  await heard("not linked");
  // Withings: a made-up address, then the right one.
  chat().tap("Link Withings");
  const page = (await heard("Withings will ask")).buttons.flat()[0]?.url ?? "";
  say(withings.authorize(person().userid, { state: "somebody-elses-state-1b2c" }));
  await heard("isn’t from my button");
  say(withings.authorize(person().userid, { state: new URL(page).searchParams.get("state") ?? "" }));
  await heard("Withings is linked");

  // Garmin: a wrong password, an outage of Telegram, a wrong code, a used ticket, then success.
  await beginSignIn();
  say(WRONG_PASSWORD);
  await heard("doesn’t know");
  faults.add({ server: "telegram", match: { path: /\/sendMessage$/ }, effect: { type: "drop_after" } });
  say(password);
  await chat().waitUntil(() => code() !== "");
  say("918273");
  await heard("isn’t right");
  await openDialog();
  say(`https://connect.garmin.com/app?ticket=${ticket()}`);
  await heard("already used");
  await beginSignIn();
  say(password);
  await heard("Garmin sent a code");
  await openDialog();
  say(code());
  await heard("Signed in");
  await chat().waitUntil(({ messages }) => messages.some(({ text }) => text.startsWith("Nothing new.")));

  // Signed out by a refused refresh that repeats the token, and signed in again by a ticket.
  garmin.revoke(email);
  garmin.expireAccessToken(email);
  person().stepOnScale({ weightKg: 80.25 });
  chat().say("/sync");
  await heard("signed me out");
  say(`https://sso.garmin.com/sso/embed?ticket=${ticket()}`);
  await heard("Signed in");
  await chat().waitUntil(({ messages }) => messages.some(({ text }) => text.includes("now in Garmin")));

  program.signal("SIGTERM");
  const { stdout, stderr } = await program.ended;
  const secrets = [
    ...secretsOf([...garmin.requests, ...withings.requests]),
    ...garmin.inbox.map((mail) => mail.code),
    ...typed,
    sandbox.telegram.token.split(":")[1] ?? "",
  ];
  expect(secrets.length).toBeGreaterThan(25);
  const places: Record<string, string> = {
    stdout,
    stderr,
    stored: machine.stored(),
    dialogs: dialogs.join("\n"),
    // Except for what the bot received.
    sent: JSON.stringify(sandbox.telegram.outbox.filter(({ method }) => method !== "getUpdates")),
    chat: JSON.stringify(chat().messages),
  };
  // The search really looked at something.
  expect(stderr).toContain("garmin_signed_in");
  expect(places.stored).toContain("sealedTokens");
  expect(dialogs.map((log) => log.includes('"replay"'))).toEqual([true, true]);
  expect(places.sent).toContain("Signed in to Garmin");
  for (const [place, text] of Object.entries(places)) {
    expect({ place, found: secrets.filter((secret) => holdsSecret(text, secret)) }).toEqual({ place, found: [] });
  }
});
