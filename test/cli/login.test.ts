import { afterEach, describe, expect, test } from "vitest";
import { HOUSEMATE, type Machine, OWNER, startMachine } from "../support/cli-process.ts";

let machine: Machine;
afterEach(() => machine.close());

const LOGIN = `login garmin --account ${OWNER} --json`;
/** Those with a password; without one it's the probe. */
const signIns = () =>
  machine.sandbox.garmin.requests.filter(({ method, path }) => method === "POST" && path === "/mobile/api/login")
    .length;
const isLinked = () => machine.inside(async (app) => (await app.store.links.read(OWNER, "garmin")) !== undefined);

async function withOwner(options: Parameters<typeof startMachine>[0] = {}) {
  machine = await startMachine(options);
  await machine.addAccounts(OWNER);
  return machine;
}

describe("Withings", () => {
  test("login withings reads the address the browser ended on, or the bare code, from standard input", async () => {
    const { startHere, sandbox, person } = await withOwner();
    await machine.addAccounts(HOUSEMATE);
    const login = startHere(`login withings --account ${OWNER} --json`);
    await login.said("Then paste the address");
    login.endInput();
    const ended = await login.ended;
    expect(ended.json()).toMatchObject({ status: "error" });
    const state = /state=([\w-]+)/.exec(ended.stderr)?.[1] ?? "";
    expect(ended.stderr).toContain(`${sandbox.withings.accountUrl}/oauth2_user/authorize2?response_type=code`);
    expect(state).toMatch(/^[\w-]{48}$/);

    const again = startHere(`login withings --account ${OWNER} --json`);
    const answer = (async () => {
      await again.said("state=");
      await again.said("Then paste the address");
      const code = new URL(sandbox.withings.authorize(person().userid, { state })).searchParams.get("code") ?? "";
      again.line(code);
      return again.ended;
    })();
    expect(await answer).toMatchObject({ exit: 0 });
    expect((await again.ended).json()).toEqual({
      ...{ status: "success", account: OWNER, vendor: "withings", withingsUserId: String(person().userid) },
    });

    // Messages now use their zone.
    expect(await machine.inside((app) => app.store.accounts.find(OWNER))).toMatchObject({
      reportedTimezone: "Europe/Berlin",
    });

    // One person for two accounts would send every reading to two Garmin accounts.
    const page = await machine.inside(async (app) => app.withingsLinking.begin(OWNER));
    const address = sandbox.withings.allow(person().userid, page);
    const foreign = await machine.run(`login withings --account ${HOUSEMATE}`, [address]);
    expect(foreign.exit).toBe(3);
    expect(foreign.stdout).toContain("That address was made for another account.");
    const taken = await machine.run(`login withings --account ${HOUSEMATE} --json`, [
      new URL(address).searchParams.get("code") ?? "",
    ]);
    expect(taken.exit).toBe(3);
    expect(taken.json()).toEqual({ status: "action_needed", account: HOUSEMATE, action: "link_withings" });
  });

  test("linking a different Withings person needs a yes", async () => {
    const { startHere, sandbox, person } = await withOwner();
    const mate = machine.person(HOUSEMATE).userid;
    await machine.link(OWNER);
    const linked = () =>
      machine.inside(async (app) => (await app.store.links.read(OWNER, "withings"))?.value.vendorUserId);
    const answer = async (words: string) => {
      const login = startHere(`login withings --account ${OWNER} --json`);
      await login.said("Then paste the address");
      login.line(new URL(sandbox.withings.authorize(mate, { state: "x" })).searchParams.get("code") ?? "");
      await login.said(`number ${mate}`);
      await login.said("Switch? (yes or no)");
      login.line(words);
      return login.ended;
    };
    const no = await answer("no");
    expect(no).toMatchObject({ exit: 0, stderr: expect.stringContaining(`You’re linked to the Withings person`) });
    expect(no.json()).toMatchObject({ status: "success", withingsUserId: String(person().userid) });
    expect(await linked()).toBe(String(person().userid));
    const yes = await answer("Yes");
    expect(yes.json()).toMatchObject({ status: "success", withingsUserId: String(mate) });
    expect(await linked()).toBe(String(mate));
  });

  test("an unusable answer, an old code and refused access end in words", async () => {
    const { run, sandbox, person } = await withOwner();
    const address = sandbox.withings.authorize(person().userid, { state: "x" });
    const code = new URL(address).searchParams.get("code") ?? "";
    await machine.inside((app) => app.withingsLinking.withPasted(OWNER, code));
    const login = `login withings --account ${OWNER}`;
    const [old, foreign, garbage, callback, page, refused] = await Promise.all([
      run(login, [code]),
      run(login, [sandbox.withings.authorize(person().userid, { state: "not-of-us" })]),
      run(login, ["yes please"]),
      run(login, ['{"errors":[{"message":"redirect_uri_mismatch: The redirect URI provided is missing"}]}']),
      run(login, [`${sandbox.withings.accountUrl}/oauth2_user/authorize2?state=x`]),
      run(login, ["http://127.0.0.1:8080/oauth/withings/callback?error=access_denied&state=x"]),
    ]);
    expect(old).toMatchObject({ exit: 3, stdout: expect.stringContaining("That code has expired") });
    expect(foreign).toMatchObject({ exit: 3, stdout: expect.stringContaining("belongs to another sign-in") });
    expect(garbage).toMatchObject({ exit: 3, stdout: expect.stringContaining("neither an address nor a code") });
    const setting = expect.stringContaining("exactly as in WITHINGS_REDIRECT_URL");
    expect(callback).toMatchObject({ exit: 3, stderr: setting });
    expect(page.stdout).toContain("If that page says “redirect_uri_mismatch”, paste its text.");
    expect(refused).toMatchObject({ exit: 3, stdout: expect.stringContaining("access was refused") });
  });
});

describe("Garmin with a password", () => {
  test("login garmin reads one answer per line, and a password keeps its spaces", async () => {
    const { run, garmin } = await withOwner();
    garmin().password = "  with spaces ";
    const { exit, json, stderr } = await run(LOGIN, [`  ${garmin().email} `, "  with spaces "]);
    expect(exit, stderr).toBe(0);
    expect(json()).toEqual({
      ...{ status: "success", account: OWNER, vendor: "garmin", displayName: "owner", uploadConsent: true },
    });
    expect(stderr).toContain("Signed in to Garmin as owner.");
  });

  test("after a wrong code, the next line is the next code", async () => {
    const { startHere, garmin, credentials, sandbox } = await withOwner({ mfa: "email" });
    const login = startHere(LOGIN);
    for (const line of credentials()) login.line(line);
    await login.said("Garmin sent a code to ow*****@example.org.");
    login.line("000000");
    await login.said("That code isn’t right.");
    const code = sandbox.garmin.inbox[0]?.code ?? "";
    login.line(` ${code.slice(0, 3)} ${code.slice(3)} `);
    expect(await login.ended).toMatchObject({ exit: 0 });
    expect(garmin().email).toBe(sandbox.garmin.inbox[0]?.email);
    expect(sandbox.garmin.inbox).toHaveLength(1);
    expect(await isLinked()).toBe(true);
  });

  test("the third wrong code and the end of the input end a sign-in, and an empty line never reaches Garmin", async () => {
    const { run, credentials, sandbox } = await withOwner({ mfa: "email" });
    const verified = () => sandbox.garmin.requests.filter(({ path }) => path.endsWith("/verifyCode")).length;
    const three = await run(LOGIN, [...credentials(), "000000", "", "111111", "222222", "333333"]);
    expect(three.exit).toBe(3);
    expect(three.json()).toEqual({ status: "action_needed", account: OWNER, action: "relink_garmin" });
    expect(three.stderr).toMatch(/That was the third wrong code. .*Please start again\.\n$/);
    expect(verified()).toBe(3);

    const ended = await run(LOGIN, [...credentials(), "000000"]);
    expect(ended.exit).toBe(2);
    expect(ended.json()).toMatchObject({ status: "error", problem: expect.stringContaining("The input ended") });
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(await isLinked()).toBe(false);
  });

  test.each<[string, string[]]>([
    ["no input at all", []],
    ["an empty password", ["owner@example.org", ""]],
    ["a phone number in place of the e-mail address", ["+49 170 1234567", "Owner-Password-7f3a"]],
  ])("login garmin with %s ends with 2 before Garmin is asked", async (_name, input) => {
    const { run } = await withOwner();
    const { exit, stderr, stdout } = await run(`login garmin --account ${OWNER}`, input);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: "" });
    expect(stderr).toMatch(
      /(The input ended before this was answered|That isn’t an e-mail address|Garmin needs a password).*start again\.\n$/,
    );
    expect(signIns()).toBe(0);
  });

  test.each<[string, (m: Machine) => void, { exit: number; status: string; action?: string; words: RegExp }]>([
    [
      "a wrong password",
      (m) => Object.assign(m.garmin(), { password: "another one" }),
      {
        exit: 3,
        status: "action_needed",
        action: "relink_garmin",
        words: /^Garmin doesn’t know this e-mail and password\.$/m,
      },
    ],
    [
      "a captcha",
      (m) => Object.assign(m.garmin(), { needsCaptcha: true }),
      {
        exit: 3,
        status: "action_needed",
        action: "use_garmin_page",
        words: /^Garmin wants to check .*: npx weighbridge login garmin --account 4711 --ticket$/m,
      },
    ],
    [
      "a locked account",
      (m) => Object.assign(m.garmin(), { locked: true }),
      {
        exit: 3,
        status: "action_needed",
        action: "unlock_garmin_account",
        words: /^Garmin has locked this account\./m,
      },
    ],
    [
      "Cloudflare in between",
      (m) => m.sandbox.faults.turnOn("garmin_sso_cloudflare_403"),
      {
        exit: 3,
        status: "action_needed",
        action: "use_garmin_page",
        words: /^Garmin refuses sign-ins from the network I run in\./m,
      },
    ],
    [
      "a limit",
      (m) => m.sandbox.faults.turnOn("garmin_sso_429"),
      {
        exit: 4,
        status: "retry_later",
        words: /^Garmin is limiting sign-ins to this account, .* won’t try again until .*\d\d:\d\d\./m,
      },
    ],
    [
      "an outage of the token service",
      (m) => m.sandbox.faults.turnOn("garmin_diauth_down"),
      { exit: 4, status: "retry_later", words: /^That didn’t work just now: .* Try again later\.$/m },
    ],
  ])("%s at login garmin is one try and one sentence", async (_name, spoil, { exit, status, action, words }) => {
    const { run, credentials } = await withOwner();
    const input = credentials();
    spoil(machine);
    const ended = await run(LOGIN, input);
    expect(ended.exit, ended.stderr).toBe(exit);
    expect(ended.json()).toMatchObject({ status, ...(action && { action }) });
    expect(ended.stderr).toMatch(words);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    // We notice a network that Garmin refuses before asking for a password.
    expect(signIns()).toBe(_name === "Cloudflare in between" ? 0 : 1);
    expect(/Garmin password:/.test(ended.stderr)).toBe(_name !== "Cloudflare in between");
    expect(await isLinked()).toBe(false);
  });

  test("after a rate limit no further password is sent, and Garmin's own page still works", async () => {
    const { run, credentials, sandbox, ticket } = await withOwner();
    sandbox.faults.turnOn("garmin_sso_429");
    await run(LOGIN, credentials());
    sandbox.faults.turnOff("garmin_sso_429");
    const resting = await run(LOGIN);
    expect(resting).toMatchObject({ exit: 4, stderr: expect.stringContaining("won’t try again until") });
    expect(resting.stderr).not.toContain("Garmin e-mail:");
    expect(signIns()).toBe(1);
    // With the day if that's tomorrow: this program has the real clock.
    const rests = /this account, so I won’t try a password or code until (\d{1,2} \w{3} )?\d\d:\d\d\./;
    const doctor = async () => (await run("doctor")).stdout.match(/account 4711, Garmin sign-in: .*/)?.[0];
    expect(await doctor()).toMatch(rests);
    expect((await run("status")).stdout).toMatch(rests);
    expect(await run(`${LOGIN} --ticket`, [ticket()])).toMatchObject({ exit: 0 });
    expect(await doctor()).toBeUndefined();
  });
});

test("Garmin's other app is tried with --android, after a refusal that names it", async () => {
  const { run, credentials, sandbox } = await withOwner();
  const match = { method: "POST", path: "/mobile/api/login", form: { clientId: "GCM_IOS_DARK" } };
  sandbox.faults.add({ match, times: 9, effect: { type: "body", body: { error: { "status-code": "427" } } } });
  const refused = await run(LOGIN, credentials());
  expect(refused).toMatchObject({ exit: 3, stderr: expect.stringContaining("login garmin --account 4711 --android") });
  expect(signIns()).toBe(1);
  expect(await run(`${LOGIN} --android`, credentials())).toMatchObject({ exit: 0 });
  expect(await run(`${LOGIN} --android --ticket`)).toMatchObject({ exit: 2 });
});

describe("a sign-in that has tokens but no known account yet", () => {
  test("a sign-in whose account wasn't known is continued by the same command, which asks for nothing", async () => {
    const { run, ticket, sandbox } = await withOwner();
    sandbox.faults.add({ match: { path: /socialProfile/ }, times: 3, effect: { type: "body", body: [] } });
    const unknown = await run(`${LOGIN} --ticket`, [ticket()]);
    expect(unknown).toMatchObject({ exit: 4, stderr: expect.stringContaining("kept for ten minutes") });
    expect(unknown.json()).toEqual({ status: "retry_later", account: OWNER });
    const again = await run(LOGIN);
    expect(again.json()).toMatchObject({ status: "success", displayName: "owner" });
  });

  test("signing in to another Garmin profile needs a yes", async () => {
    const { run, ticket } = await withOwner();
    await machine.link(OWNER);
    const linked = () =>
      machine.inside(async (app) => (await app.store.links.read(OWNER, "garmin"))?.value.displayName);
    const pasteAndAnswer = async (command: string, pasted: string, answer?: string) => {
      const login = machine.startHere(command);
      await login.said("Paste the whole address");
      login.line(pasted);
      await login.said("Switch? (yes or no)");
      if (answer !== undefined) login.line(answer);
      login.endInput();
      return login.ended;
    };
    const byTicket = `${LOGIN} --ticket`;
    const no = await pasteAndAnswer(byTicket, ticket(HOUSEMATE), "no");
    expect(no.stderr).toMatch(
      /You’re linked to owner \(profile \d+\) at Garmin\. This sign-in is for housemate \(profile \d+\)/,
    );
    expect(no).toMatchObject({ exit: 0 });
    expect(await linked()).toBe("owner");
    // The end of the input isn't an answer: the question stays open.
    expect(await pasteAndAnswer(byTicket, ticket(HOUSEMATE))).toMatchObject({ exit: 2 });
    expect(await linked()).toBe("owner");
    expect((await run(byTicket, ["yes"])).json()).toMatchObject({ status: "success", displayName: "housemate" });
    expect(await linked()).toBe("housemate");
    const page = await pasteAndAnswer(`${LOGIN} --as-somebody-else`, ticket(OWNER), "y");
    expect(page.stderr).toContain("reauth=true");
    expect(page.stderr).toContain(`headed “ERROR: clientId parameter must be specified”. That’s expected`);
    expect(await linked()).toBe("owner");
  });
});

describe("Garmin with a ticket", () => {
  test.each([
    ["the address", (ticket: string) => `https://sso.garmin.com/sso/embed?ticket=${ticket}&x=1`],
    ["the bare ticket", (ticket: string) => `  ${ticket}  `],
    ["the text of the page", (ticket: string) => `Success serviceTicket ${ticket} You may close this window`],
    ["the text of the page over several lines", (ticket: string) => `Success\n\n{serviceTicket:'${ticket}'}\n`],
  ])("%s is taken", async (_name, paste) => {
    const { run, ticket, sandbox } = await withOwner();
    const { exit, json, stderr } = await run(`${LOGIN} --ticket`, [paste(ticket())]);
    expect(exit, stderr).toBe(0);
    expect(json()).toMatchObject({ status: "success", vendor: "garmin", displayName: "owner" });
    expect(stderr).toContain(`${sandbox.garmin.ssoUrl}/sso/signin?id=gauth-widget`);
    expect(signIns()).toBe(0);
  });

  test("a ticket that can't work is one try, one sentence, and the owner's to fix", async () => {
    const { run, ticket } = await withOwner();
    const spent = ticket();
    await machine.inside((app) => app.garminSignIn.withPasted(OWNER, spent));
    const command = `${LOGIN} --ticket`;
    const [used, connect, none] = await Promise.all([
      run(command, [spent]),
      run(command, [`https://connect.garmin.com/app?ticket=${ticket()}`]),
      run(command, ["https://sso.garmin.com/sso/signin"]),
    ]);
    expect(used.stderr).toMatch(/Garmin doesn’t accept that sign-in: each one works once, for about a minute\./);
    expect(connect.stderr).toMatch(/That address is from Garmin Connect itself, which has already used the sign-in\./);
    expect(none.stderr).toMatch(/There’s no sign-in in that address\./);
    for (const ended of [used, connect, none]) {
      expect(ended.exit).toBe(3);
      expect(ended.json()).toEqual({ status: "action_needed", account: OWNER, action: "relink_garmin" });
    }
    expect(await isLinked()).toBe(true);
  });

  test("a missing upload consent is reported at the sign-in", async () => {
    const { run, ticket, sandbox, garmin } = await withOwner();
    sandbox.garmin.setConsent(garmin().email, false);
    const { exit, json, stderr } = await run(`${LOGIN} --ticket`, [ticket()]);
    expect(exit).toBe(0);
    expect(json()).toMatchObject({ uploadConsent: false });
    expect(stderr).toContain("allow “Device Upload”");
  });
});
