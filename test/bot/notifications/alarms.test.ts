import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createAlarmSend } from "../../../src/bot/notifications/alarm-send.ts";
import { alarmMessage, createAlarmTeller } from "../../../src/bot/notifications/alarms.ts";
import { awsAlarmText, machineAlarmText } from "../../../src/bot/views/alarm.ts";
import { ALARM_KEYS, type AlarmKey } from "../../../src/bot/words/alarm-keys.ts";
import { ALARM_WORDS } from "../../../src/bot/words/alarms.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createManualClock } from "../../../src/sandbox/manual-clock.ts";
import { type Sandbox, startSandbox } from "../../../src/sandbox/sandbox.ts";
import type { Language } from "../../../src/sync/model/account.ts";
import { LANGUAGES } from "../../../src/sync/model/account.ts";

const OWNER = 4711;
const english = { stage: "prod", words: ALARM_WORDS.en };

/** A notice as CloudWatch writes it. */
function notice(name: string, state = "ALARM", before = "OK") {
  const alarm = {
    ...{ AlarmName: name, AlarmDescription: null, AWSAccountId: "123456789012" },
    ...{ NewStateValue: state, OldStateValue: before, Region: "EU (Frankfurt)" },
    NewStateReason: "Threshold Crossed: 1 datapoint [1.0 (24/11/26 12:00:00)] was greater than the threshold (0.0).",
    StateChangeTime: "2026-11-24T12:01:00.000+0000",
    AlarmArn: `arn:aws:cloudwatch:eu-central-1:123456789012:alarm:${name}`,
  };
  return { MessageId: "m-1", Subject: `${state}: "${name}"`, Message: JSON.stringify(alarm) };
}
const told = (key: AlarmKey, ...states: string[]) =>
  alarmMessage(notice(`weighbridge-prod-${key}`, ...states), english);

describe("an alarm message", () => {
  test.each(LANGUAGES)("every alarm has a text of its own that says what to do, in %s", (language) => {
    const texts = ALARM_KEYS.map((key) => {
      const words = ALARM_WORDS[language];
      return alarmMessage(notice(`weighbridge-beta-${key}`), { stage: "beta", words })?.text ?? "";
    });
    expect(new Set(texts).size).toBe(ALARM_KEYS.length);
    for (const text of texts) {
      expect(text.length).toBeLessThan(1000);
      expect(text).not.toMatch(/[{}!]|undefined|Threshold|prod/);
      expect(text.split("\n\n")).toHaveLength(2);
    }
  });

  test.each([
    ["en", /doesn’t say which/, /doesn’t say which|at least/],
    ["de", /sagt Telegram nicht/, /sagt Telegram nicht|mindestens/],
  ] as const)(
    "an alarm about another program names it if it is known, and says when it’s over, in %s",
    (language, unknown, guess) => {
      const words = ALARM_WORDS[language];
      const of = (takenBy?: string) =>
        machineAlarmText({ key: "webhook-failing", cause: undefined, takenBy }, "13:00", words);
      const known = of("https://other.example");
      expect(known.means).toContain("https://other.example");
      expect(known.means).not.toMatch(guess);
      expect(of("").means).toMatch(unknown);
      const polled = machineAlarmText({ key: "updates-taken", cause: undefined }, "13:00", words);
      expect(polled.means).toMatch(unknown);
      expect(polled.means).toContain("13:00");
      expect(new Set([known.over, of("").over, of().over]).size).toBe(2);
      expect(known.over).not.toBe(of().over);
    },
  );

  test("an alarm names the command for its stage, and its button opens the right place in the console", () => {
    expect(told("dead-jobs")).toEqual({
      text: "A job failed seven times in half an hour and was set aside. No reading is lost, but some may be late.\n\nRun npx weighbridge doctor --stage prod. Once the cause is fixed, open the queue and choose “Start DLQ redrive”.",
      isQuiet: false,
      button: {
        label: "Open the queue",
        url: "https://eu-central-1.console.aws.amazon.com/sqs/v3/home?region=eu-central-1#/queues/https%3A%2F%2Fsqs.eu-central-1.amazonaws.com%2F123456789012%2Fweighbridge-prod-dead.fifo",
      },
    });
    expect(told("sweep-errors")?.button?.url).toMatch(/log-group\/\$252Faws\$252Flambda\$252Fweighbridge-prod-sweep$/);
  });

  test("the end of an alarm is one quiet sentence", () => {
    expect(told("webhook-failing", "OK", "ALARM")).toEqual({
      text: "Telegram delivers messages to me again.",
      isQuiet: true,
    });
  });

  test("a link that ended is reported quietly, and never as over", () => {
    expect(told("stale-session")?.isQuiet).toBe(true);
    expect(told("stale-session", "OK", "ALARM")).toBeUndefined();
  });

  test("an alarm that was only set up, or has no data, sends nothing", () => {
    expect(told("broken", "OK", "INSUFFICIENT_DATA")).toBeUndefined();
    expect(told("broken", "INSUFFICIENT_DATA", "ALARM")).toBeUndefined();
  });

  test.each(LANGUAGES)(
    "right after the first deployment, missing sweeps are reported quietly as expected, in %s",
    (language) => {
      const words = ALARM_WORDS[language];
      const say = (key: AlarmKey, before: string) =>
        alarmMessage(notice(`weighbridge-prod-${key}`, "ALARM", before), { stage: "prod", words });
      const { means, first } = awsAlarmText("sweep-missing", "prod", words);
      expect(say("sweep-missing", "INSUFFICIENT_DATA")).toEqual({ text: first, isQuiet: true });
      expect(say("sweep-missing", "OK")?.text).toContain(means);
      expect(say("broken", "INSUFFICIENT_DATA")?.isQuiet).toBe(false);
    },
  );

  test("an alarm that somebody added by hand, or that belongs to another stage, is passed on with its name", () => {
    expect(alarmMessage(notice("my-budget"), english)).toEqual({
      text: "The alarm my-budget is on. It isn’t one of mine, so I’m only passing it on.",
      isQuiet: false,
    });
    expect(alarmMessage(notice("weighbridge-beta-broken", "OK", "ALARM"), english)?.text).toBe(
      "The alarm weighbridge-beta-broken is over.",
    );
  });

  test("a notice that isn’t an alarm is passed on in one short sentence without JSON", () => {
    const say = (Message: string, Subject?: string) => alarmMessage({ Message, Subject }, english)?.text;
    expect(say("Your budget is used up.\n")).toBe(
      "Something that isn’t an alarm arrived where my alarms do: Your budget is used up.",
    );
    expect(say('{"budget":1}', "Budget")).toBe("Something that isn’t an alarm arrived where my alarms do: Budget");
    expect(say('{"AlarmName":1}')).toBe("Something that isn’t an alarm arrived where my alarms do: the log has it");
    expect(say("")).toBe("Something that isn’t an alarm arrived where my alarms do: the log has it");
    expect(say("x".repeat(256_000))?.length).toBeLessThan(600);
    expect(alarmMessage(notice("n".repeat(5000)), english)?.text.length).toBeLessThan(400);
  });
});

describe("alarms sent to the owner", () => {
  let sandbox: Sandbox;
  let logged: Array<Record<string, unknown>>;
  let closing: Array<() => Promise<void>>;
  beforeEach(async () => {
    sandbox = await startSandbox({ clock: createManualClock(new Date("2026-11-24T12:00:00Z")) });
    logged = [];
    closing = [() => sandbox.close()];
  });
  afterEach(async () => {
    for (const close of closing.reverse()) await close();
  });

  function teller(languageOf: () => Promise<Language | undefined> = async () => undefined) {
    const { token: botToken, apiRoot } = sandbox.telegram;
    const clock = createManualClock(new Date("2026-11-24T12:00:00Z"));
    const { send, close } = createAlarmSend({ botToken, apiRoot, owner: OWNER }, clock);
    closing.push(close);
    const log = createLog({ level: "info", write: (line) => logged.push(JSON.parse(line)) });
    return createAlarmTeller({ send, languageOf, stage: "prod", clock, log });
  }
  const owner = () => sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
  const event = (...notices: Array<ReturnType<typeof notice>>) => ({ Records: notices.map((Sns) => ({ Sns })) });

  test("every notice is sent, with a button into the console and without a preview", async () => {
    const chat = owner();
    await teller()(event(notice("weighbridge-prod-broken"), notice("weighbridge-prod-broken", "OK", "ALARM")));
    expect(chat.messages.map(({ text, silent }) => [text.slice(0, 30), silent])).toEqual([
      ["Something unexpected broke on ", false],
      ["Nothing has broken on my side ", true],
    ]);
    expect(chat.messages[0]?.buttons.flat()[0]?.text).toBe("Open the log");
    for (const { params } of sandbox.telegram.calls("sendMessage")) {
      expect(params).toMatchObject({ link_preview_options: '{"is_disabled":true}' });
    }
  });

  test("an alarm is in the owner’s language", async () => {
    const chat = owner();
    await teller(async () => "de")(event(notice("weighbridge-prod-webhook-failing", "OK", "ALARM")));
    expect(chat.lastMessage?.text).toBe("Telegram stellt mir wieder Nachrichten zu.");
  });

  test.each([
    ["fails", () => Promise.reject(new Error("Telegram is busy"))],
    ["doesn’t answer", () => new Promise<undefined>(() => {})],
  ])(
    "an alarm is in English if the question for the language %s, which must not stop it",
    async (_what, languageOf) => {
      const chat = owner();
      await teller(languageOf)(event(notice("weighbridge-prod-webhook-failing", "OK", "ALARM")));
      expect(chat.lastMessage?.text).toBe("Telegram delivers messages to me again.");
    },
  );

  test("an alarm that Telegram refuses fails the event, so that it’s delivered again", async () => {
    await expect(teller()(event(notice("weighbridge-prod-broken")))).rejects.toThrow(/chat not found|can't initiate/);
    expect(logged.map((it) => it.event)).not.toContain("alarm_taken");
    const chat = owner();
    await teller()(event(notice("weighbridge-prod-broken")));
    expect(chat.messages).toHaveLength(1);
  });

  test("a notice that isn’t an alarm is sent too, and logged with its text", async () => {
    const chat = owner();
    await teller()(event({ MessageId: "m-2", Subject: "Budget", Message: '{"budget":1}' }));
    expect(chat.messages).toHaveLength(1);
    expect(logged).toContainEqual(
      expect.objectContaining({ event: "notice_is_no_alarm", notification: "m-2", text: '{"budget":1}' }),
    );
  });
});
