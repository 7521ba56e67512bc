/** Alarms about one part of the program: that it failed, or that AWS held it up. */
export const PART_ALARMS = {
  "http-errors": ["failed", "http"],
  "worker-errors": ["failed", "worker"],
  "sweep-errors": ["failed", "sweep"],
  "alarm-errors": ["failed", "alarm"],
  "http-throttles": ["throttled", "http"],
  "worker-throttles": ["throttled", "worker"],
  "sweep-throttles": ["throttled", "sweep"],
  "alarm-throttles": ["throttled", "alarm"],
  "table-throttled": ["throttled", "table"],
} as const;
export type Part = (typeof PART_ALARMS)[keyof typeof PART_ALARMS][1];
const AWS_CASES = ["dead-jobs", "jobs-waiting", "sweep-missing", "webhook-failing", "stale-session", "broken"] as const;
export type AwsCase = (typeof AWS_CASES)[number];

/** Everything that raises an alarm on AWS. The alarm of `key` is called `weighbridge-<stage>-<key>`. */
export type AlarmKey = keyof typeof PART_ALARMS | AwsCase;
export const ALARM_KEYS = [...Object.keys(PART_ALARMS), ...AWS_CASES] as AlarmKey[];

/** What the program watches itself where it runs on one machine. */
export const MACHINE_ALARM_KEYS = [
  "broken",
  "sweep-missing",
  "webhook-failing",
  "stale-session",
  "updates-taken",
  "telegram-gone",
  "owner-away",
  "owner-not-told",
  "address-failing",
] as const;
export type MachineAlarmKey = (typeof MACHINE_ALARM_KEYS)[number];
export type MachineCase = MachineAlarmKey | "needs-fixing" | "webhook-taken" | "token-unknown";
export interface MachineAlarm {
  key: MachineAlarmKey;
  isOver: boolean;
  /** A sentence that names the fix, where one is known. */
  cause: string | undefined;
  /** Telegram does not know the bot's token. */
  isTokenUnknown?: true | undefined;
  /** Where the other program is that has taken the bot; empty where nobody can know. */
  takenBy?: string | undefined;
  /** When it began; with the end of "sweep-missing": the program did not run since then. */
  since?: Date;
}

export interface AlarmText {
  /** What happened, since when, and what becomes of readings. */
  means: string;
  fix: string;
  /** Instead of both, right after the alarm was set up. */
  first?: string;
  /** Absent where hearing nothing more doesn't mean that anything is over. */
  over?: string;
}

/** What comparing the store with the one that the bot was last used with has shown. */
export type StoreVerdict =
  /** This is the store that the bot was last used with, or there is no other. */
  | "known"
  /** No accounts, and the bot was not used with any store: a first start. */
  | "empty"
  /** No accounts here, and the bot was last used with another store. */
  | "empty_and_used_elsewhere"
  /** There are accounts here, and the bot was last used with another store. */
  | "used_elsewhere_too";
export type StoreProblem = Exclude<StoreVerdict, "known">;
