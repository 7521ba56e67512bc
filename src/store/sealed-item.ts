import * as z from "zod";
import { parseJson } from "../lib/json.ts";
import { lazy } from "../lib/lazy.ts";
import { parseStored, readItem, type Schema } from "./item-json.ts";
import type { Sealer } from "./seal.ts";
import type { Item, JsonObject, Key } from "./table.ts";

/** An item that holds one sealed value and nothing else. */
const SealedItem = lazy(() => z.object({ sealedValue: z.string() }));
const FIELD = "sealedValue";

export function sealItem(sealer: Sealer, key: Key, value: unknown): JsonObject {
  return { [FIELD]: sealer.seal(JSON.stringify(value), { key, field: FIELD }) };
}

export function openItem<T>(sealer: Sealer, item: Item, schema: Schema<T>): T {
  const { key } = item;
  return parseStored(parseJson(sealer.open(readItem(item, SealedItem)[FIELD], { key, field: FIELD })), key, schema);
}
