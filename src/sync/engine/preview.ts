import type { Account } from "../model/account.ts";
import { KINDS } from "../model/reading.ts";
import type { Sink } from "../model/vendors.ts";
import { type CollectDeps, claimsOf, collectAndPlan, holdsOf, openStart, tasksOf } from "./collect.ts";
import type { Item } from "./item.ts";
import { findInGarmin } from "./lookup.ts";
import { acceptedFields } from "./read-back.ts";

/** What a run would do, as far as the ledger and Garmin tell. Writes nothing but tokens that had to be renewed. */
export async function previewAccount(deps: CollectDeps, account: Account, since?: Date): Promise<Item[]> {
  const { clock, tokens } = deps;
  const links = {
    withings: await tokens.link(account.telegramUserId, "withings"),
    garmin: await tokens.link(account.telegramUserId, "garmin"),
  };
  const start = await openStart(deps, account, links, { since });
  const { items } = await collectAndPlan(deps, account, start);
  const claimed = claimsOf(items, [], start);
  for (const kind of KINDS) {
    const sink = start.sinks[kind] as Sink;
    const tasks = [...tasksOf(items, kind), ...holdsOf(items, start, kind)];
    const isProven = start.progress.proven?.includes(kind) ?? false;
    const accepted = acceptedFields(start.progress, kind);
    for (let first = 0; first < tasks.length; first += sink.batchSize) {
      const batch = tasks.slice(first, first + sink.batchSize);
      await findInGarmin(batch, { sink, claimed, isProven, accepted, now: clock.now() });
    }
  }
  return items.filter(({ step }) => step.type !== "leave");
}
