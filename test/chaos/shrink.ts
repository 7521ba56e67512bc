import type { Played } from "./play.ts";
import type { Schedule } from "./steps.ts";

/** What comes before the colon is the kind of violation. */
export const kindOf = (violation: string): string => violation.split(":", 1)[0] ?? violation;

/**
 * Removes steps, many at once at first, while the schedule still ends in a violation of the same kind. Returns the numbers of
 * the steps that remain.
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

export function only(schedule: Schedule, steps: readonly number[]): Schedule {
  return { ...schedule, steps: schedule.steps.filter((_step, index) => steps.includes(index)) };
}
