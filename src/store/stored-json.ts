import { UsageError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import type { JsonObject, Key } from "./table.ts";

/** The value of an item as it lies in the engine, where it is JSON text. What is damaged ends in one sentence. */
export function parseStoredJson(text: string, key: Key): JsonObject {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`The stored item "${key.sk}" in "${key.pk}" is damaged. Restore the table from a backup.`);
  }
}

/**
 * The same for one of many: invalid JSON becomes null, which no schema accepts. So the reader notices it, and the other items
 * can still be read.
 */
export function storedJsonOrNull(text: string): JsonObject | null {
  return (parseJson(text) as JsonObject | undefined) ?? null;
}
