import { rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Clock } from "./clock.ts";

const WHY_NOT = "told-why-not";
const LAST_SWEEP = "last-sweep";
const A_DAY_MS = 24 * 3600 * 1000;

/** What has to outlive the process and must not need the store, which may be what is broken: the times of two empty files. */
export interface RunFiles {
  /** When a process on this folder finished its last sweep. Undefined: never, or nobody knows. */
  lastSweep(): Date | undefined;
  /** A sweep has finished now. */
  swept(): void;
  /** Whether the owner was told within a day why the program cannot start; if not, from now on they were. */
  isWhyNotTold(): boolean;
  /** The program has started. */
  started(): void;
}

/** With `dataDir` undefined, nothing is remembered. */
export function createRunFiles(dataDir: string | undefined, clock: Clock): RunFiles {
  const timeOf = (name: string) =>
    dataDir === undefined ? undefined : statSync(path.join(dataDir, name), { throwIfNoEntry: false })?.mtime;
  const touch = (name: string) => {
    if (dataDir === undefined) return;
    const file = path.join(dataDir, name);
    writeFileSync(file, "", { mode: 0o600 });
    utimesSync(file, clock.now(), clock.now());
  };
  return {
    lastSweep: () => timeOf(LAST_SWEEP),
    swept() {
      try {
        touch(LAST_SWEEP);
      } catch {
        // A full disk, perhaps, of which everybody hears anyway.
      }
    },
    isWhyNotTold() {
      const before = timeOf(WHY_NOT);
      if (before && clock.now().getTime() - before.getTime() < A_DAY_MS) return true;
      touch(WHY_NOT);
      return false;
    },
    started() {
      if (dataDir !== undefined) rmSync(path.join(dataDir, WHY_NOT), { force: true });
    },
  };
}
