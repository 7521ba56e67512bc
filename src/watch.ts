import { MACHINE_ALARM_KEYS, type MachineAlarm, type MachineAlarmKey } from "./bot/alarm-keys.ts";
import type { Clock } from "./clock.ts";
import { errorFacts, type Log, type LogFacts } from "./log.ts";

/** So long after something was last heard of, it is over. */
const PEACE_MINUTES = 60;
/** So long without a sweep that came to its end, the program says of itself that it is ill. */
const STUCK_MINUTES = 10;
/** Errors that need no alarm: their person is told of them in their chat, now or when they no longer block the bot. */
const TOLD_TO_THEIR_PERSON = ["run_failed", "account_unreadable", "notice_not_delivered"];
/** Warnings that need an alarm, and which. */
const ALARMING: Record<string, MachineAlarmKey> = {
  webhook_failing: "webhook-failing",
  webhook_taken: "webhook-failing",
  updates_taken: "updates-taken",
};
/** The events that end an alarm at once. Other alarms end an hour after the last event. */
const REASSURING: Record<string, MachineAlarmKey> = { updates_come_again: "updates-taken" };
const ENDS_WHEN_SAID = Object.values(REASSURING);

/** After this many checks without a finished sweep, one hangs. Counts checks and not minutes: a machine may sleep. */
const LOOKS_UNTIL_HUNG = 15;

export interface Watch {
  /** Writes to the log that was given, and hears what is written. */
  log: Log;
  /** A sweep has come to its end. */
  swept(): void;
  /** A sweep has ended, successfully or not. */
  roundEnded(): void;
  /** Whether something hangs that only a restart can fix. */
  hangs(): boolean;
  /** A store that fails for ever, for instance, leaves a program that answers and does nothing. */
  isWell(): boolean;
  /** Tells what is new since the last look. What could not be told is told by the next one. */
  look(tell: (alarm: MachineAlarm) => Promise<void>): Promise<void>;
}

/**
 * What the alarms of infra/alarms.yml are on AWS, for one machine: without it a full disk, say, would be a line in a log that
 * nobody reads. It needs no store, because that may be what is broken.
 */
export function createWatch({ clock, log }: { clock: Clock; log: Log }): Watch {
  const heard = new Map<MachineAlarmKey, { at: Date; cause: string | undefined }>();
  const told = new Set<MachineAlarmKey>();
  let sweptAt = clock.now();
  let lookedAt = clock.now();
  let looksWithoutEnd = 0;

  const minutesSince = (at: Date) => (clock.now().getTime() - at.getTime()) / 60_000;
  const isWell = () => minutesSince(sweptAt) < STUCK_MINUTES;
  const isOn = (key: MachineAlarmKey) => {
    if (key === "sweep-missing") return !isWell();
    const last = heard.get(key);
    return last !== undefined && (ENDS_WHEN_SAID.includes(key) || minutesSince(last.at) < PEACE_MINUTES);
  };
  const hear = (key: MachineAlarmKey, { error, message }: LogFacts = {}) => {
    const cause = error === "UsageError" && typeof message === "string" ? message : undefined;
    heard.set(key, { at: clock.now(), cause });
  };

  return {
    log: {
      ...log,
      info(event, facts) {
        const over = REASSURING[event];
        if (over) heard.delete(over);
        log.info(event, facts);
      },
      warn(event, facts) {
        const key = ALARMING[event];
        if (key) hear(key);
        log.warn(event, facts);
      },
      error(event, facts) {
        if (!TOLD_TO_THEIR_PERSON.includes(event)) hear("broken", facts);
        log.error(event, facts);
      },
    },
    swept() {
      sweptAt = clock.now();
    },
    roundEnded() {
      looksWithoutEnd = 0;
    },
    hangs: () => looksWithoutEnd >= LOOKS_UNTIL_HUNG,
    isWell,
    async look(tell) {
      looksWithoutEnd++;
      // Whoever has slept for so long, as a laptop does, has not looked for anything either, and is just about to.
      const hasSlept = minutesSince(lookedAt) >= STUCK_MINUTES;
      lookedAt = clock.now();
      if (hasSlept) return;
      for (const key of MACHINE_ALARM_KEYS) {
        const isNews = isOn(key) !== told.has(key);
        if (!isNews) continue;
        try {
          await tell({ key, isOver: told.has(key), cause: heard.get(key)?.cause });
          if (!told.delete(key)) told.add(key);
        } catch (error) {
          log.warn("alarm_not_told", { alarm: key, ...errorFacts(error) });
        }
      }
    },
  };
}
