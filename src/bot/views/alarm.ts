import type { AlarmKey, AlarmText, MachineAlarm, MachineCase } from "../words/alarm-keys.ts";
import type { AlarmWords } from "../words/en-alarms.ts";

export function awsAlarmText(key: AlarmKey, stage: string, say: AlarmWords): AlarmText {
  return say.onAws(stage, `npx weighbridge doctor --stage ${stage}`)[key];
}

type Case = Omit<MachineAlarm, "isOver" | "since">;

/** `since`: in words, where it's known. */
export function machineAlarmText(alarm: Case, since: string | undefined, say: AlarmWords): AlarmText {
  const { cause = "", takenBy = "" } = alarm;
  return say.onMachine(since, cause, takenBy)[caseOf(alarm)];
}

function caseOf({ key, cause, takenBy, isTokenUnknown }: Case): MachineCase {
  if (key === "broken" && cause) return "needs-fixing";
  if (key === "webhook-failing" && takenBy !== undefined) return "webhook-taken";
  return key === "telegram-gone" && isTokenUnknown ? "token-unknown" : key;
}
