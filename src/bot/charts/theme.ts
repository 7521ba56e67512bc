import type { Theme } from "../../sync/model/account.ts";

/** The family that the files in `font` belong to. */
export const FONT = "Inter";
export const MEDIUM = 500;
export const SEMI_BOLD = 600;

const LIGHT = {
  ground: "#ffffff",
  ink: "#17212b",
  quiet: "#5d6b79",
  grid: "#e6eaee",
  weight: "#0b6bb5",
  goal: "#13834f",
  held: "#b45309",
  morning: "#d97706",
  evening: "#4f46c8",
  limit: "#c0322b",
  fat: "#c2571a",
  muscle: "#b3305f",
  water: "#0b79b5",
  bone: "#6b5fb5",
};
export type Colours = typeof LIGHT;

const DARK: Colours = {
  ground: "#17212b",
  ink: "#f2f4f6",
  quiet: "#a3b0bd",
  grid: "#2b3946",
  weight: "#64b5f6",
  goal: "#5fd39a",
  held: "#fbb36b",
  morning: "#fbbf4d",
  evening: "#a5a0ff",
  limit: "#ff8f86",
  fat: "#ffa26b",
  muscle: "#ff8fb3",
  water: "#64c8f6",
  bone: "#b9aefc",
};

export const COLOURS: Record<Theme, Colours> = { light: LIGHT, dark: DARK };
