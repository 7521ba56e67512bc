import { describe, expect, test, vi } from "vitest";
import { keys } from "../../src/store/keys.ts";
import type { Key } from "../../src/store/table.ts";
import type { AwsTrouble } from "../support/aws-proxy.ts";
import { ACCOUNT, OWNER, USERID } from "../support/test-app.ts";
import { type AwsHouse, awsHouses, MANUAL_SYNC_TOKEN, PARAMETER_PATH, UPLOAD } from "./aws-house.ts";
import { scheduleEvent, sqsEvent } from "./events.ts";

const { built, inHouse } = awsHouses();

vi.setConfig({ testTimeout: 90_000 });
const WAIT = { timeout: 60_000, interval: 20 };

/** A visit with a reading to bring over, taken from the queue for a test to bring to workers itself. */
async function takenVisit({ pump, person, sweep, sqs }: AwsHouse) {
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
    inHouse(async (house) => {
      house.person.stepOnScale({ weightKg: 80.25 });
      house.sandbox.faults.add({ ...UPLOAD, effect: { type } });
      const visit = house.visit();
      await vi.waitFor(() => expect([house.uploads(), house.weightsKg().length]).toEqual([1, stored]), WAIT);
      expect(await house.fates()).toEqual(["sending"]);
      // It may be at work for five minutes, and not much later its job is there again, though nobody gives it back.
      const [hiddenSeconds = 0] = house.sqs.hiddenSeconds();
      expect(hiddenSeconds).toBeGreaterThan(250);
      expect(hiddenSeconds).toBeLessThanOrEqual(331);
      // Its lease runs out, and what was on its way has had its time to appear.
      house.clock.advance(300);
      await house.worker.kill();
      await visit;
      expect(house.weightsKg()).toEqual([80.25]);
      expect(house.uploads()).toBe(2 - stored);
      expect(await house.fates()).toEqual(["seen"]);
      expect(house.sqs.dead()).toEqual([]);
    }),
  );
});

test.concurrent("a worker that cannot begin holds its job up no longer, and does it when it can", () =>
  inHouse(async (house) => {
    const event = await takenVisit(house);
    const name = `${PARAMETER_PATH}TELEGRAM_BOT_TOKEN`;
    const token = house.ssm.parameters.get(name)?.value ?? "";
    house.ssm.parameters.delete(name);
    await expect(house.worker.invoke(event)).rejects.toThrow("TELEGRAM_BOT_TOKEN");
    const [hiddenSeconds = 0] = house.sqs.hiddenSeconds();
    expect(hiddenSeconds).toBeGreaterThan(250);
    expect(hiddenSeconds).toBeLessThanOrEqual(331);
    house.ssm.set(name, token, "SecureString");
    expect(await house.worker.invoke(event)).toEqual({ batchItemFailures: [] });
    expect(house.weightsKg()).toEqual([80.25]);
  }));

test.concurrent("a queue that does not answer the worker: the job is done all the same", () =>
  inHouse(async (house) => {
    const event = await takenVisit(house);
    house.queue.fail(() => "broken");
    expect(await house.worker.invoke(event)).toEqual({ batchItemFailures: [] });
    expect(house.weightsKg()).toEqual([80.25]);
    const warned = { level: "warn", event: "job_retry_not_set" };
    expect(house.worker.logged()).toContainEqual(expect.objectContaining(warned));
  }));

test.concurrent("a job that fails rests before it comes again, each time for longer", () =>
  inHouse(async (house) => {
    await house.pump.stop();
    await house.sqs.send(ACCOUNT, '{"reason":"from the future"}');
    const [message = {}] = await house.sqs.receive();
    for (const [deliveries, seconds] of [
      ["1", 30],
      ["3", 120],
    ] as const) {
      const Attributes = { ...message.Attributes, ApproximateReceiveCount: deliveries };
      const answer = await house.worker.invoke(sqsEvent({ ...message, Attributes }, house.sqs.queueArn));
      expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: message.MessageId }] });
      const [hiddenSeconds = 0] = house.sqs.hiddenSeconds();
      expect(hiddenSeconds).toBeGreaterThan(seconds - 20);
      expect(hiddenSeconds).toBeLessThanOrEqual(seconds);
    }
  }));

test.concurrent("a job that a vendor makes wait rests for as long as it asks", () =>
  inHouse(async (house) => {
    await house.pump.stop();
    const dueAt = house.clock.now().toISOString();
    await house.sqs.send(ACCOUNT, JSON.stringify({ account: ACCOUNT, reason: "withings_unlinked", dueAt }));
    const [message = {}] = await house.sqs.receive();
    house.sandbox.faults.add({
      ...{ server: "withings", match: { path: "/measure" } },
      effect: { type: "status", status: 429, headers: { "retry-after": "1800" } },
    });
    const answer = await house.worker.invoke(sqsEvent(message, house.sqs.queueArn));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: message.MessageId }] });
    const [hiddenSeconds = 0] = house.sqs.hiddenSeconds();
    expect(hiddenSeconds).toBeGreaterThan(1780);
    expect(hiddenSeconds).toBeLessThanOrEqual(1800);
  }));

test.concurrent("a /sync while a killed run still holds the account is answered, and not put aside", () =>
  inHouse(async (house) => {
    expect(await house.app.store.leases.acquire(`account#${ACCOUNT}`, 3600)).toBeDefined();
    house.chat.say("/sync");
    await house.heard("A sync is already running.");
    await house.quiet();
    const tries = house.worker.logged().filter(({ event }) => event === "job_postponed");
    expect(tries.map(({ deliveries }) => deliveries)).toEqual([1, 2, 3, 4]);
    expect(house.sqs.dead()).toEqual([]);
  }));

describe.concurrent("a DynamoDB that fails for a while", () => {
  test.each<AwsTrouble>(["throttled", "broken", "dropped", "lost"])("%s: each reading arrives once", (trouble) =>
    inHouse(async (house) => {
      const values = [80.25, 80.5, 80.75];
      for (const weightKg of values) house.person.stepOnScale({ weightKg });
      house.person.takeBloodPressure({ systolic: 121, diastolic: 79, pulse: 61 });
      // A call is tried three times: so some come to nothing, in the sweep or soon after it, and when a file has just gone.
      let afterUpload = 0;
      const isTroubled = (nth: number) => (nth > 12 && nth <= 20) || (house.uploads() > 0 && ++afterUpload <= 8);
      house.dynamo.fail((nth) => (isTroubled(nth) ? trouble : undefined));
      await vi.waitFor(
        async () => {
          // AWS calls a function of the schedule again that has failed.
          await house.visit().catch(() => undefined);
          await house.later(1800);
          expect(await house.fates()).toEqual(["seen", "seen", "seen", "seen"]);
        },
        { timeout: 80_000 },
      );
      expect(afterUpload).toBeGreaterThan(8);
      expect(house.weightsKg().toSorted()).toEqual(values);
      expect(house.pressures()).toHaveLength(1);
      expect(house.sqs.dead()).toEqual([]);
    }),
  );

  test("what is written to the bot is refused with 503, comes again, and is answered once", () =>
    inHouse(async (house) => {
      house.dynamo.fail(() => "throttled");
      house.chat.say("/cancel");
      await vi.waitFor(() => expect(house.outcomes()).toEqual([503]), WAIT);
      house.dynamo.recover();
      house.clock.advance(3);
      await house.heard("There is nothing to cancel.");
      await house.quiet();
      expect(house.outcomes()).toEqual([503, 200]);
      expect(house.told()).toHaveLength(1);
    }));

  test("a sweep that could not read fails, so that its alarm rings, and the next one finds who is due", () =>
    inHouse(async (house) => {
      house.person.stepOnScale({ weightKg: 80.25 });
      house.dynamo.fail(() => "broken");
      await expect(house.sweep.invoke(scheduleEvent())).rejects.toMatchObject({ type: "RetryLaterError" });
      house.dynamo.recover();
      await house.visit();
      expect(house.weightsKg()).toEqual([80.25]);
    }));
});

test.concurrent("a job that comes to two workers at once is done once", () =>
  inHouse(async (house) => {
    // So that both are surely at work at the same time.
    house.sandbox.faults.add({ ...UPLOAD, effect: { type: "delay", seconds: 8 } });
    const event = await takenVisit(house);
    const both = [house.worker.invoke(event), house.worker.invoke(event)];
    expect(await Promise.all(both)).toEqual([{ batchItemFailures: [] }, { batchItemFailures: [] }]);
    expect(house.worker.starts()).toBe(2);
    const second = { message: "another run is at work on this account" };
    expect(house.worker.logged()).toContainEqual(expect.objectContaining(second));
    await house.worker.invoke(event);
    expect(house.weightsKg()).toEqual([80.25]);
    expect(house.uploads()).toBe(1);
    expect(await house.fates()).toEqual(["seen"]);
  }));

describe.concurrent("clocks that differ by minutes", () => {
  test("the worker's is ahead: chat, announcement and schedule bring each reading once", () =>
    inHouse(
      async (house) => {
        await house.later(90);
        house.person.stepOnScale({ weightKg: 80.25 });
        await house.visit();
        house.person.stepOnScale({ weightKg: 80.5 });
        await house.sandbox.withings.notifications.delivered();
        await house.pump.empty();
        house.sandbox.withings.notifications.drop(USERID);
        house.person.stepOnScale({ weightKg: 80.75 });
        house.chat.say("/sync");
        await house.heard("1 reading arrived in Garmin.");
        await house.quiet();
        expect(house.weightsKg()).toEqual([80.25, 80.5, 80.75]);
        expect(house.uploads()).toBe(3);
      },
      { aheadSeconds: { worker: 240, sweep: -60 } },
    ));

  test("the worker's is behind: it does not wait until a job is due by its own clock", () =>
    inHouse(
      async (house) => {
        house.person.stepOnScale({
          weightKg: 80.25,
          at: new Date(Date.now() - 600_000),
          createdAt: new Date(Date.now() - 600_000),
        });
        house.chat.say("/sync");
        await house.heard("1 reading arrived in Garmin.");
        await house.quiet();
        expect(house.uploads()).toBe(1);
      },
      { aheadSeconds: { worker: -240 } },
    ));

  test("somebody else's lease seems over while a file is under way: in the end the reading stands there once", () =>
    inHouse(
      async (house) => {
        house.person.stepOnScale({ weightKg: 80.25 });
        house.sandbox.faults.add({ ...UPLOAD, effect: { type: "delay", seconds: 8 } });
        const visit = house.visit();
        await vi.waitFor(() => expect(house.uploads()).toBe(1), WAIT);
        const headers = { authorization: `Bearer ${MANUAL_SYNC_TOKEN}` };
        await (await fetch(`${house.url}/sync/manual`, { method: "POST", headers })).json();
        await visit;
        // Both went, and so it stands there twice.
        expect(house.uploads()).toBe(2);
        await vi.waitFor(
          async () => {
            await house.later(1800);
            await house.visit();
            expect([house.weightsKg(), await house.fates()]).toEqual([[80.25], ["seen"]]);
          },
          { timeout: 80_000 },
        );
      },
      { aheadSeconds: { http: 300 } },
    ));
});

test.concurrent("a deployment in the middle of a sign-in: the new version takes the code", () =>
  inHouse(async (house) => {
    const { chat, sandbox } = house;
    const version = async () => ((await (await fetch(`${house.url}/health`)).json()) as { version: string }).version;
    sandbox.garmin.accounts.get(OWNER.email).mfa = "email";
    sandbox.garmin.revoke(OWNER.email);
    house.person.stepOnScale({ weightKg: 80.25 });
    await house.visit();
    await house.heard("Garmin has signed me out.");
    chat.tap("Here in the chat");
    await house.heard("Which e-mail address");
    chat.say(OWNER.email);
    await house.heard("the password for");
    chat.say(OWNER.password);
    await house.heard("Garmin sent a code");
    expect(await version()).toBe("0.1.0");
    for (const name of ["http", "worker"] as const) house[name].deploy(built().another(name, "0.2.0"));
    expect(await version()).toBe("0.2.0");
    chat.say(sandbox.garmin.inbox.at(-1)?.code ?? "");
    await house.heard("Signed in to Garmin as Owner");
    await house.quiet();
    expect(house.weightsKg()).toEqual([80.25]);
  }));

describe.concurrent("what an older version has left behind", () => {
  /** Writes it as it stood before these fields were there. */
  async function without(house: AwsHouse, key: Key, ...names: string[]) {
    const item = await house.table.get(key);
    expect(Object.keys(item?.value ?? {})).toEqual(expect.arrayContaining(names));
    const value = Object.fromEntries(Object.entries(item?.value ?? {}).filter(([name]) => !names.includes(name)));
    await house.table.put(key, value, { expect: { version: item?.version ?? "" } });
  }

  test("an account that is on no list, with nothing of its settings: it is found, and served", () =>
    inHouse(async (house) => {
      const { table } = house;
      for (const { key, version } of [
        ...(await table.list(keys.schedule)),
        ...(await table.list(keys.accountPartition(ACCOUNT), { from: "schedule", to: "schedulf" })),
      ]) {
        await table.delete(key, { version });
      }
      await without(house, keys.account(ACCOUNT), "settings");
      house.person.stepOnScale({ weightKg: 80.25 });
      await house.visit();
      expect(house.weightsKg()).toEqual([80.25]);
      expect((await house.app.store.schedule.read(ACCOUNT))?.dueAt.getTime()).toBeGreaterThan(
        house.clock.now().getTime(),
      );
    }));

  test("a job that says more, or less, than today's", () =>
    inHouse(async (house) => {
      house.person.stepOnScale({ weightKg: 80.25 });
      const dueAt = house.clock.now();
      await house.sqs.send(
        ACCOUNT,
        JSON.stringify({ account: ACCOUNT, dueAt, reason: "withings_notified", attempts: 3 }),
      );
      await house.pump.empty();
      expect(house.weightsKg()).toEqual([80.25]);
      expect(house.sqs.dead()).toEqual([]);
    }));

  test("a dialog that nobody understands any more: the chat goes on", () =>
    inHouse(async (house) => {
      await house.app.store.dialogs.write(String(ACCOUNT), {
        version: [0, 0],
        state: { garmin: [{ steps: ["password"] }] },
      });
      house.chat.say("hello");
      await house.heard("I didn’t understand");
      await house.quiet();
      expect(new Set(house.outcomes())).toEqual(new Set([200]));
    }));
});
