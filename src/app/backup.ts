import { existsSync } from "node:fs";
import type { Config, StoreConfig } from "../config/config.ts";
import { TABLE_NAME_VARIABLE } from "../config/table-name.ts";
import { UsageError } from "../lib/errors.ts";
import { exchangeSealingKey } from "../store/key-file.ts";
import { parseSealingKeys } from "../store/seal.ts";
import { databaseIn, keyFileIn, sealingKeys } from "./open-stores.ts";

interface BackupOptions {
  file: string;
  force: boolean;
}

/** Works while the program runs. A sealing key in DATA_DIR is part of the backup; one from the environment isn't. */
export async function backUp(
  config: Pick<Config, "store" | "sealing">,
  { file, force }: BackupOptions,
  now: Date,
): Promise<{ holdsKey: boolean }> {
  const { dataDir, tableName } = onThisMachine(config.store);
  const { writeBackup } = await import("../store/sqlite/backup.ts");
  const database = databaseIn(dataDir);
  // Without data, this must not create a key.
  const sealing = existsSync(database) ? sealingKeys(config) : undefined;
  const facts = {
    ...{ madeAt: now, tableName, keyIds: sealing === undefined ? [] : parseSealingKeys(sealing).map(({ id }) => id) },
    ...(config.sealing.keys === undefined && sealing !== undefined && { sealingKeys: sealing }),
  };
  writeBackup({ database, file, facts, force });
  return { holdsKey: config.sealing.keys === undefined };
}

/** Replaces what is kept on this machine by a backup. Whatever happens, one or the other is there, whole. */
export async function restore(
  config: Pick<Config, "store" | "sealing">,
  { file, force }: BackupOptions,
): Promise<{ madeAt: Date }> {
  const { dataDir, tableName } = onThisMachine(config.store);
  const { openBackup, restoreBackup } = await import("../store/sqlite/backup.ts");
  const backup = openBackup(file);
  try {
    const { facts } = backup;
    if (facts.tableName !== tableName) {
      throw new UsageError(
        `${file} holds the table ${facts.tableName}, but ${TABLE_NAME_VARIABLE} is ${tableName}: set it to the same name.`,
      );
    }
    const target = { backup, database: databaseIn(dataDir), force };
    const { sealingKeys: kept } = facts;
    if (config.sealing.keys === undefined && kept !== undefined) {
      exchangeSealingKey(keyFileIn(dataDir), kept, (beforeCommit) => restoreBackup({ ...target, beforeCommit }));
      return facts;
    }
    const ours = config.sealing.keys === undefined ? [] : parseSealingKeys(config.sealing.keys).map(({ id }) => id);
    const missing = facts.keyIds.filter((id) => !ours.includes(id));
    if (missing.length > 0) {
      throw new UsageError(
        kept === undefined
          ? `${file} holds no key: set SEALING_KEY as it was when the backup was made (key ${missing.join(", ")}), and restore again.`
          : `${file} was sealed with a different key from SEALING_KEY: remove SEALING_KEY, and the key in the backup is used.`,
      );
    }
    restoreBackup({ ...target, beforeCommit: () => {} });
    return facts;
  } finally {
    backup.close();
  }
}

function onThisMachine(store: StoreConfig) {
  if (store.engine === "sqlite") return store;
  throw new UsageError(
    `${store.tableName} is a table in DynamoDB, which keeps its own backups: restore it there to a point in time.`,
  );
}
