import { InlineKeyboard } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import type { SignInPages } from "../../sync/links/garmin-sign-in.ts";
import { type Account, isKindOn } from "../../sync/model/account.ts";
import type { Look } from "../../sync/model/jobs.ts";
import { KINDS, type ReadingKind } from "../../sync/model/reading.ts";
import type { Cause } from "../../sync/status/missing.ts";
import type { Overview } from "../../sync/status/overview.ts";
import { intentOf } from "../typed/intents.ts";
import type { BotContext, Chat } from "../ui/context.ts";
import { CALLBACK, type Message, withFixes } from "../ui/keyboards.ts";
import type { LongAnswers } from "../ui/long-answers.ts";
import type { Questions } from "../ui/questions.ts";
import { verdictText } from "../views/doctor.ts";
import { helpText } from "../views/help.ts";
import { causeButton, causeFix, causeText, sentText } from "../views/plain.ts";
import { doctorWords } from "../words/doctor.ts";
import { plainWords } from "../words/plain.ts";
import { type Words, wordsOf } from "../words/words.ts";
import type { DoctorDeps } from "./doctor-answers.ts";

export interface PlainDeps extends Pick<DoctorDeps, "doctor"> {
  overview: (account: Account) => Promise<Overview>;
  /** Why the newest reading of a kind isn't in Garmin. `ended`: when everything that was asked has ended. */
  missing: (account: Account, kind: ReadingKind) => Promise<{ cause: Cause; timezone: string; ended: Promise<void> }>;
  wordsAt: (chat: Pick<Chat, "account" | "words">) => Promise<Words>;
  garminSignIn: SignInPages & { isInCloud: boolean };
  questions: Pick<Questions, "offered">;
  clock: Clock;
}

/** To a message that no command or dialog has taken. */
export async function answer(answers: LongAnswers, deps: PlainDeps, ctx: BotContext): Promise<void> {
  const { text, caption } = ctx.message ?? {};
  const asked = intentOf(text ?? caption ?? "");
  switch (asked?.intent) {
    case "missing":
      return startLook(answers, ctx, `${asked.kind ?? likelyKind(ctx)}_missing`);
    case "working":
      return startLook(answers, ctx, "working");
    case "last":
      return tellLast(deps, ctx, asked.kind ? [asked.kind] : undefined);
    case "sent":
      return tellWhatIsSent(ctx);
    case "stop":
      return tellHowToStop(ctx);
    case "help":
      return help(ctx);
    case "hello":
      return offer(ctx, plainWords(ctx.words).hello);
    case "thanks":
      return void (await ctx.reply(plainWords(ctx.words).thanks));
    case undefined:
      return offer(ctx, plainWords(ctx.words).unsure);
  }
}

const likelyKind = ({ account: { settings } }: BotContext): ReadingKind =>
  KINDS.find((kind) => isKindOn(settings.sends, kind)) ?? "weigh_in";

export async function help(ctx: BotContext): Promise<void> {
  const { button } = plainWords(ctx.words);
  const keyboard = new InlineKeyboard()
    .text(button.status, CALLBACK.status)
    .text(button.sync, CALLBACK.sync)
    .row()
    .text(button.why, "ask:missing:weigh_in");
  await ctx.reply(helpText(ctx.isOwner, ctx.words), { reply_markup: keyboard });
}

export async function privacy({ garminSignIn }: PlainDeps, ctx: BotContext): Promise<void> {
  const { ABOUT } = await import("../words/about.ts");
  await ctx.reply(ABOUT[ctx.words.language].privacy(garminSignIn.isInCloud));
}

/** Reads nothing: such a message costs no more than any other. */
async function offer(ctx: BotContext, text: string): Promise<void> {
  const { button } = plainWords(ctx.words);
  const keyboard = new InlineKeyboard()
    .text(button.status, CALLBACK.status)
    .text(button.sync, CALLBACK.sync)
    .text(button.help, CALLBACK.help);
  await ctx.reply(text, { reply_markup: keyboard });
}

async function tellLast(deps: PlainDeps, ctx: BotContext, asked: ReadingKind[] | undefined): Promise<void> {
  const { lastReadings, timezone }: Overview = await deps.overview(ctx.account);
  const { last, button } = plainWords(wordsOf(ctx.account, { timezone, now: deps.clock.now() }));
  const known = KINDS.filter((kind) => lastReadings[kind]);
  const kinds = asked ?? (known.length > 0 ? known : [likelyKind(ctx)]);
  const keyboard = new InlineKeyboard().text(button.sync, CALLBACK.sync);
  await ctx.reply(kinds.map((kind) => last[kind](lastReadings[kind])).join("\n"), { reply_markup: keyboard });
}

export async function tellWhatIsSent(ctx: BotContext): Promise<void> {
  const text = sentText(ctx.account.settings.sends, plainWords(ctx.words));
  const keyboard = new InlineKeyboard().text(plainWords(ctx.words).button.change, "set:sends");
  await ctx.reply(text, { reply_markup: keyboard });
}

async function tellHowToStop(ctx: BotContext): Promise<void> {
  const { stop, button } = plainWords(ctx.words);
  const keyboard = new InlineKeyboard().text(button.whenToWrite, "set:summary").text(button.whatIsSent, "set:sends");
  await ctx.reply(stop, { reply_markup: keyboard });
}

/** Answers at once that it looks; a job does the rest. */
export async function startLook(
  answers: LongAnswers,
  { account, words }: BotContext,
  what: Exclude<Look, "doctor">,
): Promise<void> {
  await answers.start(account.telegramUserId, firstWords(what, { words }), { reason: what });
}

const firstWords = (what: Look, { words }: Pick<Chat, "words">) =>
  what === "working" ? doctorWords(words).checking : plainWords(words).looking;

export interface LookedFor {
  chat: Pick<Chat, "account" | "words">;
  messageId: number;
  what: Exclude<Look, "doctor">;
  isOwner: boolean;
}

export async function write(answers: LongAnswers, deps: PlainDeps, about: LookedFor): Promise<void> {
  const { chat, messageId, what } = about;
  const words = await deps.wordsAt(chat);
  const place = { account: chat.account.telegramUserId, messageId, first: firstWords(what, chat) };
  await answers.write(place, { words: () => words, failure: "look_failed" }, async (message) => {
    const { shown, ended } = what === "working" ? await verdict(deps, about) : await diagnosis(deps, about, what);
    await message.finish(shown.text, shown.keyboard);
    await deps.questions.offered(chat.account, messageId, shown.keyboard);
    await ended;
  });
}

interface Looked {
  shown: Message;
  /** When everything that was asked has ended: a token renewal must not be cut off. */
  ended: Promise<void>;
}

async function diagnosis(
  { missing, garminSignIn, clock }: PlainDeps,
  { chat: { account } }: LookedFor,
  what: "weigh_in_missing" | "blood_pressure_missing",
): Promise<Looked> {
  const kind = what === "weigh_in_missing" ? "weigh_in" : "blood_pressure";
  const { cause, timezone, ended } = await missing(account, kind);
  const words = wordsOf(account, { timezone, now: clock.now() });
  const shown = withFixes(causeText(cause, kind, words), [causeFix(cause)], words, garminSignIn);
  const button = causeButton(cause, kind, plainWords(words));
  if (button) shown.keyboard.text(button.label, button.tap);
  return { shown, ended };
}

/** /doctor without what is in order. */
async function verdict({ doctor, wordsAt, garminSignIn }: PlainDeps, { chat, isOwner }: LookedFor): Promise<Looked> {
  const words = await wordsAt(chat);
  const { findings, ended } = await doctor(chat.account, words, isOwner, () => {});
  const actions = findings.map(({ action }) => action);
  const shown = withFixes(verdictText(findings, doctorWords(words)), actions, words, garminSignIn);
  shown.keyboard.row().text(plainWords(words).button.details, CALLBACK.doctor);
  return { shown, ended };
}
