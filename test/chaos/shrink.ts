import type { Played } from "./play.ts";
import type { Schedule } from "./steps.ts";

/** How a violation begins, which tells one kind of it from another. */
export const kindOf = (violation: string): string => violation.split(":", 1)[0] ?? violation;

/**
 * A shorter schedule that ends in a violation of the same kind: steps are left out, many at once at first, for as long as it
 * still does. Answers which steps are left, by their number in the schedule.
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
