import { Composer } from "grammy/web";
import type { BotContext } from "../ui/context.ts";
import type { GoalDeps } from "./goal-answers.ts";

/** `/goal 62 kg` sets the weight to reach, `/goal off` removes it, and `/goal` shows how far it is. Loaded on demand. */
export function createGoal(deps: GoalDeps): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.command("goal", async (ctx) => (await import("./goal-answers.ts")).answerGoal(deps, ctx, ctx.match));
  return composer;
}
