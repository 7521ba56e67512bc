import { type Clock, epochSeconds } from "../lib/clock.ts";
import type { Once } from "../sync/model/people.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";

export function createOnce(table: Table, clock: Clock): Once {
  return async (name, seconds) => {
    const expiresAt = epochSeconds(clock.now()) + seconds;
    const outcome = await table.put(keys.once(name), {}, { expect: "absent", expiresAt });
    return outcome.type === "written";
  };
}
