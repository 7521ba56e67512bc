/** Everything that raises an alarm on AWS. The alarm of `key` is called `weighbridge-<stage>-<key>`. */
export const ALARM_KEYS = [
  "broken",
  "dead-jobs",
  "jobs-waiting",
  "sweep-errors",
  "sweep-missing",
  "webhook-failing",
  "stale-session",
  "throttles",
  "alarm-errors",
] as const;
export type AlarmKey = (typeof ALARM_KEYS)[number];

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
  cause: string | undefined;
  isTokenUnknown?: true | undefined;
  /** The address of the other program that uses this bot; empty if it can't be known. */
  takenBy?: string | undefined;
  /** When it started; at the end of "sweep-missing", since when the program didn't run. */
  since?: Date;
}

export interface AlarmText {
  means: string;
  fix: string;
  /** Replaces `means` and `fix` right after the deployment, when the alarm rings only because it is new. */
  first?: string;
  /** The all-clear. Absent where silence doesn't mean that the trouble is over. */
  over?: string;
}

/** This store, compared with the one that the bot was last used with. `empty` is a first start. */
export type StoreVerdict = "known" | "empty" | "empty_and_used_elsewhere" | "used_elsewhere_too";
export type StoreProblem = Exclude<StoreVerdict, "known">;
