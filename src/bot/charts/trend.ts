export interface DayValue {
  /** Days since 1970, by the local calendar. */
  day: number;
  value: number;
}

export interface TrendDay extends DayValue {
  /** How long the gap is that this day lies in, or ends; 1 if the day before was measured, too. */
  gapDays: number;
}

/** How much a day counts in the trend: a tenth, as in John Walker's book. */
export const SMOOTHING = 0.1;

/**
 * The trend of "The Hacker's Diet": each day it moves by a tenth of what separates it from that day's value, and it begins at the
 * first one. A day without a reading has the value on the straight line between the readings around it, so a gap neither
 * freezes the trend nor makes one reading count for weeks. `days`: in order, one value each.
 */
export function smoothedTrend(days: DayValue[]): TrendDay[] {
  const trend: TrendDay[] = [];
  let before: DayValue | undefined;
  let smoothed = 0;
  for (const measured of days) {
    const from = before ?? { day: measured.day - 1, value: measured.value };
    if (!before) smoothed = measured.value;
    const gapDays = measured.day - from.day;
    for (let step = 1; step <= gapDays; step++) {
      const value = from.value + ((measured.value - from.value) * step) / gapDays;
      smoothed += SMOOTHING * (value - smoothed);
      trend.push({ day: from.day + step, value: smoothed, gapDays });
    }
    before = measured;
  }
  return trend;
}
