import { afterEach, describe, expect, test } from "vitest";
import { ACCOUNT, OWNER } from "../../support/test-app.ts";
import { startTestBot, type TestBot } from "../test-bot.ts";

let harness: TestBot;
afterEach(() => harness.close());

const ago = (minutes: number) => new Date(harness.clock.now().getTime() - minutes * 60_000);

describe("/status", () => {
  const status = async () => {
    harness.owner.say("/status");
    return (await harness.owner.waitForMessage()).text;
  };

  test("/status tells a new account once what is missing, and nothing that depends on it", async () => {
    harness = await startTestBot({ linked: false });
    const nextRunAt = ago(-60);
    harness.startBot({ statusExtras: async () => ({ notifications: { state: "off" }, nextRunAt, version: "0.1.0" }) });
    const missing = (lastSync: string) => [
      ...["Withings: not linked", "Garmin: not linked", ""],
      ...[`Last sync: ${lastSync}`, "", "Weighbridge 0.1.0"],
    ];
    expect((await status()).split("\n")).toEqual(missing("none yet"));
    const buttons = () => harness.owner.lastMessage?.buttons.map((row) => row.map(({ text }) => text));
    expect(buttons()).toEqual([["Link Withings"], ["Link Garmin"]]);
    await harness.sync();
    expect((await status()).split("\n")).toEqual(missing("today 12:00, waiting for you"));
  });

  test("/status shows links, last readings, last run, next run, and what is held and why", async () => {
    harness = await startTestBot();
    harness.person.stepOnScale({ at: ago(90), weightKg: 80.25 });
    harness.person.takeBloodPressure({ at: ago(60), systolic: 121, diastolic: 79, pulse: 61 });
    harness.person.stepOnScale({ at: ago(30), weightKg: 41, attrib: 1 });
    await harness.sync();
    await harness.app.store.schedule.set(ACCOUNT, { dueAt: ago(-30), failures: 0 });
    harness.startBot();
    // In the owner’s zone, which Withings reported.
    expect((await status()).split("\n")).toEqual([
      "Withings: linked",
      "Garmin: linked as Owner",
      "",
      "Last weigh-in: 80.25 kg, today 11:30",
      "Last blood pressure: 121/79 mmHg, pulse 61, today 12:00",
      "Last sync: today 13:00, done, 2 readings",
      "Next sync: today 13:30",
      "",
      "today 12:30, 41.00 kg is held: the scale wasn’t sure it was you; assign it in the Withings app.",
      "",
      "Weighbridge 0.1.0",
    ]);

    harness.clock.advance(10 * 24 * 3600);
    harness.sandbox.garmin.revoke(OWNER.email);
    harness.person.stepOnScale({ at: ago(5), weightKg: 80 });
    await harness.sync();
    const later = await status();
    expect(later).toContain("Withings: linked\n");
    expect(later).toContain("Garmin: signed out (was Owner)");
    expect(later).toContain("Last weigh-in: 80.25 kg, 21 Nov 11:30");
    expect(later).toMatch(/Last sync: today \d\d:\d\d, waiting for you\nGarmin has signed me out\./);
  });

  test.each([
    ["en", "Not in Garmin yet: 64.40 kg, today 11:30"],
    ["de", "Noch nicht in Garmin: 64,40 kg, heute 11:30"],
  ] as const)("/status names what was typed until it is in Garmin (%s)", async (language, line) => {
    harness = await startTestBot();
    const { accounts, typed } = harness.app.store;
    await harness.sync();
    await accounts.save(ACCOUNT, { language });
    const [id, takenAt, typedAt] = [9_000_000_000_000_001, ago(90), ago(80)];
    const values = { kind: "weigh_in", weightKg: 64.4 } as const;
    await typed.add(ACCOUNT, { id, takenAt, typedAt, values, within: { seconds: 600, kg: 0.1 } });
    harness.startBot();
    expect(await status()).toContain(`\n${line}\n`);
    await harness.sync();
    const later = await status();
    expect(harness.weights().map(({ weightKg }) => weightKg)).toEqual([64.4]);
    expect(later).not.toContain(line.split(":")[0]);
  });

  test("/status doesn’t say that trouble with the set-up waits for its reader", async () => {
    harness = await startTestBot();
    const { now } = harness.clock;
    const clock = { ...harness.clock, now: () => new Date(now().getTime() - 25 * 3600_000) };
    expect(await harness.sync({}, await harness.newApp({ clock }))).toMatchObject({ action: "fix_clock" });
    harness.startBot();
    expect(await status()).toMatch(/\nLast sync: 20 Nov 11:00, not finished\n/);
  });

  test("/status says when a link ends only in its last two weeks", async () => {
    harness = await startTestBot();
    harness.startBot();
    // No run renews it.
    harness.clock.advance(15 * 24 * 3600);
    expect(await status()).toContain("Garmin: linked as Owner\n");
    harness.clock.advance(24 * 3600);
    expect(await status()).toContain("Garmin: linked as Owner, ends in 13 days unless I can renew it\n");
    await harness.app.store.accounts.save(ACCOUNT, { language: "de" });
    expect(await status()).toContain(
      "Garmin: verbunden als Owner, endet in 13 Tagen, wenn ich es nicht erneuern kann\n",
    );
  });

  test("/status forgets what the last run asked for once the link is removed or renewed", async () => {
    harness = await startTestBot();
    harness.startBot();
    await harness.sync();
    harness.clock.advance(10 * 24 * 3600);
    harness.sandbox.garmin.revoke(OWNER.email);
    harness.person.stepOnScale({ at: ago(5), weightKg: 80 });
    await harness.sync();
    expect(await status()).toContain("Garmin has signed me out.");
    const link = await harness.app.store.links.read(ACCOUNT, "garmin");
    await harness.app.store.links.remove(ACCOUNT, "garmin");
    const without = await status();
    expect(without).toContain("Garmin: not linked");
    expect(without).not.toContain("signed me out");

    harness.clock.advance(60);
    if (!link) throw new Error("there was no link");
    const renewed = { ...link.value, state: "linked" as const, linkedAt: harness.clock.now() };
    await harness.app.store.links.replace(ACCOUNT, "garmin", renewed);
    expect(await status()).not.toContain("signed me out");
  });
});
