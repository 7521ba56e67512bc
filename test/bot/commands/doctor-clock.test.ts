import { afterEach, describe, expect, test } from "vitest";
import { wordsIn } from "../../../src/bot/words/words.ts";
import type { Clock } from "../../../src/lib/clock.ts";
import { type Finding, thingsToDo } from "../../../src/sync/status/checks.ts";
import { ACCOUNT } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";
import { newDoctor } from "./new-doctor.ts";

let harness: TestBot;
afterEach(() => harness.close());

const HOUR = 3600;
const DAY = 24 * HOUR;

let offSeconds = 0;
const setOff = (seconds: number) => {
  offSeconds = seconds;
};

/** Runs /doctor on a machine whose clock has been `seconds` wrong since the last good sync. */
async function examined(seconds: number, runs: number) {
  harness = await startTestBot();
  await harness.sync();
  harness.clock.advance(60);
  setOff(seconds);
  const clock: Clock = {
    now: () => new Date(harness.clock.now().getTime() + offSeconds * 1000),
    sleep: harness.clock.sleep,
  };
  const app = await harness.newApp({ clock });
  const account = (await app.store.accounts.find(ACCOUNT)) ?? expect.fail("the account is gone");
  for (let run = 0; run < runs; run++) await app.sync.run(account, { ledgerIsCurrent: true });
  const doctor = newDoctor(harness, { app, clock });
  return (isOwner: boolean) => doctor(account, wordsIn("en"), isOwner);
}

const found = async (seconds: number, runs: number, isOwner = true) =>
  (await (await examined(seconds, runs))(isOwner)).findings;
const troubles = (findings: Finding[]) => findings.filter(({ verdict }) => verdict !== "ok");
const CLOCK = { check: "clock", verdict: "operator" };

describe("/doctor and a wrong clock", () => {
  test.each([
    ["2 days ahead", 2 * DAY],
    ["60 days ahead", 60 * DAY],
    ["20000 days behind", -20_000 * DAY],
  ])("a clock that stopped a sync is reported once, with its fix: %s", async (text, off) => {
    const findings = await found(off, 1);
    expect(troubles(findings)).toMatchObject([
      { ...CLOCK, text: `This machine’s clock is ${text}. Switch on its time synchronisation.` },
      { check: "last sync", verdict: "note", text: "stopped until the clock is right; nothing is lost" },
    ]);
    expect(thingsToDo(findings)).toEqual({ needYou: 1, broken: 0, later: 0, notes: 1 });
  });

  test.each([
    ["3 hours ahead", 3 * HOUR],
    ["2 days ahead", 2 * DAY],
    ["3 hours behind", -3 * HOUR],
  ])(
    "a wrong clock isn’t reported as a stopped program, though the last sync seems long ago: %s",
    async (_text, off) => {
      expect(troubles(await found(off, 0))).toMatchObject([CLOCK]);
    },
  );

  test("a program that has really stopped is reported beside a wrong clock", async () => {
    const runChecks = await examined(3 * HOUR, 0);
    harness.clock.advance(2 * HOUR);
    expect(troubles((await runChecks(true)).findings)).toMatchObject([
      CLOCK,
      { check: "last sync", verdict: "operator", text: expect.stringMatching(/^The last sync was /) },
    ]);
  });

  test("a wrong clock is in the line about the last sync for people who have no line about the clock", async () => {
    expect(troubles(await found(2 * DAY, 1, false))).toMatchObject([{ check: "last sync", action: "fix_clock" }]);
  });

  test("a clock that was set right is no longer reported", async () => {
    const runChecks = await examined(2 * DAY, 1);
    setOff(0);
    expect(troubles((await runChecks(true)).findings)).toEqual([
      {
        check: "last sync",
        verdict: "later",
        text: "No sync has run since the clock was set right. One starts by itself.",
      },
    ]);
  });
});
