import { Bot, webhookCallback } from "grammy/web";

const bot = new Bot("1:echo");
bot.on("message:text", (ctx) => ctx.reply(ctx.msg.text));

/** The least that a bot can be: what the functions are measured against. */
export const handler = webhookCallback(bot, "std/http");
