import { Api } from "grammy/web";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTelegramFetch } from "../../../src/bot/telegram/fetch.ts";
import { limitMessages } from "../../../src/bot/telegram/message-limits.ts";
import type { Clock } from "../../../src/lib/clock.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { type Sandbox, startSandbox } from "../../../src/sandbox/sandbox.ts";

let sandbox: Sandbox;
let end: Array<() => unknown>;
beforeEach(async () => {
  sandbox = await startSandbox();
  end = [];
});
afterEach(async () => {
  for (const each of end) await each();
  vi.useRealTimers();
  await sandbox.close();
});

/** Telegram makes the bot wait until the test goes on. */
function bot() {
  let release = () => {};
  const waited: number[] = [];
  const clock: Clock = {
    now: systemClock.now,
    sleep: (seconds) => {
      waited.push(seconds);
      return new Promise<void>((resolve) => (release = resolve));
    },
  };
  const http = createTelegramFetch(clock);
  const api = new Api(sandbox.telegram.token, { apiRoot: sandbox.telegram.apiRoot, fetch: http.fetch });
  const limits = limitMessages(api, { paced: true });
  end.push(limits.close, http.close);
  return { api, waited, release: () => release(), limits };
}
const person = (id: number) => sandbox.telegram.user({ id, firstName: `Person ${id}`, started: true });
const texts = (id: number) => person(id).messages.map(({ text }) => text);

test("a chat that Telegram limits keeps its order and doesn’t hold up others", async () => {
  for (const id of [1, 2]) person(id);
  const { api, waited, release } = bot();
  sandbox.faults.add({
    server: "telegram",
    match: { path: /\/sendMessage$/ },
    effect: { type: "status", status: 429, body: { ok: false, error_code: 429, parameters: { retry_after: 40 } } },
  });
  const first = api.sendMessage(1, "first");
  await expect.poll(() => waited).toEqual([40]);
  const second = api.sendMessage(1, "second");
  for (const text of ["a", "b", "c"]) await api.sendMessage(2, text);
  expect(texts(2)).toEqual(["a", "b", "c"]);
  // Calls that aren’t messages don’t wait.
  await api.sendChatAction(1, "typing");
  expect(texts(1)).toEqual([]);
  release();
  await Promise.all([first, second]);
  expect(texts(1)).toEqual(["first", "second"]);
});

test("five messages or edits of a chat leave at once, the sixth waits, and another chat’s don’t", async () => {
  // The clock does not move, so no slot frees up, however slow this machine is.
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  for (const id of [1, 2]) person(id);
  const { api, limits } = bot();
  const { message_id: id } = await api.sendMessage(1, "0");
  for (const text of ["1", "2", "3"]) await api.editMessageText(1, id, text);
  await api.sendMessage(1, "last");
  const sixth = api.editMessageText(1, id, "4");
  const refused = expect(sixth).rejects.toThrow();
  await api.sendMessage(2, "hello");
  expect(texts(1)).toEqual(["3", "last"]);
  limits.close();
  await refused;
  expect(texts(1)).toEqual(["3", "last"]);
});
