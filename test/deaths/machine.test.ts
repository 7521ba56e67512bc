import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../src/sandbox/free-port.ts";
import { OWNER, startMachine } from "../support/cli-process.ts";
import { zoneAtNoon } from "../support/day-zone.ts";
import { healthCheck } from "../support/health-check.ts";
import { startReceiver } from "../support/receiver.ts";
import { TIMES, timeLapse } from "../support/time-lapse.ts";
import { startStage } from "./stage.ts";
import { record } from "./table.ts";

const HOURS = 60;
const DAY_SECONDS = 24 * 3600;

test("The data folder is not mounted: an empty store", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  await stage.stop();
  const { DATA_DIR } = stage.harness.env;
  const empty = mkdtempSync(path.join(tmpdir(), "weighbridge-empty-"));
  onTestFinished(() => rmSync(empty, { recursive: true, force: true }));
  stage.begin();
  stage.weighIn();
  stage.harness.env.DATA_DIR = empty;
  const { ended } = await stage.start();
  expect(await ended).toMatchObject({ name: "UsageError" });
  await stage.hears("owner", /^I was started with an empty store/, 1);
  await stage.hears("ALARM_URL", /^I was started with an empty store/, 1);
  await stage.stop();
  await stage.heals(
    "after it is mounted",
    async () => {
      stage.harness.env.DATA_DIR = DATA_DIR;
      await stage.start();
    },
    60,
  );
});

test("A data folder from some hours ago is put back", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  await stage.stop();
  const { dataDir } = stage.harness;
  const copy = `${dataDir}-older`;
  cpSync(dataDir, copy, { recursive: true, preserveTimestamps: true });
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  await stage.start();
  for (let hour = 0; hour < 6; hour++) {
    stage.weighIn(80.1 + hour / 10);
    await stage.step(60);
  }
  await stage.stop();
  stage.begin();
  stage.harness.env.DATA_DIR = copy;
  const older = await stage.harness.newApp();
  stage.useStore(older);
  await stage.start();
  await stage.hears("owner", /^I’m running again, after doing nothing since/, 60);
  // Its tokens are old too, and Withings has given out others since.
  await stage.hears("owner", /^Withings no longer lets me read your scale/, 60);
  stage.weighIn(81);
  await stage.heals("after you link it", () => stage.harness.linkWithings(older), 60);
});

test("The database is damaged", async ({ task }) => {
  const stage = await startMachine();
  const outside = await startReceiver();
  onTestFinished(async () => {
    await stage.close();
    await outside.close();
  });
  await stage.link(OWNER);
  const chat = stage.sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
  const database = path.join(stage.dataDir, "weighbridge.sqlite");
  const kept = `${database}.kept`;
  cpSync(database, kept);
  writeFileSync(database, "no database".repeat(100));
  const heard = () => [
    ...chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text),
    ...outside.alarms(),
  ];
  // A supervisor keeps restarting it.
  for (let starts = 0; starts < 2; starts++) {
    expect(await stage.runAsProcess("start", [], { ...outside.env, LOG_LEVEL: "error" })).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining("is not an intact SQLite database"),
    });
  }
  const told = expect.stringMatching(/^Something on the machine I run on needs fixing.*\n\n.*not an intact SQLite/);
  expect(heard()).toEqual([told, told]);
  cpSync(kept, database);
  const program = stage.start("start", outside.env);
  await program.said("run_ended");
  program.signal("SIGTERM");
  await program.ended;
  record({
    death: task.name,
    heard: ["owner", "ALARM_URL"].map((who) => ({ who, minutes: 0, isQuiet: false, words: heard()[0] ?? "" })),
    heals: "after a backup is restored",
    told: "",
  });
});

test("The disk is full", async ({ task }) => {
  const mount = mkdtempSync(path.join(tmpdir(), "weighbridge-small-"));
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=1500k,mode=700", "tmpfs", mount]).status !== 0) {
    return task.context.skip("no disk can be mounted here");
  }
  onTestFinished(() => {
    spawnSync("umount", [mount]);
    rmSync(mount, { recursive: true, force: true });
  });
  const before = process.env.TMPDIR;
  process.env.TMPDIR = mount;
  const stage = await startStage(task.name).finally(() => {
    process.env.TMPDIR = before;
  });
  await stage.isWell();
  stage.begin();
  const fill = path.join(mount, "fill");
  for (const bytes of [4096, 64]) {
    try {
      for (;;) writeFileSync(fill, Buffer.alloc(bytes), { flag: "a" });
    } catch {}
  }
  for (let minute = 1; minute < 20; minute++) stage.weighIn(80 + minute / 100, minute);
  await stage.hears("owner", /is full\. Free some space there\./, 2 * HOURS);
  await stage.hears("ALARM_URL", /is full\. Free some space there\./, 2 * HOURS);
  await stage.heals("by itself, with room", () => rmSync(fill), 2 * HOURS);
  await stage.hearsEnd(/\d+ readings? from the last .* now in Garmin|The machine I run on is fine again\./, 3 * HOURS);
});

test("The store can’t be used", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.harness.loseStore();
  stage.weighIn();
  await stage.hears("owner", /^Something unexpected broke on my side/, 30);
  await stage.hears("ALARM_URL", /^Something unexpected broke on my side/, 30);
  await stage.hears("owner", /^I haven’t checked what is due for at least ten minutes/, 30);
  const health = () => healthCheck(new URL(stage.harness.url).port, stage.harness.dataDir);
  expect(await health()).toBe(1);
  await stage.heals("by itself", stage.harness.findStore, 90);
  await stage.hearsEnd(/^Regular syncs are starting/, 60);
  expect(await health()).toBe(0);
});

test("A stored item is damaged", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  const file = readdirSync(stage.harness.dataDir).find((name) => name.endsWith(".sqlite")) ?? "";
  const run = (sql: string) => {
    const database = new DatabaseSync(path.join(stage.harness.dataDir, file));
    database.exec(sql);
    database.close();
  };
  run("INSERT INTO weighbridge VALUES ('jobs', '0000000000004712#visit', 'v', '{', NULL)");
  stage.weighIn();
  await stage.hears("owner", /broke on my side|needs fixing/, 60);
  await stage.heals("other accounts meanwhile", () => undefined, 60);
});

test("The clock is set to 1970", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.setSkew(100 - stage.clock.now().getTime() / 1000);
  stage.weighIn();
  await stage.hears("owner", /^The clock on the machine I run on is more than a day off/, 60);
  await stage.heals("by itself, with a right clock", () => stage.setSkew(0), 60);
  await stage.hearsEnd(/^The clock is right again\. 1 reading is now in Garmin\.$/, 10);
});

test.each([
  ["A first run, with the clock at 1970", -1],
  ["A first run, with the clock a year ahead", 1],
])("%s", async (death, years) => {
  const stage = await startStage(death, {
    skewSeconds: years * (years < 0 ? Date.UTC(2026, 10, 1) / 1000 : 365 * DAY_SECONDS),
  });
  stage.begin();
  await stage.start();
  stage.weighIn();
  await stage.hears("owner", /^The clock on the machine I run on is more than a day off/, 60);
  expect(stage.counts().inGarmin).toBe(0);
  await stage.heals("by itself, with a right clock", () => stage.setSkew(0), 60);
  await stage.hearsEnd(/^80\.4 kg is in Garmin\.\nGarmin now has your weight\./, 10);
  // Once is enough.
  await stage.hearsEnd(/^The clock is right again\.$/, 10);
});

test("The clock jumps a year ahead, and back", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.setSkew(365 * DAY_SECONDS);
  stage.weighIn();
  await stage.hears("owner", /^The clock on the machine I run on is more than a day off/, 60);
  await stage.heals("by itself, with a right clock", () => stage.setSkew(0), 60);
  await stage.hearsEnd(/^The clock is right again\. 80\.4 kg is now in Garmin\.$/, 10);
});

test("The machine is off for hours", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  const beats = stage.outside.heartbeats();
  expect(beats).toBeGreaterThan(0);
  await stage.stop();
  stage.begin();
  stage.weighIn();
  stage.clock.advance(3 * 3600);
  expect(stage.outside.heartbeats()).toBe(beats);
  stage.row.heard.push({ who: "HEARTBEAT_URL", minutes: 1, isQuiet: false, words: "(silence: no more pings)" });
  await stage.start();
  await stage.hears("owner", /^I’m running again, after doing nothing since/, 4 * HOURS);
  await stage.hears("ALARM_URL", /^I’m running again, after doing nothing since/, 4 * HOURS);
  await stage.heals("by itself", () => undefined, 30);
});

test("The event loop is blocked", async ({ task }) => {
  const machine = await startMachine();
  const outside = await startReceiver();
  onTestFinished(async () => {
    await machine.close();
    await outside.close();
  });
  await machine.link(OWNER);
  const chat = machine.sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
  const told = () => chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text);
  const program = machine.start("start", { ...outside.env, ...timeLapse(machine.folder) });
  await program.said("run_ended");
  const startedMs = Date.now();
  program.signal("SIGUSR2");
  machine.person().stepOnScale({ weightKg: 80.25 });
  const { exit, stderr } = await program.ended;
  const [, loggedAt = ""] = /"time":"([^"]+)","level":"error","event":"program_stuck"/.exec(stderr) ?? [];
  const minutes = Math.round(((Date.parse(loggedAt) - startedMs) * TIMES) / 60_000);
  expect({ exit, stderr }).toEqual({ exit: null, stderr: expect.stringContaining("program_stuck") });
  const words = expect.stringMatching(/^I’ve been stuck for 15 minutes/);
  expect([told(), outside.alarms()]).toEqual([[words], [words]]);
  const [text = ""] = told();
  const next = machine.start("start", outside.env);
  await next.said("bot_started");
  // Instead of waiting for the interval.
  chat.say("/sync");
  await expect.poll(() => machine.weights()).toEqual([80.25]);
  next.signal("SIGTERM");
  await next.ended;
  record({
    death: task.name,
    heard: ["owner", "ALARM_URL"].map((who) => ({ who, minutes, isQuiet: false, words: text })),
    heals: "by itself, it ends and is started again",
    told: "",
  });
});

test("The process is stopped (SIGSTOP)", async ({ task }) => {
  const machine = await startMachine();
  onTestFinished(() => machine.close());
  await machine.link(OWNER);
  await machine.inside((app) => app.store.accounts.save(OWNER, { timezone: zoneAtNoon() }));
  const chat = machine.sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
  const told = () => chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text);
  const PORT = String(await freePort());
  const program = machine.start("start", { PORT });
  await program.said("run_ended");
  program.signal("SIGSTOP");
  // The health check runs once a minute, and all but the last two have failed.
  const silent = path.join(machine.folder, `weighbridge-silent-${PORT}`);
  const before = 18;
  writeFileSync(silent, ".".repeat(before));
  let checks = 0;
  for (; checks < 2; checks++) {
    expect(existsSync(silent)).toBe(true);
    expect(await healthCheck(PORT, machine.folder)).toBe(1);
  }
  expect((await program.ended).exit).toBe(null);
  const twentyAgo = new Date(Date.now() - 20 * 60_000);
  utimesSync(path.join(machine.dataDir, "last-sweep"), twentyAgo, twentyAgo);
  const next = machine.start("start", timeLapse(machine.folder));
  await expect.poll(told).toEqual([expect.stringMatching(/^I’m running again, after doing nothing since/)]);
  next.signal("SIGTERM");
  await next.ended;
  record({
    death: task.name,
    heard: [
      { who: "systemd, Docker", minutes: before + checks, isQuiet: false, words: "(it is killed and started again)" },
      { who: "owner", minutes: before + checks + 1, isQuiet: true, words: told()[0] ?? "" },
    ],
    heals: "by itself, it is killed and started again",
    told: "",
  });
});

test("The program crashes", async ({ task }) => {
  const machine = await startMachine();
  const outside = await startReceiver();
  onTestFinished(async () => {
    await machine.close();
    await outside.close();
  });
  await machine.link(OWNER);
  const chat = machine.sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
  const told = () => chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text);
  const throwing = "process.on('SIGUSR2',()=>{Promise.reject(new Error('out of the blue'))})";
  const env = { ...outside.env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(throwing)}` };
  for (let times = 0; times < 2; times++) {
    const program = machine.start("start", env);
    await program.said("bot_started");
    program.signal("SIGUSR2");
    const { exit, stderr } = await program.ended;
    expect(exit).toBe(1);
    expect(stderr).toContain('"event":"command_failed","error":"Error","message":"out of the blue"');
    expect(stderr).not.toMatch(/^\s+at /m);
  }
  const words = expect.stringMatching(/^Something unexpected broke on my side\. No reading is lost/);
  expect([...told(), ...outside.alarms()]).toEqual([words, words]);
  record({
    death: task.name,
    heard: ["owner", "ALARM_URL"].map((who) => ({ who, minutes: 0, isQuiet: false, words: told()[0] ?? "" })),
    heals: "by itself, it ends and is started again",
    told: "",
  });
});

test("The program is killed again and again", async ({ task }) => {
  const machine = await startMachine();
  const outside = await startReceiver();
  onTestFinished(async () => {
    await machine.close();
    await outside.close();
  });
  await machine.link(OWNER);
  const chat = machine.sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
  const told = () => chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text);
  const words = expect.stringMatching(
    /^Something on the machine I run on needs fixing.*\n\nI was started 4 times within an hour/,
  );
  for (let starts = 1; starts <= 5; starts++) {
    const program = machine.start("start", outside.env);
    await program.said("bot_started");
    if (starts === 4) await expect.poll(() => [...told(), ...outside.alarms()]).toEqual([words, words]);
    program.signal("SIGKILL");
    await program.ended;
  }
  // An orderly end clears everything, except that the owner was notified today.
  const last = machine.start("start", outside.env);
  await last.said("bot_started");
  last.signal("SIGTERM");
  await last.ended;
  expect(readdirSync(machine.dataDir)).not.toContain("running");
  expect(told()).toEqual([words]);
  record({
    death: task.name,
    heard: ["owner", "ALARM_URL"].map((who) => ({ who, minutes: 0, isQuiet: false, words: told()[0] ?? "" })),
    heals: "no",
    told: "",
  });
});

test("Another program holds the database", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  const holder = new DatabaseSync(path.join(stage.harness.dataDir, "weighbridge.sqlite"));
  holder.exec("BEGIN IMMEDIATE");
  stage.weighIn();
  await stage.hears("owner", /broke on my side|needs fixing/, 60).finally(() => {
    holder.exec("COMMIT");
    holder.close();
  });
  await stage.heals("by itself", () => undefined, 90);
  await stage.hearsEnd(/^Nothing has broken on my side for an hour/, 2 * HOURS);
});

test("The key beside the data is lost", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  await stage.stop();
  const key = path.join(stage.harness.dataDir, "sealing.key");
  const kept = `${key}.kept`;
  cpSync(key, kept);
  rmSync(key);
  stage.begin();
  stage.weighIn();
  await stage.start();
  await stage.hears("owner", /./, 60);
  await stage.stop();
  await stage.heals(
    "after it is put back",
    async () => {
      cpSync(kept, key);
      await stage.start();
    },
    60,
  );
});

test("ALARM_URL and HEARTBEAT_URL are gone", async ({ task }) => {
  const stage = await startStage(task.name);
  await stage.isWell();
  stage.begin();
  stage.outside.answerWith(404);
  const isLogged = () => stage.logged().some(({ event }) => event === "alarm_address_failing");
  await stage.step(1);
  // The sweep doesn't wait for its answer, so the tests' clock doesn't either.
  await expect.poll(isLogged).toBe(true);
  await stage.hears("owner", /^An outside address that watches me hasn’t accepted anything/, 30);
  stage.weighIn();
  await stage.heals("syncs meanwhile", () => undefined, 30);
  stage.begin();
  stage.outside.answerWith(200);
  const isHeard = () => stage.logged().some(({ event }) => event === "alarm_address_works_again");
  // The next attempt at ALARM_URL may be an hour away.
  await expect
    .poll(async () => {
      await stage.step(1);
      return isHeard();
    })
    .toBe(true);
  await stage.hearsEnd(/^My messages are getting through again/, 120);
});
