import * as z from "zod";
import { UsageError } from "../lib/errors.ts";
import { issuePaths, parseJson } from "../lib/json.ts";
import { lazy } from "../lib/lazy.ts";
import { errorFacts, type Log } from "../lib/log.ts";
import type { Item, JsonObject, Key, Table } from "./table.ts";

export const instant = lazy(() => z.iso.datetime().transform((text) => new Date(text)));

/** Made when something is read with it. */
export type Schema<T> = () => z.ZodType<T>;

/** @throws UsageError in one sentence when the stored value is damaged. */
export function readItem<T>(item: Item, schema: Schema<T>): T {
  return parseStored(item.value, item.key, schema);
}

export function readVersioned<T>(item: Item, schema: Schema<T>): { value: T; version: string } {
  return { value: readItem(item, schema), version: item.version };
}

export async function readAt<T>(table: Table, key: Key, schema: Schema<T>): Promise<T | undefined> {
  const item = await table.get(key);
  return item && readItem(item, schema);
}

/** A damaged item must not hide the others, and is logged as `event`. */
export function readThoseIntact<T>(items: Item[], schema: Schema<T>, log: Log, event: string): T[] {
  return items.flatMap((item) => {
    try {
      return [readItem(item, schema)];
    } catch (error) {
      log.error(event, errorFacts(error));
      return [];
    }
  });
}

export function parseStored<T>(value: unknown, key: Key, schema: Schema<T>): T {
  const parsed = schema().safeParse(value);
  if (parsed.success) return parsed.data;
  const where = value === null ? "" : ` (${issuePaths(parsed.error)})`;
  throw damaged(key, where);
}

const damaged = ({ pk, sk }: Key, where = "") =>
  new UsageError(`The stored item "${sk}" in "${pk}" is damaged${where}. Restore the table from a backup.`);

/** Throws at a number or a date that JSON can't hold: it would become null, and the item couldn't be read again. */
export function toJson(value: object): JsonObject {
  const path = pathOfUnstorable(value);
  if (path !== undefined) throw new Error(`"${path}" can't be stored: it isn't a finite number or a valid date`);
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

/** Invalid JSON becomes null, which no schema accepts: so one damaged item can't keep the others from being listed. */
export function storedJsonOrNull(text: string): JsonObject | null {
  return (parseJson(text) as JsonObject | undefined) ?? null;
}
