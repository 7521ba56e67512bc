import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import path from "node:path";

/** The file gets its name once it is complete and on the disk. Throws EEXIST if it exists and `replace` is false. */
export function writeWhole(file: string, write: (draft: string) => void, { replace }: { replace: boolean }): void {
  const folder = path.dirname(file);
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    write(draft);
    syncToDisk(draft);
    if (replace) renameSync(draft, file);
    else linkSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  syncToDisk(folder);
}

export function syncToDisk(fileOrFolder: string): void {
  const descriptor = openSync(fileOrFolder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
