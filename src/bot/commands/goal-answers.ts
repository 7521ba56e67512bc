import type { Account, Accounts } from "../../sync/model/account.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { valuesIn } from "../typed/values.ts";
import type { BotContext } from "../ui/context.ts";
import { goalLine } from "../views/goal.ts";

export interface GoalDeps {
  accounts: Accounts;
  overview: (account: Account) => Promise<Overview>;
}

const OFF = new Set(["off", "aus", "none", "weg"]);

/** `asked`: what was typed after the command. */
export async function answerGoal({ accounts, overview }: GoalDeps, ctx: BotContext, asked: string): Promise<void> {
  const { telegramUserId, settings } = ctx.account;
  const { goal: say } = ctx.words;
  const typed = asked.toLowerCase().replace(/\s+/g, " ").trim();
  if (OFF.has(typed)) {
    await accounts.save(telegramUserId, { settings: { goalKg: undefined } });
    return void (await ctx.reply(say.removed));
  }
  let { goalKg } = settings;
  if (typed !== "") {
    const understood = valuesIn(typed, settings.units);
    if (understood?.values.kind !== "weigh_in" || understood.isGuess) return void (await ctx.reply(say.notUnderstood));
    goalKg = understood.values.weightKg;
    await accounts.save(telegramUserId, { settings: { goalKg } });
  }
  if (goalKg === undefined) return void (await ctx.reply(say.none));
  const last = (await overview(ctx.account).catch(() => undefined))?.lastReadings.weigh_in?.values;
  const isKnown = last?.kind === "weigh_in";
  await ctx.reply(
    isKnown ? goalLine(goalKg, last.weightKg, undefined, ctx.words) : say.set(ctx.words.format.weight(goalKg, 1)),
  );
}
