import { randomInt } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import type { Account, Message, MfaMethod } from "./accounts.ts";

const CODE_SECONDS = 30 * 60;
const BETWEEN_CODES_SECONDS = 30;
const MAX_WRONG_CODES = 5;

/** The password was right; a code has to follow in the same session. */
export interface PendingLogin {
  account: Account;
  method: MfaMethod;
  service: string;
  code: string | undefined;
  codeSentAtMs: number;
  wrongCodes: number;
}

export type CodeOutcome = "right" | "wrong" | "expired" | "too many";

export class Mfa {
  readonly inbox: Message[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  begin(account: Account, method: MfaMethod, service: string): PendingLogin {
    return { account, method, service, code: undefined, codeSentAtMs: -Infinity, wrongCodes: 0 };
  }

  /** Ends the code before. False if that one is younger than thirty seconds. */
  send(pending: PendingLogin): boolean {
    const now = this.#clock.now();
    if (now.getTime() - pending.codeSentAtMs < BETWEEN_CODES_SECONDS * 1000) return false;
    pending.code = String(randomInt(100_000, 1_000_000));
    pending.codeSentAtMs = now.getTime();
    this.inbox.push({ email: pending.account.email, method: pending.method, code: pending.code, sentAt: now });
    return true;
  }

  check(pending: PendingLogin, code: string): CodeOutcome {
    if (pending.wrongCodes >= MAX_WRONG_CODES) return "too many";
    if (pending.code === undefined || code !== pending.code) {
      pending.wrongCodes += 1;
      return pending.wrongCodes >= MAX_WRONG_CODES ? "too many" : "wrong";
    }
    return this.#clock.now().getTime() - pending.codeSentAtMs < CODE_SECONDS * 1000 ? "right" : "expired";
  }
}
