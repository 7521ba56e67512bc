import { createHash, randomUUID } from "node:crypto";
import { closeSync, existsSync, openSync } from "node:fs";
import path from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import * as z from "zod";
import { UsageError } from "../../lib/errors.ts";
import { storedJsonOrNull } from "../item-json.ts";
import { keys } from "../keys.ts";
import { writeWhole } from "../whole-file.ts";
import { ensureTable, openDatabase, quoteTableName, SQLITE, sqliteCode, workingError } from "./table.ts";

const APPLICATION_ID = 0x57627267;
const FORMAT = 1;
/** The space keeps it apart from the tables, whose names can't have one. */
const FACTS = '"backup facts"';
/** A lock that lasts longer belongs to a running program. */
const BUSY_TIMEOUT_MS = 500;

const Facts = z.object({
  madeAt: z.iso.datetime().transform((text) => new Date(text)),
  tableName: z.string(),
  /** Absent if they are kept elsewhere. */
  sealingKeys: z.string().exactOptional(),
  /** The ids of all keys that may have sealed something in it. */
  keyIds: z.array(z.string()),
  checksum: z.string(),
});
type BackupFacts = Omit<z.infer<typeof Facts>, "checksum">;

/** @throws UsageError when there is nothing to back up, or the file exists and `force` is not set. */
export function writeBackup(options: { database: string; file: string; facts: BackupFacts; force: boolean }): void {
  const { database: source, file, facts, force } = options;
  if (!existsSync(source)) {
    throw new UsageError(`There is nothing to back up: ${source} does not exist. Check DATA_DIR.`);
  }
  if (!force && existsSync(file)) throw existsError(file);
  const write = (draft: string) => {
    closeSync(openSync(draft, "wx", 0o600));
    const database = openDatabase(source, 5_000);
    try {
      ensureTable(database, quoteTableName(facts.tableName));
      database.prepare("VACUUM INTO ?").run(draft);
    } finally {
      database.close();
    }
    describeDraft(draft, facts);
  };
  try {
    writeWhole(file, write, { replace: force });
  } catch (error) {
    throw writingError(file, error);
  }
}

function describeDraft(draft: string, facts: BackupFacts): void {
  const database = new DatabaseSync(draft);
  try {
    const checksum = checksumOf(database, facts);
    database.exec(`PRAGMA journal_mode = DELETE; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT};
      CREATE TABLE ${FACTS} (facts TEXT NOT NULL) STRICT`);
    database.prepare(`INSERT INTO ${FACTS} VALUES (?)`).run(JSON.stringify({ ...facts, checksum }));
  } finally {
    database.close();
  }
}

interface Backup {
  facts: BackupFacts;
  rows(): Iterable<Record<string, SQLOutputValue>>;
  close(): void;
}

/** @throws UsageError if the file is missing, foreign, newer or damaged. */
export function openBackup(file: string): Backup {
  if (!existsSync(file)) throw new UsageError(`There is no file ${file}.`);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    if (database.prepare("PRAGMA application_id").get()?.application_id !== APPLICATION_ID) throw foreignError(file);
    const format = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    if (format > FORMAT) {
      throw new UsageError(`${file} was made by a newer Weighbridge: update this one, and restore again.`);
    }
    const [found] = database.prepare("PRAGMA integrity_check").all();
    const facts = Facts.parse(JSON.parse(String(database.prepare(`SELECT facts FROM ${FACTS}`).get()?.facts)));
    if (found?.integrity_check !== "ok" || checksumOf(database, facts) !== facts.checksum) throw damagedError(file);
    const opened = database;
    return { facts, rows: () => rowsOf(opened, facts.tableName), close: () => opened.close() };
  } catch (error) {
    database?.close();
    if (error instanceof UsageError) throw error;
    const code = sqliteCode(error);
    if (code === SQLITE.NOTADB) throw foreignError(file);
    if (code === SQLITE.CANTOPEN) throw unreadableError(file, error);
    throw damagedError(file, error);
  }
}

/** In one transaction. @throws UsageError while another process has the data open, or if there is any and `force` is not set. */
export function restoreBackup(options: {
  backup: Backup;
  database: string;
  force: boolean;
  beforeCommit: () => void;
}): void {
  const { backup, database: target, force, beforeCommit } = options;
  const sqlName = quoteTableName(backup.facts.tableName);
  const database = openDatabase(target, BUSY_TIMEOUT_MS);
  try {
    ensureTable(database, sqlName);
    holdAlone(database, target);
    database.exec("PRAGMA synchronous = EXTRA; BEGIN EXCLUSIVE");
    if (!force && database.prepare(`SELECT 1 FROM ${sqlName} LIMIT 1`).get()) {
      throw new UsageError(
        `${path.dirname(target)} holds data already. Back it up first, then restore with --force to replace it.`,
      );
    }
    database.exec(`DELETE FROM ${sqlName}`);
    const insert = database.prepare(`INSERT INTO ${sqlName} VALUES (:pk, :sk, :version, :value, :expires_at)`);
    for (const row of backup.rows()) {
      const restored = restoredRow(row);
      if (restored) insert.run(restored);
    }
    beforeCommit();
    database.exec("COMMIT");
  } catch (error) {
    throw workingError(target, error);
  } finally {
    database.close();
  }
}

/** A running program keeps the database open and a killed one leaves no lock, so an exclusive lock proves that nothing runs. */
function holdAlone(database: DatabaseSync, file: string): void {
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE");
  } catch (cause) {
    if (sqliteCode(cause) !== SQLITE.BUSY) throw cause;
    throw new UsageError(
      `Weighbridge is running on ${path.dirname(file)}. Stop it, then restore again. Nothing was changed.`,
      { cause },
    );
  }
}

/** What was sent after the backup isn't in its ledgers, so each looks into Garmin before it sends. Leases are dropped. */
function restoredRow(row: Record<string, SQLOutputValue>) {
  const key = { pk: String(row.pk), sk: String(row.sk) };
  if (key.pk.startsWith(keys.lease("").pk)) return undefined;
  const isProgress = key.pk.startsWith(keys.ledgerRange.from) && key.sk === keys.progress("").sk;
  const progress = isProgress && storedJsonOrNull(String(row.value));
  if (!progress) return row;
  return { ...row, version: randomUUID(), value: JSON.stringify({ ...progress, adopting: true }) };
}

function rowsOf(database: DatabaseSync, tableName: string): Iterable<Record<string, SQLOutputValue>> {
  const columns = "pk, sk, version, value, expires_at";
  return database.prepare(`SELECT ${columns} FROM ${quoteTableName(tableName)} ORDER BY pk, sk`).iterate();
}

/** SQLite's own check finds a missing page, but not a changed digit. */
function checksumOf(database: DatabaseSync, { tableName, sealingKeys = "" }: BackupFacts): string {
  const hash = createHash("sha256").update(sealingKeys);
  for (const row of rowsOf(database, tableName)) hash.update(JSON.stringify(row));
  return hash.digest("hex");
}

const existsError = (file: string) =>
  new UsageError(`${file} exists already: choose another name, or replace it with --force.`);
const unreadableError = (file: string, cause: unknown) =>
  new UsageError(`${file} cannot be read: let this user read it.`, { cause });
const foreignError = (file: string) => new UsageError(`${file} is not a backup made by Weighbridge.`);
const damagedError = (file: string, cause?: unknown) =>
  new UsageError(`${file} is damaged or incomplete: take another backup.`, { cause });

function writingError(file: string, cause: unknown): unknown {
  if (!(cause instanceof Error && "syscall" in cause && "code" in cause)) return workingError(file, cause);
  if (cause.code === "EEXIST") return existsError(file);
  return new UsageError(
    `${file} cannot be written (${cause.code}): choose a folder in which this user may write and has room.`,
    { cause },
  );
}
