import { afterEach, expect, test } from "vitest";
import { type CliRun, type Machine, OWNER, startMachine } from "../support/cli-process.ts";
import { holdsSecret } from "../support/holds-secret.ts";

let machine: Machine;
afterEach(() => machine.close());

test("no flow, however it ends, shows or stores a password, code, ticket, token or secret", async () => {
  machine = await startMachine({ mfa: "email", env: { LOG_LEVEL: "info" } });
  await machine.addAccounts(OWNER);
  const { run, startHere, sandbox, person, garmin } = machine;
  const [email = "", password = ""] = machine.credentials();
  const login = `login garmin --account ${OWNER}`;
  const wrongPassword = "Wrong-Password-55aa";
  const wrongCode = "915036";
  const runs: CliRun[] = [];
  const keep = async (...ended: Array<CliRun | Promise<CliRun>>) => runs.push(...(await Promise.all(ended)));
  const said = () => runs.map(({ exit, stdout, stderr }) => `exit ${exit}\n${stdout}${stderr}`).join("\n");
  const tokens: string[] = [];
  const collectTokens = () =>
    machine.inside(async (app) => {
      for (const vendor of ["withings", "garmin"] as const) {
        const link = (await app.store.links.read(OWNER, vendor))?.value;
        if (link) tokens.push(link.tokens.accessToken, link.tokens.refreshToken);
      }
    });

  const state = "x";
  const code = new URL(sandbox.withings.authorize(person().userid, { state })).searchParams.get("code") ?? "";
  await keep(run(`login withings --account ${OWNER}`, [code]));
  const withCode = startHere(login);
  for (const line of [email, password]) withCode.line(line);
  await withCode.said("Code from the mail:");
  withCode.line(wrongCode);
  await withCode.said("Code from the mail:");
  const mfaCode = sandbox.garmin.inbox[0]?.code ?? "";
  // Between the two codes, the store holds the open sign-in.
  const waiting = machine.stored();
  withCode.line(mfaCode);
  await keep(withCode.ended);
  await collectTokens();
  person().stepOnScale({ at: new Date(Date.now() - 3600_000), weightKg: 80 });
  await keep(run("sync --json"));
  await keep(run("status"), run("doctor"));

  // What fails.
  const ticket = machine.ticket();
  sandbox.garmin.expireAccessToken(email);
  sandbox.withings.expireAccessToken(person().userid);
  await keep(run("sync"));
  await collectTokens();
  person().stepOnScale({ weightKg: 80.1 });
  sandbox.faults.turnOn("garmin_api_500");
  await keep(run("sync --json"), run(`${login} --ticket`, [ticket]));
  sandbox.faults.turnOff("garmin_api_500");
  sandbox.faults.turnOn("withings_503_client_secret");
  sandbox.withings.expireAccessToken(person().userid);
  await keep(run(`login withings --account ${OWNER}`, ["another-code-of-withings-1234"]), run("sync"));
  sandbox.faults.turnOff("withings_503_client_secret");
  const connect = `https://connect.garmin.com/app?ticket=${ticket}`;
  await keep(
    // The sign-in before was kept, and goes on.
    run(`${login} --ticket`, [ticket]),
    run(`${login} --ticket`, [connect]),
    run(login, [email, wrongPassword]),
    run(login, [email, password, wrongCode]),
  );
  garmin().needsCaptcha = true;
  await keep(run(login, [email, password]));
  sandbox.faults.turnOn("garmin_sso_429");
  await keep(run(`${login} --json`, [email, password]));
  sandbox.garmin.revoke(email);
  await keep(run("sync"));
  // There is a linked account, so syncing goes on without the chat.
  const program = machine.start("start", { TELEGRAM_BOT_TOKEN: "424242:another-token-that-nobody-knows" });
  await program.said("telegram_token_unknown");
  program.signal("SIGTERM");
  await keep(program.ended);

  const secrets = {
    ...{ password, wrongPassword, wrongCode, mfaCode, ticket, withingsCode: code },
    otherCode: "another-code-of-withings-1234",
    botToken: machine.env.TELEGRAM_BOT_TOKEN ?? "",
    otherBotToken: "another-token-that-nobody-knows",
    clientSecret: machine.env.WITHINGS_CLIENT_SECRET ?? "",
    ...Object.fromEntries(tokens.map((token, index) => [`token ${index + 1}`, token])),
  };
  expect(tokens.length).toBe(8);
  expect(new Set(tokens).size, "both links were renewed").toBeGreaterThan(5);
  const exits = runs.map(({ exit }) => exit);
  expect(exits.slice(0, 6), said()).toEqual([0, 0, 0, 0, 0, 0]);
  expect(exits.slice(6), said()).toEqual([4, 4, 3, 3, 0, 3, 3, 2, 3, 4, 3, 0]);
  const stored = machine.stored();
  for (const [name, secret] of Object.entries(secrets)) {
    expect(secret.length, name).toBeGreaterThan(5);
    expect(holdsSecret(said(), secret), `${name} in what was said:\n${said()}`).toBe(false);
    expect(holdsSecret(stored, secret), `${name} in the store`).toBe(false);
    expect(holdsSecret(waiting, secret), `${name} in the store, while a code is awaited`).toBe(false);
  }
  // Including the tickets that Garmin issues during a sign-in.
  const anyTicket = /ST-\d{6}-[A-Za-z0-9]{20}/;
  expect(ticket).toMatch(anyTicket);
  for (const text of [said(), stored, waiting]) expect(text).not.toMatch(anyTicket);
  expect(said()).not.toMatch(/\n\s+at \S+ \(/);
});
