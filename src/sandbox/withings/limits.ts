import type { Clock } from "../../lib/clock.ts";

/**
 * Which repeated calls answer 601 within ten seconds. The vendor means all of them; the default keeps to token
 * refreshes, so that a test or a demo may sync twice in a row without moving the clock.
 */
export type Dedupe = "off" | "refresh" | "all";

const DEDUPE_MS = 10_000;
const MINUTE_MS = 60_000;

/** The two meanings of 601: the same call twice in ten seconds, and more than the quota in a minute. */
export class CallLimits {
  dedupe: Dedupe;
  /** Of the whole application, all people together. */
  quotaPerMinute: number;
  /** Whether a refusal says how many seconds to wait. A client that works there reads it; no answer with it is recorded. */
  tellsWait = false;
  readonly #clock: Clock;
  readonly #allAtMs: number[] = [];
  #acceptedAtMs: number[] = [];
  readonly #lastAtMs = new Map<string, number>();

  constructor(clock: Clock, options: { dedupe: Dedupe; quotaPerMinute: number }) {
    this.#clock = clock;
    this.dedupe = options.dedupe;
    this.quotaPerMinute = options.quotaPerMinute;
  }

  /** What to say if the call must be refused. `sameCall` names the account and every argument. */
  refusal(sameCall: string, isRefresh: boolean): { error: string; waitSeconds: number | undefined } | undefined {
    const nowMs = this.#clock.now().getTime();
    this.#allAtMs.push(nowMs);
    this.#acceptedAtMs = this.#acceptedAtMs.filter((atMs) => nowMs - atMs < MINUTE_MS);
    if (this.#acceptedAtMs.length >= this.quotaPerMinute) {
      return this.#refused("Too Many Requests", (this.#acceptedAtMs[0] ?? nowMs) + MINUTE_MS);
    }
    this.#acceptedAtMs.push(nowMs);

    if (this.dedupe === "off" || (this.dedupe === "refresh" && !isRefresh)) return undefined;
    const lastAtMs = this.#lastAtMs.get(sameCall);
    if (lastAtMs !== undefined && nowMs - lastAtMs < DEDUPE_MS) {
      return this.#refused("Same arguments in less than 10 seconds", lastAtMs + DEDUPE_MS);
    }
    this.#lastAtMs.set(sameCall, nowMs);
    return undefined;
  }

  #refused(error: string, untilMs: number) {
    const seconds = Math.ceil((untilMs - this.#clock.now().getTime()) / 1000);
    return { error, waitSeconds: this.tellsWait ? seconds : undefined };
  }

  /** The busiest minute so far, refused calls included. */
  maxInAnyMinute(): number {
    const times = this.#allAtMs.toSorted((a, b) => a - b);
    let most = 0;
    let first = 0;
    for (const [last, atMs] of times.entries()) {
      while (atMs - (times[first] ?? atMs) >= MINUTE_MS) first += 1;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }
}
