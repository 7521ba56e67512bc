import { randomUUID } from "node:crypto";
import { notNowText } from "../bot/views/delay.ts";
import { doctorWords } from "../bot/words/doctor.ts";
import type { Words } from "../bot/words/words.ts";
import { whoActs } from "../lib/errors.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { Account } from "../sync/model/account.ts";
import { type CheckReport, type Finding, type Line, runChecks } from "../sync/status/checks.ts";
import type { ChecksDeps } from "./check-context.ts";
import { checksOf } from "./doctor-checks.ts";
import { storeCheck } from "./store-check.ts";

/**
 * /doctor in the chat: the owner gets the checks of the program, and everybody those of their own account. What the reader can't
 * fix is said without details.
 */
export function createDoctor(deps: ChecksDeps & { log: Log; answerSeconds?: number }) {
  const { app, store, log, answerSeconds } = deps;

  return async (
    account: Account,
    words: Words,
    isOwner: boolean,
    onProgress: (lines: Line[]) => void = () => {},
  ): Promise<CheckReport> => {
    const checks = checksOf(deps, words, {
      nameOf: (check) => check,
      detail: () => "",
      noRunYet: { verdict: "later", text: doctorWords(words).noRunYet },
      needed: words.action,
      status: "/status",
      hasClockLine: isOwner,
    });
    const all = [
      ...(isOwner ? [storeCheck(store, () => app.store.accounts.list(), words), ...checks.operation] : []),
      { ...checks.signIn, run: async () => (await checks.signInRest(account)) ?? checks.signIn.run() },
      ...(await checks.of(account)),
    ];
    const { findings, ended } = await runChecks(all, {
      sentence,
      noAnswer: doctorWords(words).noAnswer,
      onProgress: (lines) =>
        onProgress(lines.map(({ check, finding }) => ({ check, finding: finding && forReader(finding) }))),
      ...(answerSeconds !== undefined && { answerSeconds }),
    });
    return { findings: findings.map(forReader), ended };

    function sentence(error: unknown): string {
      const acting = whoActs(error);
      if (acting.who === "owner") return words.action(acting.error.action);
      if (acting.who === "operator") return words.setup(acting.error.message);
      if (acting.who === "time") return notNowText(acting.error.delayedBy, words);
      const reportId = randomUUID().slice(0, 8);
      log.error("check_failed", { reportId, account: account.telegramUserId, ...errorFacts(error) });
      return words.brokeOnMySide(reportId);
    }

    function forReader(finding: Finding): Finding {
      if (isOwner || finding.verdict !== "operator") return finding;
      return { ...finding, verdict: "broken", text: doctorWords(words).forOperator };
    }
  };
}
