import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { UsageError } from "../lib/errors.ts";
import { KEY_BYTES, readKeys } from "./seal.ts";

/**
 * For one machine: the text of `SEALING_KEY` kept in `file`, made on the first start and readable by this user alone.
 * Processes that start together end up with the same key, and no power cut takes it away once this has returned:
 * without it every stored token is lost.
 */
export function loadOrCreateSealingKey(file: string): string {
  try {
    const text = (readIfPresent(file) ?? createKeyFile(file)).trim();
    if (readKeys(text) !== undefined) return text;
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : "unknown reason";
    throw new UsageError(
      `The key file ${file} cannot be read or made (${code}): let this user read and write in its folder, or set SEALING_KEY.`,
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

/** Written and synced under another name first and linked afterwards, so nobody can read half a key or replace one. */
function createKeyFile(file: string): string {
  const folder = path.dirname(file);
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(draft, `${randomBytes(KEY_BYTES).toString("base64")}\n`, { flag: "wx", mode: 0o600, flush: true });
    linkSync(draft, file);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  // Also when another process was first: its link may not have reached the disk yet, and we are about to use the key.
  syncFolder(folder);
  return readFileSync(file, "utf8");
}

/**
 * Puts this key in the place of the one in `file`. While `swap` exchanges what is sealed, the file holds both: whenever this is
 * cut off, what is stored opens.
 */
export function exchangeSealingKey(file: string, text: string, swap: (step: () => void) => void): void {
  const before = readIfPresent(file)?.trim();
  const both = before !== undefined && before !== text && readKeys(before) !== undefined ? `${text},${before}` : text;
  swap(() => writeKeyFile(file, both));
  if (both !== text) writeKeyFile(file, text);
}

function writeKeyFile(file: string, text: string): void {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(draft, `${text}\n`, { flag: "wx", mode: 0o600, flush: true });
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(path.dirname(file));
}

export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
