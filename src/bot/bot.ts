import { randomUUID } from "node:crypto";
import type { UserFromGetMe } from "grammy/types";
import { Bot, type Context } from "grammy/web";
import type { Clock } from "../clock.ts";
import { RetryLaterError } from "../errors.ts";
import { errorFacts, type Log } from "../log.ts";
import type { Account, Accounts } from "../sync/account.ts";
import type { Overview } from "../sync/overview.ts";
import type { Claim, UpdateClaims } from "../sync/ports.ts";
import type { RunOptions, RunReport } from "../sync/run.ts";
import { messages } from "./messages.ts";
import { newlyHeld } from "./newly-held.ts";
import { createProgressMessage } from "./progress-message.ts";
import { createTelegramFetch } from "./telegram-fetch.ts";

/** What the bot lets people do; the rest of the program as it sees it. */
export interface BotDeps {
  accounts: Accounts;
  claims: UpdateClaims;
  sync: (account: Account, options: RunOptions) => Promise<RunReport>;
  /** What the owner has just read, or could not be shown, of a run they asked for. */
  afterSync: (account: Account, report: RunReport, wasShown: boolean) => Promise<void>;
  overview: (account: Account) => Promise<Overview>;
  nextRunAt: () => Date | undefined;
  clock: Clock;
  log: Log;
}

export interface BotConfig {
  botToken: string;
  apiRoot: string;
  allowedIds: number[];
  botInfo?: UserFromGetMe;
}

const A_YEAR_SECONDS = 365 * 24 * 3600;
/** When the program ends, Telegram gets this long to hear what was handled. Should it not, the claims know it. */
const FAREWELL_SECONDS = 5;

export type TelegramBot = ReturnType<typeof createBot>;

/** The bot's face: private chats of known people, one update at a time and each of them once. */
export function createBot(config: BotConfig, deps: BotDeps) {
  const { accounts, claims, sync, afterSync, overview, nextRunAt, clock, log } = deps;
  const http = createTelegramFetch(clock);
  const bot = new Bot(config.botToken, {
    client: { apiRoot: config.apiRoot, fetch: http.fetch },
    ...(config.botInfo && { botInfo: config.botInfo }),
  });
  /** Syncs that were begun by a message; they outlive its handler. */
  const running = new Set<Promise<void>>();
  const stopping = new AbortController();
  let polling: Promise<void> = Promise.resolve();

  const isServed = (ctx: Context) =>
    ctx.from !== undefined && config.allowedIds.includes(ctx.from.id) && ctx.chat?.type === "private";

  bot.use(async (ctx, next) => {
    let claim: Claim | undefined;
    try {
      claim = await claimWhenFree(ctx.update.update_id);
      if (claim.type !== "claimed") return;
      await next();
    } catch (error) {
      const reportId = randomUUID().slice(0, 8);
      log.error("update_failed", { reportId, update: ctx.update.update_id, ...errorFacts(error) });
      if (isServed(ctx)) await ctx.reply(messages.brokeOnMySide(reportId)).catch(() => undefined);
    }
    if (claim?.type === "claimed") await claim.done();
  });

  /** A process that died while it handled this update leaves a claim that ends after a minute: the update is not lost. */
  async function claimWhenFree(updateId: number): Promise<Claim> {
    for (;;) {
      const claim = await claims.claim(updateId).catch(waitForStore);
      if (claim?.type === "being_handled") {
        await clock.sleep(Math.max(1, (claim.until.getTime() - clock.now().getTime()) / 1000));
      } else if (claim) {
        return claim;
      }
    }
  }

  /** Telegram counts an update as taken as soon as it was read: what the store is too busy for has to wait here. */
  async function waitForStore(error: unknown): Promise<undefined> {
    if (!(error instanceof RetryLaterError) || stopping.signal.aborted) throw error;
    log.warn("store_busy", errorFacts(error));
    await clock.sleep(1);
  }

  bot.use(async (ctx, next) => {
    if (isServed(ctx)) return next();
    if (!ctx.chat || !(await claims.once(`refused#${ctx.chat.id}`, A_YEAR_SECONDS))) return;
    log.info("stranger_refused", { chatType: ctx.chat.type });
    await ctx.reply(messages.refusal);
  });

  bot.command("start", async (ctx) => {
    await accountOf(ctx);
    await ctx.reply(`${messages.greeting}\n\n${messages.help}`);
  });
  bot.command("help", help);
  bot.hears(bare("help"), help);
  bot.command("cancel", (ctx) => ctx.reply(messages.nothingToCancel));

  bot.command("status", status);
  bot.hears(bare("status"), status);
  bot.command("sync", startSync);
  bot.hears(bare("sync"), startSync);

  async function help(ctx: Context) {
    await ctx.reply(messages.help);
  }

  async function status(ctx: Context) {
    const seen = await overview(await accountOf(ctx));
    await ctx.reply(messages.status(seen, { now: clock.now(), nextRunAt: nextRunAt() }));
  }

  async function startSync(ctx: Context) {
    const account = await accountOf(ctx);
    const first = messages.progress({ stage: "reading" });
    const { message_id, chat } = await ctx.reply(first);
    const progressChat = {
      edit: (text: string) => bot.api.editMessageText(chat.id, message_id, text),
      send: (text: string) => bot.api.sendMessage(chat.id, text),
    };
    const message = createProgressMessage(progressChat, first, clock, log);
    // Not awaited: the next update must not wait for the vendors.
    const work = syncInWords(account, (progress) => message.show(messages.progress(progress)))
      .then(async ({ report, text }) => afterSync(account, report, await message.finish(text)))
      .catch(async (error: unknown) => {
        const reportId = randomUUID().slice(0, 8);
        log.error("sync_failed", { reportId, ...errorFacts(error) });
        await message.finish(messages.brokeOnMySide(reportId));
      })
      .finally(() => running.delete(work));
    running.add(work);
  }

  async function syncInWords(account: Account, onProgress: RunOptions["onProgress"]) {
    const before = await lookAt(account);
    const report = await sync(account, { onProgress });
    const after = await lookAt(account);
    const justHeld = before && after && !report.busy ? newlyHeld(before, after, clock.now()) : undefined;
    return { report, text: messages.outcome(report, { account: account.telegramUserId, justHeld }) };
  }

  /** What cannot be read must not keep the run from saying so. */
  function lookAt(account: Account): Promise<Overview | undefined> {
    return overview(account).catch(() => undefined);
  }

  bot.on("callback_query", (ctx) => ctx.answerCallbackQuery().catch(() => undefined));
  bot.on("message", (ctx) => ctx.reply(messages.notUnderstood));

  /** Everything else ends here: without a handler grammY would stop at the first error. */
  bot.catch(({ error, ctx }) => log.error("update_failed", { update: ctx.update.update_id, ...errorFacts(error) }));

  async function accountOf(ctx: Context): Promise<Account> {
    const id = ctx.from?.id;
    if (id === undefined) throw new Error("an update without a sender got past the door");
    return (await accounts.find(id)) ?? (await accounts.save(id, {}));
  }

  return {
    bot,
    /** The commands Telegram offers in its menu. */
    registerCommands: () =>
      bot.api.setMyCommands(
        Object.entries(messages.commands).map(([command, description]) => ({ command, description })),
      ),
    /** Resolves when every begun sync has ended. */
    async settled() {
      await Promise.all(running);
    },
    /** Long polling until `stop`. Rejects when Telegram says that it cannot go on. */
    poll(onStart: (username: string) => Promise<void>): Promise<void> {
      polling = (async () => {
        // By itself grammY would go on asking for up to an hour after it was stopped, should Telegram not answer.
        await bot.init(stopping.signal as Parameters<typeof bot.init>[0]);
        if (stopping.signal.aborted) return;
        await bot.start({
          allowed_updates: ["message", "callback_query"],
          onStart: ({ username }) => onStart(username),
        });
      })();
      return polling;
    },
    /** Takes no more updates, and lets what was begun come to its end. */
    async stop() {
      stopping.abort();
      const farewell = bot.stop().catch((error: unknown) => log.warn("telegram_not_told", errorFacts(error)));
      await Promise.race([farewell, patience(FAREWELL_SECONDS)]);
      // Whoever awaits `poll` hears why it ended; here it only has to have ended.
      await polling.catch(() => undefined);
      await Promise.all(running);
    },
    /** After `stop`, when nobody has anything more to tell. */
    close: () => http.close(),
  };
}

/** A command without its slash, as people type it. */
function bare(word: string): RegExp {
  return new RegExp(`^\\s*${word}\\s*[.!?]?\\s*$`, "i");
}

/** Real time, whatever clock the bot lives by: this bounds a line that may be dead. */
function patience(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000).unref());
}
