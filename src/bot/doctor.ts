import { Composer, type InlineKeyboard } from "grammy/web";
import type { Account } from "../sync/account.ts";
import { type Finding, thingsToDo } from "../sync/doctor.ts";
import { mendOf } from "./buttons.ts";
import type { BotContext, Chat } from "./context.ts";
import type { LongAnswers } from "./long-answers.ts";
import type { Words } from "./words/words.ts";

export interface DoctorDeps {
  /** Looks at everything that concerns this account; at the program itself only for its owner. */
  doctor: (account: Account, words: Words, isOwner: boolean) => Promise<Finding[]>;
  wordsAt: (chat: Chat) => Promise<Words>;
  signInPageUrl: () => string;
}

/** /doctor: what works and what does not, one line each with the mend. */
export function createDoctorCommand(answers: LongAnswers, deps: DoctorDeps): Composer<BotContext> {
  const { doctor, wordsAt, signInPageUrl } = deps;
  const composer = new Composer<BotContext>();

  composer.command("doctor", async (ctx) => {
    const { account, isOwner } = ctx;
    const words = await wordsAt(ctx);
    const beginning = { first: words.doctor.checking, words: () => words, failure: "doctor_failed" };
    await answers.begin(account.telegramUserId, beginning, async (message) => {
      const findings = await doctor(account, words, isOwner);
      await message.finish(reportOf(findings, words), mend(findings, words));
    });
  });

  /** A button for the first thing that one can mend. */
  function mend(findings: Finding[], words: Words): InlineKeyboard | undefined {
    for (const { action } of findings) {
      const keyboard = action && mendOf(action, words, signInPageUrl());
      if (keyboard) return keyboard;
    }
    return undefined;
  }

  return composer;
}

function reportOf(findings: Finding[], words: Words): string {
  const { mark, conclusion } = words.doctor;
  const lines = findings.map(({ check, verdict, text }) => `${mark[verdict]} · ${check}: ${text}`);
  return [...lines, "", conclusion(thingsToDo(findings))].join("\n");
}
