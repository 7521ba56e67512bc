import { randomUUID } from "node:crypto";
import { type Context, InlineKeyboard } from "grammy/web";
import { errorFacts, type Log } from "../../lib/log.ts";
import type { GarminSignIn, SignInResult } from "../../sync/links/garmin-sign-in.ts";
import { CODE, codeIn, EMAIL } from "../../sync/links/typed-sign-in.ts";
import type { MobileClient } from "../../sync/model/garmin-sign-in.ts";
import type { BotContext, Chat, Dialog } from "../ui/context.ts";
import { failureMessage } from "../ui/error-reply.ts";
import type { Questions } from "../ui/questions.ts";
import type { Words } from "../words/words.ts";
import { answerTo } from "./sign-in-answers.ts";

export const GARMIN_DIALOG = "garmin";

type Question = "email" | "password" | "code";
/** Stored, so a name must keep its meaning. No text answers a question that couldn't be shown; it is asked again. */
type Step = Question | `unasked:${Question}` | "done";

/** Just after Garmin mailed a code, digits are that code, even if the question for it was not shown. */
const SURELY_CODE = /^\d{4,8}$/;

/** The buttons of the dialog. Any other button leaves it as it is. */
const TAP = {
  sameEmail: "garmin:same",
  otherEmail: "garmin:other",
  newCode: "garmin:new-code",
  cancel: "garmin:cancel",
} as const;

export interface GarminDialogDeps {
  garminSignIn: GarminSignIn;
  wordsAt: (chat: Pick<Chat, "account" | "words">) => Promise<Words>;
  onSignedIn: (chat: Chat, result: Extract<SignInResult, { type: "signed_in" }>) => Promise<void>;
  questions: Pick<Questions, "ask" | "close">;
  log: Log;
}

/** All happens in `external`, because what is outside gets into the stored log, which must hold no secret. */
export function createGarminDialog(deps: GarminDialogDeps): Dialog<[client?: MobileClient]> {
  const dialog = new GarminDialog(deps);
  return async (conversation, _ctx, client = "ios") => {
    let step: Step = await conversation.external((ctx) => dialog.start(ctx));
    while (step !== "done") {
      await conversation.waitUntil(isForDialog, { next: true });
      const awaited: Step = step;
      step = await conversation.external((ctx) => dialog.take(ctx, awaited, client));
    }
  };
}

function isForDialog({ callbackQuery, message }: Context): boolean {
  const data = callbackQuery?.data;
  return data === undefined ? message?.text !== undefined : Object.values<string>(TAP).includes(data);
}

class GarminDialog {
  readonly #deps: GarminDialogDeps;

  constructor(deps: GarminDialogDeps) {
    this.#deps = deps;
  }

  /** Asks for nothing if a password couldn't be used anyway. */
  start(ctx: BotContext): Promise<Step> {
    return this.#guarded(ctx, "done", async () => {
      await showTyping(ctx);
      const obstacle = await this.#deps.garminSignIn.obstacle(ctx.account.telegramUserId);
      await this.#deps.questions.close(ctx.account, "sign_in_choice");
      return obstacle ? this.#conclude(ctx, obstacle) : this.#askEmail(ctx);
    });
  }

  take(ctx: BotContext, step: Step, client: MobileClient): Promise<Step> {
    const tap = ctx.callbackQuery?.data;
    return this.#guarded(ctx, step, () => (tap ? this.#takeTap(ctx, tap) : this.#takeText(ctx, step, client)));
  }

  /** Never throws: an error would end the dialog, and the plugin would store its message. */
  async #guarded(ctx: BotContext, step: Step, work: () => Promise<Step>): Promise<Step> {
    try {
      return await work();
    } catch (error) {
      const { words, isOwner } = ctx;
      const { garminSignIn, log } = this.#deps;
      const reportId = randomUUID().slice(0, 8);
      log.error("garmin_dialog_failed", { reportId, step, ...errorFacts(error) });
      const failure = failureMessage(error, { words, isOwner, garminSignIn, reportId });
      const { text, keyboard = new InlineKeyboard() } = failure;
      if (step !== "done") keyboard.text(words.button.cancel, TAP.cancel);
      await this.#show(ctx, `${notDeleted(ctx)}${text}`, keyboard);
      return step;
    }
  }

  async #takeTap(ctx: BotContext, tap: string): Promise<Step> {
    if (tap === TAP.otherEmail) return this.#ask(ctx, "email", ctx.words.askEmail);
    if (tap === TAP.sameEmail) return this.#askPassword(ctx);
    if (tap === TAP.newCode) {
      return this.#conclude(ctx, await this.#deps.garminSignIn.newCode(ctx.account.telegramUserId));
    }
    await this.#deps.questions.ask(ctx, "garmin", ctx.words.cancelled, new InlineKeyboard());
    return "done";
  }

  async #takeText(ctx: BotContext, step: Step, client: MobileClient): Promise<Step> {
    const { garminSignIn } = this.#deps;
    const account = ctx.account.telegramUserId;
    const text = ctx.secret?.text ?? "";
    const code = codeIn(text);
    switch (step) {
      case "email":
        if (!EMAIL.test(text.trim())) return this.#ask(ctx, "email", `${notDeleted(ctx)}${ctx.words.notAnEmail}`);
        await garminSignIn.rememberEmail(account, text.trim());
        return this.#askPassword(ctx);
      case "password": {
        const email = await garminSignIn.email(account);
        if (email === undefined) return this.#askEmail(ctx);
        await showTyping(ctx);
        // Not trimmed: a password may start or end with a space.
        return this.#conclude(ctx, await garminSignIn.withPassword(account, email, text, client));
      }
      case "code":
        // After a few wrong codes Garmin takes none for a day.
        if (!CODE.test(code)) {
          return this.#ask(ctx, "code", `${notDeleted(ctx)}${ctx.words.noCodeIn}`, newCodeButton(ctx.words));
        }
        await showTyping(ctx);
        return this.#conclude(ctx, await garminSignIn.withCode(account, code));
      case "unasked:email":
        return this.#askEmail(ctx);
      case "unasked:password":
        return this.#askPassword(ctx);
      case "unasked:code":
        if (SURELY_CODE.test(code)) return this.#takeText(ctx, "code", client);
        return this.#ask(ctx, "code", `${notDeleted(ctx)}${ctx.words.codeAwaited}`, newCodeButton(ctx.words));
      case "done":
        return "done";
    }
  }

  async #askEmail(ctx: BotContext): Promise<Step> {
    const email = await this.#deps.garminSignIn.email(ctx.account.telegramUserId);
    const keyboard = email ? new InlineKeyboard().text(email, TAP.sameEmail).row() : new InlineKeyboard();
    return this.#ask(ctx, "email", ctx.words.askEmail, keyboard);
  }

  /** Another process, a terminal for instance, may have met Garmin's limit since the dialog started. */
  async #askPassword(ctx: BotContext, before = ""): Promise<Step> {
    const { garminSignIn } = this.#deps;
    const rest = await garminSignIn.rest(ctx.account.telegramUserId);
    if (rest) return this.#conclude(ctx, rest);
    const email = (await garminSignIn.email(ctx.account.telegramUserId)) ?? "";
    const text = `${before}${notDeleted(ctx)}${ctx.words.askPassword(email)}`;
    return this.#ask(ctx, "password", text, otherEmailButton(ctx.words));
  }

  async #conclude(ctx: BotContext, result: SignInResult): Promise<Step> {
    const words = await this.#deps.wordsAt(ctx);
    switch (result.type) {
      case "signed_in":
        await this.#deps.onSignedIn(ctx, result).catch(this.#notShown);
        return "done";
      case "mfa_required": {
        // An authenticator app can't send a new code.
        const keyboard = result.sentBy === "other" ? new InlineKeyboard() : newCodeButton(words);
        return this.#ask(ctx, "code", `${notDeleted(ctx)}${words.askCode(result)}`, keyboard);
      }
      case "wrong_code":
      case "code_sent":
      case "code_too_soon":
        return this.#ask(ctx, "code", `${notDeleted(ctx)}${words.signIn(result)}`, newCodeButton(words));
      case "expired":
        return this.#askPassword(ctx, `${words.signIn(result)} `);
      case "wrong_password":
        return this.#ask(
          ctx,
          "password",
          `${notDeleted(ctx)}${words.signIn(result)} ${words.passwordAgain}`,
          otherEmailButton(words),
        );
      default: {
        const { text, keyboard } = answerTo(result, words, this.#deps.garminSignIn);
        await this.#show(ctx, `${notDeleted(ctx)}${text}`, keyboard);
        return "done";
      }
    }
  }

  /** If the question can't be shown, what was done before it still counts. */
  async #ask(ctx: BotContext, question: Question, text: string, keyboard = new InlineKeyboard()): Promise<Step> {
    const isShown = await this.#show(ctx, text, keyboard.text(ctx.words.button.cancel, TAP.cancel));
    return isShown ? question : `unasked:${question}`;
  }

  #show(ctx: BotContext, text: string, keyboard: InlineKeyboard): Promise<boolean> {
    return this.#deps.questions.ask(ctx, "garmin", text, keyboard).then(() => true, this.#notShown);
  }

  readonly #notShown = (error: unknown): false => {
    this.#deps.log.warn("dialog_not_shown", errorFacts(error));
    return false;
  };
}

const showTyping = (ctx: BotContext) => ctx.replyWithChatAction("typing").catch(() => undefined);
const otherEmailButton = ({ button }: Words) => new InlineKeyboard().text(button.otherEmail, TAP.otherEmail);
const newCodeButton = ({ button }: Words) => new InlineKeyboard().text(button.newCode, TAP.newCode);

/** The dialog has promised to delete what it is sent, so only a failure is said. */
const notDeleted = ({ secret, words }: BotContext) => (secret && !secret.isDeleted ? `${words.notDeleted} ` : "");

export function deletion({ secret, words }: Pick<Chat, "secret" | "words">): string {
  if (!secret) return "";
  return `${secret.isDeleted ? words.deleted : words.notDeleted} `;
}
