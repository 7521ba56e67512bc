import { whoActs } from "../lib/errors.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { RunStatus } from "../sync/model/outcome.ts";
import type { Terminal } from "./terminal.ts";
import { explainSentence } from "./words.ts";

export const EXIT = { success: 0, error: 1, usage: 2, actionNeeded: 3, retryLater: 4 } as const;

export const EXIT_OF_STATUS: Record<RunStatus, number> = {
  success: EXIT.success,
  error: EXIT.error,
  action_needed: EXIT.actionNeeded,
  retry_later: EXIT.retryLater,
};

export function explain(error: unknown, terminal: Terminal, log: Log): number {
  const text = explainSentence(error);
  const acting = whoActs(error);
  switch (acting.who) {
    case "operator":
      return terminal.fail({ status: "error", problem: text }, text, EXIT.usage);
    case "owner":
      return terminal.fail({ status: "action_needed", action: acting.error.action }, text, EXIT.actionNeeded);
    case "time":
      return terminal.fail({ status: "retry_later" }, text, EXIT.retryLater);
    case "us":
      log.error("command_failed", errorFacts(error));
      return terminal.fail({ status: "error" }, text, EXIT.error);
  }
}
