import { errorFacts, type Log } from "../../lib/log.ts";
import type { RunReport } from "../engine/run.ts";
import type { Account, Accounts } from "../model/account.ts";
import { noReadings, type OutcomeReport, outcomeReport } from "../model/outcome.ts";

/** A sync that somebody starts from outside: of one account, or of all, one after the other. */
export function createManualSync(deps: {
  accounts: Accounts;
  sync: (account: Account) => Promise<RunReport>;
  /** Then no other account is started: its answer would be cut off. */
  isTimeUp: () => boolean;
  log: Log;
}): (account: number | undefined) => Promise<OutcomeReport | undefined> {
  const { accounts, sync, isTimeUp, log } = deps;

  async function outcomeOf(account: Account) {
    if (isTimeUp()) return { account: account.telegramUserId, report: noReadings("retry_later") };
    const report = await sync(account).catch((error: unknown): RunReport => {
      log.error("account_failed", { account: account.telegramUserId, ...errorFacts(error) });
      return noReadings("error");
    });
    return { account: account.telegramUserId, report };
  }

  return async (id) => {
    if (id !== undefined) {
      const account = await accounts.find(id);
      return account && outcomeReport([await outcomeOf(account)], { isOfOne: true });
    }
    const all = [];
    for (const account of await accounts.list()) all.push(await outcomeOf(account));
    return outcomeReport(all, { isOfOne: false });
  };
}
