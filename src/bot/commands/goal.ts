import { Composer } from "grammy/web";
import type { Account, Accounts } from "../../sync/model/account.ts";
import type { Overview } from "../../sync/status/overview.ts";
import type { BotContext } from "../ui/context.ts";
import { goalLine } from "../views/goal.ts";

export interface GoalDeps {
  accounts: Accounts;
  overview: (account: Account) => Promise<Overview>;
}

const OFF = new Set(["off", "aus", "none", "weg"]);

/** `/goal 62 kg` sets the weight to reach, `/goal off` removes it, and `/goal` shows how far it is. */
export function createGoal({ accounts, overview }: GoalDeps): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  composer.command("goal", async (ctx) => {
    const { telegramUserId, settings } = ctx.account;
    const { goal: say } = ctx.words;
    const typed = ctx.match.toLowerCase().replace(/\s+/g, " ").trim();
    if (OFF.has(typed)) {
      await accounts.save(telegramUserId, { settings: { goalKg: undefined } });
      return void (await ctx.reply(say.removed));
    }
    let { goalKg } = settings;
    if (typed !== "") {
      // The parser of typed readings: most updates set no goal.
      const { valuesIn } = await import("../typed/values.ts");
      const understood = valuesIn(typed, settings.units);
      if (understood?.values.kind !== "weigh_in" || understood.isGuess)
        return void (await ctx.reply(say.notUnderstood));
      goalKg = understood.values.weightKg;
      await accounts.save(telegramUserId, { settings: { goalKg } });
    }
    if (goalKg === undefined) return void (await ctx.reply(say.none));
    const last = (await overview(ctx.account).catch(() => undefined))?.lastReadings.weigh_in?.values;
    const isKnown = last?.kind === "weigh_in";
    await ctx.reply(
      isKnown ? goalLine(goalKg, last.weightKg, undefined, ctx.words) : say.set(ctx.words.format.weight(goalKg, 1)),
    );
  });
  return composer;
}
