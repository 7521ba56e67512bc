import type { Clock } from "../../lib/clock.ts";
import { backTo } from "../engine/kind-pause.ts";
import { isDecisive } from "../engine/read-back.ts";
import { leaseName, withLease } from "../links/with-lease.ts";
import type { Account } from "../model/account.ts";
import type { Leases } from "../model/leases.ts";
import type { Ledgers, Pause, Progress } from "../model/ledger.ts";
import type { Links } from "../model/link.ts";
import { KINDS, type ReadingKind } from "../model/reading.ts";

/** The owner accepts a kind as it comes back from Garmin. Throws `BusyError` while a run is at work on the account. */
export async function resume(
  deps: { links: Links; ledgers: Ledgers; leases: Leases; clock: Clock },
  account: Account,
  kind: ReadingKind,
): Promise<"noted" | "nothing_waits"> {
  const { links, ledgers, leases } = deps;
  const { telegramUserId } = account;
  return withLease(leases, leaseName(telegramUserId), async (lease) => {
    const withings = await links.facts(telegramUserId, "withings");
    const garmin = await links.facts(telegramUserId, "garmin");
    if (!withings || !garmin) return "nothing_waits";
    const ledger = ledgers.of(telegramUserId, withings.vendorUserId, garmin.vendorUserId);
    const progress = await ledger.progress();
    const pause = progress?.value.paused?.[kind];
    if (!progress || pause?.reason !== "differs") return "nothing_waits";
    await lease.ensure();
    await ledger.saveProgress(accepting(progress.value, kind, pause), progress.version);
    return "noted";
  });
}

function accepting(progress: Progress, kind: ReadingKind, pause: Pause): Progress {
  const { [kind]: _over, ...paused } = progress.paused ?? {};
  return {
    ...backTo(progress, pause),
    paused,
    proven: KINDS.filter((it) => it === kind || progress.proven?.includes(it)),
    differing: (progress.differing ?? []).map((it) =>
      it.kind === kind && isDecisive(it) ? { ...it, isAccepted: true } : it,
    ),
  };
}
