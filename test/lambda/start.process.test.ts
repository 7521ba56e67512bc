import { expect, test, vi } from "vitest";
import { awsTests, PARAMETER_PATH } from "./test-aws.ts";

const { withAws } = awsTests();
vi.setConfig({ testTimeout: 90_000 });

const KEEP_WARM = { warm: true };
const SEALING_KEY = `${PARAMETER_PATH}SEALING_KEY`;

test.concurrent("a call that keeps http warm does nothing, and finds the program made by the start of its process", () =>
  withAws(async (aws) => {
    const before = [aws.dynamo.requests.length, aws.ssm.requests.length];
    expect(await aws.http.invoke(KEEP_WARM)).toBeNull();
    expect([aws.dynamo.requests.length, aws.ssm.requests.length]).toEqual([before[0], (before[1] ?? 0) + 1]);
    aws.chat.say("/help");
    await aws.heard("/status");
    expect([aws.http.starts(), aws.ssm.requests.length]).toEqual([1, (before[1] ?? 0) + 1]);
    expect(aws.logged().filter(({ level }) => level !== "info")).toEqual([]);
  }));

test.concurrent("nobody outside can make a request look like the call that keeps http warm", () =>
  withAws(async (aws) => {
    const body = JSON.stringify(KEEP_WARM);
    const answers = await Promise.all([
      fetch(`${aws.url}/telegram`, { method: "POST", body }),
      fetch(`${aws.url}/?warm=true`, { headers: { warm: "true" } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([401, 404]);
  }));

test.concurrent("a process whose start fails reports that with its first call, and works once the cause is gone", () =>
  withAws(async (aws) => {
    const key = aws.ssm.parameters.get(SEALING_KEY)?.value ?? "";
    aws.ssm.parameters.delete(SEALING_KEY);
    const health = () => fetch(`${aws.url}/health`).then(({ status }) => status);
    // It isn't a failure of the schedule.
    expect(await aws.http.invoke(KEEP_WARM)).toBeNull();
    expect(await health()).toBe(502);
    aws.ssm.set(SEALING_KEY, key, "SecureString");
    expect(await health()).toBe(200);
    expect(aws.http.starts()).toBe(1);
  }));
