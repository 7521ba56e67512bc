import { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import type { BotContext } from "../ui/context.ts";
import { editOrReply } from "../ui/edit-message.ts";
import type { Questions } from "../ui/questions.ts";
import { whichZoneText } from "../views/settings.ts";
import { settingsWords } from "../words/settings.ts";
import { zonesNamed } from "./zone-search.ts";

const ZONES_SHOWN = 6;

/** The data of its buttons, followed by a zone, or by nothing to change nothing. */
const ZONE_TAP = "zone:";

/** Stored between updates, so a name must keep its meaning. */
export type Step = "zone" | "done";

export interface TimezoneDeps {
  choose: (ctx: BotContext, timezone: string) => Promise<void>;
  clock: Clock;
  questions: Questions;
}

export async function start({ questions }: TimezoneDeps, ctx: BotContext): Promise<Step> {
  const { askZone } = settingsWords(ctx.words);
  await questions.asked(ctx.account, "zone", await editOrReply(ctx, askZone, withCancel(ctx)));
  return "zone";
}

export async function answer(deps: TimezoneDeps, ctx: BotContext): Promise<Step> {
  const { choose, questions, clock } = deps;
  const { zones, isSure } = zonesNamed(ctx.message?.text ?? "", clock.now());
  const [only] = zones;
  if (only === undefined) return ask(deps, ctx, settingsWords(ctx.words).unknownZone);
  if (zones.length > 1 || !isSure) {
    const shown = zones.slice(0, ZONES_SHOWN);
    const keyboard = new InlineKeyboard();
    for (const zone of shown) keyboard.text(zone.replaceAll("_", " "), `${ZONE_TAP}${zone}`).row();
    return ask(deps, ctx, whichZoneText(shown.length, zones.length, ctx.words), keyboard);
  }
  try {
    await choose(ctx, only);
    await questions.close(ctx.account, "zone");
    return "done";
  } catch (error) {
    if (!(error instanceof RetryLaterError)) throw error;
    return ask(deps, ctx, ctx.words.later);
  }
}

async function ask(
  { questions }: TimezoneDeps,
  ctx: BotContext,
  text: string,
  keyboard = new InlineKeyboard(),
): Promise<Step> {
  await questions.ask(ctx, "zone", text, withCancel(ctx, keyboard));
  return "zone";
}

const withCancel = (ctx: BotContext, keyboard = new InlineKeyboard()) =>
  keyboard.text(ctx.words.button.cancel, ZONE_TAP);
