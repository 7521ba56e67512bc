import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Lambda's own period. */
const PERIOD_US = 20_000;

export interface CpuQuota {
  /** The file into which a process writes its id, to be bound by the quota. */
  join: string;
  remove(): void;
}

/** So much of a core and no more, with all its threads. Undefined where this process may not set that: it takes Linux and root. */
export function setCpuQuota(name: string, cores: number): CpuQuota | undefined {
  const quota = Math.round(cores * PERIOD_US);
  return (
    // The two versions of cgroups.
    make(path.join("/sys/fs/cgroup/cpu", name), { "cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": quota }) ??
    make(path.join("/sys/fs/cgroup", name), { "cpu.max": `${quota} ${PERIOD_US}` })
  );
}

function make(folder: string, settings: Record<string, string | number>): CpuQuota | undefined {
  try {
    mkdirSync(folder);
  } catch {
    return undefined;
  }
  const remove = () => rmdirSync(folder);
  try {
    for (const [file, value] of Object.entries(settings)) {
      // In a plain folder this would make a file.
      readFileSync(path.join(folder, file));
      writeFileSync(path.join(folder, file), String(value));
    }
    return { join: path.join(folder, "cgroup.procs"), remove };
  } catch {
    remove();
    return undefined;
  }
}
