import type { Clock } from "../../lib/clock.ts";
import type { Account, Accounts } from "../../sync/model/account.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { trendOf } from "../../sync/status/summary.ts";
import { valuesIn } from "../typed/values.ts";
import type { BotContext } from "../ui/context.ts";
import { goalLine } from "../views/goal.ts";
import { goalWords } from "../words/digest.ts";

export interface GoalDeps {
  clock: Clock;
  accounts: Accounts;
  overview: (account: Account) => Promise<Overview>;
}

const OFF = new Set(["off", "aus", "none", "weg"]);

/** `asked`: what was typed after the command. */
export async function answerGoal(deps: GoalDeps, ctx: BotContext, asked: string): Promise<void> {
  const { accounts, overview, clock } = deps;
  const { telegramUserId, settings } = ctx.account;
  const say = goalWords(ctx.words);
  const typed = asked.toLowerCase().replace(/\s+/g, " ").trim();
  if (OFF.has(typed)) {
    await accounts.save(telegramUserId, { settings: { goalKg: undefined, goalFromKg: undefined } });
    return void (await ctx.reply(say.removed));
  }
  const understood = typed === "" ? undefined : valuesIn(typed, settings.units);
  const isUnderstood = understood?.values.kind === "weigh_in" && !understood.isGuess;
  if (typed !== "" && !isUnderstood) return void (await ctx.reply(say.notUnderstood));
  const wantedKg = understood?.values.kind === "weigh_in" ? understood.values.weightKg : settings.goalKg;
  if (wantedKg === undefined) return void (await ctx.reply(say.none));
  const { progress } = (await overview(ctx.account).catch(() => undefined)) ?? {};
  const last = progress?.lastReadings.weigh_in?.values;
  const weightKg = last?.kind === "weigh_in" ? last.weightKg : undefined;
  const fromKg = wantedKg === settings.goalKg ? settings.goalFromKg : undefined;
  const goal = { goalKg: wantedKg, goalFromKg: fromKg ?? weightKg };
  const isNew = goal.goalKg !== settings.goalKg || goal.goalFromKg !== settings.goalFromKg;
  if (isNew) await accounts.save(telegramUserId, { settings: goal });
  const weeklyKg = progress && trendOf(progress, clock.now())?.changeKg;
  await ctx.reply(
    weightKg === undefined
      ? say.set(ctx.words.format.weight(wantedKg, 1))
      : goalLine(goal, weightKg, weeklyKg, ctx.words),
  );
}
