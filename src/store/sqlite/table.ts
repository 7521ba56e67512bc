import { randomUUID } from "node:crypto";
import { closeSync, mkdirSync, openSync, statfsSync } from "node:fs";
import path from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import type { Clock } from "../../lib/clock.ts";
import { RetryLaterError, UsageError } from "../../lib/errors.ts";
import { storedJsonOrNull } from "../item-json.ts";
import type { Item, PutOutcome, Table, Write } from "../table.ts";

const BUSY_PAUSE_MS = 20;
const SWEEP_ROWS = 10_000;
const LEAST_ROOM_BYTES = 256 * 1024;
/** Primary result codes, https://sqlite.org/rescode.html */
export const SQLITE = { BUSY: 5, READONLY: 8, IOERR: 10, CORRUPT: 11, FULL: 13, CANTOPEN: 14, NOTADB: 26 };

/** Any number of processes may open it at once. Folder, file and SQL table are created if needed, readable by this user alone. */
export function openSqliteTable(options: {
  file: string;
  tableName: string;
  clock: Clock;
  /** How long to wait, in real time and blocking, for another process that is writing. */
  busyTimeoutMs?: number;
}): Table {
  const { file, tableName, clock, busyTimeoutMs = 5_000 } = options;
  const sqlName = quoteTableName(tableName);
  const database = openDatabase(file, busyTimeoutMs);
  const nowSeconds = () => clock.now().getTime() / 1000;
  const ask = <T>(statement: () => T): T => {
    try {
      return statement();
    } catch (error) {
      throw workingError(file, error);
    }
  };

  try {
    ensureTable(database, sqlName);
    sweepExpired(database, sqlName, nowSeconds());
  } catch (error) {
    database.close();
    throw openingError(file, error);
  }

  const sql = statements(database, sqlName);
  let isPurgeDue = false;
  /** Deleted data is zeroed in the database, but the write-ahead log still holds the old pages. */
  function purge() {
    // Impossible while another process reads: then the next delete tries again.
    const [outcome] = ask(() => sql.checkpoint.all());
    isPurgeDue = outcome?.busy !== 0;
  }

  function write({ key: { pk, sk }, value, expect, expiresAt }: Write): PutOutcome {
    const version = randomUUID();
    const content = { value: JSON.stringify(value), expiresAt: expiresAt ?? null };
    const row = { pk, sk, version, ...content, now: nowSeconds() };
    const { changes } =
      expect === "absent" ? sql.insert.run(row) : sql.replace.run({ ...row, expected: expect.version });
    return changes === 1 ? { type: "written", version } : { type: "conflict" };
  }

  return {
    async get({ pk, sk }) {
      const row = ask(() => sql.get.get({ pk, sk, now: nowSeconds() }));
      return row && toItem(row);
    },

    async list(pk, { from = "", to, limit = -1 } = {}) {
      // SQLite sorts every blob after every text, so an empty blob is the bound that no sort key reaches.
      const bounds = { from, to: to ?? new Uint8Array() };
      return ask(() => sql.list.all({ pk, ...bounds, limit, now: nowSeconds() })).map(toItem);
    },

    put: async (key, value, options) => ask(() => write({ key, value, ...options })),

    async putAll(writes) {
      if (writes.length === 0) return [];
      return ask(() => inTransaction(database, () => writes.map(write)));
    },

    async delete({ pk, sk }, { version }) {
      const { changes } = ask(() => sql.delete.run({ pk, sk, expected: version, now: nowSeconds() }));
      if (isPurgeDue) purge();
      return changes === 1 ? "deleted" : "conflict";
    },

    purge: async () => purge(),

    async close() {
      if (database.isOpen) database.close();
    },
  };
}

/** One commit, and so one sync to disk, for all of the work. */
function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  // At once for writing: a transaction that begins with reading would fail if another process wrote in between.
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // Some errors, such as a full disk, have ended it already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function statements(database: DatabaseSync, sqlName: string) {
  const live = "(expires_at IS NULL OR expires_at > :now)";
  return {
    get: database.prepare(`SELECT * FROM ${sqlName} WHERE pk = :pk AND sk = :sk AND ${live}`),
    list: database.prepare(
      `SELECT * FROM ${sqlName} WHERE pk = :pk AND sk >= :from AND sk < :to AND ${live} ORDER BY sk LIMIT :limit`,
    ),
    insert: database.prepare(
      `INSERT INTO ${sqlName} (pk, sk, version, value, expires_at) VALUES (:pk, :sk, :version, :value, :expiresAt)
       ON CONFLICT (pk, sk) DO UPDATE SET version = :version, value = :value, expires_at = :expiresAt
       WHERE expires_at <= :now`,
    ),
    replace: database.prepare(
      `UPDATE ${sqlName} SET version = :version, value = :value, expires_at = :expiresAt
       WHERE pk = :pk AND sk = :sk AND version = :expected AND ${live}`,
    ),
    delete: database.prepare(`DELETE FROM ${sqlName} WHERE pk = :pk AND sk = :sk AND version = :expected AND ${live}`),
    checkpoint: database.prepare("PRAGMA wal_checkpoint(TRUNCATE)"),
  };
}

export function quoteTableName(tableName: string): string {
  if (!/^[A-Za-z0-9_.-]{3,255}$/.test(tableName) || /^sqlite_/i.test(tableName)) {
    throw new UsageError(
      `"${tableName}" can't be the table's name: use 3 to 255 letters, digits, dots, dashes or underscores, not starting with "sqlite_".`,
    );
  }
  return `"${tableName}"`;
}

export function openDatabase(file: string, busyTimeoutMs: number): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    // SQLite would create it with 0644, and gives -wal and -shm the same mode.
    closeSync(openSync(file, "a", 0o600));
    database = new DatabaseSync(file, { timeout: busyTimeoutMs });
    enterWal(database, busyTimeoutMs);
    database.exec("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON");
    return database;
  } catch (error) {
    database?.close();
    throw openingError(file, error);
  }
}

/** If two processes open a new file together, SQLite answers "busy" here at once, without its busy timeout. */
function enterWal(database: DatabaseSync, busyTimeoutMs: number): void {
  for (let waitedMs = 0; ; waitedMs += BUSY_PAUSE_MS) {
    try {
      database.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (sqliteCode(error) !== SQLITE.BUSY || waitedMs >= busyTimeoutMs) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE_MS);
    }
  }
}

export function ensureTable(database: DatabaseSync, sqlName: string): void {
  // Text is compared with memcmp, which is the byte order the port promises. REAL keeps whole seconds exactly.
  database.exec(
    `CREATE TABLE IF NOT EXISTS ${sqlName} (
       pk TEXT NOT NULL, sk TEXT NOT NULL, version TEXT NOT NULL, value TEXT NOT NULL, expires_at REAL,
       PRIMARY KEY (pk, sk)
     ) STRICT, WITHOUT ROWID`,
  );
}

/** What is left over waits for the next start. */
function sweepExpired(database: DatabaseSync, sqlName: string, nowSeconds: number): void {
  database
    .prepare(
      `DELETE FROM ${sqlName} WHERE (pk, sk) IN (SELECT pk, sk FROM ${sqlName} WHERE expires_at <= ? LIMIT ${SWEEP_ROWS})`,
    )
    .run(nowSeconds);
}

function toItem(row: Record<string, SQLOutputValue>): Item {
  const key = { pk: String(row.pk), sk: String(row.sk) };
  return {
    key,
    version: String(row.version),
    value: storedJsonOrNull(String(row.value)),
    ...(row.expires_at !== null && { expiresAt: Number(row.expires_at) }),
  };
}

export function workingError(file: string, cause: unknown): unknown {
  const code = sqliteCode(cause);
  if (code === SQLITE.BUSY) return new RetryLaterError("Another process has locked the database", { cause });
  // A full disk is an I/O error too, if SQLite needs room for the files next to the database.
  if (code === SQLITE.FULL || (code === SQLITE.IOERR && isFull(path.dirname(file)))) return fullError(file, cause);
  if (code !== SQLITE.IOERR) return cause;
  return new UsageError(
    `The disk that holds ${file} can't be read or written. Check that it works and is still mounted.`,
    {
      cause,
    },
  );
}

const fullError = (file: string, cause: unknown) =>
  new UsageError(`The disk that holds ${file} is full. Free some space there.`, { cause });

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize, ffree, files } = statfsSync(folder);
    return bavail * bsize < LEAST_ROOM_BYTES || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}

function openingError(file: string, cause: unknown): unknown {
  const code = sqliteCode(cause);
  if (code === SQLITE.NOTADB || code === SQLITE.CORRUPT) {
    return new UsageError(
      `${file} is not an intact SQLite database: move it away and restore a backup, or choose another folder with DATA_DIR.`,
      { cause },
    );
  }
  const isFileSystemError = cause instanceof Error && "syscall" in cause;
  if (isFileSystemError && "code" in cause && cause.code === "ENOSPC") return fullError(file, cause);
  if (isFileSystemError || code === SQLITE.CANTOPEN || code === SQLITE.READONLY) {
    return new UsageError(
      `${file} cannot be opened for writing: let this user write in its folder, or choose another one with DATA_DIR.`,
      { cause },
    );
  }
  return workingError(file, cause);
}

/** The primary result code, which is the low byte of an extended one. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error && "errcode" in error && typeof error.errcode === "number")) return undefined;
  return error.errcode & 0xff;
}
