import { readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "vitest";
import { SERVICE_SECTIONS } from "../../src/app/service.ts";
import { readConfig } from "../../src/config/config.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { freePort } from "../../src/sandbox/free-port.ts";
import { type Server, startServer } from "../../src/server.ts";
import { ACCOUNT, startTestApp } from "../support/test-app.ts";

/** A test app that listens at an address Withings can call, with its owner in the chat. */
export async function startTestServer(options: Parameters<typeof startTestApp>[0]) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const testApp = await startTestApp({
    ...options,
    env: { PUBLIC_URL: url, PORT: String(port), WITHINGS_REDIRECT_URL: "", TELEGRAM_ALLOWED_IDS: String(ACCOUNT) },
    sandbox: { withingsRedirectUrl: `${url}/withings/callback` },
  });
  const chat = testApp.sandbox.telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });
  const servers = new Set<Server>();

  /** The whole program. By default its runs are an hour apart, so that what happens comes from outside. */
  async function start(minutes = 60, more: { isNew?: boolean; watchdogSeconds?: number; clock?: Clock } = {}) {
    const logged: Array<Record<string, unknown>> = [];
    const log = createLog({ level: "info", write: (line) => logged.push(JSON.parse(line)), now: testApp.clock.now });
    const config = readConfig({ ...testApp.env, SYNC_INTERVAL_MINUTES: "60" }, SERVICE_SECTIONS);
    const server = await startServer(
      { ...config, schedule: { syncIntervalMinutes: minutes } },
      { clock: testApp.clock, log, paced: false, ...more },
    );
    const ended = server.polling.catch((error: unknown) => error);
    servers.add(server);
    // The clock only moves here: quick runs need it to.
    const rounds =
      minutes < 1 &&
      setInterval(() => {
        testApp.clock.advance(minutes * 60);
        server.wake();
      }, 100);
    const said = (event: string) => expect.poll(() => logged.map((line) => line.event)).toContain(event);
    return {
      logged,
      said,
      /** Why it ended by itself. */
      ended,
      stuck: server.stuck,
      wake: server.wake,
      stop: async () => {
        servers.delete(server);
        if (rounds) clearInterval(rounds);
        await server.stop();
      },
    };
  }

  /** Telegram has delivered everything, and got its answer. */
  async function delivered() {
    const { telegram } = testApp.sandbox;
    await expect.poll(() => telegram.pendingUpdates()).toBe(0);
    await expect.poll(() => telegram.deliveries.map(({ outcome }) => outcome)).not.toContain("under way");
  }

  function rename(from: string, to: string) {
    const file = readdirSync(testApp.dataDir).find((name) => name.endsWith(".sqlite")) ?? "";
    const database = new DatabaseSync(path.join(testApp.dataDir, file));
    database.exec(`ALTER TABLE "${from}" RENAME TO "${to}"`);
    database.close();
  }

  return {
    ...testApp,
    url,
    /** From outside, so that every access to the store fails for real. */
    loseStore: () => rename("weighbridge", "away"),
    findStore: () => rename("away", "weighbridge"),
    notifyUrl: `${url}/withings/notify?key=${testApp.app.store.notifyKey}`,
    chat,
    theirs: testApp.sandbox.withings.notifications,
    start,
    delivered,
    /**
     * Waits until the bot has said this and the update it answers is handled. The next one could otherwise find the chat busy,
     * and be brought again only when the clock moves.
     */
    async heard(text: string) {
      const message = await chat.waitForMessage((it) => it.text.includes(text));
      await delivered();
      return message;
    },
    told: () => chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text),
    async close() {
      for (const server of servers) await server.stop();
      await testApp.close();
    },
  };
}
export type TestServer = Awaited<ReturnType<typeof startTestServer>>;
