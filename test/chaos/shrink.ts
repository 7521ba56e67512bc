import type { Played } from "./play.ts";
import type { Schedule } from "./steps.ts";

/** The beginning of a violation, which identifies its kind. */
export const kindOf = (violation: string): string => violation.split(":", 1)[0] ?? violation;

/**
 * Shrinks a schedule while it still ends in a violation of the same kind, leaving out many steps at once at first. Returns the
 * remaining steps by their number in the schedule.
 */
export async function shrink(
  schedule: Schedule,
  violations: readonly string[],
  { play, tries }: { play: (schedule: Schedule) => Promise<Played>; tries: number },
): Promise<{ steps: number[]; violations: string[] }> {
  const kind = kindOf(violations[0] ?? "");
  let best = { steps: schedule.steps.map((_step, index) => index), violations: [...violations] };
  let left = tries;
  for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < best.steps.length; ) {
      if (left === 0) return best;
      left -= 1;
      const steps = best.steps.toSpliced(start, size);
      const played = await play(only(schedule, steps));
      if (played.violations.some((it) => kindOf(it) === kind)) best = { steps, violations: played.violations };
      else start += size;
    }
  }
  return best;
}

/** The schedule with just these of its steps. */
export function only(schedule: Schedule, steps: readonly number[]): Schedule {
  return { ...schedule, steps: schedule.steps.filter((_step, index) => steps.includes(index)) };
}
