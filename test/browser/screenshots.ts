import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";

export const SCREENSHOTS_DIR = path.resolve(process.env.SCREENSHOTS_DIR ?? "artefacts/screenshots");

const taken = () => readdirSync(SCREENSHOTS_DIR).filter((name) => /^\d+-.*\.png$/.test(name));

/** Removes an earlier run's pictures, so that nobody takes them for this one's. */
export function setup() {
  mkdirSync(SCREENSHOTS_DIR, { recursive: true });
  for (const name of taken()) rmSync(path.join(SCREENSHOTS_DIR, name));
}

export function nextScreenshot(name: string): string {
  const number = String(taken().length + 1).padStart(2, "0");
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return path.join(SCREENSHOTS_DIR, `${number}-${slug.slice(0, 80)}.png`);
}
