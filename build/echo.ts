import { Bot, webhookCallback } from "grammy/web";

const bot = new Bot("1:echo");
bot.on("message:text", (ctx) => ctx.reply(ctx.msg.text));

/** The smallest bot, which the functions are compared with. */
export const handler = webhookCallback(bot, "std/http");
