/** Everything that raises an alarm on AWS. The alarm of `key` is called `weighbridge-<stage>-<key>`. */
export const ALARM_KEYS = [
  "dead-jobs",
  "jobs-waiting",
  "http-errors",
  "worker-errors",
  "sweep-errors",
  "alarm-errors",
  "http-throttles",
  "worker-throttles",
  "sweep-throttles",
  "alarm-throttles",
  "sweep-missing",
  "webhook-failing",
  "stale-session",
  "broken",
  "table-throttled",
] as const;
export type AlarmKey = (typeof ALARM_KEYS)[number];
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
