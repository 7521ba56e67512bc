import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { holdsSecret } from "../support/holds-secret.ts";
import { ACCOUNT, OWNER, USERID } from "../support/test-app.ts";
import { type AwsHouse, MANUAL_SYNC_TOKEN, startAwsHouse } from "./aws-house.ts";
import { buildFunctions } from "./built-functions.ts";

vi.setConfig({ testTimeout: 90_000 });
let built: Awaited<ReturnType<typeof buildFunctions>>;
let house: AwsHouse;
beforeAll(async () => {
  built = await buildFunctions();
});
afterEach(() => house.close());

const moveIn = async (options: Parameters<typeof startAwsHouse>[1] = {}) => {
  house = await startAwsHouse(built.folder, options);
};
const labels = (message: { buttons: Array<Array<{ text: string }>> }) => message.buttons.flat().map(({ text }) => text);
const code = () => house.sandbox.garmin.inbox.at(-1)?.code ?? "";

test("/sync is acknowledged at once, done by the worker, and shown in the message that stood there", async () => {
  await moveIn();
  house.person.stepOnScale({ weightKg: 80.25 });
  house.chat.say("/sync");
  await house.heard("1 reading arrived in Garmin.");
  await house.quiet();
  expect(house.weightsKg()).toEqual([80.25]);
  expect(await house.fates()).toEqual(["seen"]);
  const answers = house.chat.messages.filter(({ from }) => from === "bot");
  expect(answers.map(({ history }) => history[0])).toEqual(["Reading Withings…"]);
  expect(house.outcomes()).toEqual([200]);
  expect(house.http.logged().filter(({ event }) => event === "run_ended")).toEqual([]);
  // The deployment has asked, so that no cold start has to.
  expect(house.sandbox.telegram.calls("getMe")).toEqual([]);
});

test("what Withings announces is queued, carried over, and wakes nobody", async () => {
  await moveIn();
  await house.visit();
  const before = house.told();
  house.person.stepOnScale({ weightKg: 80.25 });
  house.person.takeBloodPressure({ systolic: 121, diastolic: 79, pulse: 61 });
  await house.sandbox.withings.notifications.delivered();
  expect(house.sandbox.withings.notifications.sent.map(({ status }) => status)).toEqual([200, 200]);
  await house.pump.empty();
  expect(await house.fates()).toEqual(["seen", "seen"]);
  expect(house.weightsKg()).toEqual([80.25]);
  expect(house.pressures()).toHaveLength(1);
  expect(house.told()).toEqual(before);
});

test("whoever is due is visited, and has the next scheduled run half an hour later", async () => {
  await moveIn();
  const { schedule } = house.app.store;
  house.person.stepOnScale({ weightKg: 80.25 });
  await house.visit();
  expect(house.weightsKg()).toEqual([80.25]);
  const next = (await schedule.read(ACCOUNT))?.dueAt.getTime() ?? 0;
  expect(Math.round((next - house.clock.now().getTime()) / 60_000)).toBe(30);

  // Nobody announces it.
  house.sandbox.withings.notifications.drop(USERID);
  house.person.stepOnScale({ weightKg: 80.5 });
  await house.visit();
  expect(house.weightsKg()).toEqual([80.25]);
  await house.later(31 * 60);
  await house.visit();
  expect(house.weightsKg()).toEqual([80.25, 80.5]);
  expect(house.sweep.logged().flatMap(({ queued }) => queued ?? [])).toEqual([1, 0, 1]);
});

test("the daily summary comes at its hour, once", async () => {
  await moveIn();
  await house.visit();
  const summaryHour = (house.clock.now().getUTCHours() + 1) % 24;
  await house.app.store.accounts.save(ACCOUNT, { timezone: "UTC", settings: { summaryHour } });
  house.person.stepOnScale({ weightKg: 80.25 });
  const before = house.told().length;
  const said = () => house.told().slice(before);
  for (let visits = 0; visits < 3; visits++) {
    if (house.clock.now().getUTCHours() !== summaryHour) expect(said()).toEqual([]);
    const next = (await house.app.store.schedule.read(ACCOUNT))?.dueAt ?? house.clock.now();
    await house.later(Math.max(0, (next.getTime() - house.clock.now().getTime()) / 1000 + 1));
    await house.visit();
  }
  expect(said()).toEqual([expect.stringContaining("80.25 kg")]);
});

test("a Garmin session that ended is told once, fixed with a code over three processes, and what waited arrives", async () => {
  await moveIn();
  const { chat, sandbox } = house;
  await house.visit();
  sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
  sandbox.garmin.revoke(OWNER.email);
  for (const weightKg of [80.25, 80.5]) {
    house.person.stepOnScale({ weightKg });
    await house.later(31 * 60);
    await house.visit();
  }
  expect(house.weightsKg()).toEqual([]);
  const stale = await house.heard("Garmin has signed me out.");
  expect(labels(stale)).toEqual(["On Garmin’s page", "Here in the chat"]);

  // What the alarm for it counts.
  expect(house.worker.logged().filter(({ event }) => event === "link_stale")).toHaveLength(1);

  house.http.isAnew = true;
  await house.http.kill();
  const started = house.http.starts();
  chat.tap("Here in the chat");
  await house.heard("Which e-mail address");
  chat.say(OWNER.email);
  await house.heard("the password for");
  chat.say(OWNER.password);
  await house.heard("Garmin sent a code");
  chat.say(code());
  await house.heard("Signed in to Garmin as Owner");
  await house.quiet();
  expect(house.http.starts() - started).toBe(4);
  expect((await house.app.store.links.read(ACCOUNT, "garmin"))?.value.state).toBe("linked");
  expect(house.weightsKg()).toEqual([80.25, 80.5]);

  await house.later(31 * 60);
  await house.visit();
  const said = (start: string) => house.told().filter((text) => text.startsWith(start));
  expect(said("Garmin has signed me out.")).toHaveLength(1);
  expect(said("Garmin lets me in again.")).toHaveLength(1);
  // Neither a password nor a code stays anywhere that somebody could read.
  expect(chat.messages.filter(({ from }) => from === "person")).toEqual([]);
  const written = [...house.dynamo.requests, ...house.queue.requests].map(({ body }) => body);
  expect(written.filter((body) => body.includes(String(ACCOUNT))).length).toBeGreaterThan(50);
  expect(written.filter((body) => body.includes(OWNER.password))).toEqual([]);
  const logged = JSON.stringify(house.logged());
  expect([OWNER.password, code()].filter((secret) => holdsSecret(logged, secret))).toEqual([]);
});

test("somebody new links Withings on its page and Garmin by a pasted address, and has their readings", async () => {
  await moveIn({ linked: false });
  const { chat, sandbox } = house;
  house.person.stepOnScale({ weightKg: 80.25 });
  chat.say("/start");
  await house.heard("Withings: not linked");
  chat.tap("Link Withings");
  const page = await house.heard("Withings will ask on its own page");
  const back = sandbox.withings.allow(USERID, page.buttons.flat()[0]?.url ?? "");
  const shown = await fetch(back);
  expect(await shown.text()).toContain("Linked");
  await house.heard("Withings is linked");
  // The page that was loaded again changes nothing.
  expect(await (await fetch(back)).text()).not.toContain("Linked");
  await house.quiet();

  // Garmin's page comes first here, and the other way is called doubtful.
  chat.tap("Link Garmin");
  const choice = await house.heard("Amazon’s network");
  expect(choice.buttons.flat().map(({ text }) => text)).toEqual(["On Garmin’s page", "Here in the chat"]);
  chat.say(`${sandbox.garmin.ssoUrl}/sso/embed?ticket=${sandbox.garmin.mintTicket(OWNER.email)}`);
  await house.heard("Signed in to Garmin as Owner.");
  await house.heard("1 reading arrived in Garmin.");
  await house.quiet();
  expect(house.weightsKg()).toEqual([80.25]);
  expect(new Set(sandbox.withings.notifications.subscriptions.map(({ callbackurl }) => callbackurl))).toEqual(
    new Set([house.notifyUrl]),
  );
});

test("a job that nobody can do is put aside after seven times, rings, and holds up nothing for good", async () => {
  await moveIn();
  house.person.stepOnScale({ weightKg: 80.25 });
  await house.sqs.send(ACCOUNT, '{"reason":"from the future"}');
  house.chat.say("/sync");
  await house.heard("1 reading arrived in Garmin.");
  await house.quiet();
  const failed = house.worker.logged().filter(({ event }) => event === "job_failed");
  expect(failed.map(({ deliveries }) => deliveries)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(house.sqs.dead()).toEqual(['{"reason":"from the future"}']);

  await house.ring(alarm("dead-jobs", "ALARM", "OK"));
  expect(house.told().at(-1)).toMatch(
    /^A job failed seven times in half an hour and was set aside.*No reading is lost/,
  );
  await house.ring(alarm("dead-jobs", "OK", "ALARM"));
  expect(house.told().at(-1)).toBe("No job is set aside any more.");
});

test("a sync over the web needs its token, and answers with what it did", async () => {
  await moveIn();
  house.person.stepOnScale({ weightKg: 80.25 });
  const post = (headers: Record<string, string>) =>
    fetch(`${house.url}/sync/manual?account=${ACCOUNT}`, { method: "POST", headers });
  expect((await post({ authorization: "Bearer another-token-of-many-characters" })).status).toBe(401);
  expect(house.weightsKg()).toEqual([]);
  const answer = await post({ authorization: `Bearer ${MANUAL_SYNC_TOKEN}` });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ status: "success", synced: 1, skipped: 0, held: 0, failed: 0 });
  expect(house.weightsKg()).toEqual([80.25]);
});

test("whoever has no secret costs nothing: no read, no write, no message, no call", async () => {
  await moveIn();
  const { dynamo, queue, sandbox, notifyUrl, url } = house;
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

test("a webhook that somebody took away is set again, and what was written meanwhile is answered", async () => {
  await moveIn();
  await house.call("deleteWebhook");
  house.chat.say("/cancel");
  await house.visit();
  await house.heard("There is nothing to cancel.");
  await house.quiet();
  expect(house.outcomes()).toEqual([200]);
  expect(house.sweep.logged()).toContainEqual(expect.objectContaining({ event: "webhook_set", before: "none" }));
});

test("a bot whose token Telegram takes no more is said to be unreachable, and syncs go on", async () => {
  await moveIn();
  house.sandbox.faults.add({
    ...{ server: "telegram", match: { path: /\/getWebhookInfo$/ }, times: Number.POSITIVE_INFINITY },
    effect: { type: "status", status: 401, body: { ok: false, error_code: 401, description: "Unauthorized" } },
  });
  house.person.stepOnScale({ weightKg: 80.25 });
  await house.visit();
  expect(house.weightsKg()).toEqual([80.25]);
  expect(house.sweep.logged()).toContainEqual(expect.objectContaining({ event: "webhook_failing" }));
  expect(JSON.stringify(house.sweep.logged())).not.toContain(house.sandbox.telegram.token);
});

const MARK = (id: string) => `Weighbridge keeps the data of this bot in the store ${id}.`;
const marked = async () => {
  const answer = await house.call("getMyShortDescription", { language_code: "la" });
  return ((await answer.json()) as { result: { short_description: string } }).result.short_description;
};

test("the owner is told once about an empty table if the bot used another one before", async () => {
  await moveIn();
  await house.app.disconnect(await house.app.store.accounts.save(ACCOUNT, {}), "everything");
  await house.call("setMyShortDescription", { language_code: "la", short_description: MARK("0123456789ab") });
  const before = house.told().length;
  for (let times = 0; times < 2; times++) await house.visit();
  expect(house.told().slice(before)).toEqual([
    expect.stringMatching(/^My store is empty \(table weighbridge-prod.* in DynamoDB\), but this bot used another/),
  ]);
  expect(await marked()).toBe(MARK("0123456789ab"));
});

test("the owner is told once if the bot used another table before, and from then on the bot belongs to this one", async () => {
  await moveIn();
  await house.call("setMyShortDescription", { language_code: "la", short_description: MARK("0123456789ab") });
  const before = house.told().length;
  for (let times = 0; times < 2; times++) await house.visit();
  expect(house.told().slice(before)).toEqual([expect.stringMatching(/^This bot last used a different store/)]);
  expect(await marked()).toBe(MARK(await house.app.store.identity.id()));
});

test("a webhook secret that is gone is said, because nothing Telegram brings is let in without it", async () => {
  await moveIn();
  house.ssm.parameters.delete("/weighbridge/prod/TELEGRAM_WEBHOOK_SECRET");
  await house.visit();
  expect(house.sweep.logged()).toContainEqual(
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
