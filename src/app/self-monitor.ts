import { MACHINE_ALARM_KEYS, type MachineAlarm, type MachineAlarmKey } from "../bot/words/alarm-keys.ts";
import type { Clock } from "../lib/clock.ts";
import { errorFacts, type Log, type LogFacts } from "../lib/log.ts";

/** So long after something was last heard of, it is over. */
const PEACE_MINUTES = 60;
/** So long without a sweep that came to its end, the program says of itself that it is ill. */
const STUCK_MINUTES = 10;
/** A clock that leaps by more, or back, was wrong rather than asleep. */
const LONGEST_SLEEP_MINUTES = 24 * 60;
/** Alarms that are told only once the trouble has lasted this long: most outages are over by then. */
const PATIENCE_MINUTES: Partial<Record<MachineAlarmKey, number>> = {
  "telegram-gone": 10,
  "owner-not-told": 10,
  "address-failing": 10,
};
/** While one of these is on, nothing is said of that alarm: neither that it begins nor that it is over. */
const EXPLAINED_BY: Partial<Record<MachineAlarmKey, MachineAlarmKey[]>> = {
  "owner-not-told": ["telegram-gone", "owner-away"],
  "updates-taken": ["webhook-failing"],
};
/** After a failed attempt to tell somebody, the next one comes after one look, then two, four and so on up to this. */
const MOST_LOOKS_SKIPPED = 60;
/** Errors that need no alarm: their person is told of them in their chat, now or when they no longer block the bot. */
const TOLD_TO_THEIR_PERSON = ["run_failed", "account_unreadable", "notice_not_delivered", "check_failed"];
/** Events that need an alarm of their own, and which. */
const ALARMING: Record<string, MachineAlarmKey> = {
  notice_not_delivered: "owner-not-told",
  webhook_failing: "webhook-failing",
  webhook_taken: "webhook-failing",
  link_stale: "stale-session",
  updates_taken: "updates-taken",
  telegram_unreachable: "telegram-gone",
  telegram_token_unknown: "telegram-gone",
  updates_refused: "telegram-gone",
  owner_does_not_listen: "owner-away",
  alarm_address_failing: "address-failing",
};
/** The events that end an alarm at once. Other alarms end an hour after the last event. */
const REASSURING: Record<string, MachineAlarmKey[]> = {
  updates_come_again: ["updates-taken", "telegram-gone", "owner-not-told"],
  telegram_reachable: ["telegram-gone", "owner-not-told"],
  notices_delivered_again: ["owner-not-told"],
  owner_listens_again: ["owner-away"],
  alarm_address_works_again: ["address-failing"],
};
const ENDS_WHEN_SAID = Object.values(REASSURING).flat();

interface Heard extends Pick<MachineAlarm, "cause" | "takenBy" | "isTokenUnknown"> {
  since: Date;
  /** False where the clock has leapt meanwhile. */
  isSinceSure: boolean;
  at: Date;
}

/** What one teller knows. */
interface Told {
  keys: Set<MachineAlarmKey>;
  /** Not told yet. */
  offSince: Date | undefined;
  failures: number;
  looksToSkip: number;
}

/** Tells somebody. Throws when they could not be told. */
export type Teller = (alarm: MachineAlarm) => Promise<void>;

export interface SelfMonitor {
  /** Writes to the log that was given, and hears what is written. */
  log: Log;
  /** A sweep has come to its end. */
  onSweep(): void;
  /** A store that fails for ever, for instance, leaves a program that answers and does nothing. */
  isWell(): boolean;
  /** Tells each teller what is new to it, side by side. What one could not tell it is given again later, if it is still so. */
  check(tellers: Record<string, Teller>): Promise<void>;
}

/**
 * What the alarms of infra/alarms.yml are on AWS, for one machine: without it a full disk, say, would be a line in a log that
 * nobody reads. It needs no store, because that may be what is broken.
 */
export function createSelfMonitor(deps: {
  clock: Clock;
  log: Log;
  /** The Telegram user id of the person who runs the program. */
  owner: number;
  /** When the last process finished its last sweep, if that is long ago: everybody is told when the first sweep succeeds. */
  offSince?: Date | undefined;
}): SelfMonitor {
  const { clock, log, owner, offSince } = deps;
  const heard = new Map<MachineAlarmKey, Heard>();
  const told = new Map<string, Told>();
  let sweptAt = clock.now();
  let hasSwept = false;
  let lookedAt = clock.now();

  /** A time ahead was written by a wrong clock, and counts as long ago. */
  const minutesSince = (at: Date) => Math.abs(clock.now().getTime() - at.getTime()) / 60_000;
  const isWell = () => minutesSince(sweptAt) < STUCK_MINUTES;
  const isOn = (key: MachineAlarmKey) => {
    if (key === "sweep-missing") return !isWell() || (offSince !== undefined && !hasSwept);
    const it = heard.get(key);
    if (!it || minutesSince(it.since) < (PATIENCE_MINUTES[key] ?? 0)) return false;
    return ENDS_WHEN_SAID.includes(key) || minutesSince(it.at) < PEACE_MINUTES;
  };
  const hear = (key: MachineAlarmKey, event: string, { error, message, by, since }: LogFacts = {}) => {
    const cause = error === "UsageError" && typeof message === "string" ? message : undefined;
    const takenBy = typeof by === "string" ? by : undefined;
    const isTokenUnknown = event === "telegram_token_unknown" || undefined;
    const begunAt = typeof since === "string" ? new Date(since) : clock.now();
    const { since: firstAt = begunAt, isSinceSure = true } = heard.get(key) ?? {};
    heard.set(key, { since: firstAt, isSinceSure, at: clock.now(), cause, takenBy, isTokenUnknown });
  };
  const note = (event: string, facts: LogFacts = {}) => {
    const { account = owner } = facts;
    const key = ALARMING[event];
    // The owner hears of their own link in any case. Other people who block the bot concern only themselves.
    if ((account === owner) === (key === "stale-session")) return;
    if (key) hear(key, event, facts);
    for (const over of REASSURING[event] ?? []) heard.delete(over);
  };

  async function tellNews(name: string, tell: Teller) {
    const before: MachineAlarmKey[] = offSince ? ["sweep-missing"] : [];
    const to = told.get(name) ?? { keys: new Set(before), offSince, failures: 0, looksToSkip: 0 };
    told.set(name, to);
    if (to.looksToSkip-- > 0) return;
    to.looksToSkip = 0;
    for (const key of MACHINE_ALARM_KEYS) {
      const isOver = to.keys.has(key);
      if (isOn(key) === isOver || EXPLAINED_BY[key]?.some(isOn)) continue;
      try {
        const isFirstSweep = key === "sweep-missing" && isOver;
        const it = heard.get(key);
        const { cause, takenBy, isTokenUnknown } = it ?? {};
        const since = isOver ? isFirstSweep && to.offSince : it?.isSinceSure && it.since;
        await tell({
          ...{ key, isOver, cause },
          ...(takenBy !== undefined && { takenBy }),
          ...(isTokenUnknown && { isTokenUnknown }),
          ...(since && { since }),
        });
        if (isFirstSweep) to.offSince = undefined;
      } catch (error) {
        log.warn("alarm_not_told", { alarm: key, to: name, ...errorFacts(error) });
        to.looksToSkip = Math.min(2 ** to.failures++ - 1, MOST_LOOKS_SKIPPED);
        return;
      }
      to.failures = 0;
      if (!to.keys.delete(key)) to.keys.add(key);
    }
  }

  return {
    log: {
      ...log,
      info(event, facts) {
        note(event, facts);
        log.info(event, facts);
      },
      warn(event, facts) {
        note(event, facts);
        log.warn(event, facts);
      },
      error(event, facts) {
        note(event, facts);
        if (!TOLD_TO_THEIR_PERSON.includes(event)) hear("broken", event, facts);
        log.error(event, facts);
      },
    },
    onSweep() {
      hasSwept = true;
      sweptAt = clock.now();
    },
    isWell,
    async check(tellers) {
      // The machine was asleep, so no sweep ran, and one is about to.
      const hasSlept = minutesSince(lookedAt) >= STUCK_MINUTES;
      // Or its clock was wrong: what it says of before is then worth nothing.
      const hasLeapt = minutesSince(lookedAt) >= LONGEST_SLEEP_MINUTES || clock.now() < lookedAt;
      if (hasLeapt) for (const it of heard.values()) it.isSinceSure = false;
      lookedAt = clock.now();
      if (hasSlept) return;
      await Promise.all(Object.entries(tellers).map(([name, tell]) => tellNews(name, tell)));
    },
  };
}
