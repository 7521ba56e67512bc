import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { localDate } from "../../src/lib/local-time.ts";
import { HOUSEMATE, type Machine, OWNER, startMachine } from "../support/cli-process.ts";

let machine: Machine;
beforeEach(async () => {
  machine = await startMachine();
});
afterEach(() => machine.close());

const COUNTS = { synced: 0, skipped: 0, held: 0, failed: 0 };
const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3600_000);

test("a sync sends what is new, and the next one has nothing to do", async () => {
  await machine.link(OWNER);
  machine.person().stepOnScale({ at: hoursAgo(2), weightKg: 80.25 });
  const first = await machine.run(`sync --account ${OWNER} --json`);
  expect(first).toMatchObject({ exit: 0, stderr: "80.3 kg is in Garmin.\nGarmin now has your weight.\n" });
  expect(first.json()).toEqual({ status: "success", ...COUNTS, synced: 1 });
  expect(machine.weights()).toEqual([80.25]);

  const second = await machine.run("sync --json");
  expect(second.json()).toEqual({
    ...{ status: "success", ...COUNTS, skipped: 1 },
    accounts: [{ account: OWNER, status: "success", ...COUNTS, skipped: 1 }],
  });
  expect(machine.weights()).toEqual([80.25]);
});

/** Since the last call, of all vendors, as they came in. */
function requests(): string[] {
  const { withings, garmin } = machine.sandbox;
  const all = [...withings.requests.splice(0), ...garmin.requests.splice(0)];
  return all.toSorted((a, b) => a.at.getTime() - b.at.getTime()).map((it) => `${it.method} ${it.path.split("/20")[0]}`);
}

test("a weigh-in takes a question to both vendors at once, the upload, and a look whether it arrived", async () => {
  await machine.link(OWNER);
  machine.person().stepOnScale({ at: hoursAgo(2), weightKg: 80.25 });
  await machine.run("sync");
  const look = "GET /weight-service/weight/range";
  const bothVendors = [look, "POST /measure"];
  requests();
  expect((await machine.run("sync --json")).json()).toMatchObject({ status: "success", synced: 0 });
  expect(requests().toSorted()).toEqual(bothVendors);

  machine.person().stepOnScale({ at: hoursAgo(1), weightKg: 80.5 });
  expect((await machine.run("sync --json")).json()).toMatchObject({ status: "success", synced: 1 });
  const asked = requests();
  expect(asked.slice(0, 2).toSorted()).toEqual(bothVendors);
  expect(asked.slice(2)).toEqual(["POST /upload-service/upload", look]);

  // Withings never answers, and Garmin is asked all the same.
  const silent = machine.sandbox.faults.turnOn("withings_hangs");
  const session = machine.startHere("sync --json");
  // Both: Withings would answer a request that comes after the fault's end.
  const seen = new Set<string>();
  const alsoNow = () => [...requests().reduce((all, it) => all.add(it), seen)];
  await expect.poll(alsoNow, { timeout: 10_000 }).toEqual(expect.arrayContaining(bothVendors));
  machine.sandbox.faults.remove(silent.name);
  expect((await session.ended).json()).toMatchObject({ status: "retry_later" });
});

test("nothing arrives twice after an older copy was written over the database, in place or not", async () => {
  await machine.link(OWNER);
  machine.person().stepOnScale({ at: hoursAgo(5), weightKg: 80.25 });
  await machine.run("sync");
  const file = path.join(machine.dataDir, "weighbridge.sqlite");
  const older = readFileSync(file);
  const { ino } = statSync(file);
  const sent = [80.25];
  for (const isInPlace of [true, false]) {
    const weightKg = 81 + sent.length / 2;
    machine.person().stepOnScale({ at: hoursAgo(4 - sent.length), weightKg });
    expect((await machine.run("sync --json")).json()).toMatchObject({ status: "success", synced: 1 });
    sent.push(weightKg);
    if (!isInPlace) rmSync(file);
    // What was there keeps its number and all that a file system knows of it.
    writeFileSync(file, older);
    if (isInPlace) expect(statSync(file).ino).toBe(ino);
    expect((await machine.run("sync --json")).json()).toMatchObject({ status: "success", synced: 0 });
    expect(machine.weights()).toEqual(sent);
  }
});

test("readings that Garmin shows differently hold the rest until --go-on, and a script sees it", async () => {
  await machine.link(OWNER);
  for (const hour of [3, 2, 1]) machine.person().stepOnScale({ at: hoursAgo(hour), weightKg: 80.25 });
  machine.sandbox.faults.turnOn("garmin_rounds_weight");
  const first = await machine.run(`sync --account ${OWNER} --json`);
  expect(first.exit).toBe(3);
  expect(first.json()).toEqual({ status: "success", ...COUNTS, synced: 1, paused: ["weigh_in"] });
  expect(first.stderr).toContain("Not sent for now: weigh-ins. Nothing is lost; npx weighbridge status says why.");
  const status = await machine.run("status");
  expect(status.stdout).toContain("Weight: 80.25 kg sent, 80.30 kg shown.");
  expect(status.stdout).toContain("npx weighbridge sync --go-on");
  const second = await machine.run(`sync --account ${OWNER} --go-on --json`);
  expect(second).toMatchObject({ exit: 0 });
  expect(second.json()).toMatchObject({ synced: 2 });
  expect(machine.weights()).toEqual([80.3, 80.3, 80.3]);
});

test("a sync with nothing linked says which link is missing, and exits with 3", async () => {
  await machine.run("table create");
  const nobody = await machine.run("sync --json");
  expect(nobody.exit).toBe(3);
  expect(nobody.json()).toEqual({ status: "action_needed", ...COUNTS, action: "add_account", accounts: [] });

  await machine.addAccounts(OWNER);
  const all = await machine.run("sync --json");
  const one = await machine.run(`sync --account ${OWNER}`);
  const dry = await machine.run(`sync --account ${OWNER} --dry-run --json`);
  expect(all.json()).toEqual({
    ...{ status: "action_needed", ...COUNTS, action: "link_withings" },
    accounts: [{ account: OWNER, status: "action_needed", ...COUNTS, action: "link_withings" }],
  });
  expect(dry.json()).toEqual({ status: "action_needed", ...COUNTS, action: "link_withings", readings: [] });
  expect(one.stdout).toContain("Withings isn’t linked yet.");
  expect([all.exit, one.exit, dry.exit]).toEqual([3, 3, 3]);
});

test("one account's trouble doesn't affect the other, and the exit code is that of the worse one", async () => {
  await machine.link(OWNER, HOUSEMATE);
  machine.person(OWNER).stepOnScale({ at: hoursAgo(2), weightKg: 80.25 });
  machine.person(HOUSEMATE).stepOnScale({ at: hoursAgo(2), weightKg: 91.5 });
  machine.sandbox.garmin.revoke(machine.garmin(OWNER).email);

  // A dry run that finds one account signed out still shows the other.
  const dry = await machine.run("sync --dry-run --json");
  expect(dry.exit).toBe(3);
  expect(dry.json()).toMatchObject({
    ...{ status: "action_needed", action: "relink_garmin" },
    accounts: [
      { account: OWNER, status: "action_needed", action: "relink_garmin" },
      { account: HOUSEMATE, status: "success" },
    ],
    readings: [{ account: HOUSEMATE, weightKg: 91.5 }],
  });

  const { exit, json, stderr } = await machine.run("sync --json");
  expect(exit).toBe(3);
  expect(json()).toEqual({
    ...{ status: "action_needed", ...COUNTS, synced: 1, action: "relink_garmin", since: expect.any(String) },
    accounts: [
      { account: OWNER, status: "action_needed", ...COUNTS, action: "relink_garmin", since: expect.any(String) },
      { account: HOUSEMATE, status: "success", ...COUNTS, synced: 1 },
    ],
  });
  expect(stderr).toContain(`${OWNER}: Garmin has signed me out.`);
  expect(stderr).toContain(`${HOUSEMATE}: 91.5 kg is in Garmin.`);
  expect(machine.weights(HOUSEMATE)).toEqual([91.5]);
});

test("a sync during an outage exits with 4, and nothing is lost", async () => {
  await machine.link(OWNER, HOUSEMATE);
  machine.person().stepOnScale({ at: hoursAgo(2), weightKg: 80.25 });
  machine.sandbox.faults.turnOn("withings_down");
  const [sync, dry] = [await machine.run("sync --json"), await machine.run("sync --dry-run --json")];
  for (const { exit, json, stdout } of [sync, dry]) {
    expect(exit).toBe(4);
    expect(json()).toMatchObject({ status: "retry_later", accounts: [{ account: OWNER }, { account: HOUSEMATE }] });
    expect(stdout.trim().split("\n")).toHaveLength(1);
  }
  machine.sandbox.faults.turnOff("withings_down");
  expect((await machine.run("sync --json")).json()).toMatchObject({ status: "success", synced: 1 });
});

test("a dry run says what would happen with each reading and why, and changes nothing", async () => {
  await machine.link(OWNER);
  const { person, run, sandbox, garmin } = machine;
  person().stepOnScale({ at: hoursAgo(30), weightKg: 80.5 });
  person().stepOnScale({ at: hoursAgo(3), weightKg: 80.25 });
  person().stepOnScale({ at: hoursAgo(2), weightKg: 55, attrib: 1 });
  person().stepOnScale({ at: hoursAgo(1), weightKg: 54, attrib: 1 });
  sandbox.garmin.addManualWeight(garmin().email, { at: hoursAgo(30), weightKg: 80.5 });
  sandbox.garmin.addManualWeight(garmin().email, { at: hoursAgo(1), weightKg: 54 });
  sandbox.garmin.requests.length = 0;

  const words = await run(`sync --account ${OWNER} --dry-run`);
  expect(words.exit).toBe(0);
  const lines = words.stdout.trim().split("\n");
  expect(lines).toEqual([
    expect.stringMatching(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}80\.50 kg: would not be sent: Garmin has it from elsewhere$/,
    ),
    expect.stringMatching(/80\.25 kg: would be sent: it’s new$/),
    expect.stringMatching(/55\.00 kg: would be held: the scale wasn’t sure it was you; assign it in the Withings app$/),
    expect.stringMatching(/54\.00 kg: would not be sent: Garmin has it from elsewhere$/),
    "Would send 1 (1 weigh-in, 0 blood pressure readings), hold 1, leave 2. Nothing was changed.",
  ]);

  const json = (await run(`sync --account ${OWNER} --dry-run --json`)).json();
  expect(json).toMatchObject({
    ...{ status: "success", synced: 0, skipped: 2, held: 1, failed: 0 },
    readings: [
      { account: OWNER, kind: "weigh_in", weightKg: 80.5, step: "send", finding: "elsewhere" },
      { weightKg: 80.25, step: "send", why: "would be sent: it’s new" },
      { weightKg: 55, step: "hold", why: expect.stringContaining("would be held") },
      { weightKg: 54, step: "hold", finding: "elsewhere" },
    ],
  });

  expect(sandbox.garmin.requests.filter(({ method }) => method !== "GET")).toEqual([]);
  expect(machine.stored()).not.toContain("ledger#");
  expect((await run(`status --json`)).json()).toMatchObject({ accounts: [{ lastRun: null, attention: [] }] });
});

test("a dry run says which accounts it couldn't check, and leaves them out of its counts", async () => {
  await machine.run(`account add --telegram-id ${OWNER}`);
  const alone = await machine.run("sync --dry-run");
  expect(alone).toMatchObject({ exit: 3, stdout: expect.not.stringContaining("Would send") });
  expect(alone.stdout).toContain("Nothing could be checked");

  await machine.link(HOUSEMATE);
  const both = await machine.run("sync --dry-run");
  expect(both.exit).toBe(3);
  expect(both.stdout).toMatch(/^Would send .* 1 of 2 accounts couldn’t be checked\. Nothing was changed\.$/m);
});

describe("--since", () => {
  test("--since is a day in the owner's zone, even if only Withings reported the zone", async () => {
    await machine.link(OWNER);
    const zone = "Pacific/Auckland";
    machine.person().timezone = zone;
    machine.person().stepOnScale({ at: hoursAgo(1), weightKg: 80 });
    await machine.run("sync --json");

    // In Auckland this day starts half a day before it does in UTC.
    const day = localDate(hoursAgo(48 * 24), zone);
    const earlyMorning = new Date(new Date(`${day}T03:00:00Z`).getTime() - 13 * 3600_000);
    const evenEarlier = new Date(earlyMorning.getTime() - 4 * 3600_000);
    expect([localDate(evenEarlier, zone), localDate(earlyMorning, zone)]).toEqual([
      expect.not.stringMatching(day),
      day,
    ]);
    machine.person().stepOnScale({ at: evenEarlier, weightKg: 82 });
    machine.person().stepOnScale({ at: earlyMorning, weightKg: 81 });
    const { exit, json } = await machine.run(`sync --account ${OWNER} --since ${day} --json`);
    expect(exit).toBe(0);
    expect(json()).toMatchObject({ synced: 1 });
    expect(machine.weights()).toEqual([81, 80]);
  });

  test("--since in the future stops everything before the first account is synced", async () => {
    await machine.link(OWNER, HOUSEMATE);
    await machine.inside(async (app) => {
      await app.store.accounts.save(OWNER, { timezone: "Pacific/Kiritimati" });
      await app.store.accounts.save(HOUSEMATE, { timezone: "Pacific/Pago_Pago" });
    });
    machine.person().stepOnScale({ at: hoursAgo(1), weightKg: 80 });
    // Today on Kiritimati, which is always tomorrow in Pago Pago.
    const today = localDate(new Date(), "Pacific/Kiritimati");
    const { exit, json, stderr } = await machine.run(`sync --since ${today} --json`);
    expect(exit).toBe(2);
    const sentence = `--since ${today} is in the future. Give the day from which readings are to be sent.`;
    expect(json()).toEqual({ status: "error", problem: sentence });
    expect(stderr).toBe(`${sentence}\n`);
    expect(machine.weights()).toEqual([]);
  });
});

test("status and doctor report to people and to scripts", async () => {
  await machine.link(OWNER);
  machine.person().stepOnScale({ at: hoursAgo(2), weightKg: 80.25 });
  machine.person().takeBloodPressure({ at: hoursAgo(2), systolic: 121, diastolic: 79, pulse: 61 });
  machine.person().stepOnScale({ at: hoursAgo(1), weightKg: 41, attrib: 1 });

  const early = await machine.run("doctor --json");
  expect(early.exit).toBe(2);
  expect(early.stderr).toContain(`There was no sync yet. Run: npx weighbridge sync --account ${OWNER}`);

  const sync = await machine.run(`sync --account ${OWNER}`);
  expect(sync.stdout).toMatch(
    /^1 weigh-in and 1 blood pressure reading, (today|\d+ \w+), are in Garmin\.\nGarmin now has your weight and blood pressure\.\n1 new reading is held back, because it may not be yours: 41\.00 kg, (today|\d+ \w+) \d\d:\d\d\. npx weighbridge status says why\.\n$/,
  );
  expect((await machine.run(`sync --account ${OWNER}`)).stdout).toBe(
    "Nothing new. Garmin has every other reading. (1 held, see npx weighbridge status)\n",
  );
  const [words, status, doctor] = await Promise.all([
    machine.run("status"),
    machine.run("status --json"),
    machine.run("doctor --json"),
  ]);
  expect(words.stdout).toMatch(/^Account 4711\nWithings: linked\nGarmin: linked as owner\n/);
  expect(words.stdout).toContain("Last weigh-in: 80.25 kg, ");
  expect(words.stdout).toContain("Last blood pressure: 121/79 mmHg, pulse 61, ");
  expect(words.stdout).toMatch(/Last sync: (today|\d+ \w+) \d\d:\d\d, done/);
  expect(words.stdout).toMatch(/41\.00 kg is held: the scale wasn’t sure it was you; assign it in the Withings app\./);
  expect(status.json()).toMatchObject({
    accounts: [
      {
        account: OWNER,
        timezone: "Europe/Berlin",
        links: { withings: { state: "linked" }, garmin: { state: "linked", displayName: "owner" } },
        lastReadings: { weigh_in: { values: { weightKg: 80.25 } }, blood_pressure: { values: { systolicMmHg: 121 } } },
        attention: [{ fate: { state: "held", reason: "ambiguous_person" } }],
        lastRun: { outcome: { status: "success", synced: 0, held: 1 } },
      },
    ],
  });
  expect(doctor.exit, doctor.stderr).toBe(3);
  expect(doctor.json()).toMatchObject({ status: "action_needed" });
  expect(doctor.stderr).toMatch(
    /\nok {6}clock: correct\n(.*\n)+you {5}account 4711, last sync: (today|\d+ \w+) \d\d:\d\d, done\. 1 reading needs your decision; see npx weighbridge status\.\n\n1 thing needs you\.\n$/,
  );
});

test("doctor leaves a new account to its owner, says who may not use the bot, and knows an outage", async () => {
  await machine.addAccounts(OWNER);
  const early = await machine.run("doctor");
  expect(early.exit).toBe(3);
  expect(early.stdout).toContain(`npx weighbridge login withings --account ${OWNER}\n`);
  expect(early.stdout).toMatch(/\n\n2 things need you\.\n$/);

  await machine.link(OWNER);
  machine.sandbox.faults.turnOn("withings_down");
  const foreign = await machine.run("doctor", [], { TELEGRAM_ALLOWED_IDS: String(HOUSEMATE) });
  expect(foreign.stdout).toContain(`The bot isn’t open to ${OWNER}: add the number to TELEGRAM_ALLOWED_IDS`);
  expect(foreign.stdout).toMatch(
    /later {3}account 4711, Withings: Withings can’t be reached right now or isn’t answering properly/,
  );
});

test("doctor says whether Withings gets through to the public address", async () => {
  await machine.link(OWNER);
  // Nothing listens there.
  const env = { PUBLIC_URL: "http://127.0.0.1:9" };
  const line = async () => (await machine.run("doctor", [], env)).stdout.match(/new readings: (.*)/)?.[1];
  const keep = () => machine.inside((app) => app.subscriptions.keep(OWNER), env);
  expect(await line()).toBe("Withings doesn’t tell me about them yet. Until it does, I check myself.");
  await keep();
  expect(await line()).toMatch(
    /^Withings doesn’t tell me about them, because it couldn’t reach me when I last set it up/,
  );
  expect((await machine.run("doctor")).stdout).not.toContain("new readings");
});

test("doctor asks about all accounts side by side, and prints each line as soon as those above it are known", async () => {
  await machine.link(OWNER, HOUSEMATE);
  const effect = { type: "delay", seconds: 2 } as const;
  machine.sandbox.faults.add({ server: "withings", match: { path: "/measure" }, times: 2, effect });
  const doctor = machine.startHere("doctor");
  await doctor.said("clock: correct");
  await doctor.said("account 4711, Telegram: may use the bot");
  const shownAt = performance.now();
  await doctor.said("account 4711, Withings: answers");
  expect(performance.now() - shownAt).toBeGreaterThan(1000);
  await doctor.said("account 4711, Garmin: signed in");
  const answeredAt = performance.now();
  await doctor.said("account 4712, Withings: answers");
  expect(performance.now() - answeredAt).toBeLessThan(1000);
  await doctor.ended;
});

test("doctor names every fault and who has to fix it", async () => {
  await machine.link(OWNER);
  machine.sandbox.garmin.setConsent(machine.garmin().email, false);
  machine.sandbox.withings.revoke(machine.person().userid);
  machine.sandbox.faults.turnOn("garmin_sso_cloudflare_403");
  const [owner, operator] = await Promise.all([
    machine.run("doctor --json"),
    machine.run("doctor --json", [], { TELEGRAM_BOT_TOKEN: "", SYNC_INTERVAL_MINUTES: "never" }),
  ]);
  const verdicts = (owner.json() as { checks: Array<{ check: string; verdict: string }> }).checks;
  expect(Object.fromEntries(verdicts.map(({ check, verdict }) => [check, verdict]))).toMatchObject({
    ...{ setup: "ok", store: "ok", Telegram: "ok", "Garmin sign-in": "ok", clock: "ok" },
    ...{ "account 4711, Withings": "owner", "account 4711, Garmin": "owner", "account 4711, last sync": "operator" },
  });
  expect(owner.stderr).toMatch(/\n\n\d things need you\.\n$/);
  expect(operator.exit).toBe(2);
  expect(operator.stderr).toContain("TELEGRAM_BOT_TOKEN is missing: make a bot with @BotFather");
  expect(operator.stderr).toContain("SYNC_INTERVAL_MINUTES must be a number of minutes");
});

test("doctor names who has blocked the bot, and since when", async () => {
  await machine.link(OWNER);
  await machine.inside((app) => app.store.accounts.save(OWNER, { blockedAt: new Date() }));
  const { stdout } = await machine.run("doctor");
  expect(stdout).toMatch(/\nyou {5}account 4711, Telegram: has had the bot blocked in Telegram since today \d\d:\d\d,/);
});
