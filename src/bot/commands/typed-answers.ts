import { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import { isAsTyped } from "../../sync/engine/match.ts";
import { type Account, isKindOn } from "../../sync/model/account.ts";
import { VENDORS, type Vendor } from "../../sync/model/link.ts";
import { type TypedReading, type TypedReadings, typedId } from "../../sync/model/typed.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { parseTyped } from "../typed/parse.ts";
import { readingIn, type TypedVerb, tapOf } from "../typed/tap.ts";
import type { BotContext } from "../ui/context.ts";
import { answerCallback, editOrReply, orLater } from "../ui/edit-message.ts";
import { CALLBACK } from "../ui/keyboards.ts";
import type { Questions } from "../ui/questions.ts";
import { typedQuestion } from "../views/typed.ts";
import { typedWords } from "../words/typed.ts";
import { type Words, wordsOf } from "../words/words.ts";

export interface TypedDeps {
  typed: Pick<TypedReadings, "read" | "add">;
  overview: (account: Account) => Promise<Overview>;
  /** Syncs, and shows it in this message. */
  startSyncIn: (account: Account, messageId: number) => Promise<void>;
  questions: Pick<Questions, "ask" | "offered">;
  clock: Clock;
}

/** Shows a typed reading as it was understood. False if the text is none. */
export async function askAbout(
  deps: TypedDeps,
  ctx: BotContext,
  message: { text: string; date: number; message_id: number },
): Promise<boolean> {
  const { account } = ctx;
  const { units, sends } = account.settings;
  // By when it was sent: the bot may have been down since.
  const given = { units, now: new Date(message.date * 1000) };
  // Whether it's a reading doesn't depend on the zone, and most texts aren't worth the reads.
  if (!parseTyped(message.text, { ...given, timezone: "UTC" })) return false;
  const seen = await deps.overview(account);
  const { timezone } = seen;
  const words = wordsOf(account, { timezone, now: deps.clock.now() });
  const say = typedWords(words);
  const { button } = words;
  if (!seen.isTimezoneKnown) {
    await ctx.reply(say.zoneFirst, { reply_markup: new InlineKeyboard().text(button.setTimezone, CALLBACK.timezone) });
    return true;
  }
  const typed = parseTyped(message.text, { ...given, timezone });
  if (!typed) return false;
  if (typed.type === "in_the_future") {
    await ctx.reply(say.inTheFuture);
    return true;
  }
  const { kind } = typed.values;
  if (!isKindOn(sends, kind)) {
    await ctx.reply(say.isOff[kind]);
    return true;
  }
  const { text, isFarOff } = typedQuestion(typed, seen, words);
  const keyboard = buttons(isFarOff ? "sure" : "save", { ...typed, id: typedId(message) }, words);
  await ctx.reply(text, { reply_markup: keyboard });
  return true;
}

function buttons(verb: "save" | "sure", reading: Omit<TypedReading, "typedAt">, words: Words) {
  const say = typedWords(words);
  return new InlineKeyboard()
    .text(verb === "save" ? say.save : say.yes, tapOf(verb, reading))
    .text(words.button.cancel, tapOf("no", reading));
}

export async function takeTap(deps: TypedDeps, ctx: BotContext, verb: TypedVerb, data: string): Promise<void> {
  const reading = readingIn(data);
  if (!reading) return answerCallback(ctx, ctx.words.oldButton);
  const seen = await deps.overview(ctx.account);
  const words = wordsOf(ctx.account, { timezone: seen.timezone, now: deps.clock.now() });
  const say = typedWords(words);
  const name = say.name(reading);
  const earlier = await deps.typed.read(ctx.account.telegramUserId);
  const isSaved = earlier.some(({ id }) => id === reading.id);
  if (verb === "save") return save(deps, ctx, { reading, earlier, isSaved, seen, words });
  if (isSaved) return answerCallback(ctx, say.alreadySaved);
  if (verb === "no") return void (await editOrReply(ctx, say.notSaved(name)));
  await editOrReply(ctx, say.sure(name), buttons("save", reading, words));
}

interface Save {
  reading: TypedReading;
  earlier: TypedReading[];
  isSaved: boolean;
  seen: Overview;
  words: Words;
}

/** Saved first, so that whatever fails after that, it isn't lost. A second tap saves nothing, and asks for another sync. */
async function save(deps: TypedDeps, ctx: BotContext, { reading, earlier, isSaved, seen, words }: Save): Promise<void> {
  const { account } = ctx;
  const say = typedWords(words);
  const name = say.name(reading);
  const isSame = (it: TypedReading) => it.id !== reading.id && isAsTyped(it, reading);
  if (!isSaved && earlier.some(isSame)) return void (await editOrReply(ctx, say.sameAsBefore(name)));
  const isKept = await orLater(ctx, async () => {
    await deps.typed.add(account.telegramUserId, reading);
    return true;
  });
  if (!isKept) return;
  const missing = VENDORS.filter((vendor) => !seen.links[vendor]);
  const messageId = ctx.callbackQuery?.message?.message_id;
  if (missing.length === 0 && messageId !== undefined) {
    return deps.startSyncIn(account, messageId).catch(async (error: unknown) => {
      await editOrReply(ctx, say.kept(name));
      throw error;
    });
  }
  const keyboard = linkButtons(missing, words);
  await deps.questions.offered(account, await editOrReply(ctx, say.keptUntilLinked(name, missing), keyboard), keyboard);
}

function linkButtons(missing: Vendor[], { button }: Words): InlineKeyboard {
  const label = { withings: button.linkWithings, garmin: button.linkGarmin };
  return missing.reduce((all, vendor) => all.text(label[vendor], CALLBACK[vendor]).row(), new InlineKeyboard());
}
