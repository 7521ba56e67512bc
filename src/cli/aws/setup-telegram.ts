import { createTelegramSetup, type TelegramSetup } from "../../bot/telegram/setup.ts";
import { readConfig, whatIsWrong } from "../../config/config.ts";
import { type Answers, askOnce, askUntil, repeat, type SetupDeps } from "./setup-answers.ts";

const PATIENCE_MINUTES = 3;

export async function askBot(deps: SetupDeps, { present, changes }: Answers): Promise<TelegramSetup> {
  const { terminal } = deps;
  terminal.say(
    "\n1. The bot\nOpen Telegram, talk to @BotFather, send /newbot and follow it. At the end it shows a token, a line like " +
      "123456:AA... Make a new bot for this deployment: Telegram sends what people write to one program only.",
  );
  const known = present.get("TELEGRAM_BOT_TOKEN");
  let kept = known && (await introduce(known, deps));
  if (known && !kept) terminal.say("Telegram no longer knows the token that is there.");
  return repeat(async () => {
    const bot = kept;
    kept = undefined;
    const what = bot ? `hidden; Enter keeps the one of @${bot.username}` : "hidden while you type";
    const token = await askOnce(terminal, `Token (${what}):`, { secret: true });
    if (bot && token === "") return bot.introduction;
    if (bot) await bot.introduction.close();
    return use(token);
  });

  async function use(token: string): Promise<TelegramSetup | undefined> {
    const problem = whatIsWrong("TELEGRAM_BOT_TOKEN", token);
    const used = await introduce(token, deps);
    if (!used) {
      terminal.say(problem ? `That ${problem}.` : "Telegram doesn’t know this token. Copy the whole line again.");
      return undefined;
    }
    terminal.say(`This is @${used.username}.`);
    const host = await used.introduction.listener();
    if (host !== undefined && !present.get("PUBLIC_URL")?.includes(host)) {
      terminal.say(
        `Another program already listens to it, at ${host}. npm run deploy takes the bot away from that one: to keep it there, ` +
          "press Ctrl-C and make another bot.",
      );
    }
    changes.set("TELEGRAM_BOT_TOKEN", token);
    return used.introduction;
  }
}

async function introduce(token: string, { shell, clock }: SetupDeps) {
  if (whatIsWrong("TELEGRAM_BOT_TOKEN", token) !== undefined) return undefined;
  const config = readConfig({ ...shell, TELEGRAM_BOT_TOKEN: token, TELEGRAM_ALLOWED_IDS: "1" }, ["telegram"]);
  const introduction = createTelegramSetup(config.telegram, clock);
  let bot: Awaited<ReturnType<TelegramSetup["bot"]>>;
  try {
    bot = await introduction.bot();
    return bot && { username: bot.username, introduction };
  } finally {
    if (!bot) await introduction.close();
  }
}

export async function askOwner(
  { terminal }: SetupDeps,
  { present, changes }: Answers,
  introduction: TelegramSetup,
): Promise<void> {
  const known = present.get("TELEGRAM_ALLOWED_IDS");
  terminal.say("\n2. You\nYour Telegram user id, a number. It makes you the owner of this bot.");
  const keeps = known ? `Enter keeps ${known}; type "find", and the bot finds it` : "press Enter, and the bot finds it";
  const answer = await askUntil(terminal, `Your Telegram user id (${keeps}):`, (text) => {
    if (text === "find" || text === "") return undefined;
    // With a phone number the bot would serve nobody, and Telegram wouldn't complain.
    if (PHONE_NUMBER.test(text)) {
      return `This looks like a phone number, which isn’t the user id. ${known ? 'Type "find"' : "Press Enter"}, and the bot finds it.`;
    }
    return wrongId(text);
  });
  if (answer === "" && known) return;
  const found = answer === "" || answer === "find" ? await foundByBot() : answer;
  changes.set("TELEGRAM_ALLOWED_IDS", found ?? (await typed()));

  async function foundByBot(): Promise<string | undefined> {
    terminal.say(`Send any message to your bot now. I’ll wait up to ${PATIENCE_MINUTES} minutes for it.`);
    const writer = await introduction.writer(PATIENCE_MINUTES);
    if (writer === "elsewhere" || !writer) {
      terminal.say(
        writer ? "Another program already gets the messages of this bot, so I can’t see them." : "Nobody has written.",
      );
      return undefined;
    }
    const isThem = await terminal.ask(
      `${writer.firstName} wrote, id ${writer.id}. Is that you? (Enter for yes, or no):`,
    );
    return ["", "y", "yes"].includes(isThem.toLowerCase()) ? String(writer.id) : undefined;
  }

  function typed(): Promise<string> {
    terminal.say("Then type it; @userinfobot in Telegram shows it.");
    return askUntil(terminal, "Your Telegram user id:", wrongId);
  }
}

const PHONE_NUMBER = /^\+[\d\s]+$|^[\d\s]{11,}$/;

function wrongId(text: string): string | undefined {
  const wrong = whatIsWrong("TELEGRAM_ALLOWED_IDS", text);
  return wrong && `This ${wrong}.`;
}
