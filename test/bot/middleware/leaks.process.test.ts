import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../../../src/sandbox/free-port.ts";
import type { RecordedRequest } from "../../../src/sandbox/serve.ts";
import { initDataFor } from "../../../src/sandbox/telegram/web-app.ts";
import { type CliProcess, HOUSEMATE, type Machine, OWNER, startMachine } from "../../support/cli-process.ts";
import { holdsSecret } from "../../support/holds-secret.ts";

let machine: Machine;
let program: CliProcess;
beforeEach(async () => {
  machine = await startMachine({ mfa: "email" });
});
async function start(env: Record<string, string> = {}) {
  program = machine.start("start", { LOG_LEVEL: "info", ...env });
  await program.said("bot_started");
}
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
  await start();
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

test("nothing that the sign-in page is given or gives is in the log, the store or the chat", async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await start({ PUBLIC_URL: url, PORT: String(port), WITHINGS_REDIRECT_URL: "" });
  const { sandbox, credentials, ticket } = machine;
  const { garmin, telegram } = sandbox;
  const [email = "", password = ""] = credentials();
  const secrets = [password];
  const keep = <T extends string>(secret: T): T => {
    secrets.push(secret);
    return secret;
  };
  chat().say("/start");
  await heard("not linked");

  async function ask(authorization: string, body: object | string, status = 200) {
    const answer = await fetch(`${url}/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    expect(answer.status).toBe(status);
    const text = await answer.text();
    return text ? JSON.parse(text) : {};
  }
  async function open() {
    const initData = keep(initDataFor({ id: OWNER, firstName: "Owner" }, telegram.token, new Date()));
    const fields = new URLSearchParams(initData);
    for (const name of ["hash", "query_id", "signature"]) keep(fields.get(name) ?? "");
    const { session } = await ask(`tma ${initData}`, { act: "open" });
    for (const part of keep(String(session)).split(".").slice(3)) keep(part);
    return (act: string, more: object = {}, status?: number) => ask(`Bearer ${session}`, { act, ...more }, status);
  }

  // What is refused: forged, from nobody, not understood, too long, and while the vendor is away.
  const forged = keep(initDataFor({ id: OWNER, firstName: "Owner" }, "1:another-token-of-another-bot", new Date()));
  await ask(`tma ${forged}`, { act: "open" }, 401);
  await ask(`Bearer ${keep("4711.v1.made-up-session-of-nobody")}`, { act: "open" }, 401);
  const act = await open();
  await act("password", { email, password: keep("Much-Too-Long-Password".repeat(100)) }, 400);
  await act("pasted", { address: keep("https://example.org/?ticket=ST-0000001-neverIssuedToAnybody") });
  sandbox.faults.add({ server: "garmin_sso", match: { path: /login/ }, effect: { type: "drop_after" } });
  await act("password", { email, password: keep("Password-While-Garmin-Is-Away") }, 503);
  // Wrong ones, then the right ones.
  await act("password", { email, password: keep("Wrong-Password-On-The-Page") });
  expect(await act("password", { email, password })).toMatchObject({ step: "code" });
  expect(await act("code", { code: keep("918273") })).toMatchObject({ step: "code" });
  expect(await act("code", { code: garmin.inbox.at(-1)?.code ?? "" })).toMatchObject({ step: "done" });
  await heard("Signed in");
  await act("password", { email, password });
  // Once more, by the address that Garmin's page ends on.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const again = await open();
  const address = `https://sso.garmin.com/sso/embed?ticket=${keep(ticket())}`;
  expect(await again("pasted", { address })).toMatchObject({ step: "done" });

  program.signal("SIGTERM");
  const { stdout, stderr } = await program.ended;
  secrets.push(...secretsOf(garmin.requests), ...garmin.inbox.map((mail) => mail.code));
  expect(secrets.length).toBeGreaterThan(25);
  const places: Record<string, string> = {
    stdout,
    stderr,
    stored: machine.stored(),
    sent: JSON.stringify(telegram.outbox),
    chat: JSON.stringify(chat().messages),
    addresses: JSON.stringify([...garmin.requests, ...telegram.requests].map(({ path }) => path)),
  };
  expect(stderr).toContain("sign_in_page_opened");
  expect(stderr).toContain("sign_in_page_failed");
  expect(places.stored).toContain("sealedTokens");
  for (const [place, text] of Object.entries(places)) {
    expect({ place, found: secrets.filter((secret) => holdsSecret(text, secret)) }).toEqual({ place, found: [] });
  }
});

test("of two people who hand a reading on, neither chat nor the log has anything of the other one but that reading", async () => {
  await machine.link(OWNER, HOUSEMATE);
  const { sandbox, credentials, person } = machine;
  const { telegram, garmin, withings } = sandbox;
  const chats = {
    olga: telegram.user({ id: OWNER, firstName: "Olga" }),
    max: telegram.user({ id: HOUSEMATE, firstName: "Max" }),
  };
  const at = (hours: number) => new Date(Date.now() - hours * 3_600_000);
  person(OWNER).stepOnScale({ at: at(30), weightKg: 81.37, fatRatioPercent: 23.9 });
  person(OWNER).takeBloodPressure({ at: at(29), systolic: 133, diastolic: 87, pulse: 71 });
  person(HOUSEMATE).stepOnScale({ at: at(28), weightKg: 61.43, fatRatioPercent: 17.6 });
  await start();
  const says = (chat: (typeof chats)["olga"], text: string) => chat.waitForMessage((it) => it.text.includes(text));
  for (const chat of Object.values(chats)) {
    chat.say("/status");
    await says(chat, "Withings:");
  }
  await expect
    .poll(() => [OWNER, HOUSEMATE].map((id) => machine.weights(id)), { timeout: 20_000 })
    .toEqual([[81.37], [61.43]]);
  person(OWNER).stepOnScale({ at: at(1), weightKg: 60.58, fatRatioPercent: 19.3, attrib: 1 });
  chats.olga.say("/sync");
  await says(chats.olga, "Was that you?");
  chats.olga.tap("It was Max");
  await says(chats.max, "Olga asks: was the 60.6 kg");
  chats.max.tap("Yes");
  await says(chats.max, ", is in Garmin.");
  await says(chats.olga, "It’s in Max’s Garmin.");
  chats.max.tap("Undo");
  await chats.max.waitUntil(() => machine.weights(HOUSEMATE).join() === "61.43");
  await chats.max.waitForMessage((it) => it.text.includes("asks: was") && it.buttons.length > 0);
  chats.max.tap("No");
  await says(chats.olga, "Max says no");
  for (const chat of Object.values(chats)) {
    chat.say("/status");
    await says(chat, "Withings:");
  }
  program.signal("SIGTERM");
  const { stdout, stderr } = await program.ended;

  const tokens = secretsOf([...garmin.requests, ...withings.requests]);
  const of = (id: number, ...values: string[]) => [
    ...[...credentials(id), String(person(id).userid), person(id).name, String(machine.garmin(id).profileId)],
    ...values,
  ];
  // What was measured beside the weight was another body's.
  const beside = ["19.3", "19,3"];
  const olgas = [...of(OWNER, "81.4", "81.37", "23.9", "133/87"), ...beside];
  const maxs = of(HOUSEMATE, "61.4", "61.43", "17.6");
  const toChat = (id: number) => JSON.stringify(telegram.outbox.filter(({ params }) => params.chat_id === String(id)));
  const log = stdout + stderr;
  const measured = ["81.37", "61.43", "60.58", "60.6", "23.9", "17.6", "systolic", ...beside];
  const places: Array<[place: string, text: string, none: string[]]> = [
    ["Max's chat", toChat(HOUSEMATE) + JSON.stringify(chats.max.messages), [...olgas, ...tokens]],
    ["Olga's chat", toChat(OWNER) + JSON.stringify(chats.olga.messages), [...maxs, ...tokens]],
    ["the log", log, [...credentials(OWNER), ...credentials(HOUSEMATE), ...measured, ...tokens]],
    ["the store", machine.stored(), tokens],
  ];
  // The search really looked at something.
  expect(tokens.length).toBeGreaterThan(4);
  expect(places[0]?.[1]).toContain("60.6 kg");
  expect(places[1]?.[1]).toContain("81.4 kg");
  expect(log).toContain("run_ended");
  for (const [place, text, none] of places) {
    expect({ place, found: none.filter((it) => holdsSecret(text, it)) }).toEqual({ place, found: [] });
  }
});
