import { GrammyError } from "grammy/web";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";

export type TelegramState = "ok" | "unreachable" | "token_unknown" | "taken" | "refusing";

/** After a lost connection, Telegram holds the old poll for about 50 seconds and refuses the new one until then. */
const CONFLICT_SECONDS = 120;
const REPEAT_SECONDS = 3600;

/** What is logged for each state. Outages are missing here, because `telegram/client` logs them. */
const LOGGED: Partial<Record<TelegramState, { event: string; message?: string }>> = {
  token_unknown: {
    event: "telegram_token_unknown",
    message:
      "Telegram doesn’t know TELEGRAM_BOT_TOKEN. Copy it again from @BotFather and restart. Syncing continues, but I can’t message anyone.",
  },
  taken: {
    event: "updates_taken",
    message:
      "Another program is reading this bot's messages; Telegram does not say which. Stop it, or give it its own bot.",
  },
  refusing: { event: "updates_refused" },
};

export type TelegramHealth = ReturnType<typeof createTelegramHealth>;

/** Logs trouble when it starts, every hour, and when it ends; a conflict only after `conflictSeconds`. */
export function createTelegramHealth(deps: { conflictSeconds?: (() => number) | undefined; clock: Clock; log: Log }) {
  const { conflictSeconds = () => CONFLICT_SECONDS, clock, log } = deps;
  let trouble: { kind: TelegramState; since: Date; lastAt: Date; loggedAt?: Date } | undefined;
  /** Since when there is trouble that was logged, even if it's another by now, or the computer slept in between. */
  let loggedSince: Date | undefined;
  const secondsSince = (at: Date) => (clock.now().getTime() - at.getTime()) / 1000;
  const isShort = () => trouble?.kind === "taken" && secondsSince(trouble.since) < conflictSeconds();

  return {
    succeeded() {
      if (!trouble || (trouble.kind === "taken" && secondsSince(trouble.lastAt) < conflictSeconds())) return;
      if (loggedSince) log.info("updates_come_again", { since: loggedSince.toISOString() });
      trouble = undefined;
      loggedSince = undefined;
    },
    failed(error: unknown) {
      const kind = kindOf(error);
      const isSame = trouble?.kind === kind && secondsSince(trouble.lastAt) < 2 * conflictSeconds();
      if (!trouble || !isSame) trouble = { kind, since: clock.now(), lastAt: clock.now() };
      trouble.lastAt = clock.now();
      const logged = LOGGED[kind];
      if (!logged || isShort() || (trouble.loggedAt && secondsSince(trouble.loggedAt) < REPEAT_SECONDS)) return;
      trouble.loggedAt = clock.now();
      loggedSince ??= trouble.since;
      const { event, message = error instanceof GrammyError ? error.description : "" } = logged;
      log.warn(event, { since: trouble.since.toISOString(), message });
    },
    state: (): TelegramState => (trouble === undefined || isShort() ? "ok" : trouble.kind),
  };
}

function kindOf(error: unknown): TelegramState {
  if (!(error instanceof GrammyError) || error.error_code >= 500 || error.error_code === 429) return "unreachable";
  if (error.error_code === 401 || error.error_code === 404) return "token_unknown";
  return error.error_code === 409 ? "taken" : "refusing";
}
