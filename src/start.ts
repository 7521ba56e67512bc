import { GrammyError } from "grammy/web";
import { createOwnerAlarms } from "./app/owner-alarms.ts";
import { createRunFiles, type ToldOnce } from "./app/run-files.ts";
import { SERVICE_SECTIONS, type ServiceConfig } from "./app/service.ts";
import { createSystemd } from "./app/systemd.ts";
import { isUncallable } from "./bot/telegram/webhook.ts";
import { readConfig } from "./config/config.ts";
import type { Environment } from "./config/environment.ts";
import type { Clock } from "./lib/clock.ts";
import { UsageError } from "./lib/errors.ts";
import { errorFacts, type Log } from "./lib/log.ts";
import { LAST_WORD_SECONDS, STOP_SECONDS, startServer } from "./server.ts";

export async function runServer(env: Environment, deps: { clock: Clock; log: Log; isNew: boolean }): Promise<number> {
  const config = readConfig(env, SERVICE_SECTIONS);
  // From the start, so that a stop doesn't interrupt the start half-way.
  const end = asked();
  const systemd = createSystemd({ ...deps, isListening: env.NOTIFY_SOCKET !== undefined });
  const files = createRunFiles(config.store, deps.clock);
  const starts = files.begun();
  const tell = (error: unknown, once: ToldOnce) => tellWhyItEnds(error, once, config, deps);
  const crash = crashed().catch(async (error: unknown) => {
    await tell(error, "crashes");
    throw error;
  });
  // It may reject before anybody awaits it.
  crash.catch(() => undefined);
  const server = await startServer(config, { ...deps, onSweep: systemd.alive, starts }).catch(
    async (error: unknown) => {
      await tell(error, "why-not");
      files.endedInOrder();
      throw error;
    },
  );
  const polling = server.polling.catch(async (error: unknown) => {
    const explained = explainTelegram(error);
    if (explained !== error) await tell(explained, "why-not");
    throw explained;
  });
  systemd.ready();
  try {
    await Promise.race([polling, server.stuck, crash, end]);
  } finally {
    deps.log.info("stopping");
    systemd.stopping();
    await Promise.race([server.stop(), new Promise((resolve) => setTimeout(resolve, STOP_SECONDS * 1000).unref())]);
    files.endedInOrder();
    // Whatever hangs would keep the process open.
    setTimeout(() => process.exit(), LAST_WORD_SECONDS * 1000).unref();
  }
  return 0;
}

/** Tells the owner why the program can't start, or that it crashed: once a day, because a supervisor restarts it all the time. */
async function tellWhyItEnds(
  error: unknown,
  once: ToldOnce,
  config: ServiceConfig,
  deps: { clock: Clock; log: Log },
): Promise<void> {
  const [owner = 0] = config.telegram.allowedIds;
  const alarms = createOwnerAlarms(config, { owner, ownerAccount: async () => undefined, ...deps });
  try {
    if (config.store.engine !== "sqlite" || createRunFiles(config.store, deps.clock).isTold(once)) return;
    // Any other error's message is for the log.
    const cause = error instanceof UsageError ? error.message : undefined;
    const tellers = Object.values(alarms.tellers);
    const told = await Promise.allSettled(tellers.map((tell) => tell({ key: "broken", isOver: false, cause })));
    for (const it of told) if (it.status === "rejected") deps.log.warn("owner_not_told", errorFacts(it.reason));
  } finally {
    await alarms.close();
  }
}

export function asked(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}

/** So that the program ends in order, with one line in the log instead of a stack. */
function crashed(): Promise<never> {
  return new Promise((_, reject) => process.once("uncaughtException", reject));
}

function explainTelegram(error: unknown): unknown {
  if (!(error instanceof GrammyError)) return error;
  if (isUncallable(error)) {
    return new UsageError(
      "Telegram does not call PUBLIC_URL: it must be https, on port 443, 80, 88 or 8443. Correct it, or leave it out.",
    );
  }
  if (error.error_code === 401 || error.error_code === 404) {
    return new UsageError("Telegram doesn’t know TELEGRAM_BOT_TOKEN. Copy it again from @BotFather.");
  }
  return error;
}
