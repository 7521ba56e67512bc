import { isTimeUp } from "../links/with-lease.ts";
import type { Account } from "../model/account.ts";
import type { Decision } from "../model/ledger.ts";
import type { Links } from "../model/link.ts";
import type { ReadingKind } from "../model/reading.ts";
import { decideHeld } from "./held-decision.ts";
import { previewAccount } from "./preview.ts";
import { resume } from "./resume.ts";
import { type RunDeps, type RunOptions, syncAccount } from "./run.ts";

export interface EngineDeps extends RunDeps {
  links: Links;
}

/** The engine as the rest of the program calls it. `run`, `preview`, `held-decision` and `resume` say what each does. */
export function createEngine(deps: EngineDeps) {
  return {
    run: (account: Account, options?: RunOptions) => syncAccount(deps, account, options),
    preview: (account: Account, since?: Date) => previewAccount(deps, account, since),
    decideHeld: (account: Account, readingIds: string[], decision: Decision) =>
      decideHeld(deps, account, readingIds, decision),
    resume: (account: Account, kind: ReadingKind) => resume(deps, account, kind),
    /** Whether this process is about to be stopped, so that no further run may start. */
    isTimeUp: () => isTimeUp(deps.deadlineAt?.(), deps.clock),
  };
}
