import { randomUUID } from "node:crypto";
import { type Context, InlineKeyboard } from "grammy/web";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { GarminSignIn, SignInResult } from "../../sync/links/garmin-sign-in.ts";
import type { MobileClient } from "../../sync/model/garmin-sign-in.ts";
import type { BotContext, Chat, Dialog } from "../ui/context.ts";
import { failureInWords } from "../ui/error-reply.ts";
import { withSignInChoice } from "../ui/keyboards.ts";
import type { Questions } from "../ui/questions.ts";
import type { Words } from "../words/words.ts";
import { answerTo } from "./sign-in-answers.ts";

export const GARMIN_DIALOG = "garmin";

type Question = "email" | "password" | "code";
/**
 * What the dialog waits for. Stored between updates, so a name once used keeps its meaning. A question that could not be
 * shown is asked again before any text counts as its answer: people would not know what they are answering.
 */
type Step = Question | `unasked:${Question}` | "done";

/** No address is longer. A text that is would not fit into the question that names it. */
const EMAIL_LENGTH = 254;

/** Six digits as far as seen, and nobody promises that they stay so. */
const CODE = /^(?=.*\d)\w{4,12}$/;
/** Digits only, after Garmin has just mailed a code: this is the code, even if the question for it was not shown. */
const SURELY_CODE = /^\d{4,8}$/;

/** The buttons that belong to the dialog. Any other button leaves the dialog as it is. */
const OWN_TAP = {
  sameEmail: "garmin:same",
  otherEmail: "garmin:other",
  newCode: "garmin:new-code",
  cancel: "garmin:cancel",
} as const;

export interface GarminDialogDeps {
  garminSignIn: GarminSignIn;
  /** The words for somebody, with times in their zone. */
  wordsAt: (chat: Pick<Chat, "account" | "words">) => Promise<Words>;
  /** Signed in: what comes next, in the chat. */
  onSignedIn: (chat: Chat, result: Extract<SignInResult, { type: "signed_in" }>) => Promise<void>;
  questions: Pick<Questions, "ask" | "close">;
  log: Log;
}

/**
 * Signing in at Garmin here in the chat: e-mail, password, code. All of it happens outside of the replayed part: what is
 * stored is which step comes next, never what was typed; Garmin's half-way sign-in is stored sealed by `sync/sign-in`. So any
 * process can take the next update, also after a restart.
 */
export function createGarminDialog(deps: GarminDialogDeps): Dialog<[client?: MobileClient]> {
  const { garminSignIn, questions, log } = deps;

  return async (conversation, _ctx, client = "ios") => {
    let step: Step = await conversation.external((ctx) => guarded(ctx, "done", () => begin(ctx)));
    while (step !== "done") {
      await conversation.waitUntil(isForDialog, { next: true });
      const waitedFor: Step = step;
      step = await conversation.external((ctx) => guarded(ctx, waitedFor, () => take(ctx, waitedFor, client)));
    }
  };

  /** We do not ask for a password that cannot be used. */
  async function begin(ctx: BotContext): Promise<Step> {
    await ctx.replyWithChatAction("typing").catch(() => undefined);
    const obstacle = await garminSignIn.obstacle(ctx.account.telegramUserId);
    // The person has chosen one of the two.
    await questions.close(ctx.account, "sign_in_choice");
    return obstacle ? conclude(ctx, obstacle) : askEmail(ctx);
  }

  async function askEmail(ctx: BotContext): Promise<Step> {
    const email = await garminSignIn.email(ctx.account.telegramUserId);
    const keyboard = email ? new InlineKeyboard().text(email, OWN_TAP.sameEmail).row() : new InlineKeyboard();
    return ask(ctx, "email", ctx.words.askEmail, keyboard);
  }

  /** Never throws: an error would end the dialog, and its message would be stored. */
  async function guarded(ctx: BotContext, step: Step, work: () => Promise<Step>): Promise<Step> {
    try {
      return await work();
    } catch (error) {
      const { words, isOwner } = ctx;
      const reportId = randomUUID().slice(0, 8);
      log.error("garmin_dialog_failed", { reportId, step, ...errorFacts(error) });
      const failure = failureInWords(error, { words, isOwner, signInPageUrl: deps.garminSignIn.pageUrl() });
      const { text, keyboard = new InlineKeyboard() } = failure ?? { text: words.brokeOnMySide(reportId) };
      if (step !== "done") keyboard.text(words.button.cancel, OWN_TAP.cancel);
      await questions.ask(ctx, "garmin", `${deletion(ctx)}${text}`, keyboard).catch(unshown);
      return step;
    }
  }

  async function take(ctx: BotContext, step: Step, client: MobileClient): Promise<Step> {
    const account = ctx.account.telegramUserId;
    switch (ctx.callbackQuery?.data) {
      case OWN_TAP.cancel:
        await questions.ask(ctx, "garmin", ctx.words.cancelled, new InlineKeyboard());
        return "done";
      case OWN_TAP.otherEmail:
        return ask(ctx, "email", ctx.words.askEmail);
      case OWN_TAP.sameEmail:
        return askPassword(ctx);
      case OWN_TAP.newCode:
        return conclude(ctx, await garminSignIn.newCode(account));
    }
    const typed = ctx.secret?.text.trim() ?? "";
    switch (step) {
      case "email":
        if (typed.length > EMAIL_LENGTH || !/^\S+@\S+\.\S+$/.test(typed)) {
          return ask(ctx, "email", `${deletion(ctx)}${ctx.words.notAnEmail}`);
        }
        await garminSignIn.rememberEmail(account, typed);
        return askPassword(ctx);
      case "password": {
        const email = await garminSignIn.email(account);
        if (email === undefined) return askEmail(ctx);
        await ctx.replyWithChatAction("typing").catch(() => undefined);
        // Not trimmed: a password may well begin or end with a space.
        return conclude(ctx, await garminSignIn.withPassword(account, email, ctx.secret?.text ?? "", client));
      }
      case "code": {
        const code = typed.replaceAll(/\s/g, "");
        // Words are surely no code, and after a few wrong ones Garmin takes none for a day.
        if (!CODE.test(code)) return conclude(ctx, { type: "wrong_code" });
        await ctx.replyWithChatAction("typing").catch(() => undefined);
        return conclude(ctx, await garminSignIn.withCode(account, code));
      }
      case "unasked:email":
        return askEmail(ctx);
      case "unasked:password":
        return askPassword(ctx);
      case "unasked:code":
        if (SURELY_CODE.test(typed.replaceAll(/\s/g, ""))) return take(ctx, "code", client);
        return ask(ctx, "code", `${deletion(ctx)}${ctx.words.codeAwaited}`, codeButtons(ctx.words));
      case "done":
        return "done";
    }
  }

  /** A rest may have begun since the dialog did, in a terminal for instance. */
  async function askPassword(ctx: BotContext, before = ""): Promise<Step> {
    const rest = await garminSignIn.rest(ctx.account.telegramUserId);
    if (rest) return conclude(ctx, rest);
    const email = (await garminSignIn.email(ctx.account.telegramUserId)) ?? "";
    const keyboard = new InlineKeyboard().text(ctx.words.button.otherEmail, OWN_TAP.otherEmail);
    return ask(ctx, "password", `${before}${deletion(ctx)}${ctx.words.askPassword(email)}`, keyboard);
  }

  function codeButtons(words: Words): InlineKeyboard {
    return new InlineKeyboard().text(words.button.newCode, OWN_TAP.newCode);
  }

  /** What Garmin said, in words, and what to wait for then. */
  async function conclude(ctx: BotContext, result: SignInResult): Promise<Step> {
    const words = await deps.wordsAt(ctx);
    switch (result.type) {
      case "signed_in":
        // Signed in is signed in, whatever becomes of the words about it.
        await deps.onSignedIn(ctx, result).catch(unshown);
        return "done";
      case "mfa_required": {
        const text = `${deletion(ctx)}${words.askCode(result)}`;
        // An authenticator app cannot send a new code.
        return ask(ctx, "code", text, result.sentBy === "other" ? new InlineKeyboard() : codeButtons(words));
      }
      case "wrong_code":
      case "code_sent":
      case "code_too_soon":
        return ask(ctx, "code", `${deletion(ctx)}${words.signIn(result)}`, codeButtons(words));
      case "expired":
        return askPassword(ctx, `${words.signIn(result)} `);
      case "wrong_password": {
        const keyboard = new InlineKeyboard().text(words.button.otherEmail, OWN_TAP.otherEmail);
        return ask(ctx, "password", `${deletion(ctx)}${words.signIn(result)}`, keyboard);
      }
      default: {
        const { text, keyboard } = answerTo(result, words, deps.garminSignIn);
        await questions.ask(ctx, "garmin", `${deletion(ctx)}${text}`, keyboard).catch(unshown);
        return "done";
      }
    }
  }

  /** With a way out, whatever is asked. That it could not be shown changes nothing about what was done before. */
  async function ask(
    ctx: BotContext,
    question: Question,
    text: string,
    keyboard = new InlineKeyboard(),
  ): Promise<Step> {
    try {
      await questions.ask(ctx, "garmin", text, keyboard.text(ctx.words.button.cancel, OWN_TAP.cancel));
      return question;
    } catch (error) {
      unshown(error);
      return `unasked:${question}`;
    }
  }

  function unshown(error: unknown) {
    log.warn("dialog_not_shown", errorFacts(error));
  }
}

/** That what was just typed is gone from the chat. */
export function deletion({ secret, words }: Pick<Chat, "secret" | "words">): string {
  if (!secret) return "";
  return `${secret.isDeleted ? words.deleted : words.notDeleted} `;
}

function isForDialog(ctx: Context): boolean {
  const data = ctx.callbackQuery?.data;
  return data === undefined ? ctx.message?.text !== undefined : Object.values<string>(OWN_TAP).includes(data);
}

/** Both ways, with what each of them means; Garmin's page alone while we try no password. */
export async function offerDoors(
  ctx: Chat,
  { garminSignIn, wordsAt, questions }: Pick<GarminDialogDeps, "garminSignIn" | "wordsAt" | "questions">,
): Promise<void> {
  const rest = await garminSignIn.rest(ctx.account.telegramUserId);
  const { text, keyboard } = rest
    ? answerTo(rest, await wordsAt(ctx), garminSignIn)
    : withSignInChoice(ctx.words.garminSignInChoice(garminSignIn.isInCloud), ctx.words, garminSignIn.pageUrl());
  await questions.ask(ctx, "sign_in_choice", text, keyboard);
}
