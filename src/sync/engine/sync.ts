import { isTimeUp } from "../links/with-lease.ts";
import type { Account } from "../model/account.ts";
import type { Decision } from "../model/ledger.ts";
import type { Links } from "../model/link.ts";
import type { ReadingKind } from "../model/reading.ts";
import { decideHeld, type Heard } from "./held-decision.ts";
import type { Item } from "./item.ts";
import { previewAccount } from "./preview.ts";
import { resume } from "./resume.ts";
import { type RunDeps, type RunOptions, type RunReport, syncAccount } from "./run.ts";

/** What can be done with an account's readings. The functions behind it say what each answers and throws. */
export interface Sync {
  run(account: Account, options?: RunOptions): Promise<RunReport>;
  preview(account: Account, since?: Date): Promise<Item[]>;
  decideHeld(account: Account, readingIds: string[], decision: Decision): Promise<Heard>;
  resume(account: Account, kind: ReadingKind): Promise<"noted" | "nothing_waits">;
  /** Whether this process is about to be stopped, so that no further run may start. */
  isTimeUp(): boolean;
}

export interface SyncDeps extends RunDeps {
  links: Links;
}

export function createSync(deps: SyncDeps): Sync {
  return {
    run: (account, options) => syncAccount(deps, account, options),
    preview: (account, since) => previewAccount(deps, account, since),
    decideHeld: (account, readingIds, decision) => decideHeld(deps, account, readingIds, decision),
    resume: (account, kind) => resume(deps, account, kind),
    isTimeUp: () => isTimeUp(deps.deadlineAt?.(), deps.clock),
  };
}
