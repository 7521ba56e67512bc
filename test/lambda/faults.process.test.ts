import { describe, expect, test, vi } from "vitest";
import { keys } from "../../src/store/keys.ts";
import type { Key } from "../../src/store/table.ts";
import type { AwsTrouble } from "../support/aws-proxy.ts";
import { ACCOUNT, OWNER, USERID } from "../support/test-app.ts";
import { scheduleEvent, sqsEvent } from "./events.ts";
import { awsTests, MANUAL_SYNC_TOKEN, PARAMETER_PATH, type TestAws, UPLOAD } from "./test-aws.ts";

const { built, withAws } = awsTests();

vi.setConfig({ testTimeout: 90_000 });
const WAIT = { timeout: 60_000, interval: 20 };

/** A scheduled run with a reading to send, taken from the queue, so that the test gives it to workers itself. */
async function takenVisit({ pump, person, sweep, sqs }: TestAws) {
  await pump.stop();
  person.stepOnScale({ weightKg: 80.25 });
  await sweep.invoke(scheduleEvent());
  const [message = {}] = await sqs.receive();
  return sqsEvent(message, sqs.queueArn);
}

describe.concurrent("a worker that is killed in the middle of an upload", () => {
  test.each([
    ["before Garmin has it", "hang", 0],
    ["after Garmin has it", "hang_after", 1],
  ] as const)("%s: the job comes again, and the reading arrives once", (_when, type, stored) =>
    withAws(async (aws) => {
      aws.person.stepOnScale({ weightKg: 80.25 });
      aws.sandbox.faults.add({ ...UPLOAD, effect: { type } });
      const visit = aws.runSweep();
      await vi.waitFor(() => expect([aws.uploads(), aws.weightsKg().length]).toEqual([1, stored]), WAIT);
      expect(await aws.fates()).toEqual(["sending"]);
      // It may work for five minutes. Soon after that its job is back in the queue, although nobody returned it.
      const [hiddenSeconds = 0] = aws.sqs.hiddenSeconds();
      expect(hiddenSeconds).toBeGreaterThan(250);
      expect(hiddenSeconds).toBeLessThanOrEqual(331);
      // Its lease has ended, and the upload has had time to appear.
      aws.clock.advance(300);
      await aws.worker.kill();
      await visit;
      expect(aws.weightsKg()).toEqual([80.25]);
      expect(aws.uploads()).toBe(2 - stored);
      expect(await aws.fates()).toEqual(["seen"]);
      expect(aws.sqs.dead()).toEqual([]);
    }),
  );
});

test.concurrent("a job whose worker can't start is delivered again soon, and done once it can", () =>
  withAws(async (aws) => {
    const event = await takenVisit(aws);
    const name = `${PARAMETER_PATH}SECRETS`;
    const secrets = aws.ssm.parameters.get(name)?.value ?? "";
    aws.ssm.parameters.delete(name);
    await expect(aws.worker.invoke(event)).rejects.toThrow("TELEGRAM_BOT_TOKEN");
    const [hiddenSeconds = 0] = aws.sqs.hiddenSeconds();
    expect(hiddenSeconds).toBeGreaterThan(250);
    expect(hiddenSeconds).toBeLessThanOrEqual(331);
    aws.ssm.set(name, secrets, "SecureString");
    expect(await aws.worker.invoke(event)).toEqual({ batchItemFailures: [] });
    expect(aws.weightsKg()).toEqual([80.25]);
  }));

test.concurrent("a job is done even if the queue doesn't answer the worker", () =>
  withAws(async (aws) => {
    const event = await takenVisit(aws);
    aws.queue.fail(() => "broken");
    expect(await aws.worker.invoke(event)).toEqual({ batchItemFailures: [] });
    expect(aws.weightsKg()).toEqual([80.25]);
    const warned = { level: "warn", event: "job_retry_not_set" };
    expect(aws.worker.logged()).toContainEqual(expect.objectContaining(warned));
  }));

test.concurrent("a job that fails waits before it comes again, longer each time", () =>
  withAws(async (aws) => {
    await aws.pump.stop();
    await aws.sqs.send(ACCOUNT, '{"reason":"from the future"}');
    const [message = {}] = await aws.sqs.receive();
    for (const [deliveries, seconds] of [
      ["1", 30],
      ["3", 120],
    ] as const) {
      const Attributes = { ...message.Attributes, ApproximateReceiveCount: deliveries };
      const answer = await aws.worker.invoke(sqsEvent({ ...message, Attributes }, aws.sqs.queueArn));
      expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: message.MessageId }] });
      const [hiddenSeconds = 0] = aws.sqs.hiddenSeconds();
      expect(hiddenSeconds).toBeGreaterThan(seconds - 20);
      expect(hiddenSeconds).toBeLessThanOrEqual(seconds);
    }
  }));

test.concurrent("a job waits for as long as a vendor asks", () =>
  withAws(async (aws) => {
    await aws.pump.stop();
    const dueAt = aws.clock.now().toISOString();
    await aws.sqs.send(ACCOUNT, JSON.stringify({ account: ACCOUNT, reason: "withings_unlinked", dueAt }));
    const [message = {}] = await aws.sqs.receive();
    aws.sandbox.faults.add({
      ...{ server: "withings", match: { path: "/measure" } },
      effect: { type: "status", status: 429, headers: { "retry-after": "1800" } },
    });
    const answer = await aws.worker.invoke(sqsEvent(message, aws.sqs.queueArn));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: message.MessageId }] });
    const [hiddenSeconds = 0] = aws.sqs.hiddenSeconds();
    expect(hiddenSeconds).toBeGreaterThan(1780);
    expect(hiddenSeconds).toBeLessThanOrEqual(1800);
  }));

test.concurrent("a /sync while a killed run still holds the account is answered, and isn't dead-lettered", () =>
  withAws(async (aws) => {
    expect(await aws.app.store.leases.acquire(`account#${ACCOUNT}`, 3600)).toBeDefined();
    aws.chat.say("/sync");
    await aws.heard("A sync is already running.");
    await aws.quiet();
    const tries = aws.worker.logged().filter(({ event }) => event === "job_postponed");
    expect(tries.map(({ deliveries }) => deliveries)).toEqual([1, 2, 3, 4]);
    expect(aws.sqs.dead()).toEqual([]);
  }));

describe.concurrent("a DynamoDB that fails for a while", () => {
  test.each<AwsTrouble>(["throttled", "broken", "dropped", "lost"])("%s: each reading arrives once", (trouble) =>
    withAws(async (aws) => {
      const values = [80.25, 80.5, 80.75];
      for (const weightKg of values) aws.person.stepOnScale({ weightKg });
      aws.person.takeBloodPressure({ systolic: 121, diastolic: 79, pulse: 61 });
      // A call is tried three times, so some fail for good: in the sweep, soon after it, and right after a file was sent.
      let afterUpload = 0;
      const isTroubled = (nth: number) => (nth > 12 && nth <= 20) || (aws.uploads() > 0 && ++afterUpload <= 8);
      aws.dynamo.fail((nth) => (isTroubled(nth) ? trouble : undefined));
      await vi.waitFor(
        async () => {
          // AWS calls a scheduled function that failed again.
          await aws.runSweep().catch(() => undefined);
          await aws.advance(1800);
          expect(await aws.fates()).toEqual(["seen", "seen", "seen", "seen"]);
        },
        { timeout: 80_000 },
      );
      expect(afterUpload).toBeGreaterThan(8);
      expect(aws.weightsKg().toSorted()).toEqual(values);
      expect(aws.pressures()).toHaveLength(1);
      expect(aws.sqs.dead()).toEqual([]);
    }),
  );

  test("a message to the bot during the outage gets 503, comes again, and is answered once", () =>
    withAws(async (aws) => {
      aws.dynamo.fail(() => "throttled");
      aws.chat.say("/cancel");
      await vi.waitFor(() => expect(aws.outcomes()).toEqual([503]), WAIT);
      aws.dynamo.recover();
      aws.clock.advance(3);
      await aws.heard("There is nothing to cancel.");
      await aws.quiet();
      expect(aws.outcomes()).toEqual([503, 200]);
      expect(aws.told()).toHaveLength(1);
    }));

  test.each<AwsTrouble>(["broken", "throttled"])(
    "%s: a sweep that can't read fails, which raises its alarm, and the next one finds who is due",
    (trouble) =>
      withAws(async (aws) => {
        aws.person.stepOnScale({ weightKg: 80.25 });
        aws.dynamo.fail(() => trouble);
        await expect(aws.sweep.invoke(scheduleEvent())).rejects.toMatchObject({ type: "RetryLaterError" });
        aws.dynamo.recover();
        await aws.runSweep();
        expect(aws.weightsKg()).toEqual([80.25]);
      }),
  );
});

test.concurrent("a job that two workers get at once is done once", () =>
  withAws(async (aws) => {
    // So that both work at the same time.
    aws.sandbox.faults.add({ ...UPLOAD, effect: { type: "delay", seconds: 8 } });
    const event = await takenVisit(aws);
    const both = [aws.worker.invoke(event), aws.worker.invoke(event)];
    expect(await Promise.all(both)).toEqual([{ batchItemFailures: [] }, { batchItemFailures: [] }]);
    expect(aws.worker.starts()).toBe(2);
    const second = { message: "another run is at work on this account" };
    expect(aws.worker.logged()).toContainEqual(expect.objectContaining(second));
    await aws.worker.invoke(event);
    expect(aws.weightsKg()).toEqual([80.25]);
    expect(aws.uploads()).toBe(1);
    expect(await aws.fates()).toEqual(["seen"]);
  }));

describe.concurrent("clocks that differ by minutes", () => {
  test("if the worker's is ahead, chat, notification and schedule send each reading once", () =>
    withAws(
      async (aws) => {
        await aws.advance(90);
        aws.person.stepOnScale({ weightKg: 80.25 });
        await aws.runSweep();
        aws.person.stepOnScale({ weightKg: 80.5 });
        await aws.sandbox.withings.notifications.delivered();
        await aws.pump.empty();
        aws.sandbox.withings.notifications.drop(USERID);
        aws.person.stepOnScale({ weightKg: 80.75 });
        aws.chat.say("/sync");
        await aws.heard("kg is in Garmin.");
        await aws.quiet();
        expect(aws.weightsKg()).toEqual([80.25, 80.5, 80.75]);
        expect(aws.uploads()).toBe(3);
      },
      { aheadSeconds: { worker: 240, sweep: -60 } },
    ));

  test("if the worker's is behind, it doesn't wait until a job is due by its own clock", () =>
    withAws(
      async (aws) => {
        aws.person.stepOnScale({
          weightKg: 80.25,
          at: new Date(Date.now() - 600_000),
          createdAt: new Date(Date.now() - 600_000),
        });
        aws.chat.say("/sync");
        await aws.heard("kg is in Garmin.");
        await aws.quiet();
        expect(aws.uploads()).toBe(1);
      },
      { aheadSeconds: { worker: -240 } },
    ));

  test("if another run's lease seems over while a file is on its way, the reading is in Garmin once in the end", () =>
    withAws(
      async (aws) => {
        aws.person.stepOnScale({ weightKg: 80.25 });
        aws.sandbox.faults.add({ ...UPLOAD, effect: { type: "delay", seconds: 8 } });
        const visit = aws.runSweep();
        await vi.waitFor(() => expect(aws.uploads()).toBe(1), WAIT);
        const headers = { authorization: `Bearer ${MANUAL_SYNC_TOKEN}` };
        await (await fetch(`${aws.url}/sync/manual`, { method: "POST", headers })).json();
        await visit;
        // Both were sent, so it is there twice.
        expect(aws.uploads()).toBe(2);
        await vi.waitFor(
          async () => {
            await aws.advance(1800);
            await aws.runSweep();
            expect([aws.weightsKg(), await aws.fates()]).toEqual([[80.25], ["seen"]]);
          },
          { timeout: 80_000 },
        );
      },
      { aheadSeconds: { http: 300 } },
    ));
});

test.concurrent("after a deployment in the middle of a sign-in, the new version takes the code", () =>
  withAws(async (aws) => {
    const { chat, sandbox } = aws;
    const version = async () => ((await (await fetch(`${aws.url}/health`)).json()) as { version: string }).version;
    sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
    sandbox.garmin.revoke(OWNER.email);
    aws.person.stepOnScale({ weightKg: 80.25 });
    await aws.runSweep();
    await aws.heard("Garmin has signed me out.");
    chat.tap("Here in the chat");
    await aws.heard("Which e-mail address");
    chat.say(OWNER.email);
    await aws.heard("the password for");
    chat.say(OWNER.password);
    await aws.heard("Garmin sent a code");
    expect(await version()).toBe("0.1.0");
    for (const name of ["http", "worker"] as const) aws[name].deploy(built().another(name, "0.2.0"));
    expect(await version()).toBe("0.2.0");
    chat.say(sandbox.garmin.inbox.at(-1)?.code ?? "");
    await aws.heard("Signed in to Garmin as Owner");
    await aws.quiet();
    expect(aws.weightsKg()).toEqual([80.25]);
  }));

describe.concurrent("what an older version has left behind", () => {
  /** Writes it as before these fields existed. */
  async function without(aws: TestAws, key: Key, ...names: string[]) {
    const item = await aws.table.get(key);
    expect(Object.keys(item?.value ?? {})).toEqual(expect.arrayContaining(names));
    const value = Object.fromEntries(Object.entries(item?.value ?? {}).filter(([name]) => !names.includes(name)));
    await aws.table.put(key, value, { expect: { version: item?.version ?? "" } });
  }

  test("an account without settings that is on no list is found and synced", () =>
    withAws(async (aws) => {
      const { table } = aws;
      for (const { key, version } of [
        ...(await table.list(keys.schedule)),
        ...(await table.list(keys.accountPartition(ACCOUNT), { from: "runs", to: "runt" })),
      ]) {
        await table.delete(key, { version });
      }
      await without(aws, keys.account(ACCOUNT), "settings");
      aws.person.stepOnScale({ weightKg: 80.25 });
      await aws.runSweep();
      expect(aws.weightsKg()).toEqual([80.25]);
      expect((await aws.app.store.schedule.read(ACCOUNT))?.dueAt.getTime()).toBeGreaterThan(aws.clock.now().getTime());
    }));

  test("a job with more fields, or fewer, than today's is done", () =>
    withAws(async (aws) => {
      aws.person.stepOnScale({ weightKg: 80.25 });
      const dueAt = aws.clock.now();
      await aws.sqs.send(
        ACCOUNT,
        JSON.stringify({ account: ACCOUNT, dueAt, reason: "withings_notified", attempts: 3 }),
      );
      await aws.pump.empty();
      expect(aws.weightsKg()).toEqual([80.25]);
      expect(aws.sqs.dead()).toEqual([]);
    }));

  test("a dialog that can't be understood any more ends, and the chat goes on", () =>
    withAws(async (aws) => {
      await aws.app.store.dialogs.write(String(ACCOUNT), {
        version: [0, 0],
        state: { garmin: [{ steps: ["password"] }] },
      });
      aws.chat.say("blue cheese");
      await aws.heard("I’m not sure what you mean");
      await aws.quiet();
      expect(new Set(aws.outcomes())).toEqual(new Set([200]));
    }));
});
