import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { StoreConfig } from "../config/config.ts";
import type { Clock } from "../lib/clock.ts";

const LAST_SWEEP = "last-sweep";
const RUNNING = "running";
const A_DAY_MS = 24 * 3600 * 1000;
const OFF_MS = 10 * 60 * 1000;
const AN_HOUR_MS = 3600 * 1000;

/** What the owner is told at most once a day, however often the program is started. */
export type ToldOnce = "why-not" | "crashes";

/**
 * What has to outlive the process and must not need the store, which may be what is broken: small files beside the data. None of
 * them is needed: where they cannot be written, the program goes on.
 */
export interface RunFiles {
  /** When the last sweep finished, if that is more than ten minutes ago. A time in the future was written by a wrong clock. */
  offSince(): Date | undefined;
  /** A sweep has finished now. */
  swept(): void;
  /** A process begins. Resolves to how many began within an hour, itself included, and none of them ended in order. */
  begun(): number;
  endedInOrder(): void;
  /** Whether this was told within a day; if not, it counts as told from now on. */
  isTold(what: ToldOnce): boolean;
  forget(what: ToldOnce): void;
}

/** Without a data folder, nothing is remembered. */
export function createRunFiles(store: StoreConfig, clock: Clock): RunFiles {
  const dataDir = store.engine === "sqlite" ? store.dataDir : undefined;
  const now = () => clock.now().getTime();
  const timeOf = (name: string) =>
    dataDir === undefined ? undefined : statSync(path.join(dataDir, name), { throwIfNoEntry: false })?.mtime;
  function write(name: string, text = "") {
    if (dataDir === undefined) return;
    try {
      const file = path.join(dataDir, name);
      writeFileSync(file, text, { mode: 0o600 });
      utimesSync(file, clock.now(), clock.now());
    } catch {
      // A full disk, perhaps, of which everybody hears anyway.
    }
  }
  function read(name: string): string {
    try {
      return dataDir === undefined ? "" : readFileSync(path.join(dataDir, name), "utf8");
    } catch {
      return "";
    }
  }
  function remove(name: string) {
    try {
      if (dataDir !== undefined) rmSync(path.join(dataDir, name), { force: true });
    } catch {
      // A disk that has become read-only, perhaps: what ends the program must not be hidden by this.
    }
  }

  return {
    offSince() {
      const at = timeOf(LAST_SWEEP);
      return at && now() - at.getTime() > OFF_MS ? at : undefined;
    },
    swept: () => write(LAST_SWEEP),
    begun() {
      const before = read(RUNNING).split(" ").map(Number);
      const starts = [...before.filter((at) => at > 0 && Math.abs(now() - at) < AN_HOUR_MS), now()];
      write(RUNNING, starts.join(" "));
      return starts.length;
    },
    endedInOrder: () => remove(RUNNING),
    isTold(what) {
      const before = timeOf(`told-${what}`);
      if (before && Math.abs(now() - before.getTime()) < A_DAY_MS) return true;
      write(`told-${what}`);
      return false;
    },
    forget: (what) => remove(`told-${what}`),
  };
}
