import { type Bot, GrammyError, webhookCallback } from "grammy/web";
import { type Served, serve } from "./serve.ts";

export const WEBHOOK_SECRET = "a-secret-of-the-webhook";

/** A grammY bot with a webhook. `answer` may wrap each of its answers. */
export async function webhookOf(
  bot: Bot,
  answer: (handle: () => Promise<Response>) => Promise<Response> = (handle) => handle(),
): Promise<Served> {
  const handle = webhookCallback(bot, "std/http", { secretToken: WEBHOOK_SECRET });
  const served = await serve((request) => answer(() => handle(request())));
  await bot.api.setWebhook(served.url, { secret_token: WEBHOOK_SECRET });
  return served;
}

export async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof GrammyError) return `${error.error_code} ${error.description}`;
  throw new Error(`it was not refused: ${String(error)}`);
}
