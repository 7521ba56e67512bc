import { expect, vi } from "vitest";
import { type BotDeps, createBot, type TelegramBot } from "../../src/bot/bot.ts";
import { createLog } from "../../src/log.ts";
import { overviewOf } from "../../src/sync/overview.ts";
import { syncAccount } from "../../src/sync/run.ts";
import { ACCOUNT, startHousehold } from "../support/household.ts";

/** Somebody whom the bot does not serve. */
export const STRANGER = 999;

/** The household with its bot, and its owner in a chat with it. */
export async function startBotHouse(options: Parameters<typeof startHousehold>[0] = {}) {
  const house = await startHousehold(options);
  const { app, clock, sandbox } = house;
  const { telegram } = sandbox;
  const owner = telegram.user({ id: ACCOUNT, firstName: "Owner" });
  const logged: Array<Record<string, unknown>> = [];
  const log = createLog({ level: "debug", write: (line) => logged.push(JSON.parse(line)), now: clock.now });
  const bots: TelegramBot[] = [];

  /** A copy of the bot on the same store, which nobody polls for yet. */
  function newBot(instead: Partial<BotDeps> = {}) {
    const config = {
      botToken: telegram.token,
      apiRoot: telegram.apiRoot,
      allowedIds: [ACCOUNT],
      botInfo: telegram.bot,
    };
    const bot = createBot(config, {
      accounts: app.accounts,
      claims: app.claims,
      afterSync: async () => {},
      sync: (account, runOptions) => syncAccount(app.run, account, runOptions),
      overview: (account) => overviewOf({ ...app, now: clock.now() }, account),
      nextRunAt: () => new Date(clock.now().getTime() + 30 * 60_000),
      clock,
      log,
      ...instead,
    });
    bots.push(bot);
    return bot;
  }

  /** One that polls. */
  function startBot(instead: Partial<BotDeps> = {}) {
    const bot = newBot(instead);
    bot.poll(async () => {}).catch(() => undefined);
    return bot;
  }

  return {
    ...house,
    telegram,
    owner,
    logged,
    newBot,
    startBot,
    /** Resolves when the bot has taken every update and handled it. */
    async quiet(bot: TelegramBot) {
      await vi.waitFor(() => expect(telegram.pendingUpdates()).toBe(0), { timeout: 5000 });
      await bot.settled();
    },
    async close() {
      for (const bot of bots) {
        await bot.stop();
        await bot.close();
      }
      await house.close();
    },
  };
}
export type BotHouse = Awaited<ReturnType<typeof startBotHouse>>;
