import { statSync } from "node:fs";
import { doctorWords } from "../bot/words/doctor.ts";
import type { Words } from "../bot/words/words.ts";
import type { StoreConfig } from "../config/config.ts";
import type { Account } from "../sync/model/account.ts";
import type { Check } from "../sync/status/checks.ts";
import { databaseIn, keyFileIn } from "./open-stores.ts";

export function storeCheck(store: StoreConfig, list: () => Promise<Account[]>, words: Words): Check {
  return {
    name: doctorWords(words).check.store,
    asks: doctorWords(words).ownStore,
    run: async () => {
      const accounts = await list();
      const open = store.engine === "sqlite" ? openToOthers(store.dataDir) : [];
      if (open.length > 0) return { verdict: "operator", text: doctorWords(words).openToOthers(open) };
      const where = store.engine === "sqlite" ? store.dataDir : "DynamoDB";
      return doctorWords(words).store(store.tableName, where, accounts.length);
    },
  };
}

/** The data and key files that other users can read or change, with the mode that each should have. */
function openToOthers(dataDir: string): Array<{ file: string; mode: string }> {
  const database = databaseIn(dataDir);
  const files = [keyFileIn(dataDir), database, `${database}-wal`, `${database}-shm`];
  const modeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  return [
    // In a container the folder comes from the image, where everybody may read it.
    ...((modeOf(dataDir) & 0o022) === 0 ? [] : [{ file: dataDir, mode: "700" }]),
    ...files.filter((file) => (modeOf(file) & 0o077) !== 0).map((file) => ({ file, mode: "600" })),
  ];
}
