import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { SQSEvent } from "aws-lambda";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSqsQueue, readJob } from "../../src/lambda/sqs-queue.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { NewJob } from "../../src/sync/model/jobs.ts";
import { startSqs } from "../support/sqs.ts";
import { createFunction, type FunctionOptions, type FunctionProcess } from "./function-process.ts";
import { startPump } from "./pump.ts";

let folder: string;
const functions: FunctionProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "weighbridge-function-"));
});
afterEach(async () => {
  await Promise.all(functions.splice(0).map((it) => it.close()));
  rmSync(folder, { recursive: true, force: true });
});

function run(source: string, options: Partial<FunctionOptions> = {}): FunctionProcess {
  writeFileSync(path.join(folder, "index.mjs"), source);
  const it = createFunction({ name: "worker", folder, ...options });
  functions.push(it);
  return it;
}

test("one process handles one event after the other, and gets its context", async () => {
  const it = run(
    `let count = 0;
     export const handler = async (event, context) => ({
       count: ++count, event, name: context.functionName, id: typeof context.awsRequestId,
       hasTime: context.getRemainingTimeInMillis() > 5000, here: process.env.HERE, log: process.env.AWS_LAMBDA_LOG_FORMAT,
     });`,
    { env: { HERE: "yes" } },
  );
  const facts = { name: "weighbridge-prod-worker", id: "string", hasTime: true, here: "yes", log: "JSON" };
  expect(await it.invoke({ text: "Grüße" })).toEqual({ count: 1, event: { text: "Grüße" }, ...facts });
  expect(await it.invoke([])).toEqual({ count: 2, event: [], ...facts });
  expect(it.starts).toBe(1);
});

test("a function whose clock is ahead has the same time left", async () => {
  const it = run(
    `export const handler = async (event, context) => ({
       now: Date.now(), made: new Date().getTime(), given: new Date(5).getTime(), left: context.getRemainingTimeInMillis(),
       isDate: new Date() instanceof Date && structuredClone(new Date()) instanceof Date,
     });`,
    { aheadSeconds: () => 3600, timeoutSeconds: 20 },
  );
  const hence = Date.now() + 3_600_000;
  const facts = (await it.invoke({})) as { now: number; made: number; given: number; left: number; isDate: boolean };
  expect([facts.now >= hence, facts.made >= hence, facts.given, facts.isDate]).toEqual([true, true, 5, true]);
  expect(facts.left).toBeGreaterThan(0);
  expect(facts.left).toBeLessThanOrEqual(20_000);
});

test("a handler that throws fails its event, and its process goes on", async () => {
  const it = run(
    `let count = 0;
     export const handler = async () => { if (++count === 1) throw new TypeError("no"); return count; };`,
  );
  await expect(it.invoke({})).rejects.toMatchObject({ type: "TypeError", message: "no" });
  expect(await it.invoke({})).toBe(2);
  expect(it.starts).toBe(1);
});

test.each([
  ["that cannot be loaded", `throw new Error("broken");`],
  ["that ends", "export const handler = () => process.exit(3);"],
])("a function %s fails its event, and the next one finds a new process", async (_, source) => {
  const it = run(source);
  await expect(it.invoke({})).rejects.toThrow();
  writeFileSync(path.join(folder, "index.mjs"), "export const handler = async () => 'well';");
  expect(await it.invoke({})).toBe("well");
  expect(it.starts).toBe(2);
});

test("a function that takes too long is killed", async () => {
  const it = run("export const handler = (event) => event.hang ? new Promise((r) => setTimeout(r, 1e6)) : 'well';", {
    timeoutSeconds: 1,
  });
  await expect(it.invoke({ hang: true })).rejects.toMatchObject({ type: "Runtime.Timeout" });
  expect(it.starts).toBe(1);
});

test("a process that is killed in the middle has no result, but its output is known", async () => {
  const it = run(
    `export const handler = async (event) => {
       if (!event.slow) return "well";
       process.stderr.write('{"event":"started"}\\n');
       return new Promise((resolve) => setTimeout(resolve, 1e6));
     };`,
  );
  const started = it.said('"started"');
  const result = expect(it.invoke({ slow: true })).rejects.toMatchObject({ type: "Runtime.ExitError" });
  await started;
  await it.kill();
  await result;
  expect(await it.invoke({})).toBe("well");
  expect(it.starts).toBe(2);
});

test("between two events a process is frozen, with whatever its handler left running", async () => {
  const it = run("export const handler = async () => process.pid;");
  const stat = `/proc/${await it.invoke({})}/stat`;
  await expect.poll(() => readFileSync(stat, "utf8")).toContain(") T ");
  expect(`/proc/${await it.invoke({})}/stat`).toBe(stat);
});

test("messages go to workers side by side, and what fails seven times is dead-lettered", async () => {
  const source = `
    export const handler = async ({ Records: [{ messageId, body, attributes, eventSource }] }) => {
      const { reason, messageId: message } = JSON.parse(body);
      if (eventSource !== "aws:sqs") throw new Error("another event");
      process.stdout.write(JSON.stringify({ message, group: attributes.MessageGroupId, deliveries: attributes.ApproximateReceiveCount }) + "\\n");
      if (message === 1) return { batchItemFailures: [{ itemIdentifier: messageId }] };
      if (message === 2 && attributes.ApproximateReceiveCount < 3) throw new Error("not yet");
      return { batchItemFailures: [] };
    };`;
  const sqs = await startSqs();
  for (const [name, value] of Object.entries(sqs.env)) vi.stubEnv(name, value);
  const queue = createSqsQueue({ queueUrl: sqs.queueUrl, clock: systemClock });
  const workers = [run(source), run(source)];
  const pump = startPump(
    sqs,
    workers.map((worker) => (event: SQSEvent) => worker.invoke(event)),
  );
  try {
    const dueAt = new Date();
    const asked = (account: number, messageId: number): NewJob => ({ account, dueAt, reason: "requested", messageId });
    await queue.put([1, 2, 3].flatMap((message) => [asked(4711, message), asked(4712, message)]));
    await pump.empty();

    const told = workers.flatMap(({ lines }) => lines).map((line) => JSON.parse(line));
    const of = (group: string) => told.filter((line) => line.group === group).map(({ message }) => message);
    expect(of("4711").sort()).toEqual([1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3]);
    expect(of("4712").sort()).toEqual([1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3]);
    expect(sqs.dead().map(readJob)).toMatchObject([{ messageId: 1 }, { messageId: 1 }]);
  } finally {
    await pump.stop();
    queue.close();
    vi.unstubAllEnvs();
    await sqs.close();
  }
});
