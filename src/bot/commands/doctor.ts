import { Composer, InputFile } from "grammy/web";
import type { SignInPages } from "../../sync/links/garmin-sign-in.ts";
import type { Account } from "../../sync/model/account.ts";
import { type CheckReport, type Finding, type Line, thingsToDo } from "../../sync/status/checks.ts";
import type { BotContext, Chat } from "../ui/context.ts";
import { CALLBACK, withFixes } from "../ui/keyboards.ts";
import type { LongAnswers } from "../ui/long-answers.ts";
import type { Questions } from "../ui/questions.ts";
import type { Words } from "../words/words.ts";

export interface DoctorDeps {
  /** Checks everything that concerns this account; the program itself only for its owner. */
  doctor(account: Account, words: Words, isOwner: boolean, onProgress: (lines: Line[]) => void): Promise<CheckReport>;
  wordsAt: (chat: Pick<Chat, "account" | "words">) => Promise<Words>;
  garminSignIn: SignInPages;
  questions: Pick<Questions, "offered">;
  report: () => Promise<{ name: string; text: string }>;
}

export function createDoctorAnswers(answers: LongAnswers, deps: DoctorDeps) {
  const { doctor, wordsAt, garminSignIn, questions, report } = deps;
  const command = new Composer<BotContext>();

  const begin = ({ account, words }: Chat) => answers.start(account.telegramUserId, words.doctor.checking, "doctor");
  command.command("doctor", begin);
  command.callbackQuery(CALLBACK.doctor, begin);

  // The report covers the whole program, but a former owner's message may still have the button.
  command.callbackQuery(CALLBACK.report, async (ctx, next) => {
    if (!ctx.isOwner) return next();
    const { name, text } = await report();
    await ctx.replyWithDocument(new InputFile(Buffer.from(text), name), { caption: ctx.words.doctor.reportCaption });
  });

  return {
    command,

    async write(chat: Pick<Chat, "account" | "words">, messageId: number, isOwner: boolean): Promise<void> {
      const words = await wordsAt(chat);
      const place = { account: chat.account.telegramUserId, messageId, first: words.doctor.checking };
      await answers.write(place, { words: () => words, failure: "doctor_failed" }, async (message) => {
        const show = (lines: Line[]) => message.show(lines.map((line) => lineOf(line, words)).join("\n"));
        const { findings, ended } = await doctor(chat.account, words, isOwner, show);
        const actions = findings.map(({ action }) => action);
        const { text, keyboard } = withFixes(reportOf(findings, words), actions, words, garminSignIn);
        if (isOwner) keyboard.row().text(words.doctor.reportButton, CALLBACK.report);
        await message.finish(text, keyboard);
        await questions.offered(chat.account, messageId, keyboard);
        await ended;
      });
    },
  };
}

function reportOf(findings: Finding[], words: Words): string {
  const lines = findings.map((finding) => lineOf({ check: finding.check, finding }, words));
  return [...lines, "", words.doctor.conclusion(thingsToDo(findings))].join("\n");
}

function lineOf({ check, finding }: Line, { doctor: { mark, running } }: Words): string {
  return finding ? `${mark[finding.verdict]} · ${check}: ${finding.text}` : running(check);
}
