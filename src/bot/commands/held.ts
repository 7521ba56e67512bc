import { Composer } from "grammy/web";
import type { BotContext } from "../ui/context.ts";
import { HAND_ON_TAP, LIST_TAP, OFFER_TAP, QUESTION_TAP } from "../ui/question-buttons.ts";
import type { HandOnDeps } from "./hand-on-answers.ts";
import type { HeldDeps } from "./held-answers.ts";
import type { ReadingActs } from "./reading-acts.ts";

/** The answers to questions about held readings. Each says what it does, so it's valid at any time. */
export function createHeldQuestions(acts: ReadingActs, deps: HeldDeps & HandOnDeps): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const answers = () => import("./held-answers.ts");
  const handOnTaps = () => import("./hand-on-taps.ts");
  composer.callbackQuery(QUESTION_TAP, async (ctx) => (await answers()).answerOne(acts, deps, ctx));
  composer.callbackQuery(LIST_TAP, async (ctx) => (await answers()).answerList(acts, deps, ctx));
  composer.callbackQuery(HAND_ON_TAP, async (ctx) => (await handOnTaps()).handOn(acts, deps, ctx));
  composer.callbackQuery(OFFER_TAP, async (ctx) => (await handOnTaps()).answerOffer(acts, deps, ctx));
  return composer;
}
