import { afterEach, beforeEach, expect, test } from "vitest";
import { HOUSEMATE, OWNER } from "../../support/cli-process.ts";
import { type Deployment, startDeployment } from "../../support/deployment.ts";

let it: Deployment;
beforeEach(async () => {
  it = await startDeployment();
});
afterEach(() => it.close());

const anHourAgo = () => new Date(Date.now() - 3600_000);

test("deploy without setup says what is missing, and deploys nothing", async () => {
  const { exit, stderr } = await it.machine.run("deploy");
  expect(exit).toBe(2);
  expect(stderr).toMatch(/The deployment prod isn’t set up: SEALING_KEY, .* are missing\. Run: npm run setup\n$/);
  expect(it.toolRuns).toEqual([]);
});

test("deploy packages, checks, deploys, sets the webhook and ends with doctor", async () => {
  await it.setUp();
  const first = await it.machine.run("deploy");
  expect(first.exit, first.stdout + first.stderr).toBe(0);
  const target = ["--stage", "prod", "--region", "eu-central-1", "--param=existingTable=false"];
  expect(it.toolRuns).toEqual([
    ["run", "package", "--", ...target],
    ["run", "validate"],
    ["exec", "--no", "--", "osls", "deploy", ...target, "--force"],
  ]);
  expect(it.sandbox.telegram.calls("setWebhook").map(({ params }) => params)).toEqual([
    expect.objectContaining({
      url: `${it.publicUrl}/telegram`,
      secret_token: it.secrets().TELEGRAM_WEBHOOK_SECRET,
      allowed_updates: JSON.stringify(["message", "callback_query", "my_chat_member"]),
    }),
  ]);
  expect(it.sandbox.telegram.calls("setMyCommands")).not.toEqual([]);
  expect(JSON.parse(it.parameter("BOT_INFO") ?? "")).toMatchObject({ username: "weighbridge_bot", is_bot: true });
  expect(first.stdout).toContain(`enter this as its callback address, exactly:\n\n${it.publicUrl}/withings/callback\n`);
  expect(first.stdout).toContain("ok      functions: All of them use the table weighbridge-prod.");
  expect(first.stdout).toContain(`ok      address: ${it.publicUrl} answers.`);
  expect(first.stderr).toContain("Next: open https://t.me/weighbridge_bot and press Start.");

  const second = await it.machine.run("deploy");
  expect(second.exit, second.stdout + second.stderr).toBe(0);
  expect(second.stdout).not.toContain("enter this as its callback address");
});

test("deploy passes the e-mail address for alarms to the stack", async () => {
  await it.setUp();
  it.aws.set("/weighbridge/prod/ALARM_EMAIL", "owner@example.org");
  expect(await it.machine.run("deploy")).toMatchObject({ exit: 0 });
  expect(it.toolRuns.at(-1)).toContain("--param=alarmEmail=owner@example.org");
});

test("spaces around a parameter that was typed in by hand don't count", async () => {
  await it.setUp();
  const typed = JSON.stringify({ ...it.secrets(), TELEGRAM_WEBHOOK_SECRET: " a-secret-typed-by-hand\n" }, null, 2);
  it.aws.set("/weighbridge/prod/SECRETS", typed, "SecureString");
  const { exit, stderr } = await it.machine.run("deploy");
  expect(exit, stderr).toBe(0);
  expect(it.sandbox.telegram.calls("setWebhook")).toMatchObject([
    { params: { secret_token: "a-secret-typed-by-hand" } },
  ]);
});

test("a step that fails ends the deployment with the fix, and the next one goes on", async () => {
  await it.setUp();
  for (const tool of ["package", "validate", "deploy"]) {
    it.broken.tool = tool;
    const { exit, stderr } = await it.machine.run("deploy");
    expect(exit).toBe(2);
    expect(stderr).toMatch(/Fix the cause and run npm run deploy again: it goes on from there\.\n$/);
    expect(it.sandbox.telegram.calls("setWebhook")).toEqual([]);
  }
  it.broken.tool = "";
  expect(await it.machine.run("deploy")).toMatchObject({ exit: 0 });
});

test("a login in a terminal is used by a function's next run, without a deployment in between", async () => {
  await it.setUp();
  await it.machine.run("deploy");
  it.register();
  const deployments = it.toolRuns.length;
  const { run, person } = it.machine;
  expect((await run(`account add --stage prod --telegram-id ${OWNER}`)).stderr).toContain(
    `Next: npx weighbridge login withings --stage prod --account ${OWNER}`,
  );
  const early = await run("login withings --stage prod", [""]);
  expect(early).toMatchObject({ exit: 3, stdout: expect.stringContaining("That address has no code in it.") });
  expect(early.stdout).toContain(`redirect_uri=${encodeURIComponent(`${it.publicUrl}/withings/callback`)}`);
  // An account without both links is checked once a day.
  const tomorrow = new Date(Date.now() + 24 * 3_600_000);
  await it.asFunction((app) => app.store.schedule.set(OWNER, { dueAt: tomorrow, failures: 0 }));
  // The browser ends at the function, which makes the link.
  const login = it.machine.startHere("login withings --stage prod");
  await login.said("press Enter.");
  await it.asFunction(async (app) => {
    const address = it.sandbox.withings.allow(person().userid, app.withingsLinking.begin(OWNER));
    await app.withingsLinking.withPasted(OWNER, address);
  });
  login.line("");
  const withings = await login.ended;
  const garmin = await run("login garmin --stage prod --ticket", [it.machine.ticket()]);
  expect([withings.exit, garmin.exit], withings.stderr + garmin.stderr).toEqual([0, 0]);
  const next = await it.asFunction((app) => app.store.schedule.read(OWNER));
  expect(next?.dueAt.getTime()).toBeLessThanOrEqual(Date.now());

  person().stepOnScale({ at: anHourAgo(), weightKg: 80.25 });
  const status = await it.asFunction(async (app) => {
    const account = await app.store.accounts.find(OWNER);
    return account && (await app.sync.run(account)).status;
  });
  expect(status).toBe("success");
  expect(it.machine.weights()).toEqual([80.25]);

  person().stepOnScale({ at: new Date(), weightKg: 80.5 });
  expect((await run("sync --stage prod --json")).json()).toMatchObject({ status: "success", synced: 1 });
  expect((await run("status --stage prod")).stdout).toContain("Last weigh-in: 80.50 kg");
  expect((await run("account list --stage prod --json")).json()).toMatchObject({ accounts: [{ account: OWNER }] });
  expect(it.toolRuns.length).toBe(deployments);
  expect((await run("doctor --stage prod")).stdout).toContain("ok      key: opens both stored links");
});

test("after a stack is gone, the next one makes and keeps its own table", async () => {
  await it.setUp();
  it.aws.set("/weighbridge/prod/TABLE_TAKEN_OVER", "true");
  for (const _time of ["first", "second"]) {
    const { exit, stderr } = await it.machine.run("deploy");
    expect(exit, stderr).toBe(0);
    expect(it.toolRuns.at(-1)).toContain("--param=existingTable=false");
  }
});

test("a command is refused, with both names, if another table is set or used", async () => {
  await it.setUp();
  await it.machine.run("deploy");
  const { run } = it.machine;
  const add = (more = {}) => run(`account add --telegram-id ${HOUSEMATE} --stage prod`, [], more);
  const meant = await add({ TOKEN_TABLE_NAME: "weighbridge-of-mine" });
  expect(meant).toMatchObject({ exit: 2, stderr: expect.stringMatching(/weighbridge-of-mine .* weighbridge-prod:/) });
  expect((await add({ TOKEN_TABLE_NAME: "weighbridge-prod" })).exit).toBe(0);

  it.aws.functions.set("weighbridge-prod-sweep", { TOKEN_TABLE_NAME: "weighbridge-old" });
  for (const command of ["status", "sync", "login garmin --ticket", "account list"]) {
    const { exit, stderr } = await run(`${command} --stage prod`);
    expect(exit, command).toBe(2);
    expect(stderr).toContain("The function weighbridge-prod-sweep uses the table weighbridge-old");
    expect(stderr).toContain("names weighbridge-prod.");
  }
  const doctor = await run("doctor --stage prod");
  expect(doctor.exit).toBe(2);
  expect(doctor.stdout).toMatch(/functions: The function weighbridge-prod-sweep uses the table weighbridge-old/);

  it.aws.functions.set("weighbridge-prod-sweep", { TOKEN_TABLE_NAME: "weighbridge-prod" });
  it.aws.functions.delete("weighbridge-prod-alarm");
  expect((await run("doctor --stage prod")).stdout).toContain("The function weighbridge-prod-alarm doesn’t exist.");
});

test("every command in a message names the stage", async () => {
  const { clientId, clientSecret } = it.sandbox.withings.application;
  const { run } = it.machine;
  const said = async (command: string, input: string[] = []) => (await run(command, input)).stderr;
  expect(await said("deploy --stage test")).toContain("Run: npm run setup -- --stage test\n");
  const setUp = await said("setup --stage test", [
    it.sandbox.telegram.token,
    String(OWNER),
    clientId,
    clientSecret,
    "",
  ]);
  expect(setUp).toContain("Next: npm run deploy -- --stage test\n");
  it.broken.tool = "deploy";
  expect(await said("deploy --stage test")).toContain("run npm run deploy -- --stage test again");
  it.broken.tool = "";
  expect(await run("deploy --stage test")).toMatchObject({ exit: 0 });
  expect(await said("login garmin --stage test")).toMatch(
    /: npx weighbridge account add --stage test --telegram-id \d+\n$/,
  );
  expect(await said(`login garmin --stage test --account ${OWNER}`)).toBe(
    `There is no account ${OWNER}. Add it with: npx weighbridge account add --stage test --telegram-id ${OWNER}\n`,
  );
});

test("what is missing or refused at AWS is one sentence with the fix", async () => {
  const { run } = it.machine;
  const said = async (command: string, more = {}) => {
    const { exit, stderr } = await run(command, [], more);
    return `${exit} ${stderr.trim()}`;
  };
  expect(await said("status --stage prod")).toBe(
    "2 There is no deployment called prod in eu-central-1: run npm run setup and then npm run deploy, or name another with --stage (and AWS_REGION).",
  );
  for (const AWS_REGION of [undefined, "", "Frankfurt am Main"]) {
    expect(await said("status --stage prod", { AWS_REGION })).toBe(
      "2 There is no AWS region to work in. Set AWS_REGION, for instance to eu-central-1.",
    );
  }
  const nobody = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_EC2_METADATA_DISABLED: "true" };
  expect(await said("setup", nobody)).toMatch(
    /^2 There is no key for AWS here \(CredentialsProviderError\)\. Sign in to AWS/,
  );
  expect(await said("deploy", { AWS_ACCESS_KEY_ID: "AKIASTRANGER" })).toMatch(/2 AWS doesn’t know you \(Unrec/);
  expect(await said("setup", { AWS_ENDPOINT_URL_SSM: "http://ssm.eu-centrl-1.invalid" })).toMatch(
    /^4 That didn’t work just now: AWS couldn’t be reached .* that the region exists\. Try again later\.$/,
  );
  it.aws.denied.add("ssm:GetParametersByPath");
  expect(await said("remove")).toBe("2 AWS doesn’t let you do this: your user or role needs ssm:GetParametersByPath.");
  // `npm run deploy --stage=test` arrives like this, and was for prod.
  expect(await said("deploy", { npm_config_stage: "test" })).toMatch(/^2 npm kept --stage for itself\. /);
  expect(await said("start --stage prod")).toBe(
    '2 "weighbridge start" has no option --stage. Run: npx weighbridge help',
  );
  expect(await said("status --stage Prod/1")).toMatch(/^2 --stage "Prod\/1" can’t be the name of a deployment/);
});

test("remove leaves the table and its key, and a later deployment uses both again", async () => {
  await it.setUp();
  await it.machine.run("deploy");
  const { run } = it.machine;
  await run(`account add --stage prod --telegram-id ${OWNER}`);
  const key = it.parameter("SEALING_KEY");

  const doubted = await run("remove", ["no"]);
  expect(doubted).toMatchObject({ exit: 2, stderr: expect.stringContaining("Nothing was changed.") });
  expect(it.parameter("SECRETS")).toBeDefined();

  it.broken.tool = "remove";
  expect((await run("remove --yes")).stderr).toContain("Fix the cause and run npm run remove again");
  it.broken.tool = "";
  const removed = await run("remove", ["prod"]);
  expect(removed.exit, removed.stderr).toBe(0);
  expect(it.toolRuns.at(-1)).toEqual([
    "exec",
    "--no",
    "--",
    "osls",
    "remove",
    "--stage",
    "prod",
    "--region",
    "eu-central-1",
  ]);
  expect(it.sandbox.telegram.calls("deleteWebhook")).toHaveLength(2);
  expect([...it.aws.parameters.keys()]).toEqual(["/weighbridge/prod/SEALING_KEY"]);
  expect(removed.stdout).toContain("the table weighbridge-prod with everything in it");
  expect(removed.stdout).toContain("aws dynamodb delete-table --region eu-central-1 --table-name weighbridge-prod");
  expect((await run("remove --yes")).stderr).toContain("There is no deployment called prod in eu-central-1");
  expect((await run("status --stage prod")).stderr).toContain("run npm run setup and then npm run deploy");

  await it.setUp();
  const again = await run("deploy");
  expect(again.exit, again.stdout + again.stderr).toBe(0);
  expect(again.stdout).toContain("The table weighbridge-prod already exists: it is used with everything in it.");
  // The stack that took the table over still doesn't make it.
  const later = await run("deploy");
  expect(later.exit, later.stdout + later.stderr).toBe(0);
  expect(it.parameter("SEALING_KEY")).toBe(key);
  expect((await run("account list --stage prod --json")).json()).toMatchObject({ accounts: [{ account: OWNER }] });
});
