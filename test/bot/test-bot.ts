import type { Update } from "grammy/types";
import { expect } from "vitest";
import { botDeps, type ChatDeps } from "../../src/app/chat.ts";
import { createDoctor } from "../../src/app/doctor.ts";
import { othersIn } from "../../src/app/handing-on.ts";
import { makeReport } from "../../src/app/report.ts";
import { type BotDeps, createBot, type TelegramBot } from "../../src/bot/bot.ts";
import { readConfig } from "../../src/config/config.ts";
import { RetryLaterError } from "../../src/lib/errors.ts";
import { createLog } from "../../src/lib/log.ts";
import { startWorker } from "../../src/sync/jobs/worker.ts";
import type { Job } from "../../src/sync/model/jobs.ts";
import { ACCOUNT, startTestApp } from "../support/test-app.ts";

/** Somebody whom the bot does not serve. */
export const STRANGER = 999;

/** The household with its bot, and its owner in a chat with it. */
export async function startTestBot(
  options: Parameters<typeof startTestApp>[0] & { chat?: Partial<ChatDeps>; allowedIds?: number[] } = {},
) {
  const harness = await startTestApp(options);
  const { app, clock, sandbox } = harness;
  const { telegram } = sandbox;
  const owner = telegram.user({ id: ACCOUNT, firstName: "Owner" });
  const logged: Array<Record<string, unknown>> = [];
  const log = createLog({ level: "info", write: (line) => logged.push(JSON.parse(line)), now: clock.now });
  const bots: TelegramBot[] = [];
  const config = {
    botToken: telegram.token,
    apiRoot: telegram.apiRoot,
    allowedIds: options.allowedIds ?? [ACCOUNT],
    botInfo: telegram.bot,
  };
  const chat: ChatDeps = {
    answersByItself: false,
    queue: {
      async put(jobs) {
        await app.store.jobs.put(jobs);
        worker.wake();
      },
    },
    doctor: createDoctor({
      ...readConfig(harness.env, ["store", "withings"]),
      ...{ app, telegram: config, syncIntervalMinutes: 30 },
      ...{ clock, log },
    }),
    report: () => makeReport(readConfig(harness.env, ["given"]).given, app, clock),
    version: "0.1.0",
    paced: false,
    ...options.chat,
  };
  /** No notices here: tests of those use a notifier. */
  const conclude: BotDeps["conclude"] = async () => ({ healed: undefined, answered: async () => {} });
  const botOn = (on: typeof app, instead: Partial<BotDeps> = {}) =>
    createBot(config, {
      ...botDeps(on, { conclude, noteAsked: async () => ({ attentionTold: [] }), others }, chat),
      log,
      ...instead,
    });
  const others = (account: number, reading: string) => othersIn(app.store, config, account, reading);
  const newest = () => bots.at(-1) ?? expect.fail("there is no bot");
  /** What is asked for in the chat is answered by the newest bot. */
  async function work(job: Job) {
    const account = await app.store.accounts.find(job.account);
    if (!account) return;
    if (job.reason === "requested") {
      const { busy } = await newest().answerSync(account, job.messageId);
      if (busy) throw new RetryLaterError("another run is at work");
    } else if (job.reason === "picture") await newest().answerPicture(account, job);
    else if ("act" in job) await newest().answerReading(account, job);
    else if ("messageId" in job) await newest().answerLook(account, job.messageId, job.reason);
  }
  const worker = startWorker({ jobs: app.store.jobs, work, clock, log });
  const worked = () => expect.poll(() => app.store.jobs.list()).toEqual([]);
  let serving: Promise<void> = Promise.resolve();
  const over = new AbortController();

  /** A copy of the bot on the same store, which nobody polls for yet. */
  function newBot(instead: Partial<BotDeps> = {}) {
    const bot = botOn(app, instead);
    bots.push(bot);
    return bot;
  }

  /** One that polls. */
  function startBot(instead: Partial<BotDeps> = {}) {
    const bot = newBot(instead);
    bot.poll({ onStart: async () => {}, greet: async () => {} }).catch(() => undefined);
    return bot;
  }

  async function getUpdates(offset: number): Promise<Update[]> {
    const allowed_updates = ["message", "callback_query", "my_chat_member"];
    const response = await fetch(`${telegram.apiRoot}/bot${telegram.token}/getUpdates`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ offset, timeout: 1, allowed_updates }),
      signal: over.signal,
    });
    return ((await response.json()) as { result?: Update[] }).result ?? [];
  }

  /** Every update meets a program and a bot of its own on the same store, as on AWS Lambda or after a restart. */
  function serveEachAnew() {
    serving = (async () => {
      for (let offset = 0; !over.signal.aborted; ) {
        const updates = await getUpdates(offset).catch((error: unknown) => {
          if (over.signal.aborted) return [];
          throw error;
        });
        for (const update of updates) {
          offset = update.update_id + 1;
          const another = await harness.newApp();
          const next = botOn(another);
          bots.push(next);
          await next.bot.handleUpdate(update);
          await worked();
        }
      }
    })();
  }

  async function quiet() {
    await expect.poll(() => telegram.pendingUpdates()).toBe(0);
    await worked();
  }

  return {
    ...harness,
    telegram,
    owner,
    logged,
    newBot,
    /** A bot of another process, which nobody polls for and no job reaches. */
    botOn,
    startBot,
    queue: chat.queue,
    /** Has the jobs looked at, after the clock was moved. */
    wake: () => worker.wake(),
    serveEachAnew,
    /** Resolves when the bot has taken every update and handled it. */
    quiet,
    /** Taps a button of the owner's. Resolves to the newest message, once the bot has handled that. */
    async tap(label: string, messageId?: number) {
      owner.tap(label, messageId);
      await quiet();
      return owner.lastMessage ?? expect.fail("the chat is empty");
    },
    async close() {
      over.abort();
      await serving;
      await worker.stop();
      for (const bot of bots) {
        await bot.stop();
        await bot.close();
      }
      await harness.close();
      expectPageExplained(telegram.outbox);
    },
  };
}
/** In every message: people are stuck on a page that says ERROR unless they are told that it is expected. */
function expectPageExplained(outbox: ReadonlyArray<{ params: Record<string, string> }>) {
  const bare = outbox.filter(
    ({ params: { reply_markup = "", text = "" } }) =>
      reply_markup.includes("/sso/signin?") && !text.includes("ERROR: clientId parameter must be specified"),
  );
  expect(bare.map(({ params }) => params.text)).toEqual([]);
}

export type TestBot = Awaited<ReturnType<typeof startTestBot>>;
