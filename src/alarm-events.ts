/** Everything that raises an alarm on AWS. The alarm of `key` is called `weighbridge-<stage>-<key>`. */
export const ALARM_KEYS = [
  "dead-jobs",
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

/**
 * The alarms on log lines, and what their line says as `event`. `broken` are the events that only we can mend: what a
 * vendor, the network or an account's owner brings about passes by itself, or is told to that owner.
 */
export const ALARM_EVENTS = {
  "stale-session": ["link_stale"],
  "webhook-failing": ["webhook_failing"],
  broken: ["run_failed", "withings_records_unreadable", "account_damaged", "update_failed", "request_failed"],
} as const satisfies Partial<Record<AlarmKey, readonly string[]>>;
