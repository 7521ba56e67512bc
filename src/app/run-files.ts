import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { StoreConfig } from "../config/config.ts";
import type { Clock } from "../lib/clock.ts";

const LAST_SWEEP = "last-sweep";
const RUNNING = "running";
const OFF_MS = 10 * 60_000;
const AN_HOUR_MS = 3600_000;
const A_DAY_MS = 24 * AN_HOUR_MS;

/** Messages that the owner gets once a day at most, however often the program starts. */
export type ToldOnce = "why-not" | "crashes";

/** What has to outlive the process, in small files, because the store may be what broke. The program works without them, too. */
export function createRunFiles(store: StoreConfig, clock: Clock) {
  const now = () => clock.now().getTime();
  function attempt<T>(name: string, use: (file: string) => T): T | undefined {
    try {
      return store.engine === "sqlite" ? use(path.join(store.dataDir, name)) : undefined;
    } catch {
      // A disk that is full or read-only, for instance: the owner hears of that anyway.
      return undefined;
    }
  }
  const timeOf = (name: string) => attempt(name, (file) => statSync(file, { throwIfNoEntry: false })?.mtime);
  const write = (name: string, text = "") =>
    attempt(name, (file) => {
      writeFileSync(file, text, { mode: 0o600 });
      utimesSync(file, clock.now(), clock.now());
    });
  const remove = (name: string) => attempt(name, (file) => rmSync(file, { force: true }));

  return {
    /** When the last sweep finished, if that was more than ten minutes ago. A time in the future was written by a wrong clock. */
    offSince(): Date | undefined {
      const at = timeOf(LAST_SWEEP);
      return at && now() - at.getTime() > OFF_MS ? at : undefined;
    },
    swept: () => write(LAST_SWEEP),
    /** A process starts. Returns how many started within an hour, this one included, of which none ended in order. */
    begun(): number {
      const text = attempt(RUNNING, (file) => readFileSync(file, "utf8")) ?? "";
      const before = text.split(" ").map(Number);
      const starts = [...before.filter((at) => at > 0 && Math.abs(now() - at) < AN_HOUR_MS), now()];
      write(RUNNING, starts.join(" "));
      return starts.length;
    },
    endedInOrder: () => remove(RUNNING),
    /** Whether this was told within a day; if not, it counts as told from now on. */
    isTold(what: ToldOnce): boolean {
      const before = timeOf(`told-${what}`);
      if (before && Math.abs(now() - before.getTime()) < A_DAY_MS) return true;
      write(`told-${what}`);
      return false;
    },
    forget: (what: ToldOnce) => remove(`told-${what}`),
  };
}
