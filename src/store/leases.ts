import { randomUUID } from "node:crypto";
import { type Clock, epochSeconds } from "../lib/clock.ts";
import { RetryLaterError } from "../lib/errors.ts";
import type { Leases } from "../sync/model/leases.ts";
import { toJson } from "./item-json.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";

/** Nobody asks for so long a lease: the clock was wrong by which it was taken, and it would not end for years perhaps. */
const FAR_SECONDS = 3600;

/** Leases end by themselves: one whose holder was killed is an expired item, which counts as absent. */
export function createLeases(table: Table, clock: Clock): Leases {
  return {
    async acquire(name, seconds) {
      const key = keys.lease(name);
      const value = toJson({ owner: randomUUID() });
      let until = epochSeconds(clock.now()) + seconds;
      let first = await table.put(key, value, { expect: "absent", expiresAt: until });
      if (first.type === "conflict") {
        const held = await table.get(key);
        if (!held?.expiresAt || held.expiresAt <= until + FAR_SECONDS) return undefined;
        first = await table.put(key, value, { expect: { version: held.version }, expiresAt: until });
      }
      if (first.type === "conflict") return undefined;
      let { version } = first;

      return {
        remainingSeconds: () => until - clock.now().getTime() / 1000,
        async renew(renewSeconds) {
          const next = epochSeconds(clock.now()) + renewSeconds;
          const renewed = await table.put(key, value, { expect: { version }, expiresAt: next });
          if (renewed.type === "conflict") throw new RetryLaterError(`the lease on ${name} was lost`);
          version = renewed.version;
          until = next;
        },
        async release() {
          await table.delete(key, { version });
        },
      };
    },
  };
}
