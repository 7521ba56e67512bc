import { Composer } from "grammy/web";
import { PICTURES, type Picture, type PictureJob, RANGES, type Range } from "../../sync/model/jobs.ts";
import type { BotContext, Chat } from "../ui/context.ts";
import type { LongAnswers } from "../ui/long-answers.ts";
import type { PicturesDeps } from "./picture-answers.ts";

const COMMANDS: Record<string, Picture> = { weight: "weight", bp: "blood_pressure", body: "body" };
/** Which picture, and of which time. */
const PICTURE_TAP = new RegExp(`^picture:(${PICTURES.join("|")}):(${RANGES.join("|")})$`);

/** /weight, /bp and /body, loaded on demand. A job draws, so that on AWS only the worker has what it takes. */
export function createPictures(answers: LongAnswers, deps: PicturesDeps) {
  const load = () => import("./picture-answers.ts");
  const commands = new Composer<BotContext>();
  for (const [command, picture] of Object.entries(COMMANDS)) {
    commands.command(command, async (ctx) => (await load()).begin(answers, deps, ctx, picture));
  }
  commands.callbackQuery(PICTURE_TAP, async (ctx) =>
    (await load()).change(deps, ctx, { picture: ctx.match[1] as Picture, range: ctx.match[2] as Range }),
  );
  return {
    commands,
    /** Draws, and makes the message the picture. */
    write: async (chat: Pick<Chat, "account" | "words">, job: PictureJob): Promise<void> =>
      (await load()).write(answers, deps, chat, job),
  };
}
