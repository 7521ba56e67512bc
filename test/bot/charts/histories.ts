import type { PressureReading } from "../../../src/bot/charts/blood-pressure.ts";
import type { BodyReading } from "../../../src/bot/charts/body.ts";
import type { ChartView } from "../../../src/bot/charts/chart.ts";
import type { WeightReading } from "../../../src/bot/charts/weight.ts";

const DAY_MS = 24 * 3600 * 1000;
export const NOW = new Date("2026-12-01T09:00:00Z");

export const view = (over: Partial<ChartView> = {}): ChartView => ({
  ...{ language: "en", units: "kg", timezone: "Europe/Berlin", now: NOW, theme: "light", range: "30d" },
  ...over,
});

/** Numbers from 0 to 1, the same each time. */
function numbers(): () => number {
  let state = 7;
  return () => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}

const morningOf = (daysAgo: number) => new Date(NOW.getTime() - daysAgo * DAY_MS - 2 * 3600 * 1000);
const daysBack = (count: number) => Array.from({ length: count }, (_, index) => count - 1 - index);

/** Somebody who loses weight slowly, misses a day in seven, and weighs themselves twice on some. */
export function weights(
  days: number,
  { gap = [0, 0], perDay = 0.04 }: { gap?: [number, number]; perDay?: number } = {},
) {
  const next = numbers();
  return daysBack(days).flatMap((daysAgo): WeightReading[] => {
    if (next() < 0.15 || (daysAgo > gap[0] && daysAgo < gap[1])) return [];
    const kilograms = 80.2 + daysAgo * perDay + Math.sin(daysAgo / 57) * 0.9;
    const takenAt = morningOf(daysAgo);
    const morning = { takenAt, weightKg: kilograms + (next() - 0.5) * 1.5 };
    const evening = { takenAt: new Date(takenAt.getTime() + DAY_MS / 2), weightKg: kilograms + next() * 0.9 };
    return next() < 0.2 && daysAgo > 0 ? [morning, evening] : [morning];
  });
}

/** Two measurements each morning and evening, mornings higher; some are missed. */
export function pressures(days: number, fallPerDay = 0): PressureReading[] {
  const next = numbers();
  return daysBack(days).flatMap((daysAgo) => {
    const session = (hours: number, systolic: number, diastolic: number): PressureReading[] => {
      if (next() < 0.25) return [];
      return [0, 2].map((minutes) => ({
        takenAt: new Date(morningOf(daysAgo).getTime() + hours * 3600 * 1000 + minutes * 60_000),
        systolicMmHg: Math.round(systolic + daysAgo * fallPerDay + next() * 14 - 7),
        diastolicMmHg: Math.round(diastolic + next() * 10 - 5),
      }));
    };
    return [...session(0, 134, 84), ...(daysAgo > 0 ? session(12, 126, 79) : [])];
  });
}

export function bodies(days: number): BodyReading[] {
  const next = numbers();
  return weights(days).map(({ takenAt, weightKg }, index) => ({
    takenAt,
    bodyFatPercent: weightKg * 0.28 + (next() - 0.5),
    muscleMassKg: 58 + (next() - 0.5) * 0.8 + index / 200,
    bodyWaterPercent: 54 + (next() - 0.5) + index / 300,
    boneMassKg: 3.1 + (next() - 0.5) * 0.1,
  }));
}
