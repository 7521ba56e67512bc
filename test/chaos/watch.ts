import type { FaultEffect } from "../../src/sandbox/fault.ts";
import type { Vendor } from "../../src/sync/model/link.ts";
import { isNight } from "../../src/sync/status/summary.ts";
import type { Copies } from "./copies.ts";
import type { Known } from "./model.ts";
import type { Readings } from "./readings.ts";
import { type Scene, VENDORS } from "./scene.ts";
import { ACCOUNTS, type AccountId, HOUR, type Step } from "./steps.ts";

/** Looks after each round whether the program is silent about something, or ended a link without reason. */
export class Watch {
  /** When a link ended, as far as it was seen. By account and vendor. */
  readonly endedMs = new Map<string, number>();
  readonly #scene: Scene;
  readonly #copies: Copies;
  readonly #readings: Readings;
  /** When nothing was outstanding, by Garmin's content and by the result of the run. */
  readonly #wellAtMs: Map<AccountId, number>;
  readonly #pausedMs = new Map<AccountId, number>();
  /** Since when a run may have known that something is outstanding, and how many rounds the program has had since. */
  readonly #owing = new Map<AccountId, { sinceMs: number; rounds: number; wasLong: boolean }>();
  /** When vendors were made to refuse valid tokens. */
  readonly #refusedMs = new Map<Vendor, number[]>();
  /** Vendors that refused while a copy's clock was wrong by ten minutes or more. */
  readonly #refusedByWrongClock = new Set<Vendor>();
  /** When the last thing happened that excuses silence. */
  #disturbedMs: number;
  #wasTelegramDisturbed = false;
  #lastLookMs: number;

  constructor(scene: Scene, copies: Copies, readings: Readings) {
    this.#scene = scene;
    this.#copies = copies;
    this.#readings = readings;
    const { nowMs } = scene.turns;
    this.#wellAtMs = new Map(ACCOUNTS.map((id) => [id, nowMs]));
    this.#disturbedMs = nowMs;
    this.#lastLookMs = nowMs;
  }

  noteFault({ server, effect, times }: Extract<Step, { do: "fault" }>): void {
    this.#wasTelegramDisturbed ||= server === "telegram";
    const vendor = server === "withings" ? "withings" : "garmin";
    const refusals = isRefusal(effect) ? Array.from({ length: times }, () => this.#scene.turns.nowMs) : [];
    this.#refusedMs.set(vendor, [...(this.#refusedMs.get(vendor) ?? []), ...refusals]);
    const isClockWrong = this.#copies.actors.some(({ skewSeconds }) => Math.abs(skewSeconds) >= 600);
    if (refusals.length > 0 && isClockWrong) this.#refusedByWrongClock.add(vendor);
  }

  noteLinked(account: AccountId): void {
    for (const vendor of VENDORS) this.endedMs.delete(`${account} ${vendor}`);
  }

  messagesTo(account: AccountId): number[] {
    return this.#scene.sandbox.telegram
      .calls("sendMessage")
      .filter((it) => it.params.chat_id === String(account) && !it.error)
      .map((it) => it.at.getTime());
  }

  async look(): Promise<void> {
    const { sandbox, turns } = this.#scene;
    if (this.#copies.actors.some(({ skewSeconds }) => skewSeconds !== 0)) this.#disturbedMs = turns.nowMs;
    const isTelegramDisturbed = sandbox.faults.list().some(({ server }) => server === "telegram");
    if (isTelegramDisturbed || this.#wasTelegramDisturbed) this.#disturbedMs = turns.nowMs;
    this.#wasTelegramDisturbed = isTelegramDisturbed;
    for (const account of ACCOUNTS) {
      this.#lookForSilence(account);
      await this.#lookAtLinks(account);
    }
    this.#lastLookMs = turns.nowMs;
  }

  #lookForSilence(account: AccountId) {
    const { turns, violations, schedule } = this.#scene;
    const owed = this.#owedTo(account);
    if (owed.length === 0) {
      this.#owing.delete(account);
      const { status, paused } = this.#copies.lastReports.get(account) ?? {};
      // A paused kind was reported to its owner when the pause began.
      if (status === "success" && !paused) this.#wellAtMs.set(account, turns.nowMs);
      return;
    }
    const before = this.#owing.get(account) ?? { sinceMs: turns.nowMs, rounds: 0, wasLong: false };
    const isKnown = before.rounds > 0;
    const hasRun = isKnown || (this.#copies.ranMs.get(account) ?? 0) > before.sinceMs;
    const sinceMs = isKnown ? before.sinceMs : turns.nowMs;
    const rounds = hasRun ? before.rounds + 1 : 0;
    // What passes by itself is told in the morning.
    const isAtNight = isNight(new Date(turns.nowMs), schedule.timezone);
    const quietMs = turns.nowMs - Math.max(sinceMs, this.#disturbedMs, this.#pausedAt(account));
    const isLong = !isAtNight && quietMs > 10 * HOUR * 1000 && rounds > 5;
    this.#owing.set(account, { sinceMs, rounds, wasLong: isLong });
    const heard = this.messagesTo(account).filter((at) => at >= (this.#wellAtMs.get(account) ?? 0));
    // If nobody called the program for hours, its first run finds out what its second one reports.
    if (isLong && before.wasLong && heard.length === 0) {
      violations.add(`silent: ${account} waits for ${owed[0]?.id} and got no message in ten hours`);
    }
  }

  /** When its kinds were paused. That Garmin closes one has to last before it's told, whatever was the trouble before. */
  #pausedAt(account: AccountId): number {
    if (!this.#copies.lastReports.get(account)?.paused) this.#pausedMs.delete(account);
    else if (!this.#pausedMs.has(account)) this.#pausedMs.set(account, this.#scene.turns.nowMs);
    return this.#pausedMs.get(account) ?? 0;
  }

  #owedTo(account: AccountId): Known[] {
    const { model, turns } = this.#scene;
    const pairing = model.current(account);
    if (!pairing) return [];
    return model.readings.filter(
      (it) =>
        it.person === pairing.person &&
        // A reading dated ahead is reported when it comes, and waits for its date.
        it.date * 1000 <= turns.nowMs &&
        model.verdict(it, pairing) === "must" &&
        !this.#readings.isThere(pairing.garmin, it),
    );
  }

  async #lookAtLinks(account: AccountId) {
    const { facts, violations } = this.#scene;
    const { links } = this.#copies.main.app.store;
    for (const vendor of VENDORS) {
      const name = `${account} ${vendor}`;
      const state = (await links.facts(account, vendor).catch(() => undefined))?.state;
      if (state !== "stale") this.endedMs.delete(name);
      else if (!this.endedMs.has(name)) {
        this.endedMs.set(name, this.#lastLookMs);
        facts["links ended"] += 1;
        if (!this.#hasSaidNo(vendor) && (await this.#isTaken(account, vendor))) {
          violations.add(`ended on doubt: ${vendor} still takes the link of ${account} that was ended`);
        }
      }
    }
  }

  /**
   * Refusals that were not the vendor's last word, but came twice, ten minutes apart. A link may end by them. Two copies whose
   * clocks are further apart can't tell how long it was.
   */
  #hasSaidNo(vendor: Vendor): boolean {
    const times = this.#refusedMs.get(vendor) ?? [];
    const isLong = this.#scene.turns.nowMs - Math.min(...times) >= 600_000;
    return times.length > 1 && (isLong || this.#refusedByWrongClock.has(vendor));
  }

  /** Whether the vendor would still take the tokens of a link. */
  async #isTaken(account: AccountId, vendor: Vendor): Promise<boolean> {
    const { sandbox } = this.#scene;
    const token = (await this.#copies.main.app.store.links.read(account, vendor))?.value.tokens.refreshToken ?? "";
    return vendor === "garmin" ? sandbox.garmin.takesRefreshToken(token) : sandbox.withings.takesRefreshToken(token);
  }
}

function isRefusal(effect: FaultEffect): boolean {
  if (effect.type === "status") return effect.status === 401;
  if (effect.type !== "body" || typeof effect.body !== "object" || effect.body === null) return false;
  return "status" in effect.body && effect.body.status === 401;
}
