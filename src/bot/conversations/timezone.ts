import { type Context, InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import type { BotContext, Dialog } from "../ui/context.ts";
import { editOrReply } from "../ui/edit-message.ts";
import type { Questions } from "../ui/questions.ts";
import { whichZoneText } from "../views/settings.ts";

export const TIMEZONE_DIALOG = "timezone";
const ZONES_SHOWN = 6;

/** What its buttons tell, with the zone behind it; without one, nothing is to change. */
const ZONE_TAP = "zone:";

/** What the dialog waits for. Stored between updates, so a name once used keeps its meaning. */
type Step = "zone" | "done";

/**
 * A time zone that is typed. All of it happens outside of the replayed part, so any process can take the next update. The
 * settings take what its buttons tell, and every tap there ends it.
 */
export function createTimezoneDialog(deps: {
  /** Takes it, and says so. */
  choose: (ctx: BotContext, timezone: string) => Promise<void>;
  clock: Clock;
  questions: Questions;
}): Dialog {
  const { choose, questions, clock } = deps;

  return async (conversation) => {
    let step: Step = await conversation.external((ctx) => begin(ctx));
    while (step !== "done") {
      await conversation.waitUntil(isTyped, { next: true });
      step = await conversation.external((ctx) => answer(ctx));
    }
  };

  async function begin(ctx: BotContext): Promise<Step> {
    await questions.asked(ctx.account, "zone", await editOrReply(ctx, ctx.words.settings.askZone, wayOut(ctx)));
    return "zone";
  }

  async function answer(ctx: BotContext): Promise<Step> {
    const { settings } = ctx.words;
    // Loaded on demand: hardly any message needs the names of places.
    const { zonesNamed } = await import("./zone-search.ts");
    const { zones, isSure } = zonesNamed(ctx.message?.text ?? "", clock.now());
    const [only] = zones;
    if (only === undefined) {
      await questions.ask(ctx, "zone", settings.unknownZone, wayOut(ctx));
      return "zone";
    }
    if (zones.length > 1 || !isSure) {
      const shown = zones.slice(0, ZONES_SHOWN);
      const keyboard = new InlineKeyboard();
      for (const zone of shown) keyboard.text(zone.replaceAll("_", " "), `${ZONE_TAP}${zone}`).row();
      await questions.ask(ctx, "zone", whichZoneText(shown.length, zones.length, ctx.words), wayOut(ctx, keyboard));
      return "zone";
    }
    try {
      await choose(ctx, only);
      await questions.close(ctx.account, "zone");
      return "done";
    } catch (error) {
      if (!(error instanceof RetryLaterError)) throw error;
      await questions.ask(ctx, "zone", ctx.words.later, wayOut(ctx));
      return "zone";
    }
  }

  function wayOut(ctx: BotContext, keyboard = new InlineKeyboard()): InlineKeyboard {
    return keyboard.text(ctx.words.button.cancel, ZONE_TAP);
  }
}

function isTyped(ctx: Context): boolean {
  return ctx.message?.text !== undefined;
}
