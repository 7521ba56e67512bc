import { parseJson } from "../lib/json.ts";
import { lazy } from "../lib/lazy.ts";
import { toJson } from "./item-json.ts";
import type { Item, JsonObject } from "./table.ts";

const FIELD = "packed";
/** Loading it takes a cold function 2 ms, and only a run packs anything. */
const zlib = lazy(() => process.getBuiltinModule("node:zlib"));

/** For an item of several kilobytes: DynamoDB charges a write by the kilobyte, and what is listed by time packs to a fifth. */
export function packed(value: object): JsonObject {
  return {
    [FIELD]: zlib()
      .deflateRawSync(JSON.stringify(toJson(value)))
      .toString("base64"),
  };
}

/** One that doesn't open has no value, and so is damaged to every schema. */
export function unpacked(item: Item): Item {
  const text = item.value?.[FIELD];
  if (typeof text !== "string") return item;
  try {
    return {
      ...item,
      value: (parseJson(zlib().inflateRawSync(Buffer.from(text, "base64")).toString()) ?? null) as JsonObject,
    };
  } catch {
    return { ...item, value: null };
  }
}
