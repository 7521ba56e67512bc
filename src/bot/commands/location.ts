import { InlineKeyboard } from "grammy/web";
import { clockTime } from "../conversations/time-zones.ts";
import { zonesNear } from "../conversations/zone-near.ts";
import type { BotContext } from "../ui/context.ts";
import { typedWords } from "../words/typed.ts";
import type { TypedDeps } from "./typed-answers.ts";

/** Asks whether to take the zone of a shared location, which is not kept. `commands/settings` takes the taps. */
export async function askAboutZone(
  { questions, clock }: Pick<TypedDeps, "questions" | "clock">,
  ctx: BotContext,
  location: { latitude: number; longitude: number },
): Promise<void> {
  const say = typedWords(ctx.words);
  const { button } = ctx.words;
  const now = clock.now();
  const zones = zonesNear(location, now);
  const [zone = "UTC", ...others] = zones;
  const shown = (timezone: string) => timezone.replaceAll("_", " ");
  const keyboard = new InlineKeyboard();
  if (others.length === 0) keyboard.text(say.useZone, `zone:${zone}`).row();
  else for (const it of zones) keyboard.text(`${shown(it)} (${clockTime(now, it)})`, `zone:${it}`).row();
  const text = others.length === 0 ? say.zoneHere(shown(zone), clockTime(now, zone)) : say.zonesNear;
  await questions.ask(ctx, "zone", text, keyboard.text(button.cancel, "zone:"));
}
