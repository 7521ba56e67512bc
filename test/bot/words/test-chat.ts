import { vi } from "vitest";
import type { Clock } from "../../../src/lib/clock.ts";
import type { Table } from "../../../src/store/table.ts";
import { runSoon } from "../../../src/sync/jobs/handler.ts";
import { startWorker } from "../../../src/sync/jobs/worker.ts";
import type { Language } from "../../../src/sync/model/account.ts";
import type { JobQueue } from "../../../src/sync/model/jobs.ts";
import { ACCOUNT, startTestApp } from "../../support/test-app.ts";

/** The whole program with its owner in the chat. Its clock moves only when it is moved. */
export async function startTestChat({ at, language }: { at: Date; language: Language }) {
  const harness = await startTestApp({ at });
  let clockOffSeconds = 0;
  const clock: Clock = {
    now: () => new Date(harness.clock.now().getTime() + clockOffSeconds * 1000),
    sleep: harness.clock.sleep,
  };
  let readsFail: Error | undefined;
  let writesFail: Error | undefined;
  const app = await harness.newApp({
    clock,
    wrapTable: (table): Table => ({
      ...table,
      get: async (key) => {
        if (readsFail && key.pk.startsWith("ledger#")) throw readsFail;
        return table.get(key);
      },
      put: async (key, ...rest) => {
        if (writesFail && key.pk.startsWith("ledger#")) throw writesFail;
        return table.put(key, ...rest);
      },
      putAll: async (writes) => {
        if (writesFail && writes.some(({ key }) => key.pk.startsWith("ledger#"))) throw writesFail;
        return table.putAll(writes);
      },
    }),
  });
  await app.store.accounts.save(ACCOUNT, {
    language,
    reportedTimezone: "Europe/Berlin",
    settings: { cards: "needed" },
  });
  const chat = harness.sandbox.telegram.user({ id: ACCOUNT, firstName: "Owner", started: true });
  const queue: JobQueue = {
    async put(jobs) {
      await app.store.jobs.put(jobs);
      worker.wake();
    },
  };
  const service = harness.newService(app, { queue });
  const worker = startWorker({ jobs: app.store.jobs, work: service.work, clock, log: app.log });
  service.chat.telegram.poll({ onStart: async () => {}, greet: async () => {} }).catch(() => undefined);

  const told = () => chat.messages.filter(({ from }) => from === "bot").map(({ text }) => text);
  // Not by `expect.poll`, which builds a message of each look in vain.
  const until = (isSo: () => boolean | Promise<boolean>) => vi.waitUntil(isSo, { timeout: 30_000 });
  const quiet = async () => {
    await until(() => harness.sandbox.telegram.pendingUpdates() === 0);
    await until(async () => (await app.store.jobs.list()).length === 0);
  };

  return {
    ...harness,
    app,
    /** So many minutes after the start, exactly. What is said takes a few seconds. */
    goTo(minutes: number) {
      const target = at.getTime() + minutes * 60_000;
      harness.clock.advance((target - harness.clock.now().getTime()) / 1000);
    },
    setClockOff: (seconds: number) => {
      clockOffSeconds = seconds;
    },
    /** What is read from or written to the ledger fails like this, until it is undefined again. */
    failReads: (error: Error | undefined) => {
      readsFail = error;
    },
    failWrites: (error: Error | undefined) => {
      writesFail = error;
    },
    /** A sync that nobody asked for. Answers what the owner hears of it. */
    async visit(): Promise<string[]> {
      const before = told().length;
      await runSoon({ ...app.store, queue, clock }, ACCOUNT);
      await quiet();
      return told().slice(before);
    },
    /** What a command is answered once everything behind it is done. */
    async ask(command: string): Promise<string> {
      const before = told().length;
      chat.say(command);
      await until(() => told().length > before);
      await quiet();
      return told().slice(before).join("\n");
    },
    async close() {
      await worker.stop();
      await harness.close();
    },
  };
}
export type TestChat = Awaited<ReturnType<typeof startTestChat>>;
