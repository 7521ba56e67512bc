import { type ConversationData, conversations, createConversation, type VersionedState } from "@grammyjs/conversations";
import type { Update, UserFromGetMe } from "grammy/types";
import { Bot, BotError, type Context, HttpError } from "grammy/web";
import { RetryLaterError } from "../lib/errors.ts";
import { errorFacts } from "../lib/log.ts";
import type { Disconnect } from "../sync/links/disconnect.ts";
import type { LinkResult } from "../sync/links/withings-consent.ts";
import { type Account, zoneOf } from "../sync/model/account.ts";
import type { JobQueue } from "../sync/model/jobs.ts";
import type { Links } from "../sync/model/link.ts";
import { createDisconnect } from "./commands/disconnect.ts";
import { createDoctorAnswers, type DoctorDeps } from "./commands/doctor.ts";
import { createLinking, type LinkingDeps } from "./commands/link.ts";
import { createPeopleCommands, type PeopleDeps } from "./commands/people.ts";
import { createSettings, type SettingsDeps } from "./commands/settings.ts";
import { createStatus, type StatusDeps } from "./commands/status.ts";
import { createSyncAnswers, type SyncDeps } from "./commands/sync.ts";
import { createGarminDialog, GARMIN_DIALOG } from "./conversations/garmin-sign-in.ts";
import { TIMEZONE_DIALOG } from "./conversations/timezone.ts";
import { type AuthorizeDeps, createAuthorize } from "./middleware/authorize.ts";
import { hideSecrets } from "./middleware/redact-secrets.ts";
import { spellCommands } from "./middleware/spell-commands.ts";
import { type AnswerLog, takeNote } from "./telegram/answers.ts";
import { registerCommands } from "./telegram/command-menu.ts";
import { createTelegramFetch } from "./telegram/fetch.ts";
import { createTelegramHealth } from "./telegram/health.ts";
import { limitMessages } from "./telegram/message-limits.ts";
import { serveByPolling } from "./telegram/polling.ts";
import { createDoorbell, serveByWebhook, type WebhookTarget } from "./telegram/webhook.ts";
import type { BotContext, Chat, DialogStore } from "./ui/context.ts";
import { answerCallback } from "./ui/edit-message.ts";
import { createLongAnswers } from "./ui/long-reply.ts";
import { createQuestions } from "./ui/questions.ts";
import { wordsIn, wordsOf } from "./words/words.ts";

/** What the bot lets people do; the rest of the program as it sees it. */
export type BotDeps = Omit<AuthorizeDeps, "allowedIds" | "onJoined" | "stopping" | "maxWaitSeconds"> &
  Omit<LinkingDeps, "wordsAt" | "startSync" | "questions"> &
  Omit<StatusDeps, "startSync" | "questions"> &
  Omit<SettingsDeps, "questions"> &
  Omit<PeopleDeps, "allowedIds" | "questions"> &
  Omit<DoctorDeps, "wordsAt" | "questions"> &
  Omit<SyncDeps, "questions"> & {
    links: Pick<Links, "facts">;
    dialogs: DialogStore;
    disconnect: Disconnect;
    queue: JobQueue;
    answers: AnswerLog;
    /** False with a manual clock: messages are then not spaced. */
    paced?: boolean;
    /** How long another program that polls has to be there before it counts. */
    conflictSeconds?: (() => number) | undefined;
  };

export interface BotConfig {
  botToken: string;
  apiRoot: string;
  allowedIds: number[];
  /** Who the bot is, where that was asked before. */
  botInfo?: UserFromGetMe | undefined;
}

/** Of the stored log of a dialog. A dialog's log is `external, wait, external, …`: keep to that, and the number stays. */
const DIALOG_VERSION = 1;
/**
 * Telegram holds the line for a minute and brings the update again when it is refused. Nobody waits for long here, where
 * waiting may cost money.
 */
const WEBHOOK_PATIENCE_SECONDS = 5;
const COMMANDS = [...Object.keys(wordsIn("en").commands), ...Object.keys(wordsIn("en").ownerCommands), "start"];

export type TelegramBot = ReturnType<typeof createBot>;

/** The bot's face: private chats of known people, one update at a time and each of them once. */
export function createBot(config: BotConfig, deps: BotDeps) {
  const { overview, clock, log, dialogs } = deps;
  const http = createTelegramFetch(
    clock,
    (isReached) => {
      if (isReached) log.info("telegram_reachable");
      else log.warn("telegram_unreachable", { next: "it is tried again until it answers" });
    },
    (method, answer) => takeNote(deps.answers, method, answer),
  );
  const bot = new Bot<BotContext>(config.botToken, {
    client: { apiRoot: config.apiRoot, fetch: http.fetch },
    ...(config.botInfo && { botInfo: config.botInfo }),
  });
  // Telegram would call the first address in a text to show what is there, and an invitation works once.
  bot.api.config.use((call, method, payload, signal) => {
    const isText = method === "sendMessage" || method === "editMessageText";
    return call(method, isText ? { ...payload, link_preview_options: { is_disabled: true } } : payload, signal);
  });
  const limits = limitMessages(bot.api, { paced: deps.paced ?? true });
  const stopping = new AbortController();
  const health = createTelegramHealth({ conflictSeconds: deps.conflictSeconds, clock, log });
  const bell = createDoorbell();
  let serving: Promise<void> = Promise.resolve();
  /** Those that Telegram brought by itself, and brings again. */
  const delivered = new WeakSet<Update>();
  const underWay = new Set<Promise<void>>();
  const answers = createLongAnswers(bot.api, deps);
  const questions = createQuestions(bot.api, deps);
  const syncs = createSyncAnswers(answers, { ...deps, questions });
  const startSync = syncs.begin;

  const wordsAt = async ({ account, words }: Pick<Chat, "account" | "words">) => {
    // What cannot be read, after a change of the key for instance, must not keep anybody from signing in again.
    const seen = await overview(account).catch(() => undefined);
    return seen ? wordsOf(account, { timezone: seen.timezone, now: clock.now() }) : words;
  };
  const linking = createLinking({ ...deps, wordsAt, startSync, questions });

  async function setSilence({ telegramUserId }: Account, isBlocked: boolean) {
    log.info(isBlocked ? "owner_does_not_listen" : "owner_listens_again", { account: telegramUserId });
    await deps.accounts.save(telegramUserId, { blockedAt: isBlocked ? clock.now() : null });
  }

  const doctor = createDoctorAnswers(answers, { ...deps, wordsAt, questions });
  const settings = createSettings({ ...deps, questions });
  const people = createPeopleCommands(bot.api, { ...deps, questions, allowedIds: config.allowedIds });

  const chatWith = (account: Account): Chat => ({
    account,
    words: wordsOf(account, { timezone: zoneOf(account), now: clock.now() }),
    reply: (text, options) => bot.api.sendMessage(account.telegramUserId, text, options),
  });

  bot.use(
    createAuthorize({
      ...deps,
      allowedIds: config.allowedIds,
      onJoined: (person) => people.tellJoined(person),
      stopping: stopping.signal,
      maxWaitSeconds: (update) => (delivered.has(update) ? WEBHOOK_PATIENCE_SECONDS : Number.POSITIVE_INFINITY),
    }),
  );
  // A tap is always answered, or its button spins.
  bot.on("callback_query", async (ctx, next) => {
    try {
      await next();
    } finally {
      if (!ctx.isTapAnswered) await answerCallback(ctx);
    }
  });
  bot.on("my_chat_member", async (ctx) => {
    await setSilence(ctx.account, ctx.myChatMember.new_chat_member.status === "kicked");
  });
  bot.on("message", async (ctx, next) => {
    // Whoever writes is listening again, even if Telegram's word of it got lost.
    if (ctx.account.blockedAt) await setSilence(ctx.account, false);
    await next();
  });

  bot.use(spellCommands(COMMANDS));
  bot.use(
    conversations<BotContext, Context>({
      storage: {
        type: "key",
        version: DIALOG_VERSION,
        adapter: {
          read: async (chatId) => (await dialogs.read(chatId)) as VersionedState<ConversationData> | undefined,
          write: (chatId, state) => dialogs.write(chatId, state),
          delete: (chatId) => dialogs.delete(chatId),
        },
      },
    }),
  );
  bot.use(hideSecrets({ ...deps, commands: COMMANDS }));
  bot.use(questions.taps);
  bot.use(linking.pasted);
  // A command ends whatever dialog is open: nobody has to find the way out first.
  bot.command(COMMANDS, async (ctx, next) => {
    const open = Object.keys(ctx.conversation.active());
    await ctx.conversation.exitAll();
    const isCancel = /^\/cancel\b/.test(ctx.msg.text);
    if (isCancel) await ctx.reply(open.length > 0 ? ctx.words.cancelled : ctx.words.nothingToCancel);
    else if (open.includes(GARMIN_DIALOG)) await ctx.reply(ctx.words.signInLeft);
    else if (open.includes(TIMEZONE_DIALOG)) await ctx.reply(ctx.words.settings.zoneLeft);
    if (open.includes(GARMIN_DIALOG)) await questions.close(ctx.account, "garmin");
    if (open.includes(TIMEZONE_DIALOG)) await questions.close(ctx.account, "zone");
    if (!isCancel) await next();
  });
  bot.use(
    createConversation<BotContext, Context>(
      createGarminDialog({ ...deps, wordsAt, questions, onSignedIn: linking.onSignedIn }),
      GARMIN_DIALOG,
    ),
  );
  bot.use(createConversation<BotContext, Context>(settings.dialog, TIMEZONE_DIALOG));

  bot.use(linking.commands);
  bot.use(createDisconnect({ ...deps, questions }));
  bot.use(createStatus({ ...deps, startSync, questions }));
  bot.use(settings.commands);
  bot.use(people.commands);
  bot.use(doctor.command);
  bot.command("sync", (ctx) => startSync(ctx.account));
  bot.command("help", async (ctx) => void (await ctx.reply(ctx.words.help(ctx.isOwner))));

  bot.use(questions.leftOver);
  bot.on("callback_query", async (ctx) => {
    await answerCallback(ctx, ctx.words.oldButton);
    await linking.showLinks(ctx);
  });
  bot.on("message", (ctx) => ctx.reply(ctx.words.notUnderstood));

  /** Once, and remembered. */
  async function whoWeAre(): Promise<UserFromGetMe> {
    if (!bot.isInited()) bot.botInfo = await bot.api.getMe();
    return bot.botInfo;
  }

  async function handle(update: Update): Promise<void> {
    await whoWeAre().catch((cause: unknown) => {
      if (!(cause instanceof HttpError)) throw cause;
      throw new RetryLaterError("Telegram does not say who the bot is", { cause });
    });
    try {
      await bot.handleUpdate(update);
    } catch (error) {
      throw error instanceof BotError ? error.error : error;
    }
  }

  return {
    bot,
    /** The commands Telegram offers in its menu: to everybody in their language, to the owner some more. */
    async registerCommands() {
      const [owner] = config.allowedIds;
      const language = owner === undefined ? undefined : (await deps.accounts.find(owner))?.language;
      await registerCommands(bot.api, owner === undefined ? undefined : { telegramUserId: owner, language }, log);
    },
    /** Says in the chat what became of a consent that came in by our own address. */
    tellConsent: (account: Account, result: LinkResult) => linking.onWithings(chatWith(account), result),
    /** A message was sent with these buttons. */
    offered: questions.offered,
    /** The jobs that somebody asked for in the chat, and the message that waits for their answer. */
    answerSync: syncs.write,
    answerDoctor: (account: Account, messageId: number) =>
      doctor.write(chatWith(account), messageId, account.telegramUserId === config.allowedIds[0]),
    /** Whether the bot hears from Telegram. */
    telegramState: () => health.state(),
    /** Looks now whether Telegram still delivers to its address, if it has one. Resolves when it has looked. */
    look: () => bell.ring(),
    /**
     * Long polling until `stop`. Rejects only at the start: when Telegram does not know the token and `mayEnd`, or when
     * `onStart` throws a `UsageError`.
     */
    poll(onStart: (username: string) => Promise<void>, mayEnd = async () => true): Promise<void> {
      serving = serveByPolling(bot.api, {
        onStart: async () => onStart((await whoWeAre()).username),
        handle: (update) =>
          handle(update).catch((error: unknown) =>
            log.error("update_failed", { update: update.update_id, ...errorFacts(error) }),
          ),
        ...{ mayEnd, stopping: stopping.signal, health, log },
      });
      return serving;
    },
    /**
     * Instead of `poll`: keeps Telegram delivering to an address, where `handleUpdate` is called, until `stop`. Rejects as
     * `poll` does, and when Telegram never calls such an address.
     */
    serveWebhook(
      target: WebhookTarget,
      onStart: (username: string) => Promise<void>,
      mayEnd = async () => true,
    ): Promise<void> {
      serving = serveByWebhook(bot.api, target, {
        onStart: async () => onStart((await whoWeAre()).username),
        ...{ mayEnd, stopping: stopping.signal, health, bell, clock, log },
      });
      return serving;
    },
    /**
     * One update that Telegram has brought. Resolves when it needs to come no more, also where something broke and its
     * sender was told. Throws `RetryLaterError` only when nothing was done and it has to come again.
     */
    async handleUpdate(received: { update_id: number }): Promise<void> {
      if (stopping.signal.aborted) throw new RetryLaterError("the program is stopping");
      const update = received as Update;
      delivered.add(update);
      const work = handle(update);
      const ended = work.catch(() => undefined).finally(() => underWay.delete(ended));
      underWay.add(ended);
      await work;
    },
    /** Takes no more updates, and lets what was begun come to its end. */
    async stop() {
      stopping.abort();
      // Whoever awaits `poll` hears why it ended; here it only has to have ended.
      await serving.catch(() => undefined);
      await Promise.all(underWay);
    },
    /** After `stop`, when nobody has anything more to tell. */
    async close() {
      limits.close();
      await http.close();
    },
  };
}
