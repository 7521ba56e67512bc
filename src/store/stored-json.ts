import { UsageError } from "../errors.ts";
import type { JsonObject, Key } from "./table.ts";

/** The value of an item as it lies in the engine, where it is JSON text. What is damaged ends in one sentence. */
export function parseStoredJson(text: string, key: Key): JsonObject {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`The stored item "${key.sk}" in "${key.pk}" is damaged. Restore the table from a backup.`);
  }
}
