import { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { knownHeight } from "../../sync/engine/height.ts";
import type { Accounts } from "../../sync/model/account.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { parseHeight } from "../typed/height.ts";
import { valuesIn } from "../typed/values.ts";
import type { BotContext } from "../ui/context.ts";
import { editOrReply } from "../ui/edit-message.ts";
import type { Questions } from "../ui/questions.ts";
import { heightText, heightWords } from "../words/height.ts";

export interface HeightDeps {
  accounts: Accounts;
  overview: (account: BotContext["account"]) => Promise<Overview>;
  questions: Pick<Questions, "asked" | "close">;
  clock: Clock;
}

/** False if the text isn't about a height. Until it is, or the question is closed, the next one may be. */
export async function takeHeight(deps: HeightDeps, ctx: BotContext, text: string): Promise<boolean> {
  const { account, words } = ctx;
  const { units } = account.settings;
  const typed = parseHeight(text);
  if (!typed) return false;
  const say = heightWords(words);
  if (typed === "impossible") {
    await ctx.reply(say.impossible);
    return true;
  }
  const seen = await deps.overview(account).catch(() => undefined);
  if (typed.isBare && isLikeLastWeight(text, ctx, seen)) return false;
  const { telegramUserId } = account;
  const known = knownHeight({ ...account.settings, height: undefined }, seen?.progress);
  const height = { heightM: typed.heightM, takenAt: deps.clock.now() };
  if (known?.from !== "withings") await deps.accounts.save(telegramUserId, { settings: { height } });
  await deps.questions.close(account, "height");
  const answer = known?.from === "withings" ? say.withings(heightText(known.heightM, units, words)) : undefined;
  await ctx.reply(answer ?? say.saved(heightText(typed.heightM, units, words)));
  return true;
}

const NEAR = 0.15;

/** Many weigh 175 lb. A bare number that is about what they last weighed is a weight, which is shown before it's saved. */
function isLikeLastWeight(text: string, { account }: BotContext, seen: Overview | undefined): boolean {
  const typed = valuesIn(text.toLowerCase().trim(), account.settings.units)?.values;
  const last = seen?.lastReadings.weigh_in?.values;
  if (typed?.kind !== "weigh_in" || last?.kind !== "weigh_in") return false;
  return Math.abs(typed.weightKg - last.weightKg) <= NEAR * last.weightKg;
}

/** From /settings. */
export async function askHeight({ questions }: HeightDeps, ctx: BotContext): Promise<void> {
  const keyboard = new InlineKeyboard().text(ctx.words.button.cancel, "height:cancel");
  const messageId = await editOrReply(ctx, heightWords(ctx.words).askAgain, keyboard);
  await questions.asked(ctx.account, "height", messageId);
}

export async function leaveHeight({ questions }: HeightDeps, ctx: BotContext, say: "left" | "asBefore"): Promise<void> {
  await questions.close(ctx.account, "height", { redrawn: true });
  await editOrReply(ctx, heightWords(ctx.words)[say]);
}
