import { LATER } from "../bot/notifications/alarms.ts";
import { MACHINE_ALARM_KEYS, type MachineAlarm, type MachineAlarmKey } from "../bot/words/alarm-keys.ts";
import type { Clock } from "../lib/clock.ts";
import { errorFacts, type Log, type LogFacts } from "../lib/log.ts";

/** An alarm that no event ends is over this long after the last event. */
const PEACE_MINUTES = 60;
/** After this long without a finished sweep, the program calls itself unhealthy. */
const STUCK_MINUTES = 10;
/** A clock that jumps by more, or back, was wrong; the machine wasn't just asleep. */
const LONGEST_SLEEP_MINUTES = 24 * 60;
/** After a failed attempt to tell somebody, the next one comes after one check, then two, four, up to this many. */
const MOST_CHECKS_SKIPPED = 60;
/** Errors that need no alarm: their person hears of them in their chat, now or when they no longer block the bot. */
const TOLD_TO_THEIR_PERSON = ["run_failed", "account_unreadable", "notice_not_delivered", "check_failed"];

interface Rule {
  /** The events that raise the alarm, and those that end it at once. */
  on?: string[];
  off?: string[];
  /** No alarm before the trouble has lasted this long: most outages are over by then. */
  patienceMinutes?: number;
  /** While one of these is on, this alarm is neither raised nor cleared. */
  explainedBy?: MachineAlarmKey[];
}

const RULES: Record<MachineAlarmKey, Rule> = {
  broken: {},
  "sweep-missing": {},
  "webhook-failing": { on: ["webhook_failing", "webhook_taken"] },
  "stale-session": { on: ["link_stale"] },
  "updates-taken": { on: ["updates_taken"], off: ["updates_come_again"], explainedBy: ["webhook-failing"] },
  "telegram-gone": {
    on: ["telegram_unreachable", "telegram_token_unknown", "updates_refused"],
    off: ["telegram_reachable", "updates_come_again"],
    patienceMinutes: 10,
  },
  "owner-away": { on: ["owner_does_not_listen"], off: ["owner_listens_again"] },
  "owner-not-told": {
    on: ["notice_not_delivered"],
    off: ["notices_delivered_again", "telegram_reachable", "updates_come_again"],
    patienceMinutes: 10,
    explainedBy: ["telegram-gone", "owner-away"],
  },
  "address-failing": { on: ["alarm_address_failing"], off: ["alarm_address_works_again"], patienceMinutes: 10 },
};

interface Heard extends Pick<MachineAlarm, "cause" | "takenBy" | "isTokenUnknown"> {
  since: Date;
  /** False if the clock has jumped since then. */
  isSinceSure: boolean;
  at: Date;
}

interface Told {
  keys: Set<MachineAlarmKey>;
  offSince: Date | undefined;
  failures: number;
  checksToSkip: number;
}

/** Throws if the alarm could not be delivered. Resolves to `LATER` if a later check should tell it. */
export type Teller = (alarm: MachineAlarm) => Promise<unknown>;

interface MonitorDeps {
  clock: Clock;
  log: Log;
  /** The Telegram user id of the person who runs the program. */
  owner: number;
  /** When the previous process finished its last sweep, if that was long ago. The first sweep then ends that outage. */
  offSince?: Date | undefined;
}

/** What infra/alarms.yml is on AWS. It reads the program's log and needs no store, because the store may be what broke. */
export class SelfMonitor {
  readonly #deps: MonitorDeps;
  readonly #heard = new Map<MachineAlarmKey, Heard>();
  readonly #told = new Map<string, Told>();
  #sweptAt: Date;
  #hasSwept = false;
  #checkedAt: Date;
  /** Writes to the given log, and raises alarms by what is written. */
  readonly log: Log;

  constructor(deps: MonitorDeps) {
    this.#deps = deps;
    this.#sweptAt = deps.clock.now();
    this.#checkedAt = deps.clock.now();
    const { log } = deps;
    const hearing =
      (level: "info" | "warn" | "error"): Log["info"] =>
      (event, facts) => {
        this.#note(event, facts);
        if (level === "error" && !TOLD_TO_THEIR_PERSON.includes(event)) this.#raise("broken", event, facts);
        log[level](event, facts);
      };
    this.log = { ...log, info: hearing("info"), warn: hearing("warn"), error: hearing("error") };
  }

  onSweep(): void {
    this.#hasSwept = true;
    this.#sweptAt = this.#deps.clock.now();
  }

  /** False for a program that answers and does nothing else, for instance because its store fails. */
  readonly isWell = (): boolean => this.#minutesSince(this.#sweptAt) < STUCK_MINUTES;

  /** Gives each channel the news it hasn't had. What couldn't be delivered is tried again by a later check, if it's still true. */
  async check(tellers: Record<string, Teller>): Promise<void> {
    const now = this.#deps.clock.now();
    const minutes = this.#minutesSince(this.#checkedAt);
    // Whatever a wrong clock says of earlier times means nothing.
    if (minutes >= LONGEST_SLEEP_MINUTES || now < this.#checkedAt) {
      for (const it of this.#heard.values()) it.isSinceSure = false;
    }
    this.#checkedAt = now;
    // The machine was asleep: no sweep ran, and one is about to.
    if (minutes >= STUCK_MINUTES) return;
    await Promise.all(Object.entries(tellers).map(([name, tell]) => this.#tellNews(name, tell)));
  }

  /** A time in the future was written by a wrong clock, and counts as long ago. */
  #minutesSince(at: Date): number {
    return Math.abs(this.#deps.clock.now().getTime() - at.getTime()) / 60_000;
  }

  #note(event: string, facts: LogFacts = {}): void {
    const { account = this.#deps.owner } = facts;
    const isOwners = account === this.#deps.owner;
    for (const key of MACHINE_ALARM_KEYS) {
      // The owner hears of their own link in any case. Other people who block the bot concern only themselves.
      if (isOwners === (key === "stale-session")) continue;
      const { on = [], off = [] } = RULES[key];
      if (on.includes(event)) this.#raise(key, event, facts);
      if (off.includes(event)) this.#heard.delete(key);
    }
  }

  #raise(key: MachineAlarmKey, event: string, { error, message, by, since }: LogFacts = {}): void {
    const at = this.#deps.clock.now();
    const startedAt = typeof since === "string" ? new Date(since) : at;
    this.#heard.set(key, {
      ...{ since: startedAt, isSinceSure: true, ...this.#heard.get(key), at },
      cause: error === "UsageError" && typeof message === "string" ? message : undefined,
      takenBy: typeof by === "string" ? by : undefined,
      isTokenUnknown: event === "telegram_token_unknown" || undefined,
    });
  }

  #isOn(key: MachineAlarmKey): boolean {
    if (key === "sweep-missing") return !this.isWell() || (this.#deps.offSince !== undefined && !this.#hasSwept);
    const { off, patienceMinutes = 0 } = RULES[key];
    const it = this.#heard.get(key);
    if (!it || this.#minutesSince(it.since) < patienceMinutes) return false;
    return off !== undefined || this.#minutesSince(it.at) < PEACE_MINUTES;
  }

  async #tellNews(name: string, tell: Teller): Promise<void> {
    const { log, offSince } = this.#deps;
    const before: MachineAlarmKey[] = offSince ? ["sweep-missing"] : [];
    const to = this.#told.get(name) ?? { keys: new Set(before), offSince, failures: 0, checksToSkip: 0 };
    this.#told.set(name, to);
    if (to.checksToSkip-- > 0) return;
    to.checksToSkip = 0;
    for (const key of MACHINE_ALARM_KEYS) {
      const isOver = to.keys.has(key);
      if (this.#isOn(key) === isOver || RULES[key].explainedBy?.some((other) => this.#isOn(other))) continue;
      try {
        if ((await tell(this.#alarm(key, isOver, to.offSince))) === LATER) continue;
      } catch (error) {
        log.warn("alarm_not_told", { alarm: key, to: name, ...errorFacts(error) });
        to.checksToSkip = Math.min(2 ** to.failures++ - 1, MOST_CHECKS_SKIPPED);
        return;
      }
      if (key === "sweep-missing" && isOver) to.offSince = undefined;
      to.failures = 0;
      if (!to.keys.delete(key)) to.keys.add(key);
    }
  }

  #alarm(key: MachineAlarmKey, isOver: boolean, offSince: Date | undefined): MachineAlarm {
    const { cause, takenBy, isTokenUnknown, isSinceSure, since: heardSince } = this.#heard.get(key) ?? {};
    const sureSince = isSinceSure ? heardSince : undefined;
    const since = isOver ? key === "sweep-missing" && offSince : sureSince;
    return {
      ...{ key, isOver, cause },
      ...(takenBy !== undefined && { takenBy }),
      ...(isTokenUnknown && { isTokenUnknown }),
      ...(since && { since }),
    };
  }
}
