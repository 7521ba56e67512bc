import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { UsageError } from "../lib/errors.ts";
import { KEY_BYTES, readKeys } from "./seal.ts";
import { syncToDisk, writeWhole } from "./whole-file.ts";

/** Created on the first start, and on the disk before this returns: without it every stored token is lost. */
export function loadOrCreateSealingKey(file: string): string {
  try {
    const text = (readIfPresent(file) ?? createKeyFile(file)).trim();
    if (readKeys(text) !== undefined) return text;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "unknown reason";
    throw new UsageError(
      `The key file ${file} cannot be read or created (${code}): let this user read and write in its folder, or set SEALING_KEY.`,
      { cause },
    );
  }
  throw new UsageError(
    `${file} does not hold a base64 key of ${KEY_BYTES} bytes: put the right key back, or delete the file to start with a new key and link every account again.`,
  );
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

function createKeyFile(file: string): string {
  try {
    writeKey(file, randomBytes(KEY_BYTES).toString("base64"), { replace: false });
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    // Another process was first, and its file's name may not be on the disk yet.
    syncToDisk(path.dirname(file));
  }
  return readFileSync(file, "utf8");
}

/** From `step` until `swap` returns, the file holds both keys: if a restore is cut off, everything still opens. */
export function exchangeSealingKey(file: string, text: string, swap: (step: () => void) => void): void {
  const before = readIfPresent(file)?.trim();
  const both = before !== undefined && before !== text && readKeys(before) !== undefined ? `${text},${before}` : text;
  swap(() => writeKey(file, both, { replace: true }));
  if (both !== text) writeKey(file, text, { replace: true });
}

function writeKey(file: string, text: string, options: { replace: boolean }): void {
  writeWhole(file, (draft) => writeFileSync(draft, `${text}\n`, { flag: "wx", mode: 0o600 }), options);
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
