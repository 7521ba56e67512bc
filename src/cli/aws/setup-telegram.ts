import { createTelegramSetup, type TelegramSetup } from "../../bot/telegram/setup.ts";
import { readConfig, whatIsWrong } from "../../config/config.ts";
import { UsageError } from "../../lib/errors.ts";
import { type Answers, askOnce, askUntil, type SetupDeps } from "./setup-answers.ts";

const PATIENCE_MINUTES = 3;
const MOST_TRIES = 5;

/** The bot's token, known to Telegram. What comes back talks in its name. */
export async function askBot({ shell, terminal, clock }: SetupDeps, { present, changes }: Answers) {
  terminal.say(
    "\n1. The bot\nOpen Telegram, talk to @BotFather, send /newbot and follow it. At the end it shows a token, a line like " +
      "123456:AA... Have a bot of its own for this deployment: Telegram sends what people write to one program only.",
  );
  let known = present.get("TELEGRAM_BOT_TOKEN");
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const bot = known && (await introduce(known, shell, clock));
    if (bot) {
      const answer = await askOnce(terminal, `Token (hidden; Enter keeps the one of @${bot.username}):`, {
        secret: true,
      });
      if (answer === "") return bot.introduction;
      await bot.introduction.close();
      known = undefined;
      const introduced = await use(answer);
      if (introduced) return introduced;
      continue;
    }
    if (known) terminal.say("Telegram does not know the token that is there any more.");
    known = undefined;
    const introduced = await use(await askOnce(terminal, "Token (hidden while you type):", { secret: true }));
    if (introduced) return introduced;
  }
  throw new UsageError("That did not work. Nothing was changed. Please begin again.");

  async function use(token: string): Promise<TelegramSetup | undefined> {
    const problem = whatIsWrong("TELEGRAM_BOT_TOKEN", token);
    const bot = problem === undefined ? await introduce(token, shell, clock) : undefined;
    if (!bot) {
      terminal.say(problem ? `That ${problem}.` : "Telegram does not know this token. Copy the whole line once more.");
      return undefined;
    }
    terminal.say(`This is @${bot.username}.`);
    const host = await bot.introduction.listener();
    if (host !== undefined && !present.get("PUBLIC_URL")?.includes(host)) {
      terminal.say(
        `Another program listens to it already, at ${host}. npm run deploy takes the bot away from that one: if it is to go on, ` +
          "press Ctrl-C and make another bot.",
      );
    }
    changes.set("TELEGRAM_BOT_TOKEN", token);
    return bot.introduction;
  }
}

async function introduce(token: string, shell: SetupDeps["shell"], clock: SetupDeps["clock"]) {
  if (whatIsWrong("TELEGRAM_BOT_TOKEN", token) !== undefined) return undefined;
  const config = readConfig({ ...shell, TELEGRAM_BOT_TOKEN: token, TELEGRAM_ALLOWED_IDS: "1" }, ["telegram"]);
  const introduction = createTelegramSetup(config.telegram, clock);
  try {
    const bot = await introduction.bot();
    if (bot) return { username: bot.username, introduction };
  } catch (error) {
    await introduction.close();
    throw error;
  }
  await introduction.close();
  return undefined;
}

/** The owner's Telegram user id: typed, or told by the bot itself when they write to it. */
export async function askOwner(
  { terminal }: SetupDeps,
  { present, changes }: Answers,
  introduction: TelegramSetup,
): Promise<void> {
  const known = present.get("TELEGRAM_ALLOWED_IDS");
  terminal.say("\n2. You\nYour Telegram user id, a number. It makes you the owner of this bot.");
  const keeps = known ? `Enter keeps ${known}; or "tell", and the bot tells it` : "Enter, and the bot tells it";
  const answer = await askUntil(terminal, `Your Telegram user id (${keeps}):`, (text) => {
    if (text === "tell" || text === "") return undefined;
    // Telegram would not say so: the bot would simply serve nobody.
    if (PHONE_NUMBER.test(text)) {
      return `This looks like a phone number, and the user id is another one. ${known ? 'Type "tell"' : "Press Enter"}, and the bot tells it.`;
    }
    return wrongId(text);
  });
  if (answer === "" && known) return;
  const told = answer === "" || answer === "tell" ? await toldByBot() : answer;
  changes.set("TELEGRAM_ALLOWED_IDS", told ?? (await typed()));

  async function toldByBot(): Promise<string | undefined> {
    terminal.say(`Send any message to your bot now. I wait for it, ${PATIENCE_MINUTES} minutes at most.`);
    const writer = await introduction.writer(PATIENCE_MINUTES);
    if (writer === "elsewhere") {
      terminal.say("The messages of this bot go to a program that runs already, so I cannot see them.");
      return undefined;
    }
    if (!writer) {
      terminal.say("Nobody has written.");
      return undefined;
    }
    const isThem = await terminal.ask(
      `${writer.firstName} wrote, id ${writer.id}. Is that you? (Enter for yes, or no):`,
    );
    return ["", "y", "yes"].includes(isThem.toLowerCase()) ? String(writer.id) : undefined;
  }

  function typed(): Promise<string> {
    terminal.say("Then type it: @userinfobot in Telegram tells it.");
    return askUntil(terminal, "Your Telegram user id:", wrongId);
  }
}

/** User ids have ten digits at most so far; with a plus they never begin. */
const PHONE_NUMBER = /^\+[\d\s]+$|^[\d\s]{11,}$/;

function wrongId(text: string): string | undefined {
  const wrong = whatIsWrong("TELEGRAM_ALLOWED_IDS", text);
  return wrong && `This ${wrong}.`;
}
