import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CliRun, OWNER } from "../../support/cli-process.ts";
import { type Deployment, startDeployment } from "../../support/deployment.ts";

let it: Deployment;
beforeEach(async () => {
  it = await startDeployment();
});
afterEach(() => it.close());

const NAMES = ["SEALING_KEY", "SECRETS", "TELEGRAM_ALLOWED_IDS"];
const stored = () =>
  Object.fromEntries([...it.aws.parameters].map(([name, { value, type }]) => [path.basename(name), { value, type }]));

test("setup asks for everything, checks it, and stores secrets as secrets", async () => {
  const { clientId, clientSecret } = it.sandbox.withings.application;
  const { token } = it.sandbox.telegram;
  const answers = ["not a token", "123:AAof-a-bot-that-nobody-knows", token, "me", String(OWNER)];
  const run = await it.machine.run("setup --json", [
    ...answers,
    ...[clientId, "a-wrong-client-secret", clientId, clientSecret],
    ...["nobody", "owner@example.org"],
  ]);
  expect(run.exit, run.stderr).toBe(0);
  expect(run.json()).toMatchObject({ status: "success", stage: "prod", region: "eu-central-1" });
  expect(Object.keys(stored()).sort()).toEqual(["ALARM_EMAIL", ...NAMES]);
  expect(stored()).toMatchObject({
    SECRETS: { type: "SecureString" },
    SEALING_KEY: { value: expect.stringMatching(/^[\w+/]{43}=$/), type: "SecureString" },
    TELEGRAM_ALLOWED_IDS: { value: String(OWNER), type: "String" },
    ALARM_EMAIL: { value: "owner@example.org", type: "String" },
  });
  expect(it.secrets()).toEqual({
    TELEGRAM_BOT_TOKEN: token,
    TELEGRAM_WEBHOOK_SECRET: expect.stringMatching(/^[\w-]{43}$/),
    WITHINGS_CLIENT_ID: clientId,
    WITHINGS_CLIENT_SECRET: clientSecret,
    MANUAL_SYNC_TOKEN: expect.stringMatching(/^[\w-]{43}$/),
  });
  for (const words of [
    "That does not look like a bot token",
    "Telegram doesn’t know this token.",
    "This is @weighbridge_bot.",
    "This must be one or more Telegram user ids",
    "Withings doesn’t know this client id with this secret.",
    "Withings accepts them so far.",
    "That doesn’t look like an e-mail address.",
    "until then, any https page that answers will do",
    "Next: npm run deploy",
  ]) {
    expect(run.stderr).toContain(words);
  }
});

test("setup drops pasted quotes, and doesn't take a phone number for a user id", async () => {
  const { clientId, clientSecret } = it.sandbox.withings.application;
  const run = await it.machine.run("setup", [
    ...[`"${it.sandbox.telegram.token}"`, "+49 170 1234567", "491701234567", "0", String(OWNER)],
    ...[`'${clientId}'`, `\`${clientSecret}\``, '"owner@example.org"'],
  ]);
  expect(run.exit, run.stderr).toBe(0);
  expect(run.stdout.match(/This looks like a phone number, .* Press Enter, and the bot finds it\./g)).toHaveLength(2);
  expect(run.stdout).toContain("This must be one or more Telegram user ids");
  expect(stored()).toMatchObject({
    TELEGRAM_ALLOWED_IDS: { value: String(OWNER) },
    ALARM_EMAIL: { value: "owner@example.org" },
  });
  expect(it.secrets()).toMatchObject({
    TELEGRAM_BOT_TOKEN: it.sandbox.telegram.token,
    WITHINGS_CLIENT_ID: clientId,
    WITHINGS_CLIENT_SECRET: clientSecret,
  });
});

test("setup never replaces a key that another setup has stored meanwhile", async () => {
  const { clientId, clientSecret } = it.sandbox.withings.application;
  const setup = it.machine.startHere("setup");
  for (const line of [it.sandbox.telegram.token, String(OWNER), clientId, clientSecret]) setup.line(line);
  await setup.said("E-mail address");
  const theirs = Buffer.alloc(32, 3).toString("base64");
  it.aws.set("/weighbridge/prod/SEALING_KEY", theirs, "SecureString");
  setup.line("");
  const { exit, stderr } = await setup.ended;
  expect(exit, stderr).toBe(0);
  expect(it.parameter("SEALING_KEY")).toBe(theirs);
  expect(Object.keys(stored()).sort()).toEqual(NAMES);
});

test("setup finds the owner by their message to the bot, and leaves the message for the bot to answer", async () => {
  it.sandbox.telegram.user({ id: OWNER, firstName: "Ada", started: true }).say("hello");
  const { clientId, clientSecret } = it.sandbox.withings.application;
  const run = await it.machine.run("setup", [it.sandbox.telegram.token, "", "yes", clientId, clientSecret, ""]);
  expect(run.exit, run.stderr).toBe(0);
  expect(run.stderr).toContain(`Ada wrote, id ${OWNER}. Is that you?`);
  expect(it.parameter("TELEGRAM_ALLOWED_IDS")).toBe(String(OWNER));
  expect(it.sandbox.telegram.pendingUpdates()).toBe(1);
});

test("if another program gets the bot's messages, the user id has to be typed", async () => {
  await it.setUp();
  await it.machine.run("deploy");
  const run = await it.machine.run("setup", ["", "find", "4712", "", "", ""]);
  expect(run.exit, run.stderr).toBe(0);
  expect(run.stdout).toContain("Another program already gets the messages of this bot");
  expect(run.stdout).toContain(`Its callback address is ${it.publicUrl}/withings/callback, exactly.`);
  expect(it.parameter("TELEGRAM_ALLOWED_IDS")).toBe("4712");
});

test("setup warns if another program uses the bot, but not if it is this deployment", async () => {
  await it.setUp();
  await it.machine.run("deploy");
  expect((await it.setUp("setup --stage test")).stdout).toContain(
    `Another program already listens to it, at ${new URL(it.publicUrl).host}. npm run deploy -- --stage test takes the bot away`,
  );
  expect((await it.setUp()).stdout).not.toContain("Another program");
});

test("a second setup keeps what is there, including the key, and shows no secret", async () => {
  await it.setUp();
  const before = stored();
  const again = await it.machine.run("setup", ["", "", "", "", ""]);
  expect(again.exit, again.stderr).toBe(0);
  expect(stored()).toEqual(before);
  expect(again.stdout).toContain("Nothing has changed.");
  expect(again.stderr).toContain("Enter keeps the one of @weighbridge_bot");
  expect(again.stderr).toContain(`Enter keeps ${OWNER}`);
});

test("setup stores nothing if the input ends before the last question", async () => {
  const run = await it.machine.run("setup", [it.sandbox.telegram.token, String(OWNER)]);
  expect(run.exit).toBe(2);
  expect(stored()).toEqual({});
});

test("a second setup changes one secret and leaves all others as they are", async () => {
  await it.setUp();
  const { SEALING_KEY: key } = stored();
  const before = it.secrets();
  it.sandbox.withings.application.clientSecret = "a-new-client-secret-at-withings";
  const again = await it.machine.run("setup --json", ["", "", "", "a-new-client-secret-at-withings", ""]);
  expect(again.json()).toMatchObject({ written: ["SECRETS"] });
  expect(it.secrets()).toEqual({ ...before, WITHINGS_CLIENT_SECRET: "a-new-client-secret-at-withings" });
  expect(stored().SEALING_KEY).toEqual(key);
});

test("a parameter with secrets that was damaged by hand is named, and nothing is written over it", async () => {
  await it.setUp();
  it.aws.set("/weighbridge/prod/SECRETS", "TELEGRAM_BOT_TOKEN=1:a", "SecureString");
  const { exit, stderr } = await it.machine.run("setup");
  expect({ exit, stderr }).toEqual({
    exit: 2,
    stderr: expect.stringContaining("SECRETS isn’t a JSON object of texts."),
  });
  expect(stderr).not.toContain("1:a");
  expect(it.parameter("SECRETS")).toBe("TELEGRAM_BOT_TOKEN=1:a");
});

test.each([1, 2])("setup reports a failure after %i writes, and finishes when run again", async (writes) => {
  it.aws.failAfterWrites = writes;
  const broken = await it.setUp();
  expect(broken.exit).toBe(4);
  expect(broken.stderr).toMatch(
    /Written: SEALING_KEY.*\. Not written: .*TELEGRAM_ALLOWED_IDS\. Run setup again to finish\./,
  );
  const key = it.parameter("SEALING_KEY");
  it.aws.failAfterWrites = Number.POSITIVE_INFINITY;
  const missing = (name: string, answer: string) => ((it.secrets()[name] ?? it.parameter(name)) ? "" : answer);
  const { clientId, clientSecret } = it.sandbox.withings.application;
  const fixed = await it.machine.run("setup", [
    missing("TELEGRAM_BOT_TOKEN", it.sandbox.telegram.token),
    missing("TELEGRAM_ALLOWED_IDS", String(OWNER)),
    missing("WITHINGS_CLIENT_ID", clientId),
    missing("WITHINGS_CLIENT_SECRET", clientSecret),
    "",
  ]);
  expect(fixed.exit, fixed.stderr).toBe(0);
  expect(Object.keys(stored()).sort()).toEqual(NAMES);
  expect(it.parameter("SEALING_KEY")).toBe(key);
});

test("setup and deploy show no secret, pass none to a tool, and leave none in a file", async () => {
  const runs: CliRun[] = [await it.setUp(), await it.machine.run("deploy")];
  const encrypted = [...it.aws.parameters].filter(([, { type }]) => type === "SecureString").map(([name]) => name);
  expect(encrypted.sort()).toEqual(["/weighbridge/prod/SEALING_KEY", "/weighbridge/prod/SECRETS"]);
  const secrets = [it.parameter("SEALING_KEY") ?? "", ...Object.values(it.secrets())];
  expect(secrets).toHaveLength(6);
  runs.push(await it.machine.run("setup", ["", "", "", "", ""]), await it.machine.run("doctor --stage prod --json"));
  runs.push(await it.machine.run("status --stage prod", [], { LOG_LEVEL: "info" }));
  const files = readdirSync(it.machine.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "latin1"));
  const said = [...runs.map(({ stdout, stderr }) => stdout + stderr), ...it.toolRuns.flat(), ...files].join("\n");
  // The client id is in the address of Withings' consent page, so it isn't secret.
  for (const secret of secrets.filter((value) => value !== it.sandbox.withings.application.clientId)) {
    expect(said.includes(secret), said).toBe(false);
  }
});
