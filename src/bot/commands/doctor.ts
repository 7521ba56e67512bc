import { Composer } from "grammy/web";
import type { BotContext, Chat } from "../ui/context.ts";
import { CALLBACK } from "../ui/keyboards.ts";
import type { LongAnswers } from "../ui/long-answers.ts";
import type { DoctorDeps } from "./doctor-answers.ts";

/** /doctor, loaded on demand: few messages ask for it. */
export function createDoctorAnswers(answers: LongAnswers, deps: DoctorDeps) {
  const load = () => import("./doctor-answers.ts");
  const command = new Composer<BotContext>();
  command.command("doctor", async (ctx) => (await load()).begin(answers, ctx));
  command.callbackQuery(CALLBACK.doctor, async (ctx) => (await load()).begin(answers, ctx));
  // The report covers the whole program, but a former owner's message may still have the button.
  command.callbackQuery(CALLBACK.report, async (ctx, next) => {
    if (!ctx.isOwner) return next();
    await (await load()).sendReport(deps, ctx);
  });

  return {
    command,

    /** Checks, and writes what it found into the message. */
    async write(chat: Pick<Chat, "account" | "words">, messageId: number, isOwner: boolean): Promise<void> {
      await (await load()).write(answers, deps, { chat, messageId, isOwner });
    },
  };
}
