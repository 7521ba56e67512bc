import { connect, createServer, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../src/sandbox/free-port.ts";
import { startTestServer } from "../server/test-server.ts";
import { OWNER, startMachine } from "../support/cli-process.ts";
import { USERID } from "../support/test-app.ts";
import { TIMES, timeLapse } from "../support/time-lapse.ts";
import { record } from "./table.ts";

async function startWithAddress() {
  const harness = await startTestServer({ linked: true });
  onTestFinished(() => harness.close());
  const program = await harness.start(30);
  await program.said("run_ended");
  await expect.poll(() => harness.theirs.subscriptions).toHaveLength(3);
  return { ...harness, ...program };
}

type Harness = Awaited<ReturnType<typeof startWithAddress>>;

/** Steps of half an hour, at most 25 hours. Resolves to the message and its minutes. */
async function until(words: RegExp, harness: Harness, onLook = (_minutes: number) => {}) {
  const begunAt = harness.clock.now().getTime();
  const minutes = () => Math.round((harness.clock.now().getTime() - begunAt) / 60_000);
  const message = () => harness.chat.messages.findLast(({ from, text }) => from === "bot" && words.test(text));
  while (!message() && minutes() < 25 * 60) {
    harness.clock.advance(1800);
    await harness.wake();
    await expect.poll(async () => (await harness.app.store.jobs.list()).length).toBe(0);
    onLook(minutes());
  }
  const { text, silent } = message() ?? expect.fail(`the owner has not heard ${words}`);
  return { who: "owner", minutes: minutes(), isQuiet: silent === true, words: text };
}

/** Resolves to who is notified, how, and how long readings take meanwhile. */
async function loseSubscriptions(words: RegExp, harness: Harness) {
  harness.clock.advance(1800);
  await harness.wake();
  harness.theirs.drop(USERID);
  harness.person.stepOnScale({ weightKg: 80.25 });
  let arrivedAfter: number | undefined;
  const heard = await until(words, harness, (minutes) => {
    if (harness.weights().length === 1) arrivedAfter ??= minutes;
  });
  // The schedule still finds it.
  expect(arrivedAfter).toBeLessThanOrEqual(60);
  return { heard: [heard], heals: `by itself; readings come after ${arrivedAfter} min meanwhile` };
}

test("Withings' notifications vanish", async ({ task }) => {
  const harness = await startWithAddress();
  const seen = await loseSubscriptions(/^Withings had stopped telling me/, harness);
  expect(harness.theirs.subscriptions).toHaveLength(3);
  record({ death: task.name, ...seen, told: "(the same message)" });
});

test("Withings no longer reaches PUBLIC_URL", async ({ task }) => {
  const harness = await startWithAddress();
  harness.sandbox.faults.add({
    ...{ name: "death", server: "withings", match: { path: "/notify", action: "subscribe" } },
    ...{ effect: { type: "body", body: { status: 293, body: {}, error: "Invalid Params: invalid callbackurl" } } },
    times: Number.POSITIVE_INFINITY,
  });
  const seen = await loseSubscriptions(/^Withings can’t reach my public address/, harness);
  harness.sandbox.faults.remove("death");
  const { words: told } = await until(/^Withings reaches my public address again/, harness);
  expect(harness.theirs.subscriptions).toHaveLength(3);
  record({ death: task.name, ...seen, told });
});

/** Like a proxy in front of the program's port. */
async function startForwarder(to: number) {
  const open = () =>
    new Promise<Server>((resolve) => {
      const server = createServer((client) => {
        const upstream = connect(to, "127.0.0.1");
        for (const [one, other] of [
          [client, upstream],
          [upstream, client],
        ] as const) {
          one.on("error", () => other.destroy());
          one.pipe(other);
        }
      }).listen(port, "127.0.0.1", () => resolve(server));
    });
  const port = await freePort();
  let server = await open();
  return {
    port,
    close: async () => {
      server.close();
    },
    open: async () => {
      server = await open();
    },
  };
}

test("Telegram can’t deliver to PUBLIC_URL", async ({ task }) => {
  const machine = await startMachine();
  const port = await freePort();
  const proxy = await startForwarder(port);
  onTestFinished(async () => {
    await proxy.close();
    await machine.close();
  });
  await machine.link(OWNER);
  const chat = machine.sandbox.telegram.user({ id: OWNER, firstName: "Owner", started: true });
  const told = () => chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text);
  const env = { PUBLIC_URL: `http://127.0.0.1:${proxy.port}`, PORT: String(port) };
  const program = machine.start("start", { ...env, ...timeLapse(machine.folder) });
  await program.said("bot_started");
  await proxy.close();
  const begunAt = Date.now();
  chat.say("/status");
  await program.said("webhook_failing");
  const words = /^Telegram can’t deliver messages to me/;
  await expect.poll(told).toContainEqual(expect.stringMatching(words));
  await proxy.open();
  await expect.poll(() => told().some((text) => text.includes("Next sync")), { timeout: 60_000 }).toBe(true);
  program.signal("SIGTERM");
  const { exit, stderr } = await program.ended;
  expect(exit).toBe(0);
  const [, loggedAt = ""] = /"time":"([^"]+)","level":"warn","event":"webhook_failing"/.exec(stderr) ?? [];
  const minutes = Math.round(((Date.parse(loggedAt) - begunAt) * TIMES) / 60_000);
  record({
    death: task.name,
    heard: [{ who: "owner", minutes, isQuiet: false, words: told().find((text) => words.test(text)) ?? "" }],
    heals: "by itself: what was written is answered",
    told: "",
  });
});
