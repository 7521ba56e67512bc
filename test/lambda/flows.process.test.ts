import { createHash } from "node:crypto";
import { Script } from "node:vm";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Account } from "../../src/sync/model/account.ts";
import { holdsSecret } from "../support/holds-secret.ts";
import { addSecondPerson, OTHER, OTHER_NAME } from "../support/second-person.ts";
import { ACCOUNT, OWNER, USERID } from "../support/test-app.ts";
import { buildFunctions } from "./built-functions.ts";
import { MANUAL_SYNC_TOKEN, startTestAws, type TestAws } from "./test-aws.ts";

vi.setConfig({ testTimeout: 90_000 });
let built: Awaited<ReturnType<typeof buildFunctions>>;
let aws: TestAws;
beforeAll(async () => {
  built = await buildFunctions();
});
afterEach(() => aws.close());

const start = async (options: Parameters<typeof startTestAws>[1] = {}) => {
  aws = await startTestAws(built.folder, options);
};
const labels = (message: { buttons: Array<Array<{ text: string }>> }) => message.buttons.flat().map(({ text }) => text);
const code = () => aws.sandbox.garmin.inbox.at(-1)?.code ?? "";

test("/sync is acknowledged at once, done by the worker, and answered in the same message", async () => {
  await start();
  aws.person.stepOnScale({ weightKg: 80.25 });
  aws.chat.say("/sync");
  await aws.heard("kg is in Garmin.");
  await aws.quiet();
  expect(aws.weightsKg()).toEqual([80.25]);
  expect(await aws.fates()).toEqual(["seen"]);
  const answers = aws.chat.messages.filter(({ from }) => from === "bot");
  expect(answers.map(({ history }) => history[0])).toEqual(["Reading Withings…"]);
  expect(aws.outcomes()).toEqual([200]);
  expect(aws.http.logged().filter(({ event }) => event === "run_ended")).toEqual([]);
  // The deployment has asked, so no cold start has to.
  expect(aws.sandbox.telegram.calls("getMe")).toEqual([]);
});

test("/undo takes the last reading out of Garmin, and Restore brings it back, with a new process for every update", async () => {
  await start();
  aws.http.isFresh = true;
  aws.person.stepOnScale({ weightKg: 80.25 });
  await aws.runSweep();
  expect(aws.weightsKg()).toEqual([80.25]);
  aws.chat.say("/undo");
  const { id } = await aws.heard("Take it out?");
  aws.chat.tap("Take it out", id);
  expect(labels(await aws.heard("no longer in Garmin"))).toEqual(["Restore"]);
  await aws.quiet();
  expect(aws.weightsKg()).toEqual([]);
  expect(await aws.fates()).toEqual(["removed"]);
  await aws.advance(31 * 60);
  await aws.runSweep();
  expect(aws.weightsKg()).toEqual([]);
  aws.chat.tap("Restore", id);
  await aws.heard("is in Garmin.");
  await aws.quiet();
  expect(aws.weightsKg()).toEqual([80.25]);
  expect(aws.http.logged().filter(({ event }) => event === "run_ended")).toEqual([]);
  expect(aws.sqs.dead()).toEqual([]);
});

test("/weight becomes a picture that the worker draws, and a button changes it in place, with a new process for every update", async () => {
  await start();
  aws.http.isFresh = true;
  for (const weightKg of [80.25, 80.5]) aws.person.stepOnScale({ weightKg });
  await aws.runSweep();
  aws.chat.say("/weight");
  const { id, photo, text } = await aws.heard("Weight, 30 days: 80.5 kg");
  expect(text).toMatch(/^Weight, 30 days: 80\.5 kg on /);
  aws.chat.tap("1 year", id);
  const changed = await aws.heard("Weight, 1 year: 80.5 kg");
  expect(changed.id).toBe(id);
  expect(changed.photo?.fileId).not.toBe(photo?.fileId);
  const png = aws.sandbox.telegram.file(changed.photo?.fileId ?? "")?.bytes ?? expect.fail("there is no picture");
  expect(Buffer.from(png).subarray(1, 4).toString()).toBe("PNG");
  expect(aws.sqs.dead()).toEqual([]);
});

test("what was deleted at Withings is asked about, removed and restored, each by another process", async () => {
  await start();
  aws.http.isFresh = true;
  const grpids = [80.25, 80.5].map((weightKg) => aws.person.stepOnScale({ weightKg }));
  await aws.runSweep();
  aws.person.remove(grpids[0] ?? 0);
  aws.chat.say("/sync");
  await aws.heard("Nothing new.");
  await aws.quiet();
  await aws.advance(25 * 3600);
  await aws.runSweep();
  const { id } = await aws.heard("is gone at Withings.");
  aws.chat.tap("Remove from Garmin", id);
  await aws.heard("no longer in Garmin.");
  await aws.quiet();
  expect(aws.weightsKg()).toEqual([80.5]);
  aws.chat.tap("Restore", id);
  await aws.heard("is in Garmin.");
  await aws.quiet();
  expect(aws.weightsKg().toSorted()).toEqual([80.25, 80.5]);
  expect((await aws.fates()).toSorted()).toEqual(["seen", "seen"]);
  expect(aws.sqs.dead()).toEqual([]);
});

test("a held reading is asked about, and every answer and its undo is done by another process", async () => {
  await start();
  aws.http.isFresh = true;
  aws.person.stepOnScale({ weightKg: 70.4, attrib: 1 });
  await aws.runSweep();
  const { id } = await aws.heard("Was that you?");
  aws.chat.tap("No", id);
  await aws.heard("kept out of Garmin.");
  await aws.quiet();
  aws.chat.tap("Undo", id);
  await aws.heard("Was that you?");
  await aws.quiet();
  aws.chat.tap("Yes", id);
  await aws.heard("is in Garmin.");
  await aws.quiet();
  expect(aws.weightsKg()).toEqual([70.4]);
  aws.chat.tap("Undo", id);
  expect(labels(await aws.heard("Was that you?"))).toEqual(["Yes", "No"]);
  await aws.quiet();
  expect(aws.weightsKg()).toEqual([]);
  expect(await aws.fates()).toEqual(["held"]);
  expect(aws.sqs.dead()).toEqual([]);
});

test("a reading is handed on, and both chats hear what came of it, with a new process for every update", async () => {
  await start();
  aws.http.isFresh = true;
  const anna = await addSecondPerson(aws);
  const { people } = aws.app.store;
  await people.accept(await people.invite(), { telegramUserId: OTHER, name: OTHER_NAME });
  const annasChat = aws.sandbox.telegram.user({ id: OTHER, firstName: OTHER_NAME, started: true });
  aws.person.stepOnScale({ weightKg: 58.4, attrib: 1 });
  await aws.runSweep();
  const { id } = await aws.heard("Was that you?");
  aws.chat.tap("It was Anna", id);
  await aws.heard("I’ve asked Anna.");
  const question = await annasChat.waitForMessage((it) => it.text.includes("asks: was the 58.4 kg"));
  annasChat.tap("No", question.id);
  expect(labels(await aws.heard("Anna says no, and there’s nobody else here to ask"))).toEqual(["Yes", "No"]);
  await aws.quiet();
  annasChat.tap("Undo", question.id);
  await aws.heard("I’ve asked Anna.");
  await aws.quiet();
  aws.sandbox.faults.turnOn("garmin_api_500");
  annasChat.tap("Yes", question.id);
  await aws.heard("It goes into Anna’s Garmin with the next sync.");
  await annasChat.waitForMessage((it) => it.id === question.id && it.text.includes("The next sync will send it."));
  await aws.quiet();
  aws.sandbox.faults.turnOff("garmin_api_500");
  await aws.advance(3600);
  await aws.runSweep();
  await aws.heard("It’s in Anna’s Garmin.");
  await annasChat.waitForMessage((it) => it.id === question.id && it.text.endsWith(", is in Garmin."));
  await aws.quiet();
  expect(anna.weightsKg()).toEqual([58.4]);
  expect(aws.weightsKg()).toEqual([]);
  expect(aws.http.logged().filter(({ event }) => event === "run_ended")).toEqual([]);
  expect(aws.sqs.dead()).toEqual([]);
});

test("what Withings announces is queued and sent to Garmin, without a message to the owner", async () => {
  await start();
  await aws.app.store.accounts.save(ACCOUNT, { settings: { cards: "needed" } });
  await aws.runSweep();
  const before = aws.told();
  aws.person.stepOnScale({ weightKg: 80.25 });
  aws.person.takeBloodPressure({ systolic: 121, diastolic: 79, pulse: 61 });
  await aws.sandbox.withings.notifications.delivered();
  expect(aws.sandbox.withings.notifications.sent.map(({ status }) => status)).toEqual([200, 200]);
  await aws.pump.empty();
  expect(await aws.fates()).toEqual(["seen", "seen"]);
  expect(aws.weightsKg()).toEqual([80.25]);
  expect(aws.pressures()).toHaveLength(1);
  expect(aws.told()).toEqual(before);
});

test("an account that is due is synced, and its next run is half an hour later", async () => {
  await start();
  const { schedule } = aws.app.store;
  aws.person.stepOnScale({ weightKg: 80.25 });
  await aws.runSweep();
  expect(aws.weightsKg()).toEqual([80.25]);
  const next = (await schedule.read(ACCOUNT))?.dueAt.getTime() ?? 0;
  expect(Math.round((next - aws.clock.now().getTime()) / 60_000)).toBe(30);

  aws.sandbox.withings.notifications.drop(USERID);
  aws.person.stepOnScale({ weightKg: 80.5 });
  await aws.runSweep();
  expect(aws.weightsKg()).toEqual([80.25]);
  await aws.advance(31 * 60);
  await aws.runSweep();
  expect(aws.weightsKg()).toEqual([80.25, 80.5]);
  expect(aws.sweep.logged().flatMap(({ queued }) => queued ?? [])).toEqual([1, 0, 1]);
});

test("the owner hears once that a Garmin session ended, signs in over three processes, and what waited arrives", async () => {
  await start();
  const { chat, sandbox } = aws;
  await aws.runSweep();
  sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
  sandbox.garmin.revoke(OWNER.email);
  for (const weightKg of [80.25, 80.5]) {
    aws.person.stepOnScale({ weightKg });
    await aws.advance(31 * 60);
    await aws.runSweep();
  }
  expect(aws.weightsKg()).toEqual([]);
  const stale = await aws.heard("Garmin has signed me out.");
  expect(labels(stale)).toEqual(["On my sign-in page", "On Garmin’s page", "Here in the chat"]);

  // The alarm counts this.
  expect(aws.worker.logged().filter(({ event }) => event === "link_stale")).toHaveLength(1);

  aws.http.isFresh = true;
  await aws.http.kill();
  const started = aws.http.starts();
  chat.tap("Here in the chat");
  await aws.heard("Which e-mail address");
  chat.say(OWNER.email);
  await aws.heard("the password for");
  chat.say(OWNER.password);
  await aws.heard("Garmin sent a code");
  chat.say(code());
  await aws.heard("Signed in to Garmin as Owner");
  await aws.quiet();
  expect(aws.http.starts() - started).toBe(4);
  expect((await aws.app.store.links.read(ACCOUNT, "garmin"))?.value.state).toBe("linked");
  expect(aws.weightsKg()).toEqual([80.25, 80.5]);

  await aws.advance(31 * 60);
  await aws.runSweep();
  const said = (start: string) => aws.told().filter((text) => text.startsWith(start));
  expect(said("Garmin has signed me out.")).toHaveLength(1);
  expect(said("Garmin lets me in again.")).toHaveLength(1);
  // Neither a password nor a code is kept in readable form.
  expect(chat.messages.filter(({ from }) => from === "person")).toEqual([]);
  const written = [...aws.dynamo.requests, ...aws.queue.requests].map(({ body }) => body);
  expect(written.filter((body) => body.includes(String(ACCOUNT))).length).toBeGreaterThan(50);
  expect(written.filter((body) => body.includes(OWNER.password))).toEqual([]);
  const logged = JSON.stringify(aws.logged());
  expect([OWNER.password, code()].filter((secret) => holdsSecret(logged, secret))).toEqual([]);
});

test("a new person links Withings on its page and Garmin with a pasted address, and gets their readings", async () => {
  await start({ linked: false });
  const { chat, sandbox } = aws;
  aws.person.stepOnScale({ weightKg: 80.25 });
  chat.say("/start");
  const page = await aws.heard("Withings will ask on its own page");
  const back = sandbox.withings.allow(USERID, page.buttons.flat()[0]?.url ?? "");
  const shown = await fetch(back);
  expect(await shown.text()).toContain("Linked");
  await aws.heard("Withings is linked");
  // Loading the page again changes nothing.
  expect(await (await fetch(back)).text()).not.toContain("Linked");
  await aws.quiet();

  // In the cloud, Garmin's page comes first, and a password is called doubtful.
  chat.tap("Link Garmin");
  const choice = await aws.heard("Amazon’s network");
  expect(labels(choice)).toEqual(["On my sign-in page", "On Garmin’s page", "Here in the chat"]);
  chat.say(`${sandbox.garmin.ssoUrl}/sso/embed?ticket=${sandbox.garmin.mintTicket(OWNER.email)}`);
  await aws.heard("Signed in to Garmin as Owner.");
  await aws.heard("kg is in Garmin.");
  await aws.quiet();
  expect(aws.weightsKg()).toEqual([80.25]);
  expect(new Set(sandbox.withings.notifications.subscriptions.map(({ callbackurl }) => callbackurl))).toEqual(
    new Set([aws.notifyUrl]),
  );
});

test("somebody signs in to Garmin on our own page, each request in a new process, and gets their readings", async () => {
  await start();
  const { chat, sandbox } = aws;
  sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
  await aws.app.disconnect({ telegramUserId: ACCOUNT } as Account, "garmin");
  aws.person.stepOnScale({ weightKg: 80.25 });
  aws.http.isFresh = true;
  chat.say("/connect");
  await aws.heard("Garmin: not linked");
  chat.tap("Link Garmin");
  await aws.heard("Three ways to sign in");
  const address = new URL(chat.openWebApp("On my sign-in page"));
  const initData = new URLSearchParams(address.hash.slice(1)).get("tgWebAppData") ?? "";

  const page = await fetch(address);
  const html = await page.text();
  // In the cloud, Garmin's own page comes first.
  expect([...html.matchAll(/<h2[^>]*>([^<]+)/g)].map(([, heading]) => heading)).toEqual([
    "On Garmin’s page",
    "With e-mail and password",
  ]);
  // The bundle has made it smaller, and the browser runs what has this hash.
  const script = /<script>(.*)<\/script>/s.exec(html)?.[1] ?? "";
  new Script(script);
  const hash = createHash("sha256").update(script).digest("base64");
  expect(page.headers.get("content-security-policy")).toContain(`script-src 'sha256-${hash}';`);

  let session = "";
  async function act(act: string, fields: object = {}) {
    const answer = await fetch(address.origin + address.pathname, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        origin: address.origin,
        authorization: session ? `Bearer ${session}` : `tma ${initData}`,
      },
      body: JSON.stringify({ act, ...fields }),
    });
    const said = (await answer.json()) as { step: string; session?: string };
    session = said.session ?? session;
    return said;
  }
  const starts = aws.http.starts();
  expect(await act("open")).toMatchObject({ step: "ways" });
  const { email, password } = OWNER;
  expect(await act("password", { email, password })).toMatchObject({ step: "code" });
  expect(await act("code", { code: code() })).toMatchObject({ step: "done" });
  expect(aws.http.starts() - starts).toBe(3);
  await aws.heard("Signed in to Garmin as Owner.");
  await aws.heard("kg is in Garmin.");
  await aws.quiet();
  expect(aws.weightsKg()).toEqual([80.25]);

  const written = [...aws.dynamo.requests, ...aws.queue.requests].map(({ body }) => body).join("\n");
  const secrets = [password, code(), session, initData, new URLSearchParams(initData).get("hash") ?? ""];
  for (const [place, text] of Object.entries({ written, logged: JSON.stringify(aws.logged()) })) {
    expect({ place, found: secrets.filter((secret) => holdsSecret(text, secret)) }).toEqual({ place, found: [] });
  }
});

test("a job that always fails is dead-lettered after seven times, raises an alarm, and holds up nothing else", async () => {
  await start();
  aws.person.stepOnScale({ weightKg: 80.25 });
  await aws.sqs.send(ACCOUNT, '{"reason":"from the future"}');
  aws.chat.say("/sync");
  await aws.heard("kg is in Garmin.");
  await aws.quiet();
  const failed = aws.worker.logged().filter(({ event }) => event === "job_failed");
  expect(failed.map(({ deliveries }) => deliveries)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(aws.sqs.dead()).toEqual(['{"reason":"from the future"}']);

  await aws.raiseAlarm(alarm("dead-jobs", "ALARM", "OK"));
  expect(aws.told().at(-1)).toMatch(/^A job failed seven times in half an hour and was set aside.*No reading is lost/);
  await aws.raiseAlarm(alarm("dead-jobs", "OK", "ALARM"));
  expect(aws.told().at(-1)).toBe("No job is set aside any more.");
});

test("POST /sync/manual needs its token, and answers with what it did", async () => {
  await start();
  aws.person.stepOnScale({ weightKg: 80.25 });
  const post = (headers: Record<string, string>) =>
    fetch(`${aws.url}/sync/manual?account=${ACCOUNT}`, { method: "POST", headers });
  expect((await post({ authorization: "Bearer another-token-of-many-characters" })).status).toBe(401);
  expect(aws.weightsKg()).toEqual([]);
  const answer = await post({ authorization: `Bearer ${MANUAL_SYNC_TOKEN}` });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ status: "success", synced: 1, skipped: 0, held: 0, failed: 0 });
  expect(aws.weightsKg()).toEqual([80.25]);
});

test("a request without its secret costs no read, no write, no message and no call", async () => {
  await start();
  const { dynamo, queue, sandbox, notifyUrl, url } = aws;
  const servers = [dynamo, queue, sandbox.telegram, sandbox.withings, sandbox.garmin];
  const count = () => servers.map(({ requests }) => requests.length);
  const before = count();
  const post = (where: string, headers: Record<string, string> = {}, body = "userid=31400001&appli=1") =>
    fetch(url + where, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      body,
    });
  const update = JSON.stringify({ update_id: 1, message: { text: "/sync", chat: { id: ACCOUNT, type: "private" } } });
  const secretHeader = "x-telegram-bot-api-secret-token";
  const answers = [
    await post("/telegram", {}, update),
    await post("/telegram", { [secretHeader]: "a-secret-of-the-webhooc" }, update),
    await post("/withings/notify"),
    await post(`${notifyUrl.slice(url.length, -1)}_`),
    await post("/sync/manual"),
    await post("/sync/manual", { authorization: "Bearer " }),
    await post("/sync/manual", { authorization: `Bearer ${MANUAL_SYNC_TOKEN}x` }),
    await fetch(`${url}/withings/callback?code=a&state=${ACCOUNT}.forged`),
    await fetch(`${url}/somewhere`),
    await fetch(`${url}/health`),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 404, 404, 401, 401, 401, 400, 404, 200]);
  expect(count()).toEqual(before);
});

test("a webhook that was removed is set again, and messages sent meanwhile are answered", async () => {
  await start();
  await aws.call("deleteWebhook");
  aws.chat.say("/cancel");
  await aws.runSweep();
  await aws.heard("There is nothing to cancel.");
  await aws.quiet();
  expect(aws.outcomes()).toEqual([200]);
  expect(aws.sweep.logged()).toContainEqual(expect.objectContaining({ event: "webhook_set", before: "none" }));
});

test("a bot whose token Telegram no longer accepts is reported as unreachable, and syncs go on", async () => {
  await start();
  aws.sandbox.faults.add({
    ...{ server: "telegram", match: { path: /\/getWebhookInfo$/ }, times: Number.POSITIVE_INFINITY },
    effect: { type: "status", status: 401, body: { ok: false, error_code: 401, description: "Unauthorized" } },
  });
  aws.person.stepOnScale({ weightKg: 80.25 });
  await aws.runSweep();
  expect(aws.weightsKg()).toEqual([80.25]);
  expect(aws.sweep.logged()).toContainEqual(expect.objectContaining({ event: "webhook_failing" }));
  expect(JSON.stringify(aws.sweep.logged())).not.toContain(aws.sandbox.telegram.token);
});

const MARK = (id: string, language = "en") =>
  `Weighbridge keeps the data of this bot in the store ${id}. Its owner reads ${language}.`;
const marked = async () => {
  const answer = await aws.call("getMyShortDescription", { language_code: "la" });
  return ((await answer.json()) as { result: { short_description: string } }).result.short_description;
};

test("the owner hears once of an empty table if the bot used another one before", async () => {
  await start();
  await aws.app.disconnect(await aws.app.store.accounts.save(ACCOUNT, {}), "everything");
  await aws.call("setMyShortDescription", { language_code: "la", short_description: MARK("0123456789ab") });
  const before = aws.told().length;
  for (let times = 0; times < 2; times++) await aws.runSweep();
  expect(aws.told().slice(before)).toEqual([
    expect.stringMatching(/^My store is empty \(table weighbridge-prod.* in DynamoDB\), but this bot used another/),
  ]);
  expect(await marked()).toBe(MARK("0123456789ab"));
});

test("the owner hears once that the bot used another table before, and from then on the bot belongs to this one", async () => {
  await start();
  await aws.call("setMyShortDescription", { language_code: "la", short_description: MARK("0123456789ab") });
  const before = aws.told().length;
  for (let times = 0; times < 2; times++) await aws.runSweep();
  expect(aws.told().slice(before)).toEqual([expect.stringMatching(/^This bot last used a different store/)]);
  expect(await marked()).toBe(MARK(await aws.app.store.identity.id()));
});

test("an alarm is in the owner’s language, which a sweep has left with Telegram", async () => {
  await start();
  await aws.app.store.accounts.save(ACCOUNT, { language: "de" });
  await aws.runSweep();
  expect(await marked()).toBe(MARK(await aws.app.store.identity.id(), "de"));
  await aws.raiseAlarm(alarm("webhook-failing", "OK", "ALARM"));
  expect(aws.told().at(-1)).toBe("Telegram stellt mir wieder Nachrichten zu.");
});

test("a missing webhook secret is reported, because without it no update is accepted", async () => {
  await start();
  const secrets = JSON.parse(aws.ssm.parameters.get("/weighbridge/prod/SECRETS")?.value ?? "");
  const without = JSON.stringify({ ...secrets, TELEGRAM_WEBHOOK_SECRET: undefined });
  aws.ssm.set("/weighbridge/prod/SECRETS", without, "SecureString");
  await aws.runSweep();
  expect(aws.sweep.logged()).toContainEqual(
    expect.objectContaining({ event: "webhook_failing", message: "TELEGRAM_WEBHOOK_SECRET is missing" }),
  );
});

/** As CloudWatch publishes it. */
function alarm(name: string, state: string, before: string): string {
  return JSON.stringify({
    AlarmName: `weighbridge-prod-${name}`,
    AWSAccountId: "000000000000",
    NewStateValue: state,
    OldStateValue: before,
    NewStateReason: "Threshold Crossed: 1 datapoint [1.0] was greater than the threshold (0.0).",
    StateChangeTime: "2026-11-24T12:00:00.000+0000",
    Region: "EU (Frankfurt)",
    AlarmArn: `arn:aws:cloudwatch:eu-central-1:000000000000:alarm:weighbridge-prod-${name}`,
  });
}
