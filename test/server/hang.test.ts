import { expect, test } from "vitest";
import { startReceiver } from "../support/receiver.ts";
import { startTestServer } from "./test-server.ts";

test("a program in which no sweep finishes ends in order, after telling its owner and ALARM_URL", async () => {
  const outside = await startReceiver();
  const server = await startTestServer({ linked: true });
  try {
    Object.assign(server.env, outside.env);
    // Its clock is never moved, so there is only the first sweep.
    const { stuck, stop } = await server.start(60, { watchdogSeconds: 0.03 });
    await expect(stuck).rejects.toThrow("no sweep has ended for 15 minutes");
    const word = expect.stringMatching(/^I’ve been stuck for 15 minutes/);
    await expect.poll(server.told).toEqual([word]);
    await expect.poll(outside.alarms).toEqual([word]);
    await stop();
  } finally {
    await server.close();
    await outside.close();
  }
});
