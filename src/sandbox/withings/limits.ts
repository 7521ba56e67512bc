import type { Clock } from "../../lib/clock.ts";

/**
 * Which calls get 601 when they are repeated within ten seconds. The vendor means all of them; the default is refreshes only,
 * so that a test or the demo can sync twice in a row.
 */
export type Dedupe = "off" | "refresh" | "all";

const DEDUPE_MS = 10_000;
const MINUTE_MS = 60_000;

/** 601 means two things: the same call twice in ten seconds, or more calls in a minute than the quota. */
export class CallLimits {
  dedupe: Dedupe;
  /** For the whole application. */
  quotaPerMinute: number;
  /** Whether a refusal says how many seconds to wait. One client reads that, but no such answer has been recorded. */
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

  /** `sameCall` names the account and every argument. */
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

  /** Refused calls count too. */
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
