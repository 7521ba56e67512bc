import { RetryLaterError } from "../lib/errors.ts";
import { toJson } from "./item-json.ts";
import type { Key, Table } from "./table.ts";

const TRIES = 5;

/** Writes over whatever is there: the last writer wins. `expiresAt` in epoch seconds. */
export async function overwrite(table: Table, key: Key, value: object, expiresAt?: number): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries++) {
    const item = await table.get(key);
    const expect = item ? { version: item.version } : ("absent" as const);
    const outcome = await table.put(key, toJson(value), { expect, ...(expiresAt && { expiresAt }) });
    if (outcome.type === "written") return;
  }
  throw new RetryLaterError("several sign-ins of this account at once");
}
