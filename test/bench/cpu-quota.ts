import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Lambda's own period. */
const PERIOD_US = 20_000;
const CGROUPS = "/sys/fs/cgroup";

export interface CpuQuota {
  /** The files into which a process writes its id, to be bound by the quota. */
  joins: string[];
  remove(): void;
}

/** So much of a core and no more, with all its threads. Undefined where this process may not set that: it takes Linux and root. */
export function setCpuQuota(name: string, cores: number): CpuQuota | undefined {
  return setQuota(name, { cores });
}

/** The same with so much memory, of which what the kernel caches of files is a part. */
export function setQuota(name: string, limits: { cores: number; megabytes?: number }): CpuQuota | undefined {
  const { cores, megabytes } = limits;
  const quota = Math.round(cores * PERIOD_US);
  const bytes = megabytes && megabytes * 1024 * 1024;
  // The two versions of cgroups; in the first, each resource has a folder of its own.
  const first = [
    {
      folder: path.join(CGROUPS, "cpu", name),
      settings: { "cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": quota },
    },
    ...(bytes ? [{ folder: path.join(CGROUPS, "memory", name), settings: { "memory.limit_in_bytes": bytes } }] : []),
  ];
  const settings = { "cpu.max": `${quota} ${PERIOD_US}`, ...(bytes && { "memory.max": bytes }) };
  return makeAll(first) ?? makeAll([{ folder: path.join(CGROUPS, name), settings }]);
}

function makeAll(wanted: Array<{ folder: string; settings: Record<string, string | number> }>): CpuQuota | undefined {
  const made: string[] = [];
  const remove = () => {
    for (const folder of made) rmdirSync(folder);
  };
  try {
    for (const { folder, settings } of wanted) {
      mkdirSync(folder);
      made.push(folder);
      for (const [file, value] of Object.entries(settings)) {
        // In a plain folder this would make a file.
        readFileSync(path.join(folder, file));
        writeFileSync(path.join(folder, file), String(value));
      }
    }
  } catch {
    remove();
    return undefined;
  }
  return { joins: made.map((folder) => path.join(folder, "cgroup.procs")), remove };
}

/** Shell commands by which a process joins before it becomes the program, which so has no moment without the quota. */
export function joining(quota: CpuQuota | undefined): string {
  return (quota?.joins ?? []).map((file) => `echo $$ > ${file}; `).join("");
}
