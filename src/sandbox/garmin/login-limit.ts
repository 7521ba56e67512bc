import type { Clock } from "../../lib/clock.ts";

export interface LoginLimit {
  /** This many sign-ins in the window go through; the next one is refused. */
  attempts: number;
  windowSeconds: number;
  cooldownSeconds: number;
}

/** Per client id and e-mail, whatever the outcome and the IP address. Every further attempt restarts the cooldown. */
export class LoginLimiter {
  readonly #clock: Clock;
  readonly #limit: LoginLimit;
  readonly #keys = new Map<string, { atMs: number[]; limitedUntilMs: number }>();

  constructor(clock: Clock, limit: LoginLimit) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Counts one attempt; true if it must be refused. */
  isTooMuch(clientId: string, email: string): boolean {
    const key = `${clientId} ${email.trim().toLowerCase()}`;
    const nowMs = this.#clock.now().getTime();
    const entry = this.#keys.get(key) ?? { atMs: [], limitedUntilMs: 0 };
    this.#keys.set(key, entry);
    entry.atMs = entry.atMs.filter((atMs) => nowMs - atMs < this.#limit.windowSeconds * 1000);
    if (nowMs >= entry.limitedUntilMs && entry.atMs.length < this.#limit.attempts) {
      entry.atMs.push(nowMs);
      return false;
    }
    entry.limitedUntilMs = nowMs + this.#limit.cooldownSeconds * 1000;
    return true;
  }
}
