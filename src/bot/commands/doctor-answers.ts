import { InputFile } from "grammy/web";
import type { SignInPages } from "../../sync/links/garmin-sign-in.ts";
import type { Account } from "../../sync/model/account.ts";
import type { CheckReport, Line } from "../../sync/status/checks.ts";
import type { BotContext, Chat } from "../ui/context.ts";
import { CALLBACK, withFixes } from "../ui/keyboards.ts";
import type { LongAnswers } from "../ui/long-answers.ts";
import type { Questions } from "../ui/questions.ts";
import { checkLine, doctorReport } from "../views/doctor.ts";
import { doctorWords } from "../words/doctor.ts";
import type { Words } from "../words/words.ts";

export interface DoctorDeps {
  /** Checks everything that concerns this account; the program itself only for its owner. */
  doctor(account: Account, words: Words, isOwner: boolean, onProgress: (lines: Line[]) => void): Promise<CheckReport>;
  wordsAt: (chat: Pick<Chat, "account" | "words">) => Promise<Words>;
  garminSignIn: SignInPages;
  questions: Pick<Questions, "offered">;
  report: () => Promise<{ name: string; text: string }>;
}

export const begin = (answers: LongAnswers, { account, words }: Chat): Promise<void> =>
  answers.start(account.telegramUserId, doctorWords(words).checking, { reason: "doctor" });

export async function sendReport({ report }: DoctorDeps, ctx: BotContext): Promise<void> {
  const { name, text } = await report();
  const caption = doctorWords(ctx.words).reportCaption;
  await ctx.replyWithDocument(new InputFile(Buffer.from(text), name), { caption });
}

export async function write(
  answers: LongAnswers,
  { doctor, wordsAt, garminSignIn, questions }: DoctorDeps,
  about: { chat: Pick<Chat, "account" | "words">; messageId: number; isOwner: boolean },
): Promise<void> {
  const { chat, messageId, isOwner } = about;
  const words = await wordsAt(chat);
  const say = doctorWords(words);
  const place = { account: chat.account.telegramUserId, messageId, first: say.checking };
  await answers.write(place, { words: () => words, failure: "doctor_failed" }, async (message) => {
    const show = (lines: Line[]) => message.show(lines.map((line) => checkLine(line, say)).join("\n"));
    const { findings, ended } = await doctor(chat.account, words, isOwner, show);
    const report = doctorReport(findings, say);
    const actions = findings.map(({ action }) => action);
    const { text, keyboard } = withFixes(report.text, actions, words, garminSignIn);
    if (isOwner) keyboard.row().text(say.reportButton, CALLBACK.report);
    await message.finish(text, keyboard, report.entities);
    await questions.offered(chat.account, messageId, keyboard);
    await ended;
  });
}
