import { Composer } from "grammy/web";
import type { TypedVerb } from "../typed/tap.ts";
import type { BotContext } from "../ui/context.ts";
import type { TypedDeps } from "./typed-answers.ts";

/** What `typed/tap` writes, which is loaded on demand with the rest. */
const TYPED_TAP = /^typed:(save|sure|no):(.+)$/;

/** Readings that people type, and locations that they share. Loaded on demand: most updates are neither. */
export function createTyped(deps: TypedDeps): Composer<BotContext> {
  const composer = new Composer<BotContext>();
  const answers = () => import("./typed-answers.ts");
  composer.on("message:text", async (ctx, next) => {
    const mayBeReading = /\d/.test(ctx.message.text);
    if (!mayBeReading || !(await (await answers()).askAbout(deps, ctx, ctx.message))) await next();
  });
  composer.callbackQuery(TYPED_TAP, async (ctx) => {
    const [, verb, data = ""] = ctx.match;
    await (await answers()).takeTap(deps, ctx, verb as TypedVerb, data);
  });
  composer.on("message:location", async (ctx) => {
    await (await import("./location.ts")).askAboutZone(deps, ctx, ctx.message.location);
  });
  return composer;
}
