import { createConversation } from "@grammyjs/conversations";
import type { Bot, Context } from "grammy/web";
import type { Disconnect } from "../sync/links/disconnect.ts";
import { withLease } from "../sync/links/with-lease.ts";
import type { LinkResult } from "../sync/links/withings-consent.ts";
import { type Account, zoneOf } from "../sync/model/account.ts";
import type { JobQueue, Look, PictureJob } from "../sync/model/jobs.ts";
import type { Links } from "../sync/model/link.ts";
import { createDisconnect } from "./commands/disconnect.ts";
import { createDoctorAnswers } from "./commands/doctor.ts";
import type { DoctorDeps } from "./commands/doctor-answers.ts";
import { createGoal } from "./commands/goal.ts";
import { createGone } from "./commands/gone.ts";
import type { HandOnDeps } from "./commands/hand-on-answers.ts";
import { createHeight } from "./commands/height.ts";
import { createHeldQuestions } from "./commands/held.ts";
import { createLinking, type LinkingDeps, type SignedIn } from "./commands/link.ts";
import { createPeopleCommands, type PeopleDeps } from "./commands/people.ts";
import type { PicturesDeps } from "./commands/picture-answers.ts";
import { createPictures } from "./commands/pictures.ts";
import { createPlain } from "./commands/plain.ts";
import type { PlainDeps } from "./commands/plain-answers.ts";
import { createReadingActs } from "./commands/reading-acts.ts";
import { createSettings } from "./commands/settings.ts";
import type { SettingsDeps } from "./commands/settings-answers.ts";
import { createStatus, type StatusDeps } from "./commands/status.ts";
import { createSyncAnswers, type SyncDeps } from "./commands/sync.ts";
import { createTyped } from "./commands/typed.ts";
import type { TypedDeps } from "./commands/typed-answers.ts";
import { createUndo, type UndoDeps } from "./commands/undo.ts";
import { dialogStorage, endDialogOnCommand } from "./conversations/dialogs.ts";
import { createGarminDialog, GARMIN_DIALOG } from "./conversations/garmin-sign-in.ts";
import { TIMEZONE_DIALOG } from "./conversations/timezone.ts";
import { type AuthorizeDeps, authorize } from "./middleware/authorize.ts";
import { createFailureReply } from "./middleware/failure-reply.ts";
import { notePresence } from "./middleware/presence.ts";
import { redactSecrets } from "./middleware/redact-secrets.ts";
import { chatName, type SequentializeDeps, sequentialize } from "./middleware/sequentialize.ts";
import { spellCommands } from "./middleware/spell-commands.ts";
import type { AnswerLog } from "./telegram/answers.ts";
import { type ClientConfig, createTelegramClient } from "./telegram/client.ts";
import { createTelegramHealth } from "./telegram/health.ts";
import type { BotContext, Chat, DialogStore } from "./ui/context.ts";
import { answerCallback } from "./ui/edit-message.ts";
import { CALLBACK } from "./ui/keyboards.ts";
import { createLongAnswers } from "./ui/long-answers.ts";
import { createQuestions } from "./ui/questions.ts";
import { createUpdates, type Updates } from "./updates.ts";
import { wordsIn, wordsOf } from "./words/words.ts";

/** What the bot lets people do; the rest of the program as it sees it. */
export type BotDeps = Omit<FeatureDeps, keyof OwnParts> & {
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

type FeatureDeps = AuthorizeDeps &
  SequentializeDeps &
  LinkingDeps &
  StatusDeps &
  SettingsDeps &
  PeopleDeps &
  DoctorDeps &
  SyncDeps &
  HandOnDeps &
  UndoDeps &
  TypedDeps &
  PicturesDeps &
  PlainDeps;

/** What the bot makes itself and shares among its features. */
type OwnParts = Pick<
  FeatureDeps,
  | "allowedIds"
  | "onJoined"
  | "onError"
  | "stopping"
  | "maxWaitSeconds"
  | "wordsAt"
  | "startSync"
  | "startSyncIn"
  | "questions"
  | "api"
>;

export interface BotConfig extends ClientConfig {
  allowedIds: number[];
}

const COMMANDS = [...Object.keys(wordsIn("en").commands), ...Object.keys(wordsIn("en").ownerCommands), "start"];

export type TelegramBot = ReturnType<typeof createBot>;

/** Builds the bot: private chats of known people, one update at a time and each of them once. */
export function createBot(config: BotConfig, deps: BotDeps) {
  const { allowedIds } = config;
  const [ownerId] = allowedIds;
  const { clock, log } = deps;
  const { bot, close } = createTelegramClient<BotContext>(config, { ...deps, paced: deps.paced ?? true });
  const health = createTelegramHealth({ conflictSeconds: deps.conflictSeconds, clock, log });
  const updates = createUpdates(bot, { health, clock, log });
  const features = createFeatures(bot, allowedIds, deps);
  const { linking, syncs, doctor, acts, plain, pictures, questions } = features;

  installHandlers(bot, allowedIds, deps, features, updates);

  const chatWith = (account: Account): Chat => ({
    account,
    words: wordsOf(account, { timezone: zoneOf(account), now: clock.now() }),
    reply: (text, options) => bot.api.sendMessage(account.telegramUserId, text, options),
  });

  return {
    bot,
    /** What people see of the bot before they write, and the menus of commands: the owner's has some more. */
    async keepProfile() {
      const { keepProfile } = await import("./telegram/profile.ts");
      const language = ownerId === undefined ? undefined : (await deps.accounts.find(ownerId))?.language;
      await keepProfile(bot.api, ownerId === undefined ? undefined : { telegramUserId: ownerId, language }, log);
    },
    /** Says in the chat what became of a consent that came in by our own address. */
    showConsent: (account: Account, result: LinkResult) => linking.onWithings(chatWith(account), result),
    /** The same about a sign-in on our page. */
    showSignIn: (account: Account, result: SignedIn) => linking.onSignedIn(chatWith(account), result),
    /** Alone in the chat of this person, as an update is. Throws `BusyError` while one is being handled. */
    inTurn: <T>(account: number, work: () => Promise<T>): Promise<T> => withLease(deps.turns, chatName(account), work),
    /** A message was sent with these buttons. */
    offered: questions.offered,
    /** The jobs that somebody asked for in the chat, and the message that waits for their answer. */
    answerSync: syncs.write,
    answerLook(account: Account, messageId: number, what: Look): Promise<void> {
      const isOwner = account.telegramUserId === ownerId;
      if (what === "doctor") return doctor.write(chatWith(account), messageId, isOwner);
      return plain.write(chatWith(account), messageId, { what, isOwner });
    },
    answerPicture: (account: Account, job: PictureJob): Promise<void> => pictures.write(chatWith(account), job),
    answerReading: acts.write,
    /** Whether the bot hears from Telegram. */
    telegramState: () => health.state(),
    ...{ look: updates.look, poll: updates.poll, serveWebhook: updates.serveWebhook },
    ...{ handleUpdate: updates.handleUpdate, stop: updates.stop },
    /** After `stop`, when nobody has anything more to tell. */
    close,
  };
}

type Features = ReturnType<typeof createFeatures>;

/** The commands, and what they share. */
function createFeatures({ api }: Bot<BotContext>, allowedIds: number[], deps: BotDeps) {
  const answers = createLongAnswers(api, deps);
  const questions = createQuestions(api, deps);
  const syncs = createSyncAnswers(answers, { ...deps, questions });

  const wordsAt = async ({ account, words }: Pick<Chat, "account" | "words">) => {
    // What cannot be read, after a change of the key for instance, must not keep anybody from signing in again.
    const seen = await deps.overview(account).catch(() => undefined);
    return seen ? wordsOf(account, { timezone: seen.timezone, now: deps.clock.now() }) : words;
  };
  return {
    ...{ questions, syncs, wordsAt },
    linking: createLinking({ ...deps, wordsAt, startSync: syncs.start, questions }),
    doctor: createDoctorAnswers(answers, { ...deps, wordsAt, questions }),
    acts: createReadingActs(answers, { ...deps, api }),
    settings: createSettings({ ...deps, startSync: syncs.start, questions }),
    pictures: createPictures(answers, { ...deps, api }),
    plain: createPlain(answers, { ...deps, wordsAt, questions }),
    people: createPeopleCommands(api, { ...deps, questions, allowedIds }),
  };
}

/** What an update passes, in this order. `docs/architecture.md` says what each step is for. */
function installHandlers(
  bot: Bot<BotContext>,
  allowedIds: number[],
  deps: BotDeps,
  { questions, syncs, wordsAt, linking, doctor, acts, settings, people, pictures, plain }: Features,
  { stopping, maxWaitSeconds }: Pick<Updates, "stopping" | "maxWaitSeconds">,
): void {
  const onError = createFailureReply({ ...deps, allowedIds });
  bot.use(sequentialize({ ...deps, stopping, maxWaitSeconds, onError }));
  bot.use(authorize({ ...deps, allowedIds, onJoined: (person) => people.notifyOfJoining(person) }));
  // A tap is always answered, or its button spins.
  bot.on("callback_query", async (ctx, next) => {
    try {
      await next();
    } finally {
      if (!ctx.isTapAnswered) await answerCallback(ctx);
    }
  });
  bot.use(notePresence(deps));

  bot.use(spellCommands(COMMANDS));
  bot.use(dialogStorage(deps.dialogs));
  bot.use(redactSecrets({ ...deps, commands: COMMANDS }));
  bot.use(questions.taps);
  bot.use(linking.pasted);
  bot.command(COMMANDS, endDialogOnCommand(questions));
  const garminDialog = createGarminDialog({ ...deps, wordsAt, questions, onSignedIn: linking.onSignedIn });
  bot.use(createConversation<BotContext, Context>(garminDialog, GARMIN_DIALOG));
  bot.use(createConversation<BotContext, Context>(settings.dialog, TIMEZONE_DIALOG));

  bot.use(linking.commands);
  bot.use(createDisconnect({ ...deps, questions }));
  bot.use(createUndo(acts, deps));
  bot.use(createGone(acts, deps));
  bot.use(createHeldQuestions(acts, { ...deps, api: bot.api, startSync: syncs.start }));
  bot.use(createStatus({ ...deps, startSync: syncs.start, questions }));
  bot.use(createHeight({ ...deps, questions }));
  bot.use(settings.commands);
  bot.use(createGoal(deps));
  bot.use(people.commands);
  bot.use(doctor.command);
  bot.use(pictures.commands);
  bot.command("sync", (ctx) => syncs.start(ctx.account));
  bot.callbackQuery(CALLBACK.sync, (ctx) => syncs.start(ctx.account));
  bot.use(createTyped({ ...deps, startSyncIn: syncs.startIn, questions }));
  bot.use(plain.commands);

  bot.use(questions.leftOver);
  bot.on("callback_query", async (ctx) => {
    await answerCallback(ctx, ctx.words.oldButton);
    await linking.showLinks(ctx);
  });
  bot.use(plain.anythingElse);
}
