import { GrammyError } from "grammy/web";
import { expect, test } from "vitest";
import { createTelegramHealth } from "../../../src/bot/telegram/health.ts";
import { createLog } from "../../../src/lib/log.ts";
import { createManualClock } from "../../../src/sandbox/manual-clock.ts";

const refused = (status: number) =>
  new GrammyError("refused", { ok: false, error_code: status, description: "" }, "getUpdates", {});

test.each([
  ["the computer slept in between", 3600, 409],
  ["it gave way to an outage", 60, 502],
])("trouble that was logged ends in the log, even if %s", (_, seconds, status) => {
  const clock = createManualClock(new Date("2026-11-21T12:00:00Z"));
  const events: string[] = [];
  const log = createLog({ level: "info", write: (line) => events.push(JSON.parse(line).event), now: clock.now });
  const health = createTelegramHealth({ clock, log });
  for (let minutes = 0; minutes < 3; minutes++) {
    health.failed(refused(409));
    clock.advance(60);
  }
  expect(events).toEqual(["updates_taken"]);
  clock.advance(seconds);
  health.failed(refused(status));
  clock.advance(300);
  health.succeeded();
  expect(events).toEqual(["updates_taken", "updates_come_again"]);
});
