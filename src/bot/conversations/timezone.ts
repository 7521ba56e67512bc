import { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import type { BotContext, Dialog } from "../ui/context.ts";
import { editOrReply } from "../ui/edit-message.ts";
import type { Questions } from "../ui/questions.ts";
import { whichZoneText } from "../views/settings.ts";

export const TIMEZONE_DIALOG = "timezone";
const ZONES_SHOWN = 6;

/** The data of its buttons, followed by a zone, or by nothing to change nothing. */
const ZONE_TAP = "zone:";

/** Stored between updates, so a name must keep its meaning. */
type Step = "zone" | "done";

/** Asks for a time zone as text. `commands/settings` takes the taps on its buttons, which end it. */
export function createTimezoneDialog(deps: {
  choose: (ctx: BotContext, timezone: string) => Promise<void>;
  clock: Clock;
  questions: Questions;
}): Dialog {
  const { choose, questions, clock } = deps;

  return async (conversation) => {
    let step: Step = await conversation.external((ctx) => start(ctx));
    while (step !== "done") {
      await conversation.waitUntil(({ message }) => message?.text !== undefined, { next: true });
      step = await conversation.external((ctx) => answer(ctx));
    }
  };

  async function start(ctx: BotContext): Promise<Step> {
    await questions.asked(ctx.account, "zone", await editOrReply(ctx, ctx.words.settings.askZone, withCancel(ctx)));
    return "zone";
  }

  async function ask(ctx: BotContext, text: string, keyboard = new InlineKeyboard()): Promise<Step> {
    await questions.ask(ctx, "zone", text, withCancel(ctx, keyboard));
    return "zone";
  }

  async function answer(ctx: BotContext): Promise<Step> {
    const { settings } = ctx.words;
    // Loaded on demand, because hardly any message needs the names of places.
    const { zonesNamed } = await import("./zone-search.ts");
    const { zones, isSure } = zonesNamed(ctx.message?.text ?? "", clock.now());
    const [only] = zones;
    if (only === undefined) return ask(ctx, settings.unknownZone);
    if (zones.length > 1 || !isSure) {
      const shown = zones.slice(0, ZONES_SHOWN);
      const keyboard = new InlineKeyboard();
      for (const zone of shown) keyboard.text(zone.replaceAll("_", " "), `${ZONE_TAP}${zone}`).row();
      return ask(ctx, whichZoneText(shown.length, zones.length, ctx.words), keyboard);
    }
    try {
      await choose(ctx, only);
      await questions.close(ctx.account, "zone");
      return "done";
    } catch (error) {
      if (!(error instanceof RetryLaterError)) throw error;
      return ask(ctx, ctx.words.later);
    }
  }
}

const withCancel = (ctx: BotContext, keyboard = new InlineKeyboard()) =>
  keyboard.text(ctx.words.button.cancel, ZONE_TAP);
