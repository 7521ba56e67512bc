import { ChangeMessageVisibilityCommand, DeleteMessageCommand, type Message } from "@aws-sdk/client-sqs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createSqsQueue, readJob, retrySeconds, type SqsQueue } from "../../src/lambda/sqs-queue.ts";
import { RetryLaterError, UsageError } from "../../src/lib/errors.ts";
import { createManualClock } from "../../src/sandbox/manual-clock.ts";
import { jobOf } from "../../src/sync/jobs/worker.ts";
import type { NewJob } from "../../src/sync/model/jobs.ts";
import { type Stub, startStub } from "../fixtures/stub-vendor.ts";
import { type LocalSqs, startSqs } from "../support/sqs.ts";

const OWNER = 4711;
const MATE = 4712;
const dueAt = new Date("2026-11-02T07:00:00.500Z");
const clock = createManualClock(dueAt);
const visit = (account: number): NewJob => ({ account, dueAt, reason: "scheduled" });
const asked = (account: number, messageId: number): NewJob => ({ account, dueAt, reason: "requested", messageId });

let sqs: LocalSqs;
let queue: SqsQueue;

beforeEach(async () => {
  sqs = await startSqs();
  for (const [name, value] of Object.entries(sqs.env)) vi.stubEnv(name, value);
  queue = createSqsQueue({ queueUrl: sqs.queueUrl, clock });
});
afterEach(async () => {
  queue.close();
  vi.unstubAllEnvs();
  await sqs.close();
});

const jobsIn = (messages: Message[]) => messages.map(({ Body = "" }) => readJob(Body));
const done = ({ ReceiptHandle }: Message) =>
  sqs.client.send(new DeleteMessageCommand({ QueueUrl: sqs.queueUrl, ReceiptHandle }));
/** As if its receiver had been killed and the visibility timeout were over. */
const abandoned = ({ ReceiptHandle }: Message) =>
  sqs.client.send(new ChangeMessageVisibilityCommand({ QueueUrl: sqs.queueUrl, ReceiptHandle, VisibilityTimeout: 0 }));

test("a job comes out of the queue as it was put in", async () => {
  const jobs: NewJob[] = [
    visit(1),
    { account: 2, dueAt, reason: "withings_notified" },
    { account: 3, dueAt, reason: "withings_unlinked" },
    asked(4, 12),
    { account: 5, dueAt, reason: "doctor", messageId: 12 },
  ];
  await queue.put(jobs);

  expect(jobsIn(await sqs.receive())).toEqual(jobs);
});

test("jobs of one account are delivered one after the other, and those of other accounts meanwhile", async () => {
  await queue.put([asked(OWNER, 1), asked(OWNER, 2), asked(MATE, 3)]);

  const [first, ...rest] = await sqs.receive(1);
  expect(jobsIn(first ? [first] : [])).toEqual([asked(OWNER, 1)]);
  expect(rest).toEqual([]);
  const [beside] = await sqs.receive(1);
  expect(jobsIn(beside ? [beside] : [])).toEqual([asked(MATE, 3)]);
  expect(await sqs.receive()).toEqual([]);

  if (first) await done(first);
  expect(jobsIn(await sqs.receive())).toEqual([asked(OWNER, 2)]);
});

test("several answers that one look queues at the same moment are all done", async () => {
  const about = { account: OWNER, dueAt, reason: "handed_on" } as const;
  const jobs: NewJob[] = [
    { ...about, act: "expire", reading: "1#weigh_in", messageId: 1 },
    { ...about, act: "expire", reading: "2#weigh_in", messageId: 2 },
    { ...about, act: "heard", reading: "2#weigh_in", messageId: 2 },
  ];
  await queue.put(jobs);
  for (const job of jobs) {
    const messages = await sqs.receive(1);
    expect(jobsIn(messages)).toEqual([job]);
    for (const message of messages) await done(message);
  }
});

test("the job of a killed worker is delivered again before anything else of its account", async () => {
  await queue.put([asked(OWNER, 1), asked(OWNER, 2)]);
  const [started] = await sqs.receive(1);
  if (started) await abandoned(started);

  const [again] = await sqs.receive(1);
  expect(again?.Body).toBe(started?.Body);
  expect(again?.Attributes?.ApproximateReceiveCount).toBe("2");
});

test("a job that failed seven times is dead-lettered, and its account goes on", async () => {
  await queue.put([asked(OWNER, 1), asked(OWNER, 2)]);
  for (let deliveries = 1; deliveries <= 7; deliveries++) {
    const [message] = await sqs.receive(1);
    expect(message?.Attributes?.ApproximateReceiveCount).toBe(String(deliveries));
    await queue.hideFor(message?.ReceiptHandle ?? "", 0);
  }

  expect(jobsIn(await sqs.receive())).toEqual([asked(OWNER, 2)]);
  expect(sqs.dead().map(readJob)).toEqual([asked(OWNER, 1)]);
});

test("a failed job waits longer each time, ten minutes at most", () => {
  expect([1, 2, 3, 4, 5, 6, 50].map((count) => retrySeconds(count))).toEqual([30, 60, 120, 240, 480, 600, 600]);
});

test("a job that a vendor made wait is hidden that long, an hour at most, and no less than another failed one", () => {
  expect([5, 45.2, 1800, 1e9].map((asked) => retrySeconds(1, asked))).toEqual([30, 46, 1800, 3600]);
});

test("more jobs than SQS takes per call all arrive in order", async () => {
  const jobs = Array.from({ length: 25 }, (_, index) => asked(OWNER, index));
  await queue.put(jobs);

  const found: NewJob[] = [];
  for (let messages = await sqs.receive(); messages.length > 0; messages = await sqs.receive()) {
    found.push(...jobsIn(messages));
    for (const message of messages) await done(message);
  }
  expect(found).toEqual(jobs);
});

describe("of the same jobs only one is kept:", () => {
  test("a scheduled run that two sweeps queue is one job, and the next scheduled run another", async () => {
    const next: NewJob = { ...visit(OWNER), dueAt: new Date(dueAt.getTime() + 1000) };
    await queue.put([visit(OWNER), visit(MATE)]);
    await queue.put([visit(OWNER), next]);
    expect(sqs.waiting()).toBe(3);
  });

  test("a sync requested by an update that Telegram sends twice is one job", async () => {
    await queue.put([asked(OWNER, 1)]);
    await queue.put([asked(OWNER, 1), asked(OWNER, 2), { account: OWNER, dueAt, reason: "doctor", messageId: 1 }]);
    expect(sqs.waiting()).toBe(3);
  });

  test("a dropped notification was announced before the remaining one is due", async () => {
    const at = (milliseconds: number) => new Date(dueAt.getTime() + milliseconds);
    let standing: NewJob | undefined;
    let dropped = 0;
    for (let milliseconds = 0; milliseconds < 40_000; milliseconds += 400) {
      const before = sqs.waiting();
      const job = jobOf(OWNER, "withings_notified", at(milliseconds));
      await queue.put([job]);
      if (sqs.waiting() > before) standing = job;
      else {
        dropped++;
        expect(standing?.dueAt.getTime()).toBeGreaterThanOrEqual(at(milliseconds).getTime());
      }
    }
    expect(dropped).toBeGreaterThan(80);
  });

  test("each notification that a person is gone is a job, because the previous one may be done", async () => {
    await queue.put([jobOf(OWNER, "withings_unlinked", dueAt)]);
    await queue.put([jobOf(OWNER, "withings_unlinked", new Date(dueAt.getTime() + 1))]);
    expect(sqs.waiting()).toBe(2);
  });
});

describe("a message that is not a job", () => {
  test.each([
    "",
    "a page",
    "{}",
    '{"account":1,"reason":"scheduled"}',
    '{"account":1,"reason":"dance","dueAt":"2026-11-02T07:00:00.000Z"}',
    '{"account":1,"reason":"requested","dueAt":"2026-11-02T07:00:00.000Z"}',
  ])("%j is refused", (body) => {
    expect(() => readJob(body)).toThrow(/^a message in the queue is not a job/);
  });

  test("the error about a message does not repeat what it holds", () => {
    expect(() => readJob('{"account":"secret-token"}')).not.toThrow(/secret-token/);
  });

  test("fields that a later version adds to a job do no harm", () => {
    expect(readJob(JSON.stringify({ ...visit(OWNER), colour: "red" }))).toEqual(visit(OWNER));
  });
});

describe("when SQS refuses", () => {
  let stub: Stub;
  beforeEach(async () => {
    stub = await startStub();
    vi.stubEnv("AWS_ENDPOINT_URL_SQS", stub.url);
    queue.close();
    queue = createSqsQueue({ queueUrl: sqs.queueUrl, clock });
  });
  afterEach(() => stub.close());

  const answer = (status: number, body: object) =>
    new Response(JSON.stringify(body), { status, headers: { "content-type": "application/x-amz-json-1.0" } });
  const refusal = (type: string, status = 400) =>
    answer(status, { __type: `com.amazonaws.sqs#${type}`, message: "no" });
  const partly = (Failed: Array<{ Id: string; Code: string; SenderFault: boolean }>) =>
    answer(200, { Successful: [], Failed });
  const busy = (...ids: number[]) =>
    partly(ids.map((id) => ({ Id: String(id), Code: "InternalError", SenderFault: false })));
  const idsOf = ({ body }: { body: string }) => JSON.parse(body).Entries.map(({ Id }: { Id: string }) => Number(Id));

  test("a job says nothing of the one that brought it, or AWS would take a long row of them for an endless loop", async () => {
    vi.stubEnv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=a87bd80c:1");
    stub.willAnswer(busy());
    await queue.put([visit(OWNER)]);
    const [{ headers = {}, body = "" } = {}] = stub.requests;
    expect(Object.keys(headers)).toContain("x-amz-target");
    expect(JSON.stringify([headers, body])).not.toMatch(/trace/i);
  });

  test("of a batch that SQS took in part, the rest is sent again", async () => {
    stub.willAnswer(busy(1, 2), busy(2), busy());
    await queue.put([asked(OWNER, 1), asked(OWNER, 2), asked(MATE, 3)]);
    expect(stub.requests.map(idsOf)).toEqual([[0, 1, 2], [1, 2], [2]]);
  });

  test("jobs that SQS keeps refusing are a RetryLaterError that counts them", async () => {
    stub.willAnswer(busy(1), busy(1), busy(1));
    await expect(queue.put([visit(OWNER), visit(MATE)])).rejects.toThrow(
      new RetryLaterError("SQS did not take 1 of 2 jobs (InternalError)"),
    );
  });

  test("a job that SQS refuses as invalid is an error of ours", async () => {
    stub.willAnswer(partly([{ Id: "0", Code: "InvalidParameterValue", SenderFault: true }]));
    const put = queue.put([visit(OWNER)]);
    await expect(put).rejects.toThrow("SQS refused a job (InvalidParameterValue)");
    expect(stub.requests).toHaveLength(1);
  });

  test.each([
    ["ServiceUnavailable", 503, RetryLaterError],
    ["RequestThrottled", 400, RetryLaterError],
    ["ThrottlingException", 400, RetryLaterError],
    ["AccessDeniedException", 400, UsageError],
    ["AccessDenied", 400, UsageError],
    ["QueueDoesNotExist", 400, UsageError],
    ["ExpiredTokenException", 400, UsageError],
  ])("%s becomes the right kind of error", async (type, status, kind) => {
    stub.willAnswer(...Array.from({ length: 3 }, () => refusal(type, status)));
    await expect(queue.put([visit(OWNER)])).rejects.toBeInstanceOf(kind);
  });

  test("an unreachable SQS is a RetryLaterError", async () => {
    await stub.close();
    await expect(queue.put([visit(OWNER)])).rejects.toBeInstanceOf(RetryLaterError);
    await expect(queue.hideFor("a receipt", 30)).rejects.toBeInstanceOf(RetryLaterError);
  });
});
