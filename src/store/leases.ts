import { randomUUID } from "node:crypto";
import { type Clock, epochSeconds, isStillAhead } from "../lib/clock.ts";
import { RetryLaterError } from "../lib/errors.ts";
import type { Leases } from "../sync/model/leases.ts";
import type { Snapshots } from "../sync/model/store.ts";
import { toJson } from "./item-json.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";

/** How far clocks may differ, and how much longer another lease may be than the one asked for. */
const SLACK_SECONDS = 3600;

/** A lease whose holder was killed expires, and an expired item counts as absent. */
export function createLeases(table: Table, clock: Clock, snapshots?: Pick<Snapshots, "forget">): Leases {
  return {
    async acquire(name, seconds) {
      const key = keys.lease(name);
      const value = toJson({ owner: randomUUID() });
      let until = epochSeconds(clock.now()) + seconds;
      let first = await table.put(key, value, { expect: "absent", expiresAt: until });
      if (first.type === "conflict") {
        const held = await table.get(key);
        if (!held?.expiresAt) return undefined;
        if (isStillAhead(new Date(held.expiresAt * 1000), clock.now(), seconds + SLACK_SECONDS)) return undefined;
        first = await table.put(key, value, { expect: { version: held.version }, expiresAt: until });
      }
      if (first.type === "conflict") return undefined;
      let { version } = first;
      snapshots?.forget("everything");

      return {
        remainingSeconds: () => until - clock.now().getTime() / 1000,
        async renew(renewSeconds) {
          const next = epochSeconds(clock.now()) + renewSeconds;
          const renewed = await table.put(key, value, { expect: { version }, expiresAt: next });
          if (renewed.type === "conflict") snapshots?.forget("everything");
          if (renewed.type === "conflict") throw new RetryLaterError(`the lease on ${name} was lost`);
          version = renewed.version;
          until = next;
        },
        async release() {
          await table.delete(key, { version }).finally(() => snapshots?.forget("account"));
        },
      };
    },
  };
}
