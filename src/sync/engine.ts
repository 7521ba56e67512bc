import type { Which } from "./decisions/gone-answers.ts";
import type { RunDeps, RunOptions } from "./engine/run.ts";
import { aloneOn, type HeldLease, isTimeUp } from "./links/with-lease.ts";
import type { Account } from "./model/account.ts";
import type { Decision } from "./model/ledger.ts";
import type { Links } from "./model/link.ts";
import type { ReadingKind } from "./model/reading.ts";

export type Alone = <T>(account: number, work: (lease: HeldLease) => Promise<T>) => Promise<T | "busy">;

export interface EngineDeps extends RunDeps {
  links: Links;
}

/**
 * The engine as the rest of the program calls it. `run`, `preview`, `held-decision` and `resume` say what each does. They are loaded
 * when they are needed: most updates of the chat need none.
 */
export function createEngine(deps: EngineDeps) {
  return {
    /** Works under the lease of an account, unless somebody else has it. */
    alone: <T>(account: number, work: (lease: HeldLease) => Promise<T>) => aloneOn(deps.leases, account, work),
    run: async (account: Account, options?: RunOptions) =>
      (await import("./engine/run.ts")).syncAccount(deps, account, options),
    preview: async (account: Account, since?: Date) =>
      (await import("./engine/preview.ts")).previewAccount(deps, account, since),
    decideHeld: async (account: Account, readingIds: string[], decision: Decision) =>
      (await import("./decisions/held-decision.ts")).decideHeld(deps, account, readingIds, decision),
    entryOf: async (account: Account, readingId: string) =>
      (await import("./decisions/take-back.ts")).entryOf(deps, account, readingId),
    lastSent: async (account: Account) => (await import("./decisions/take-back.ts")).lastSent(deps, account),
    takeOut: async (account: Account, readingId: string, asksAgain = false) =>
      (await import("./decisions/take-back.ts")).takeOut(deps, account, readingId, asksAgain),
    restore: async (account: Account, readingId: string) =>
      (await import("./decisions/take-back.ts")).restore(deps, account, readingId),
    askAgain: async (account: Account, readingId: string) =>
      (await import("./decisions/take-back.ts")).askAgain(deps, account, readingId),
    keepGone: async (account: Account, which: Which) =>
      (await import("./decisions/gone-answers.ts")).keepGone(deps, account, which),
    takeOutGone: async (account: Account, askedAt: Date) =>
      (await import("./decisions/gone-answers.ts")).takeOutGone(deps, account, askedAt),
    restoreGone: async (account: Account, askedAt: Date) =>
      (await import("./decisions/gone-answers.ts")).restoreGone(deps, account, askedAt),
    askAllAgain: async (account: Account, at: Date) =>
      (await import("./decisions/take-back-all.ts")).askAllAgain(deps, account, at),
    /** Hands readings on to other people of this bot. */
    handOn: async () => (await import("./decisions/hand-on.ts")).createHandOn(deps),
    resume: async (account: Account, kind: ReadingKind) =>
      (await import("./decisions/resume.ts")).resume(deps, account, kind),
    /** Whether this process is about to be stopped, so that no further run may start. */
    isTimeUp: () => isTimeUp(deps.deadlineAt?.(), deps.clock),
  };
}
