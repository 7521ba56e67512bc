import { Bot, webhookCallback } from "grammy/web";

const { TELEGRAM_BOT_TOKEN = "", TELEGRAM_API_ROOT = "", BOT_INFO = "" } = process.env;
const bot = new Bot(TELEGRAM_BOT_TOKEN, {
  botInfo: JSON.parse(BOT_INFO),
  client: { apiRoot: TELEGRAM_API_ROOT },
});
bot.on("message:text", (ctx) => ctx.reply(ctx.msg.text));

/** The smallest bot, which the functions are compared with. */
export const handler = webhookCallback(bot, "aws-lambda-async");
