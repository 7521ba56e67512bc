import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import type { Log } from "../lib/log.ts";
import type { TypedReading, TypedReadings } from "../sync/model/typed.ts";
import { instant } from "./item-json.ts";
import { keys } from "./keys.ts";
import { Taken } from "./ledger-items.ts";
import type { Table } from "./table.ts";
import { ContendedError } from "./update.ts";
import { createVersionedMemory } from "./versioned-memory.ts";

const TRIES = 5;

const TypedItem = lazy(() =>
  z.object({
    readings: z.array(
      Taken().extend({
        id: z.number(),
        typedAt: instant(),
        within: z.object({ seconds: z.number(), kg: z.number() }),
        settledIn: z.string().exactOptional(),
        isTold: z.literal(true).exactOptional(),
        begun: z
          .array(z.object({ withingsUserId: z.string(), garminProfileId: z.string(), at: instant() }))
          .exactOptional(),
      }),
    ),
  }),
);

/** One item for each account, which the read of its partition brings. */
export function createTypedReadings(table: Table, log: Log): TypedReadings {
  const memory = createVersionedMemory(table, {
    keyOf: keys.typed,
    schema: TypedItem,
    empty: { readings: [] },
    ...{ log, damaged: "typed_readings_damaged" },
  });

  async function change(account: number, next: (before: TypedReading[]) => TypedReading[]): Promise<void> {
    for (let tried = 1; tried <= TRIES; tried++) {
      const { value, version } = await memory.read(account);
      const readings = next(value.readings);
      if (readings === value.readings || (await memory.write(account, { readings }, version))) return;
    }
    throw new ContendedError("the typed readings kept changing");
  }

  return {
    read: async (account) => (await memory.read(account)).value.readings,
    add: (account, reading) =>
      change(account, (before) => (before.some(({ id }) => id === reading.id) ? before : [...before, reading])),
    settle: (account, next) =>
      change(account, (before) => before.flatMap((it) => (next.has(it.id) ? (next.get(it.id) ?? []) : it))),
  };
}
