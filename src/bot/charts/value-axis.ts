import { max, min, ticks } from "d3-array";
import type { Units } from "../../sync/model/account.ts";
import { type Format, POUNDS_PER_KG, POUNDS_PER_STONE } from "../words/format.ts";

export interface Tick {
  at: number;
  label: string;
}

export type Domain = [min: number, max: number];

/** From the lowest to the highest with some room around, and no shorter than `atLeast`: a calm week isn't a mountain range. */
export function domainOf(values: number[], atLeast: number): Domain {
  const [lowest, highest] = [min(values) ?? 0, max(values) ?? 0];
  const missing = Math.max(0, atLeast - (highest - lowest)) / 2;
  const room = (highest - lowest + 2 * missing) * 0.07;
  return [lowest - missing - room, highest + missing + room];
}

/** Pounds in which a scale in stones has round labels. */
const STONE_STEPS = [1, 2, 7, 14, 28, 56, 140];

export function weightTicks([from, to]: Domain, units: Units, { number }: Format, count = 5): Tick[] {
  if (units === "kg") return numberTicks([from, to], number, count);
  const [low, high] = [from * POUNDS_PER_KG, to * POUNDS_PER_KG];
  if (units === "lb" || low < POUNDS_PER_STONE) {
    return numberTicks([low, high], number, count).map(({ at, label }) => ({ at: at / POUNDS_PER_KG, label }));
  }
  const step = STONE_STEPS.find((it) => (high - low) / it <= count + 1.5) ?? 280;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => {
    const pounds = (first + index) * step;
    const rest = pounds % POUNDS_PER_STONE;
    const label = `${Math.floor(pounds / POUNDS_PER_STONE)} st${rest ? ` ${rest}` : ""}`;
    return { at: pounds / POUNDS_PER_KG, label };
  });
}

export function numberTicks([from, to]: Domain, number: Format["number"], count = 5): Tick[] {
  const values = ticks(from, to, count);
  const digits = values.every(Number.isInteger) ? 0 : (values[1] ?? 0) - (values[0] ?? 0) < 0.095 ? 2 : 1;
  return values.map((at) => ({ at, label: number(at, digits) }));
}
