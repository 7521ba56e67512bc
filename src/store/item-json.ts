import * as z from "zod";
import { UsageError } from "../lib/errors.ts";
import { issuePaths, parseJson } from "../lib/json.ts";
import type { Item, JsonObject, Key } from "./table.ts";

export const instant = z.iso.datetime().transform((text) => new Date(text));

/** A stored value as its schema says. What was damaged, or written by hand, ends in one sentence, never in a guess. */
export function readItem<T>(item: Item, schema: z.ZodType<T>): T {
  return parseStored(item.value, item.key, schema);
}

export function parseStored<T>(value: unknown, key: Key, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = value === null ? "" : ` (${issuePaths(parsed.error)})`;
  throw damaged(key, where);
}

const damaged = ({ pk, sk }: Key, where = "") =>
  new UsageError(`The stored item "${sk}" in "${pk}" is damaged${where}. Restore the table from a backup.`);

/**
 * As it is stored: dates as ISO texts, absent fields left out. Throws at a number or a date that JSON can't hold: it would
 * become null, and the item could not be read again.
 */
export function toJson(value: object): JsonObject {
  const path = pathOfUnstorable(value);
  if (path !== undefined) throw new Error(`"${path}" can not be stored: it is no finite number, or no date`);
  return JSON.parse(JSON.stringify(value));
}

function pathOfUnstorable(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : "";
  if (value instanceof Date) return pathOfUnstorable(value.getTime());
  if (typeof value !== "object" || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const path = pathOfUnstorable(inner);
    if (path !== undefined) return path === "" ? name : `${name}.${path}`;
  }
  return undefined;
}

/** The value of an item as it lies in the engine, where it is JSON text. What is damaged ends in one sentence. */
export function parseStoredJson(text: string, key: Key): JsonObject {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(key);
  }
}

/**
 * The same for one of many: invalid JSON becomes null, which no schema accepts. So the reader notices it, and the other items
 * can still be read.
 */
export function storedJsonOrNull(text: string): JsonObject | null {
  return (parseJson(text) as JsonObject | undefined) ?? null;
}
