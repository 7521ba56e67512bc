import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";

/** Where the pictures of the page are kept, whether the tests pass or fail. */
export const SCREENSHOTS_DIR = path.resolve(process.env.SCREENSHOTS_DIR ?? "artefacts/screenshots");

const taken = () => readdirSync(SCREENSHOTS_DIR).filter((name) => /^\d+-.*\.png$/.test(name));

/** Before the first test: pictures of an earlier run would be taken for this one's. Only what we have made goes. */
export function setup() {
  mkdirSync(SCREENSHOTS_DIR, { recursive: true });
  for (const name of taken()) rmSync(path.join(SCREENSHOTS_DIR, name));
}

/** The file for the next picture; they are numbered in the order they are taken. */
export function nextScreenshot(name: string): string {
  const number = String(taken().length + 1).padStart(2, "0");
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return path.join(SCREENSHOTS_DIR, `${number}-${slug.slice(0, 80)}.png`);
}
