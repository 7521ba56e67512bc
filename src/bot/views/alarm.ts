import {
  type AlarmKey,
  type AlarmText,
  type MachineAlarm,
  type MachineCase,
  PART_ALARMS,
} from "../words/alarm-keys.ts";
import type { AlarmWords } from "../words/en-alarms.ts";

const isOfPart = (key: AlarmKey): key is keyof typeof PART_ALARMS => Object.hasOwn(PART_ALARMS, key);

export function awsAlarmText(key: AlarmKey, stage: string, say: AlarmWords): AlarmText {
  const doctor = `npx weighbridge doctor --stage ${stage}`;
  if (!isOfPart(key)) return say.onAws(stage, doctor)[key];
  const [kind, part] = PART_ALARMS[key];
  return say[kind](part, doctor);
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
