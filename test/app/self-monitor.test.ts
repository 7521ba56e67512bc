import { afterEach, describe, expect, test, vi } from "vitest";
import { SelfMonitor } from "../../src/app/self-monitor.ts";
import { createMachineAlarmTeller } from "../../src/bot/notifications/alarms.ts";
import { machineAlarmText } from "../../src/bot/views/alarm.ts";
import type { MachineAlarm } from "../../src/bot/words/alarm-keys.ts";
import { ALARM_WORDS } from "../../src/bot/words/alarms.ts";
import { createLog } from "../../src/lib/log.ts";
import { createManualClock } from "../../src/sandbox/manual-clock.ts";
import { DEFAULT_SETTINGS } from "../../src/sync/model/account.ts";
import { startTestServer, type TestServer } from "../server/test-server.ts";

describe("a program on one machine whose store fails", () => {
  let server: TestServer;
  afterEach(() => server.close());

  test("tells its owner once that it broke, then that it no longer syncs, and when all is well again", async () => {
    server = await startTestServer({ linked: true });
    const { clock, person, told, weights } = server;
    const { said, wake } = await server.start();
    await said("run_ended");
    const before = told().length;
    const news = () => told().slice(before);

    server.loseStore();
    person.stepOnScale({ weightKg: 80.25 });
    await said("request_failed");
    wake();
    await expect
      .poll(() => news())
      .toEqual([expect.stringMatching(/^Something unexpected broke on my side.*No reading is/)]);
    for (let minutes = 0; minutes < 15; minutes += 5) {
      clock.advance(5 * 60);
      // To its end: a check that comes more than ten minutes after the one before takes it for a machine that slept.
      await wake();
    }
    await expect
      .poll(() => news())
      .toEqual([expect.anything(), expect.stringMatching(/^I haven’t checked what is due for at least ten minutes/)]);

    server.findStore();
    await expect
      .poll(() => {
        wake();
        return news().slice(2);
      })
      .toEqual([expect.stringMatching(/^Regular syncs are starting/)]);
    await vi.waitFor(
      () => {
        clock.advance(60);
        wake();
        expect(weights().map(({ weightKg }) => weightKg)).toEqual([80.25]);
        expect(news().slice(3)).toEqual([
          expect.stringMatching(/^80\.3 kg is in Garmin\./),
          "Nothing has broken on my side for an hour.",
        ]);
      },
      { timeout: 20_000, interval: 30 },
    );
    expect(server.chat.messages.filter(({ silent }) => !silent).length).toBeGreaterThanOrEqual(2);
  });
});

const OWNER = 4711;
const ACCOUNT = { telegramUserId: OWNER, createdAt: new Date(0), settings: DEFAULT_SETTINGS };

describe("the self-monitor", () => {
  function begin(at = "2026-11-25T12:00:00Z") {
    const clock = createManualClock(new Date(at));
    const written: string[] = [];
    const log = createLog({ level: "warn", write: (line) => written.push(JSON.parse(line).event) });
    const monitor = new SelfMonitor({ clock, log, owner: OWNER });
    const told: MachineAlarm[] = [];
    let isAway = false;
    const look = async (minutes = 1) => {
      clock.advance(minutes * 60);
      monitor.onSweep();
      const tell = async (alarm: MachineAlarm) => {
        if (isAway) throw new Error("Telegram is away");
        told.push(alarm);
      };
      await monitor.check({ tell });
      return told.splice(0).map(({ key, isOver }) => (isOver ? `${key} is over` : key));
    };
    return { clock, log: monitor.log, monitor, written, look, away: (is: boolean) => (isAway = is) };
  }

  test("raises an alarm for logged errors and a failing webhook, but not for what its person hears in their chat", async () => {
    const { log, look, written } = begin();
    log.warn("job_postponed");
    const toldToTheirPerson = ["run_failed", "account_unreadable", "notice_not_delivered", "check_failed"];
    for (const event of toldToTheirPerson) log.error(event);
    expect(await look()).toEqual([]);
    log.error("job_failed");
    log.warn("webhook_taken");
    expect(await look()).toEqual(["broken", "webhook-failing"]);
    log.warn("webhook_failing");
    expect(await look()).toEqual([]);
    expect(written).toContain("job_postponed");
    expect(written.slice(-3)).toEqual(["job_failed", "webhook_taken", "webhook_failing"]);
  });

  test("says since when and where the other program is, but no time after the clock has jumped", async () => {
    const { clock, log, monitor } = begin();
    const told: MachineAlarm[] = [];
    const look = () => monitor.check({ tell: async (alarm) => void told.push(alarm) });
    const since = new Date(clock.now().getTime() - 120_000);
    log.warn("updates_taken", { since: since.toISOString() });
    await look();
    expect(told.splice(0)).toEqual([{ key: "updates-taken", isOver: false, cause: undefined, since }]);
    log.warn("webhook_taken", { by: "https://other.example" });
    await look();
    expect(told.splice(0)).toMatchObject([{ key: "webhook-failing", takenBy: "https://other.example" }]);
    log.warn("alarm_address_failing");
    clock.advance(-3600);
    monitor.onSweep();
    await look();
    await look();
    const failing = told.filter(({ key }) => key === "address-failing");
    expect(failing).toEqual([{ key: "address-failing", isOver: false, cause: undefined }]);
  });

  test("says that an alarm is over after an hour without another event, and not before", async () => {
    const { log, look } = begin();
    log.error("job_failed");
    await look();
    for (let minutes = 0; minutes < 50; minutes += 5) expect(await look(5)).toEqual([]);
    log.error("job_failed");
    for (let minutes = 0; minutes < 55; minutes += 5) expect(await look(5)).toEqual([]);
    expect(await look(5)).toEqual(["broken is over"]);
    expect(await look(5)).toEqual([]);
  });

  test("ends trouble of the machine in its own words, an hour after the last event", async () => {
    const { clock, log, monitor } = begin();
    const told: MachineAlarm[] = [];
    log.error("sweep_failed", { error: "UsageError", message: "The disk is full. Free some space there." });
    for (let minutes = 0; minutes <= 60; minutes += 5) {
      clock.advance(5 * 60);
      monitor.onSweep();
      await monitor.check({ tell: async (alarm) => void told.push(alarm) });
    }
    const over = "The machine I run on is fine again.";
    const texts = told.map((alarm) => machineAlarmText(alarm, undefined, ALARM_WORDS.en));
    expect(texts.map(({ means, fix, over }) => [means, fix, over])).toEqual([
      [
        expect.stringMatching(/^Something on the machine I run on needs fixing\./),
        expect.stringMatching(/^The disk/),
        over,
      ],
      [expect.anything(), expect.anything(), over],
    ]);
    expect(told.map(({ isOver }) => isOver)).toEqual([false, true]);
  });

  test("tells later, once, what it could not tell at first", async () => {
    const { log, look, away, written } = begin();
    log.error("job_failed");
    away(true);
    expect(await look()).toEqual([]);
    expect(written).toContain("alarm_not_told");
    away(false);
    expect(await look()).toEqual(["broken"]);
    expect(await look()).toEqual([]);
  });

  test("tells what started while the clock was years ahead, and that no sweep has finished since", async () => {
    const { clock, log, monitor, look } = begin();
    clock.advance(4 * 365 * 24 * 3600);
    monitor.onSweep();
    log.warn("telegram_unreachable");
    clock.advance(-4 * 365 * 24 * 3600);
    expect(monitor.isWell()).toBe(false);
    expect(await look()).toEqual(["telegram-gone"]);
    expect(monitor.isWell()).toBe(true);
  });

  test("tells each teller separately, and tries again after one check, then two, four and so on", async () => {
    const { clock, log, monitor } = begin();
    const tried: number[] = [];
    const told: string[] = [];
    const begunAt = clock.now().getTime();
    log.error("job_failed");
    const tellers = {
      gone: async () => {
        tried.push((clock.now().getTime() - begunAt) / 60_000);
        throw new Error("nobody there");
      },
      there: async ({ key }: MachineAlarm) => void told.push(key),
    };
    for (let minutes = 0; minutes < 40; minutes++) {
      clock.advance(60);
      monitor.onSweep();
      await monitor.check(tellers);
    }
    expect(told).toEqual(["broken"]);
    expect(tried).toEqual([1, 2, 4, 8, 16, 32]);
  });

  test("tells after ten minutes that Telegram is unreachable, and at once when it is back", async () => {
    const { log, look } = begin();
    log.warn("telegram_unreachable");
    for (let minutes = 0; minutes < 9; minutes++) expect(await look()).toEqual([]);
    log.info("telegram_reachable");
    expect(await look()).toEqual([]);
    log.warn("telegram_token_unknown");
    for (let minutes = 0; minutes < 9; minutes++) expect(await look()).toEqual([]);
    expect(await look()).toEqual(["telegram-gone"]);
    log.info("updates_come_again");
    expect(await look()).toEqual(["telegram-gone is over"]);
  });

  test("tells that the owner has blocked the bot, and says nothing when others do", async () => {
    const { log, look } = begin();
    log.info("owner_does_not_listen", { account: 4712 });
    expect(await look()).toEqual([]);
    log.info("owner_does_not_listen", { account: OWNER });
    log.info("owner_listens_again", { account: 4712 });
    expect(await look()).toEqual(["owner-away"]);
    log.info("owner_listens_again", { account: OWNER });
    expect(await look()).toEqual(["owner-away is over"]);
  });

  test("tells that another person's link ended, but not that it is linked again", async () => {
    const { clock, log, monitor } = begin();
    const sent: Array<{ text: string; isQuiet: boolean }> = [];
    const send = async (message: { text: string; isQuiet: boolean }) => sent.push(message);
    const tell = createMachineAlarmTeller({ send, ownerAccount: async () => ACCOUNT, clock, log });
    log.warn("link_stale", { account: OWNER, vendor: "garmin" });
    await monitor.check({ tell });
    expect(sent).toEqual([]);
    log.warn("link_stale", { account: 4712, vendor: "garmin" });
    for (let minutes = 0; minutes < 90; minutes++) {
      clock.advance(60);
      monitor.onSweep();
      await monitor.check({ tell });
    }
    const text = expect.stringMatching(/^Somebody’s link to Garmin or Withings has ended/);
    expect(sent).toEqual([{ text, isQuiet: true }]);
  });

  test("tells at seven what was over at night, an alarm at any hour, and both at once outside of the chat", async () => {
    const { clock, log, monitor } = begin("2026-11-21T19:00:00Z");
    const sent: string[] = [];
    const outside: string[] = [];
    const ownerAccount = async () => ({ ...ACCOUNT, timezone: "Europe/Berlin" });
    const about = { ownerAccount, clock, log };
    const tellers = {
      chat: createMachineAlarmTeller({ ...about, send: async ({ text }) => sent.push(text), keepsQuiet: true }),
      url: createMachineAlarmTeller({ ...about, send: async ({ text }) => outside.push(text) }),
    };
    const until = async (instant: string) => {
      while (clock.now() < new Date(instant)) {
        clock.advance(300);
        monitor.onSweep();
        await monitor.check(tellers);
      }
    };
    await until("2026-11-21T21:30:00Z");
    log.error("request_failed");
    await until("2026-11-21T21:35:00Z");
    expect(sent).toHaveLength(1);
    await until("2026-11-22T05:55:00Z");
    expect([sent, outside].map(({ length }) => length)).toEqual([1, 2]);
    await until("2026-11-22T06:30:00Z");
    expect(sent.slice(1)).toEqual(["Nothing has broken on my side for an hour."]);
    expect(outside).toEqual(sent);
  });

  test("tells that Telegram refuses messages, unless it is unreachable or the owner has blocked the bot", async () => {
    const { log, look } = begin();
    const lasts = async () => {
      const told: string[] = [];
      for (let minutes = 0; minutes < 15; minutes++) told.push(...(await look()));
      return told;
    };
    log.error("notice_not_delivered", { account: 4712 });
    expect(await lasts()).toEqual([]);
    log.error("notice_not_delivered", { account: OWNER });
    expect(await lasts()).toEqual(["owner-not-told"]);
    log.warn("telegram_unreachable");
    expect(await lasts()).toEqual(["telegram-gone"]);
    log.info("telegram_reachable");
    expect(await lasts()).toEqual(["telegram-gone is over", "owner-not-told is over"]);
    log.error("notice_not_delivered", { account: OWNER });
    log.info("owner_does_not_listen", { account: OWNER });
    expect(await lasts()).toEqual(["owner-away"]);
  });

  test("raises no alarm for missing sweeps right after the machine was asleep", async () => {
    const { clock, monitor } = begin();
    const told: string[] = [];
    const look = () => monitor.check({ tell: async ({ key }) => void told.push(key) });
    clock.advance(8 * 3600);
    await look();
    expect(told).toEqual([]);
    monitor.onSweep();
    clock.advance(60);
    await look();
    expect(told).toEqual([]);
    clock.advance(9 * 60);
    await look();
    expect(told).toEqual(["sweep-missing"]);
  });

  test("tells a known fix, but no stack and no other person's text", async () => {
    const { clock, log, monitor } = begin();
    log.error("request_failed", {
      error: "UsageError",
      message: "The disk that holds /data is full. Free some space there.",
    });
    const sent: string[] = [];
    const send = async ({ text }: { text: string }) => sent.push(text);
    const ownerAccount = async () => ({ ...ACCOUNT, language: "de" }) as const;
    await monitor.check({ tell: createMachineAlarmTeller({ send, ownerAccount, clock, log }) });
    expect(sent).toEqual([
      expect.stringMatching(/^Auf dem Rechner.*\n\nThe disk that holds \/data is full\. Free some space there\.$/),
    ]);
  });
});
