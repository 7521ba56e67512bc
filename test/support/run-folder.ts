import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const MEMORY = "/dev/shm";
/** What a run of the tests may need at most, with room. In a container the memory disk often has 64 MB. */
const NEEDED_BYTES = 2 * 1024 ** 3;
const VARIABLE = "WEIGHBRIDGE_TEST_RUN";

/**
 * Once for a whole run of the tests: a folder for everything temporary, in memory where there is room. The tests kill
 * processes and never the power, so nothing they show depends on a real disk; `TEST_DISK=1` uses one all the same.
 */
export function setup() {
  const folder = mkdtempSync(path.join(process.env.TEST_DISK ? tmpdir() : inMemory(), "weighbridge-tests-"));
  process.env[VARIABLE] = folder;
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

function inMemory(): string {
  if (!existsSync(MEMORY)) return tmpdir();
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize >= NEEDED_BYTES ? MEMORY : tmpdir();
}

/** A folder that the first test file that asks for it fills. The others of the run wait, and find it filled. */
export async function sharedFolder(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const run = process.env[VARIABLE];
  if (!run) throw new Error("only for tests: vitest's global setup makes the folder of a run");
  const folder = path.join(run, name);
  const [claim, draft, failed] = [`${folder}.claim`, `${folder}.draft`, `${folder}.failed`];
  if (isFirst(claim)) {
    mkdirSync(draft);
    await fill(draft).then(
      () => renameSync(draft, folder),
      (error: unknown) => {
        mkdirSync(failed);
        throw error;
      },
    );
  }
  while (!existsSync(folder)) {
    if (existsSync(failed)) throw new Error(`${name} could not be made for another test file, which says why`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return folder;
}

/** Of all processes, only one can make a folder. */
function isFirst(claim: string): boolean {
  try {
    mkdirSync(claim);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
