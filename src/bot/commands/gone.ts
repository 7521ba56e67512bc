import { Composer } from "grammy/web";
import type { BotContext } from "../ui/context.ts";
import type { ReadingActs } from "./reading-acts.ts";
import type { ReadingActsDeps } from "./reading-answers.ts";

/** As in `ui/gone-buttons`, which is loaded with its words when somebody taps. */
const GONE_TAP = /^gone:/;

/** The answers about readings that are gone at Withings. Each says what it does, so it's valid at any time. */
export function createGone(acts: ReadingActs, deps: Pick<ReadingActsDeps, "overview" | "entryOf">) {
  const composer = new Composer<BotContext>();
  composer.callbackQuery(GONE_TAP, async (ctx) => (await import("./gone-answers.ts")).answerTap(acts, deps, ctx));
  return composer;
}
