import type { Account } from "../model/account.ts";
import type { LedgerEntry } from "../model/ledger.ts";
import type { Reading } from "../model/reading.ts";
import type { Sink } from "../model/vendors.ts";
import { type CollectDeps, claimedKeys, collectAndPlan, holdsOf, openStart, tasksOf } from "./collect.ts";
import { type Finding, findInGarmin } from "./lookup.ts";
import type { Step } from "./plan.ts";
import { acceptedFields } from "./read-back.ts";

/** One line of a dry run: what would happen with a reading, as far as the ledger and Garmin tell. */
export interface Preview {
  reading: Reading;
  entry: LedgerEntry | undefined;
  step: Step;
  finding: Finding | undefined;
}

/** What a run would do. Reads Withings and Garmin; writes nothing but tokens, where they had to be renewed. */
export async function previewAccount(deps: CollectDeps, account: Account, since?: Date): Promise<Preview[]> {
  const { sinks, clock, tokens } = deps;
  const links = {
    withings: await tokens.link(account.telegramUserId, "withings"),
    garmin: await tokens.link(account.telegramUserId, "garmin"),
  };
  const start = await openStart(deps, account, links, { since });
  const { planned } = await collectAndPlan(deps, account, start);
  const taken = await claimedKeys(planned, [], start.ledger);
  const withAccess = tokens.withAccess(account.telegramUserId, "garmin", start.garminProfileId);
  const findings = new Map<Reading, Finding>();
  for (const kind of ["weigh_in", "blood_pressure"] as const) {
    const sink = sinks[kind] as Sink;
    const tasks = [...tasksOf(planned, kind), ...holdsOf({ planned, sinks, ...start }, kind)];
    for (let first = 0; first < tasks.length; first += sink.batchSize) {
      const batch = tasks.slice(first, first + sink.batchSize);
      const isProven = start.progress.proven?.includes(kind) ?? false;
      const accepted = acceptedFields(start.progress, kind);
      const { looks } = await findInGarmin(batch, { sink, withAccess, taken, isProven, accepted, now: clock.now() });
      for (const [index, { finding }] of looks.entries()) {
        const task = batch[index];
        if (task) findings.set(task.reading, finding);
      }
    }
  }
  return planned
    .filter(({ step }) => step.type !== "leave")
    .map(({ reading, entry, step }) => ({ reading, entry: entry?.value, step, finding: findings.get(reading) }));
}
